"""What we know of usage: tables, queries, cache, change queue, rollups, and the database itself. No Dash."""
