"""The database schema, changed only by the migrations in this package."""
