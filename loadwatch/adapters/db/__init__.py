"""SQLAlchemy: tables, engines and the store that the use cases talk to."""
