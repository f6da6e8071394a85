"""Room two: knows text and stories. Deduplicate → enrich → index → match → alert → deliver."""
