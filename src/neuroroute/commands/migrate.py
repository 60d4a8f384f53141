"""`neuroroute migrate`: bring the database's schema to where this version wants it."""

from collections.abc import Mapping

from neuroroute.infrastructure.home import database_url
from neuroroute.infrastructure.sql.migrations import head, migrate
from neuroroute.settings import Settings


def migrate_database(environ: Mapping[str, str]) -> str:
    """What was done, in words. Safe when several run at once.

    Raises:
        NeuroRouteError: a setting is wrong, or the database could not be migrated.
    """
    settings = Settings.from_env(environ)
    migrate(database_url(settings.database_url, settings.home))
    return f"The database is at {head()}."
