"""What survives, and what of it this process holds."""

import os
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Final

import structlog
from dependency_injector import containers, providers

from neuroroute.application.abilities import Abilities
from neuroroute.application.follow_state import FollowState, StateUnreadable
from neuroroute.application.keep_catalog import KeepCatalog
from neuroroute.application.keep_client_keys import KeepClientKeys
from neuroroute.application.keep_credentials import KeepCredentials, KeepProviderSettings
from neuroroute.application.keep_snapshots import KeepSnapshots
from neuroroute.application.key_ring import KeyRing
from neuroroute.application.note_key_use import NoteKeyUse
from neuroroute.application.stores import CatalogStore
from neuroroute.dialects.anthropic.provider import AnthropicDialect
from neuroroute.dialects.openai.provider import OpenAIDialect
from neuroroute.dialects.provider_side import ProviderDialect
from neuroroute.domain.access import Secret
from neuroroute.domain.errors import StateUnavailable
from neuroroute.domain.model import Dialect
from neuroroute.infrastructure.catalog_defaults import OWN_VARIABLES
from neuroroute.infrastructure.catalog_file import Written, read_catalog
from neuroroute.infrastructure.catalog_seeds import seed
from neuroroute.infrastructure.effective_catalog import Environment
from neuroroute.infrastructure.home import database_url, master_key
from neuroroute.infrastructure.ledger.spool import Spool
from neuroroute.infrastructure.ledger.upkeep import LedgerUpkeep
from neuroroute.infrastructure.ledger.writer import LedgerWriter
from neuroroute.infrastructure.live_catalog import LiveCatalog
from neuroroute.infrastructure.memory.health import MemoryHealthBoard
from neuroroute.infrastructure.providers.pools import ProviderPools
from neuroroute.infrastructure.sql.audit_log import SqlAuditLog
from neuroroute.infrastructure.sql.audit_trail import AuditTrail
from neuroroute.infrastructure.sql.catalog import SqlCatalog
from neuroroute.infrastructure.sql.client_keys import SqlClientKeys
from neuroroute.infrastructure.sql.credentials import SqlCredentials
from neuroroute.infrastructure.sql.database import Database
from neuroroute.infrastructure.sql.decisions import SqlDecisions
from neuroroute.infrastructure.sql.feedback import SqlFeedback
from neuroroute.infrastructure.sql.ledger import SqlLedger
from neuroroute.infrastructure.sql.preparation import Preparation
from neuroroute.infrastructure.sql.provider_settings import SqlProviderSettings
from neuroroute.infrastructure.sql.revisions import SqlRevisions
from neuroroute.infrastructure.sql.vault_keys import VaultKeys
from neuroroute.infrastructure.sql.vault_rotation import VaultRotation
from neuroroute.infrastructure.vault import MasterKeys
from neuroroute.settings import Profile, Settings
from neuroroute.settings.table import SETTINGS

MAX_RESPONSE_BYTES: Final = 64 << 20
"""A provider's whole answer may not be larger; of a stream, what waits to be passed on."""
DIALECTS: Final[Mapping[Dialect, ProviderDialect]] = {
    Dialect.OPENAI: OpenAIDialect(),
    Dialect.ANTHROPIC: AnthropicDialect(),
}


_NOT_PROVIDERS: Final = {name for setting in SETTINGS for name in (setting.name, *setting.aliases)}.difference(
    OWN_VARIABLES.values()
)
"""Our own settings are no keys of providers, whatever a catalogue says: whoever could write to the database could have
our secrets sent to an address of theirs."""


def _tell(obstacle: StateUnavailable | None) -> None:
    log = structlog.get_logger()
    if obstacle is None:
        log.info("state_back")
    elif isinstance(obstacle, StateUnreadable):
        log.error("state_unreadable", error=str(obstacle), exc_info=obstacle.__cause__)
    else:
        log.warning("state_unavailable", error=str(obstacle))


def _migrates(settings: Settings) -> bool:
    """A start may change the schema where nobody else runs: not in production."""
    return settings.environment is not Profile.PRODUCTION


