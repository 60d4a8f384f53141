"""Every setting: its names, how it is written, what it is when unset, and what it means.

Reading, the report of errors and `.env.example` all come from here, so they cannot disagree.
"""

from enum import StrEnum
from typing import Final, Generic, TypeVar

from msgspec import Struct

from neuroroute.infrastructure import formats
from neuroroute.infrastructure.catalog_defaults import DEFAULT_MODELS, DEFAULT_URLS
from neuroroute.infrastructure.formats import Format, choice, number, optional, size, whole
from neuroroute.infrastructure.ledger.writer import SpoolUse

T_co = TypeVar("T_co", covariant=True)


class Profile(StrEnum):
    """Development and test make their own secrets; production refuses to start without them."""

    DEVELOPMENT = "development"
    TEST = "test"
    PRODUCTION = "production"


class LogLevel(StrEnum):
    """The least that is logged."""

    DEBUG = "DEBUG"
    INFO = "INFO"
    WARNING = "WARNING"
    ERROR = "ERROR"
    CRITICAL = "CRITICAL"


class Access(StrEnum):
    """Whether client routes ask for a client key."""

    OPEN = "open"
    KEYS = "keys"


class PolicyName(StrEnum):
    """How models are chosen."""

    RULES = "rules"
    LEARNED = "learned"


class Setting(Struct, Generic[T_co], frozen=True):
    """One setting."""

    name: str
    format: Format[T_co]
    default: str
    """As it would be written. Empty: nothing, or as `means` says."""
    means: str
    """One line."""
    aliases: tuple[str, ...] = ()
    """The earlier service's nested names (CONTRACT.md 8). The flat name wins."""


MIN_ADMIN_KEY: Final = 16
"""Characters, in production."""
_MASTER_KEY_BYTES: Final = 32
_MEBIBYTE: Final = 2**20

