"""The settings themselves, and the rules that join several of them."""

from collections.abc import Mapping
from importlib.metadata import version
from ipaddress import ip_address
from pathlib import Path
from typing import Self
from urllib.parse import quote

from msgspec import Struct

from neuroroute.domain.access import Secret
from neuroroute.infrastructure.effective_catalog import Override
from neuroroute.infrastructure.ledger.writer import SpoolUse
from neuroroute.settings import table
from neuroroute.settings.environment import Reading
from neuroroute.settings.table import Access, LogLevel, PolicyName, Profile


class RedisSettings(Struct, frozen=True, kw_only=True):
    """Where Redis is."""

    url: Secret
    """It may hold a password."""
    key_prefix: str


class Settings(Struct, frozen=True, kw_only=True):
    """Everything that can be set. Paths may be relative to the working folder."""

    host: str
    port: int
    environment: Profile
    log_level: LogLevel
    cors_origins: tuple[str, ...]
    """Whole origins as browsers write them, or `*` alone."""
    database_url: Secret | None
    redis: RedisSettings | None
    openai: Override
    anthropic: Override
    lmstudio: Override
    home: Path
    admin_key: Secret | None
    """Never `None` in production."""
    master_key: Secret | None
    """32 bytes in base64. Never `None` in production."""
    previous_master_keys: tuple[Secret, ...]
    auth: Access
    spool: SpoolUse
    spool_limit: int
    """Bytes."""
    ledger_months: int
    """0 is for ever."""
    catalog: Path | None
    cache: bool
    cache_ttl: int
    """Seconds."""
    probe_interval: float
    """Seconds."""
    keep_alive: float
    """Seconds; 0 is never."""
    max_body: int
    """Bytes."""
    classifier: PolicyName
    shadow: bool
    explore: float
    """Share of the prompts."""
    explore_usd: float
    """US dollars a day."""
    app_name: str
    app_version: str
    default_timeout: float
    """Seconds."""
    max_prompt_length: int
    """Characters."""

    @property
    def on_loopback(self) -> bool:
        """Whether only this machine can reach the service."""
        return _is_loopback(self.host)

    @classmethod
    def from_env(cls, environ: Mapping[str, str]) -> Self:
        """The settings of `environ`. What a command line says in their place is put into it first, by name.

        Raises:
            SettingsError: with everything that is wrong.
        """
        reading = Reading(environ)
        profile = reading.value(table.ENVIRONMENT)
        host = reading.value(table.HOST)
        is_open = profile is not Profile.PRODUCTION and _is_loopback(host)
        settings = cls(
            host=host,
            port=reading.value(table.PORT),
            environment=profile,
            log_level=reading.value(table.LOG_LEVEL),
            cors_origins=reading.value(table.CORS_ORIGINS),
            database_url=reading.value(table.DATABASE_URL),
            redis=_redis(reading),
            openai=Override(
                api_key=reading.value(table.OPENAI_API_KEY),
                base_url=reading.value(table.OPENAI_BASE_URL),
                model=reading.value(table.OPENAI_MODEL),
            ),
            anthropic=Override(
                api_key=reading.value(table.ANTHROPIC_API_KEY),
                base_url=reading.value(table.ANTHROPIC_BASE_URL),
                model=reading.value(table.ANTHROPIC_MODEL),
            ),
            lmstudio=Override(base_url=_lmstudio(reading)),
            home=reading.value(table.HOME),
            admin_key=reading.value(table.ADMIN_KEY),
            master_key=reading.value(table.MASTER_KEY),
            previous_master_keys=reading.value(table.MASTER_KEY_PREVIOUS),
            spool=reading.value(table.SPOOL),
            spool_limit=reading.value(table.SPOOL_LIMIT),
            ledger_months=reading.value(table.LEDGER_MONTHS),
            auth=reading.value(table.AUTH) or (Access.OPEN if is_open else Access.KEYS),
            catalog=reading.value(table.CATALOG),
            cache=reading.value(table.CACHE),
            cache_ttl=reading.value(table.REDIS_TTL),
            probe_interval=reading.value(table.PROBE_INTERVAL),
            keep_alive=reading.value(table.KEEP_ALIVE),
            max_body=reading.value(table.MAX_BODY),
            classifier=reading.value(table.CLASSIFIER),
            shadow=reading.value(table.SHADOW),
            explore=reading.value(table.EXPLORE),
            explore_usd=reading.value(table.EXPLORE_USD),
            app_name=reading.value(table.APP_NAME),
            app_version=reading.value(table.APP_VERSION) or version("neuroroute"),
            default_timeout=reading.value(table.DEFAULT_TIMEOUT),
            max_prompt_length=reading.value(table.MAX_PROMPT_LENGTH),
        )
        if profile is Profile.PRODUCTION:
            _check_secrets(settings.admin_key, reading)
        reading.finish()
        return settings


def _check_secrets(admin_key: Secret | None, reading: Reading) -> None:
    for setting in (table.ADMIN_KEY, table.MASTER_KEY):
        if not reading.given(setting):
            reading.problem(setting.name, f"is required in production. Allowed: {setting.format.allowed}.")
    if admin_key is not None and len(admin_key.reveal()) < table.MIN_ADMIN_KEY:
        reading.problem(table.ADMIN_KEY.name, f"is too short. Allowed: {table.ADMIN_KEY.format.allowed}.")


def _redis(reading: Reading) -> RedisSettings | None:
    url = reading.value(table.REDIS_URL)
    # All are read, so that all are checked, whether or not they are used.
    enabled, password = reading.value(table.REDIS_ENABLED), reading.value(table.REDIS_PASSWORD)
    host, port, number = reading.value(table.REDIS_HOST), reading.value(table.REDIS_PORT), reading.value(table.REDIS_DB)
    key_prefix = reading.value(table.REDIS_KEY_PREFIX)
    if url is None and enabled:
        user = f":{quote(password.reveal(), safe='')}@" if password else ""
        url = Secret(f"redis://{user}{_in_url(host)}:{port}/{number}")
    return None if url is None else RedisSettings(url=url, key_prefix=key_prefix)


def _lmstudio(reading: Reading) -> str | None:
    url = reading.value(table.LMSTUDIO_BASE_URL)
    host, port = reading.value(table.LMSTUDIO_HOST), reading.value(table.LMSTUDIO_PORT)
    if url is None and (host or port):
        return f"http://{_in_url(host or 'localhost')}:{port or 1234}/v1"
    return url


def _in_url(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host.lower() in {"localhost", "localhost."}
