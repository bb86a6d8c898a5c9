"""The Celery app and its thin tasks. The database is the scheduler, Celery the transport."""