HOST = Setting("HOST", formats.HOST, "127.0.0.1", "Address to listen on; also --host.")
PORT = Setting("PORT", formats.PORT, "8000", "Port to listen on; also --port.")
ENVIRONMENT = Setting("ENVIRONMENT", choice(Profile), "development", "Production refuses to start without its secrets.")
LOG_LEVEL = Setting("LOG_LEVEL", choice(LogLevel), "INFO", "The least that is logged.", ("LOG__LEVEL",))
CORS_ORIGINS = Setting(
    "CORS_ORIGINS", formats.ORIGINS, "", "Sites whose pages may call; none unless set; * is any, without credentials."
)
DATABASE_URL = Setting(
    "DATABASE_URL", optional(formats.DATABASE_URL), "", "The database; unset: an SQLite file in NEUROROUTE_HOME."
)
REDIS_URL = Setting(
    "REDIS_URL", optional(formats.REDIS_URL), "", "Redis for cache and shared state; set, it wins over the parts below."
)
REDIS_ENABLED = Setting(
    "REDIS_ENABLED", formats.SWITCH, "off", "Redis at REDIS_HOST and REDIS_PORT.", ("REDIS__ENABLED",)
)
REDIS_HOST = Setting("REDIS_HOST", formats.HOST, "localhost", "Host of Redis.", ("REDIS__HOST",))
REDIS_PORT = Setting("REDIS_PORT", formats.PORT, "6379", "Port of Redis.", ("REDIS__PORT",))
REDIS_PASSWORD = Setting("REDIS__PASSWORD", optional(formats.KEY), "", "Password of Redis.")
REDIS_DB = Setting("REDIS__DB", whole(0, 65535), "0", "Number of the database in Redis.")
REDIS_TTL = Setting(
    "REDIS_TTL", whole(1, 31_536_000), "600", "Seconds a cached answer is kept, with Redis or without.", ("REDIS__TTL",)
)
REDIS_KEY_PREFIX = Setting(
    "REDIS__KEY_PREFIX", formats.ONE_LINE, "neuroroute:", "How every name of ours in Redis begins."
)
OPENAI_API_KEY = Setting(
    "OPENAI_API_KEY", optional(formats.KEY), "", "Key of OpenAI; without one it is not asked.", ("OPENAI__API_KEY",)
)
OPENAI_BASE_URL = Setting(
    "OPENAI_BASE_URL",
    optional(formats.BASE_URL),
    "",
    f"Where `openai` is served, with /v1; unset: {DEFAULT_URLS['openai']}",
)
OPENAI_MODEL = Setting(
    "OPENAI_MODEL",
    optional(formats.ONE_LINE),
    "",
    f"OpenAI's name of the model; unset: {DEFAULT_MODELS['openai']}.",
    ("OPENAI__MODEL",),
)
ANTHROPIC_API_KEY = Setting(
    "ANTHROPIC_API_KEY",
    optional(formats.KEY),
    "",
    "Key of Anthropic; without one it is not asked.",
    ("ANTHROPIC__API_KEY",),
)
ANTHROPIC_BASE_URL = Setting(
    "ANTHROPIC_BASE_URL",
    optional(formats.BASE_URL),
    "",
    f"Where `anthropic` is served, without /v1; unset: {DEFAULT_URLS['anthropic']}",
)
ANTHROPIC_MODEL = Setting(
    "ANTHROPIC_MODEL",
    optional(formats.ONE_LINE),
    "",
    f"Anthropic's name of the model; unset: {DEFAULT_MODELS['anthropic']}.",
    ("ANTHROPIC__MODEL",),
)
LMSTUDIO_HOST = Setting(
    "LMSTUDIO_HOST",
    optional(formats.HOST),
    "",
    "Host of the local OpenAI-compatible server; unset: localhost.",
    ("LMSTUDIO__HOST",),
)
LMSTUDIO_PORT = Setting("LMSTUDIO_PORT", optional(formats.PORT), "", "Its port; unset: 1234.", ("LMSTUDIO__PORT",))
LMSTUDIO_BASE_URL = Setting(
    "LMSTUDIO_BASE_URL",
    optional(formats.BASE_URL),
    "",
    "Any other place of it (Ollama, vLLM …), with /v1; wins over host and port.",
)
HOME = Setting("NEUROROUTE_HOME", formats.PATH, ".neuroroute", "Folder of the SQLite file and of secrets made here.")
ADMIN_KEY = Setting(
    "NEUROROUTE_ADMIN_KEY",
    optional(Format(formats.KEY.parse, f"{formats.KEY.allowed}; in production at least {MIN_ADMIN_KEY}")),
    "",
    "Opens /admin and /api-keys; required in production, else made and kept in NEUROROUTE_HOME.",
)
MASTER_KEY = Setting(
    "NEUROROUTE_MASTER_KEY",
    optional(formats.key_of_bytes(_MASTER_KEY_BYTES)),
    "",
    "Encrypts stored provider keys; required in production, else made and kept in NEUROROUTE_HOME.",
)
MASTER_KEY_PREVIOUS = Setting(
    "NEUROROUTE_MASTER_KEY_PREVIOUS",
    formats.several(formats.key_of_bytes(_MASTER_KEY_BYTES)),
    "",
    "Earlier master keys that may still open what is stored, until `neuroroute vault rotate`; several by comma.",
)
SPOOL = Setting(
    "NEUROROUTE_SPOOL",
    choice(SpoolUse),
    "outage",
    "When usage is written to a file in NEUROROUTE_HOME first: while the database is away, or always.",
)
SPOOL_LIMIT = Setting(
    "NEUROROUTE_SPOOL_LIMIT",
    size(_MEBIBYTE, 1024 * 1024 * _MEBIBYTE),
    "256MiB",
    "How large that file may grow; then prompts are refused until the database is back.",
)
LEDGER_MONTHS = Setting(
    "NEUROROUTE_LEDGER_MONTHS", whole(0, 1200), "0", "Months that usage is kept, besides the current one; 0: for ever."
)
AUTH = Setting(
    "NEUROROUTE_AUTH",
    optional(choice(Access)),
    "",
    "Whether clients need a key; unset: open on a loopback address outside production, else keys.",
)
CATALOG = Setting(
    "NEUROROUTE_CATALOG", optional(formats.PATH), "", "TOML file of more providers and models (docs/catalog.md)."
)
CACHE = Setting("NEUROROUTE_CACHE", formats.SWITCH, "on", "Whether answers are cached.")
PROBE_INTERVAL = Setting(
    "NEUROROUTE_PROBE_INTERVAL", number(0.01, 86_400), "10", "Seconds between free health probes of providers."
)
KEEP_ALIVE = Setting(
    "NEUROROUTE_KEEP_ALIVE",
    number(0, 3600),
    "15",
    "Seconds of silence after which a stream of /v1 is sent a comment, so that nothing on the way closes it; 0: never.",
)
MAX_BODY = Setting("NEUROROUTE_MAX_BODY", size(1024, 1024 * _MEBIBYTE), "16MiB", "A larger request body is refused.")
CLASSIFIER = Setting(
    "NEUROROUTE_CLASSIFIER",
    choice(PolicyName),
    "rules",
    "How models are chosen where neither a request nor a client key says: by the earlier rules, or by predictions.",
)
SHADOW = Setting(
    "NEUROROUTE_SHADOW",
    formats.SWITCH,
    "off",
    "Whether the policy that does not choose reads prompts, too, so that `neuroroute backtest` can try it.",
)
EXPLORE = Setting(
    "NEUROROUTE_EXPLORE",
    number(0, 0.5),
    "0",
    "Share of prompts that another model than the best answers, to learn of it; by predictions only.",
)
EXPLORE_USD = Setting(
    "NEUROROUTE_EXPLORE_USD",
    number(0, 1_000_000),
    "1",
    "US dollars a day, of each process, that answers so explored may cost more.",
)
APP_NAME = Setting("APP_NAME", formats.ONE_LINE, "NeuroRoute", "The title of the OpenAPI document and its pages.")
APP_VERSION = Setting("APP_VERSION", optional(formats.ONE_LINE), "", "The version shown; unset: the package's own.")
DEFAULT_TIMEOUT = Setting(
    "API__DEFAULT_REQUEST_TIMEOUT", number(0.1, 300), "60", "Seconds a model may take when the request does not say."
)
MAX_PROMPT_LENGTH = Setting(
    "API__MAX_PROMPT_LENGTH",
    whole(1, 100_000_000),
    "100000",
    "Characters of a prompt of /prompt; a longer one is refused.",
)

SETTINGS: Final[tuple[Setting[object], ...]] = (
    HOST, PORT, ENVIRONMENT, LOG_LEVEL, CORS_ORIGINS, DATABASE_URL,
    REDIS_URL, REDIS_ENABLED, REDIS_HOST, REDIS_PORT, REDIS_PASSWORD, REDIS_DB, REDIS_TTL, REDIS_KEY_PREFIX,
    OPENAI_API_KEY, OPENAI_BASE_URL, OPENAI_MODEL, ANTHROPIC_API_KEY, ANTHROPIC_BASE_URL, ANTHROPIC_MODEL,
    LMSTUDIO_HOST, LMSTUDIO_PORT, LMSTUDIO_BASE_URL,
    HOME, ADMIN_KEY, MASTER_KEY, MASTER_KEY_PREVIOUS, SPOOL, SPOOL_LIMIT, LEDGER_MONTHS,
    AUTH, CATALOG, CACHE, PROBE_INTERVAL, KEEP_ALIVE, MAX_BODY, CLASSIFIER, SHADOW, EXPLORE, EXPLORE_USD,
    APP_NAME, APP_VERSION, DEFAULT_TIMEOUT, MAX_PROMPT_LENGTH,
)  # fmt: skip
