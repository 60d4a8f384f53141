"""What survives, and what of it this process holds."""

import os

import structlog
from dependency_injector import containers, providers

from neuroroute.application.follow_state import FollowState
from neuroroute.application.keep_client_keys import KeepClientKeys
from neuroroute.application.key_ring import KeyRing
from neuroroute.domain.access import Secret
from neuroroute.domain.errors import StateUnavailable
from neuroroute.infrastructure.home import database_url, master_key
from neuroroute.infrastructure.sql.audit_trail import AuditTrail
from neuroroute.infrastructure.sql.client_keys import SqlClientKeys
from neuroroute.infrastructure.sql.database import Database
from neuroroute.infrastructure.sql.preparation import Preparation
from neuroroute.infrastructure.sql.revisions import SqlRevisions
from neuroroute.infrastructure.sql.vault_keys import VaultKeys
from neuroroute.infrastructure.vault import MasterKeys
from neuroroute.settings import Profile, Settings


def _tell(obstacle: StateUnavailable | None) -> None:
    log = structlog.get_logger()
    if obstacle is None:
        log.info("state_current")
    else:
        log.warning("state_unavailable", error=str(obstacle))


def _migrates(settings: Settings) -> bool:
    """A start may change the schema where nobody else runs: not in production."""
    return settings.environment is not Profile.PRODUCTION


def _master_keys(active: Secret, settings: Settings) -> MasterKeys:
    return MasterKeys(active, settings.previous_master_keys)


async def _seed() -> None:
    pass


class StateContainer(containers.DeclarativeContainer):
    """The database and everything that is kept in it. Making the master key or the home folder is all its I/O."""

    settings = providers.Dependency(instance_of=Settings)
    environ = providers.Object(dict[str, str]())
    """Where the catalogue's keys are looked up, and what `serve` made for several workers."""
    simulated = providers.Object(provides=False)
    """Whether the providers are simulated, to be said wherever it is asked."""

    database_url = providers.Singleton(database_url, settings.provided.database_url, settings.provided.home)
    database = providers.Singleton(Database, database_url)
    vault_keys = providers.Singleton(
        VaultKeys,
        providers.Singleton(
            _master_keys,
            providers.Singleton(master_key, settings.provided.master_key, settings.provided.home),
            settings,
        ),
    )
    audit_trail = providers.Singleton(AuditTrail, vault_keys)

    client_key_store = providers.Singleton(SqlClientKeys, database, vault_keys=vault_keys, audit=audit_trail)
    key_ring = providers.Singleton(KeyRing, client_key_store)

    preparation = providers.Singleton(
        Preparation,
        database,
        database_url,
        migrates=providers.Callable(_migrates, settings),
        seed=providers.Object(_seed),
    )
    follow_state = providers.Singleton(
        FollowState,
        providers.Singleton(SqlRevisions, database),
        providers.List(key_ring),
        prepare=preparation,
        tell=providers.Object(_tell),
    )

    keep_client_keys = providers.Singleton(
        KeepClientKeys,
        client_key_store,
        follow=follow_state.provided.refresh,
        entropy=providers.Object(os.urandom),
    )