def _master_keys(active: Secret, settings: Settings) -> MasterKeys:
    return MasterKeys(active, settings.previous_master_keys)


def _spool(settings: Settings) -> Spool:
    return Spool(settings.home / "spool")


def _written(settings: Settings) -> Written | None:
    return read_catalog(settings.catalog) if settings.catalog else None


def _seeding(store: CatalogStore, written: Written | None) -> Callable[[], Awaitable[None]]:
    return partial(seed, store, written, by="startup")


def _environment(settings: Settings, environ: Mapping[str, str], *, simulated: bool) -> Environment:
    return Environment(
        overrides={"openai": settings.openai, "anthropic": settings.anthropic, "lmstudio": settings.lmstudio},
        own_variables=OWN_VARIABLES,
        variables={name: value for name, value in environ.items() if name not in _NOT_PROVIDERS},
        forced=simulated,
    )


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

    catalog_store = providers.Singleton(SqlCatalog, database, audit=audit_trail)
    credential_store = providers.Singleton(SqlCredentials, database, vault_keys, audit_trail)
    provider_settings_store = providers.Singleton(SqlProviderSettings, database, audit_trail)
    vault_rotation = providers.Singleton(VaultRotation, database, vault_keys, audit_trail)
    client_key_store = providers.Singleton(SqlClientKeys, database, vault_keys=vault_keys, audit=audit_trail)
    audit_log = providers.Singleton(SqlAuditLog, database, vault_keys, audit_trail)

    ledger = providers.Singleton(SqlLedger, database)
    spool = providers.Singleton(_spool, settings)
    ledger_writer = providers.Singleton(
        LedgerWriter, ledger, spool, use=settings.provided.spool, limit=settings.provided.spool_limit
    )
    ledger_upkeep = providers.Singleton(
        LedgerUpkeep, ledger, spool, ledger_writer, months=settings.provided.ledger_months
    )

    dialects = providers.Object(DIALECTS)
    health_board = providers.Singleton(MemoryHealthBoard)
    catalog = providers.Singleton(
        LiveCatalog,
        catalog=catalog_store,
        credentials=credential_store,
        settings=provider_settings_store,
        environment=providers.Singleton(_environment, settings, environ, simulated=simulated),
        pools=providers.Singleton(ProviderPools, dialects, max_response_bytes=MAX_RESPONSE_BYTES),
        health=health_board,
    )
    decision_store = providers.Singleton(SqlDecisions, database)
    feedback_store = providers.Singleton(SqlFeedback, database)
    abilities = providers.Singleton(Abilities, feedback_store)
    key_ring = providers.Singleton(KeyRing, client_key_store)
    note_key_use = providers.Singleton(NoteKeyUse, key_ring)

    preparation = providers.Singleton(
        Preparation,
        database,
        database_url,
        migrates=providers.Callable(_migrates, settings),
        seed=providers.Callable(_seeding, catalog_store, providers.Callable(_written, settings)),
    )
    follow_state = providers.Singleton(
        FollowState,
        providers.Singleton(SqlRevisions, database),
        providers.List(  # first who may call; and the catalogue before what is kept of it
            key_ring, catalog, abilities, providers.Singleton(KeepSnapshots, catalog, decision_store)
        ),
        prepare=preparation,
        tell=providers.Object(_tell),
    )

    keep_catalog = providers.Singleton(KeepCatalog, catalog_store, follow_state=follow_state)
    keep_credentials = providers.Singleton(
        KeepCredentials,
        credentials=credential_store,
        settings=provider_settings_store,
        catalog=catalog_store,
        follow_state=follow_state,
    )
    keep_provider_settings = providers.Singleton(
        KeepProviderSettings, settings=provider_settings_store, follow_state=follow_state
    )
    keep_client_keys = providers.Singleton(
        KeepClientKeys,
        client_key_store,
        follow=follow_state.provided.catch_up,
        entropy=providers.Object(os.urandom),
    )
