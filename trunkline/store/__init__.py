"""Tables, migrations and engines for SQLite and PostgreSQL."""
