"""The query language: text ↔ tree ↔ plan, and what a plan means to an article in memory and to a store."""
