"""The database engines behind one interface: SQLite with one writer, PostgreSQL with a pool."""
