"""The database engines: SQLite with one owner, PostgreSQL with a pool, one interface."""
