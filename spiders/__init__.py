"""Room one: knows outlets and HTML. Polls what lists articles, fetches politely, extracts, and accepts."""
