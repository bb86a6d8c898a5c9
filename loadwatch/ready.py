"""Whether all parts answer."""

from sqlalchemy.exc import SQLAlchemyError

from loadwatch.adapters.broker import redis_url
from loadwatch.adapters.db import migrate
from loadwatch.adapters.pulse import alive
from loadwatch.bootstrap import Services


def database_state(services: Services) -> str:
    """The word ok, or what is wrong with the database in a few words."""
    try:
        revision = migrate.current(services.engines.read)
    except SQLAlchemyError as error:
        return f"no answer ({type(error).__name__})"
    expected = migrate.head()
    if revision != expected:
        return f"at revision {revision}, expected {expected}: run `loadwatch migrate`"
    return "ok"


def readiness(services: Services) -> dict[str, str]:
    """The word ok, or what is wrong, for database, broker, worker and beat."""
    settings = services.settings
    return {
        "database": database_state(services),
        **alive(settings.redis_url or redis_url(settings.data_dir)),
    }
