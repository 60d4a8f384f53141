"""What this installation is told, and what it says when that does not hold."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from dotenv import dotenv_values

from neuroroute.infrastructure.catalog_defaults import DEFAULT_URLS
from neuroroute.settings import Access, Profile, Settings, SettingsError, read_environment, table
from neuroroute.settings.__main__ import example
from neuroroute.settings.table import SETTINGS, Setting

ROOT = Path(__file__).parents[1]
MASTER_KEY = "QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUE="
PRODUCTION = {
    "ENVIRONMENT": "production",
    "NEUROROUTE_ADMIN_KEY": "a-long-enough-admin-key",
    "NEUROROUTE_MASTER_KEY": MASTER_KEY,
}
CANARY = "canary-5f0c93"


def problems_of(environ: dict[str, str]) -> tuple[str, ...]:
    with pytest.raises(SettingsError) as caught:
        Settings.from_env(environ)
    return caught.value.problems


def test_nothing_set_is_a_working_development_installation():
    settings = Settings.from_env({})
    assert (settings.host, settings.port, settings.environment) == ("127.0.0.1", 8000, Profile.DEVELOPMENT)
    assert settings.auth is Access.OPEN
    assert settings.cors_origins == ()
    assert settings.redis is None
    assert settings.openai.api_key is None
    assert settings.cache
    assert settings.max_body == 16 * 2**20
    assert settings.max_prompt_length == 100_000
    assert settings.default_timeout == 60
    assert settings.app_name == "NeuroRoute"
    assert re.match(r"\d+\.\d+", settings.app_version)


def test_every_setting_is_in_the_table_once():
    declared = [value for value in vars(table).values() if isinstance(value, Setting)]
    assert list(SETTINGS) == declared
    names = [name for setting in SETTINGS for name in (setting.name, *setting.aliases)]
    assert len(set(names)) == len(names)


def test_every_default_can_be_written_as_it_is_shown():
    for setting in SETTINGS:
        setting.format.parse(setting.default)


def test_an_empty_value_counts_as_unset():
    assert Settings.from_env({setting.name: " " for setting in SETTINGS}) == Settings.from_env({})


def test_everything_that_is_wrong_is_in_one_report():
    problems = problems_of({"PORT": "eighty", "LOG_LEVEL": "loud", "NEUROROUTE_CACHE": "maybe", "CORS_ORIGINS": "x"})
    assert [problem.partition(":")[0] for problem in problems] == [
        "PORT", "LOG_LEVEL", "CORS_ORIGINS", "NEUROROUTE_CACHE",
    ]  # fmt: skip
    assert problems[0] == "PORT: is not a whole number. Allowed: a whole number from 1 to 65535."
    assert problems[1] == "LOG_LEVEL: is none of the choices. Allowed: DEBUG, INFO, WARNING, ERROR, CRITICAL."


def test_an_unknown_name_of_ours_is_an_error_that_names_the_nearest():
    assert problems_of({"NEUROROUTE_CATALOGUE": "x"}) == (
        "NEUROROUTE_CATALOGUE: is no setting. The nearest is NEUROROUTE_CATALOG.",
    )
    assert "NEUROROUTE_MAX_BODY" in problems_of({"neuroroute_max_body": "1MiB"})[0]


def test_the_earlier_services_names_that_do_nothing_now_are_let_be():
    ignored = {"LOG_DIR": "logs", "MONITORING__ENABLED": "?", "FALLBACK__ENABLED": "?", "API__RATE_LIMIT": "?"}
    unprefixed = {"TTL": "x", "ENABLED": "x", "MODEL": "x", "API_KEY": "x", "PASSWORD": "x", "DB": "x", "TIMEOUT": "x"}
    assert Settings.from_env(ignored | unprefixed) == Settings.from_env({})


def test_the_servers_host_and_port_are_nobody_elses():
    settings = Settings.from_env({"HOST": "0.0.0.0", "PORT": "9000", "REDIS_ENABLED": "true", "LMSTUDIO_HOST": "box"})
    assert settings.redis is not None
    assert settings.redis.url.reveal() == "redis://localhost:6379/0"
    assert settings.lmstudio.base_url == "http://box:1234/v1"


@pytest.mark.parametrize("setting", [setting for setting in SETTINGS if setting.aliases], ids=lambda one: one.name)
def test_a_nested_name_of_the_earlier_service_is_read_and_the_flat_one_wins(setting):
    wrong = "\x07"
    assert problems_of({setting.aliases[0]: wrong})[0].startswith(setting.aliases[0] + ":")
    good = {"REDIS_ENABLED": "on", "LOG_LEVEL": "DEBUG"}.get(setting.name, "7")
    Settings.from_env({setting.name: good, setting.aliases[0]: wrong})


def test_redis_by_its_parts():
    parts = {"REDIS_ENABLED": "1", "REDIS_HOST": "::1", "REDIS__PORT": "7", "REDIS__PASSWORD": "p@:/", "REDIS__DB": "3"}
    redis = Settings.from_env(parts | {"REDIS__KEY_PREFIX": "mine:"}).redis
    assert redis is not None
    assert redis.url.reveal() == "redis://:p%40%3A%2F@[::1]:7/3"
    assert redis.key_prefix == "mine:"
    assert Settings.from_env({"REDIS_HOST": "h"}).redis is None


def test_redis_by_its_address_wins_over_the_parts():
    redis = Settings.from_env({"REDIS_URL": "rediss://h:1/2", "REDIS_ENABLED": "off", "REDIS_HOST": "x"}).redis
    assert redis is not None
    assert redis.url.reveal() == "rediss://h:1/2"


def test_the_local_server_by_host_port_or_address():
    assert Settings.from_env({}).lmstudio.base_url is None
    for same in ({"LMSTUDIO_HOST": "localhost"}, {"LMSTUDIO_PORT": "1234"}):
        assert Settings.from_env(same).lmstudio.base_url == DEFAULT_URLS["lmstudio"]
    whole = {"LMSTUDIO_BASE_URL": "http://ollama:11434/v1/", "LMSTUDIO_PORT": "1"}
    assert Settings.from_env(whole).lmstudio.base_url == "http://ollama:11434/v1"


@pytest.mark.parametrize(
    ("environ", "access"),
    [
        ({"HOST": "127.0.0.1"}, Access.OPEN),
        ({"HOST": "127.9.9.9"}, Access.OPEN),
        ({"HOST": "::1", "ENVIRONMENT": "test"}, Access.OPEN),
        ({"HOST": "localhost"}, Access.OPEN),
        ({"HOST": "0.0.0.0"}, Access.KEYS),
        ({"HOST": "localhost.example.com"}, Access.KEYS),
        ({"HOST": "0.0.0.0", "NEUROROUTE_AUTH": "open"}, Access.OPEN),
        ({"NEUROROUTE_AUTH": "keys"}, Access.KEYS),
        (PRODUCTION, Access.KEYS),
        (PRODUCTION | {"NEUROROUTE_AUTH": "OPEN"}, Access.OPEN),
    ],
)
def test_access_is_open_by_itself_only_on_a_loopback_address_outside_production(environ, access):
    assert Settings.from_env(environ).auth is access


def test_production_refuses_to_start_without_its_secrets():
    assert [problem.partition(".")[0] for problem in problems_of({"ENVIRONMENT": "Production"})] == [
        "NEUROROUTE_ADMIN_KEY: is required in production",
        "NEUROROUTE_MASTER_KEY: is required in production",
    ]
    assert Settings.from_env(PRODUCTION).environment is Profile.PRODUCTION


def test_a_short_admin_key_will_do_in_development_only():
    short = {"NEUROROUTE_ADMIN_KEY": "x" * 15}
    assert Settings.from_env(short).admin_key is not None
    assert problems_of(PRODUCTION | short)[0].startswith("NEUROROUTE_ADMIN_KEY: is too short")
    Settings.from_env(PRODUCTION | {"NEUROROUTE_ADMIN_KEY": "x" * 16})


def test_a_secret_that_is_wrong_is_told_once():
    problems = problems_of(PRODUCTION | {"NEUROROUTE_MASTER_KEY": "short"})
    assert [problem.partition(":")[0] for problem in problems] == ["NEUROROUTE_MASTER_KEY"]


def test_no_value_is_in_the_report():
    environ = {setting.name: f"{CANARY} é\x07" for setting in SETTINGS} | {"NEUROROUTE_SECRT": CANARY}
    with pytest.raises(SettingsError) as caught:
        Settings.from_env(environ)
    assert len(caught.value.problems) > 20
    assert CANARY not in str(caught.value) + repr(caught.value)


def test_no_secret_is_printed_with_the_settings():
    environ = PRODUCTION | {
        "NEUROROUTE_ADMIN_KEY": f"{CANARY}-long-enough",
        "OPENAI_API_KEY": CANARY,
        "ANTHROPIC_API_KEY": CANARY,
        "REDIS_URL": f"redis://:{CANARY}@h",
        "DATABASE_URL": f"postgresql://u:{CANARY}@h/db",
    }
    settings = Settings.from_env(environ)
    assert CANARY not in repr(settings) + str(settings) + f"{settings}" + f"{settings.openai.api_key:>20}"
    assert MASTER_KEY not in repr(settings)
    assert settings.openai.api_key is not None
    assert settings.openai.api_key.reveal() == CANARY


def test_the_process_wins_over_the_file_unless_it_says_nothing(tmp_path: Path):
    dotenv = tmp_path / ".env"
    dotenv.write_text("\ufeffPORT=1\nHOST='a.test'\nOPENAI_API_KEY=${HOME}x\nLOG_LEVEL\nAPP_NAME=\n", encoding="utf-8")
    environ = read_environment(dotenv, {"PORT": "2", "HOST": "", "APP_NAME": "mine"})
    assert environ == {"PORT": "2", "HOST": "a.test", "OPENAI_API_KEY": "${HOME}x", "APP_NAME": "mine"}


def test_there_need_be_no_file(tmp_path: Path):
    assert read_environment(tmp_path / ".env", {"PORT": "2"}) == {"PORT": "2"}


def test_a_file_that_is_no_text_is_told(tmp_path: Path):
    (tmp_path / ".env").write_bytes(b"PORT=\xff\xfe")
    with pytest.raises(SettingsError, match="not UTF-8"):
        read_environment(tmp_path / ".env", {})


def test_the_shipped_example_is_what_the_table_says():
    shipped = (ROOT / ".env.example").read_text("utf-8")
    assert shipped == example(), "run: python -m neuroroute.settings > .env.example"


def test_the_shipped_example_starts_as_it_is_and_with_every_line_uncommented(tmp_path: Path):
    assert dotenv_values(ROOT / ".env.example") == {}
    dotenv = tmp_path / ".env"
    dotenv.write_text(re.sub(r"^#(?=\S)", "", example(), flags=re.MULTILINE), encoding="utf-8")
    assert set(dotenv_values(dotenv)) == {setting.name for setting in SETTINGS}
    assert Settings.from_env(read_environment(dotenv, {})) == Settings.from_env({})


def test_the_example_is_printed_by_the_module():
    printed = subprocess.run(
        [sys.executable, "-m", "neuroroute.settings"], capture_output=True, check=True, timeout=30, encoding="utf-8",
        env={"PYTHONUTF8": "1"},
    ).stdout  # fmt: skip
    assert printed == example()
