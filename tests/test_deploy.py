"""What deploys the service names only what exists, and takes no right that it does not need."""

import re
import tomllib
from pathlib import Path

import pytest
import yaml

from neuroroute.cli.main import main
from neuroroute.settings import Settings
from neuroroute.settings.table import SETTINGS

ROOT = Path(__file__).parents[1]
COMPOSE = yaml.safe_load((ROOT / "compose.yaml").read_text())
SERVICES = COMPOSE["services"]
OURS = {name: service for name, service in SERVICES.items() if "build" in service}
DEPLOYMENT, SERVICE = yaml.safe_load_all((ROOT / "deploy/kubernetes/neuroroute.yaml").read_text())
POD = DEPLOYMENT["spec"]["template"]["spec"]
CONTAINERS = {container["name"]: container for container in (*POD["initContainers"], *POD["containers"])}
SETTING_NAMES = {name for setting in SETTINGS for name in (setting.name, *setting.aliases)}
SERVICE_KEYS = {
    "image", "build", "command", "env_file", "environment", "ports", "volumes", "depends_on", "healthcheck", "user",
    "read_only", "tmpfs", "cap_drop", "security_opt", "restart", "stop_signal", "stop_grace_period",
}  # fmt: skip
"""Those of the Compose specification that are in use."""
CONDITIONS = {"service_started", "service_healthy", "service_completed_successfully"}
HEALTHCHECK_KEYS = {"test", "interval", "timeout", "retries", "start_period", "disable"}
DURATION = re.compile(r"(\d+(us|ms|s|m|h))+")
VARIABLE = re.compile(r"\$\{(\w+):-([^}]*)\}")


def instructions():
    """Of the Dockerfile: each with its words."""
    text = (ROOT / "deploy/Dockerfile").read_text().replace("\\\n", " ")
    lines = (line.split(maxsplit=1) for line in text.splitlines() if line.strip() and not line.startswith("#"))
    return [(name, rest) for name, rest in lines]


def stages():
    found = []
    for name, rest in instructions():
        if name == "FROM":
            found.append([])
        found[-1].append((name, rest))
    return found


def tried_out(text):
    """As Compose reads it with nothing set."""
    return VARIABLE.sub(r"\2", str(text))


def test_compose_says_only_what_compose_knows():
    assert set(COMPOSE) <= {"name", "services", "volumes", "x-neuroroute"}
    for service in SERVICES.values():
        assert set(service) <= SERVICE_KEYS
        assert service["restart"] in {"no", "always", "on-failure", "unless-stopped"}
        assert DURATION.fullmatch(service.get("stop_grace_period", "10s"))
        for need in service.get("depends_on", {}).values():
            assert set(need) == {"condition"}
            assert need["condition"] in CONDITIONS
        assert set(service.get("healthcheck", {})) <= HEALTHCHECK_KEYS
        for name in ("interval", "timeout", "start_period"):
            assert DURATION.fullmatch(service.get("healthcheck", {}).get(name, "1s"))


def test_every_service_that_is_waited_for_exists_and_can_say_that_it_is_ready():
    for service in SERVICES.values():
        for name, need in service.get("depends_on", {}).items():
            match need["condition"]:
                case "service_healthy":
                    assert SERVICES[name]["healthcheck"]["test"][0] == "CMD"
                case "service_completed_successfully":
                    assert SERVICES[name]["restart"] == "no"


def test_the_router_waits_for_the_migration_and_the_migration_for_the_database():
    waits = {name: {on: need["condition"] for on, need in OURS[name]["depends_on"].items()} for name in OURS}
    assert waits["neuroroute"]["migrate"] == "service_completed_successfully"
    assert waits["migrate"] == {"postgres": "service_healthy"}
    assert OURS["migrate"]["command"] == ["migrate"]


@pytest.mark.parametrize("name", SERVICES)
def test_no_service_runs_as_root_or_writes_to_its_image(name):
    service = SERVICES[name]
    assert service["user"] not in {"root", "0"}
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]


def test_every_volume_is_made_and_used():
    used = {volume.split(":")[0] for service in SERVICES.values() for volume in service.get("volumes", [])}
    assert used == set(COMPOSE["volumes"])
    assert {"home", "postgres"} <= used


def test_only_the_router_is_published_and_only_on_loopback():
    published = {name: service["ports"] for name, service in SERVICES.items() if "ports" in service}
    assert published == {"neuroroute": ["127.0.0.1:8000:8000"]}


@pytest.mark.parametrize("name", OURS)
def test_our_services_are_built_from_files_that_exist_run_commands_that_exist_and_set_what_can_be_set(name):
    service = OURS[name]
    context = ROOT / service["build"]["context"]
    assert (context / service["build"]["dockerfile"]).is_file()
    assert service["command"][0] in main.commands
    assert set(service["environment"]) <= SETTING_NAMES
    assert [file["required"] for file in service["env_file"]] == [False], "nothing has to be written for a try"


def test_the_settings_of_a_try_hold_and_name_the_services_beside():
    environ = {name: tried_out(value) for name, value in OURS["neuroroute"]["environment"].items()}
    settings = Settings.from_env(environ)
    assert settings.database_url is not None
    assert settings.redis is not None
    for url in (environ["DATABASE_URL"], environ["REDIS_URL"]):
        assert re.search(r"[@/](\w+):\d+/", url)[1] in SERVICES
    postgres = {name: tried_out(value) for name, value in SERVICES["postgres"]["environment"].items()}
    user, password, database = (postgres[f"POSTGRES_{name}"] for name in ("USER", "PASSWORD", "DB"))
    assert environ["DATABASE_URL"] == f"postgresql://{user}:{password}@postgres:5432/{database}"


def test_every_secret_of_compose_comes_from_outside():
    text = (ROOT / "compose.yaml").read_text()
    assert {name for name, _ in VARIABLE.findall(text)} == {"POSTGRES_PASSWORD", "NEUROROUTE_AUTH"}
    assert not re.search(r"(ADMIN_KEY|MASTER_KEY|API_KEY): ", text)


def test_the_image_is_built_in_two_stages_and_runs_as_nobody_in_particular():
    build, final = stages()
    assert build[0][1].endswith("AS build")
    assert ("COPY", "--from=build /opt/neuroroute /opt/neuroroute") in final
    (user,) = (rest for name, rest in final if name == "USER")
    assert int(user) > 0
    assert {service["user"] for service in OURS.values()} == {user}
    assert not any("pip" in rest for name, rest in final if name == "RUN"), "what builds stays in the build"


def test_the_image_installs_only_what_is_locked_by_hash():
    runs = [rest for name, rest in stages()[0] if name == "RUN" and "pip install" in rest]
    locked, ours = runs
    assert "--require-hashes -r requirements/serve.txt" in locked
    assert {"--no-deps", "--no-build-isolation"} <= set(ours.split())


def test_the_image_is_built_from_all_that_the_package_is_made_of():
    copied = [
        word.rstrip("/")
        for name, rest in stages()[0]
        if name == "COPY"
        for word in rest.split()[:-1]
    ]  # fmt: skip
    assert all((ROOT / path).exists() for path in copied)
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    wheel = project["tool"]["hatch"]["build"]["targets"]["wheel"]
    needed = ["pyproject.toml", project["project"]["readme"], *project["project"]["license-files"]]
    for path in (*needed, *wheel["packages"], *wheel["force-include"]):
        assert path.split("/")[0] in copied
    ignored, *kept = (ROOT / "deploy/Dockerfile.dockerignore").read_text().splitlines()
    assert ignored == "*"
    assert {path.split("/")[0] for path in copied} <= {line.removeprefix("!") for line in kept}
    installing = next(number for number, (_, rest) in enumerate(stages()[0]) if rest.endswith("--no-build-isolation ."))
    assert all(name != "COPY" for name, _ in stages()[0][installing:])


def test_the_image_runs_a_command_that_exists_with_settings_that_exist():
    final = dict(stages()[1])
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    assert yaml.safe_load(final["ENTRYPOINT"])[0] in project["project"]["scripts"]
    assert yaml.safe_load(final["CMD"])[0] in main.commands
    environ = dict(word.split("=", 1) for word in final["ENV"].split())
    assert set(environ) - SETTING_NAMES == {"PATH", "PYTHONDONTWRITEBYTECODE"}
    assert final["EXPOSE"] == environ["PORT"]
    assert final["VOLUME"] == environ["NEUROROUTE_HOME"]


def test_every_instance_in_kubernetes_is_migrated_before_it_serves():
    assert [container["args"] for container in POD["initContainers"]] == [["migrate"]]
    assert [container["args"] for container in POD["containers"]] == [["serve"]]
    assert {"migrate", "serve"} <= set(main.commands)
    assert len({container["image"] for container in CONTAINERS.values()}) == 1


@pytest.mark.parametrize("name", CONTAINERS)
def test_every_container_in_kubernetes_is_confined_and_set_by_settings_that_exist(name):
    container = CONTAINERS[name]
    assert {variable["name"] for variable in container["env"]} <= SETTING_NAMES
    assert container["envFrom"] == [{"secretRef": {"name": "neuroroute"}}]
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True, "capabilities": {"drop": ["ALL"]},
    }  # fmt: skip
    mounted = {mount["name"] for mount in container["volumeMounts"]}
    assert mounted == {volume["name"] for volume in POD["volumes"]}
    assert POD["securityContext"]["runAsNonRoot"] is True
    assert str(POD["securityContext"]["runAsUser"]) == dict(stages()[1])["USER"]


def test_the_service_in_kubernetes_finds_its_instances():
    labels = DEPLOYMENT["spec"]["template"]["metadata"]["labels"]
    assert SERVICE["spec"]["selector"] == labels == DEPLOYMENT["spec"]["selector"]["matchLabels"]
    ports = {port["name"] for port in POD["containers"][0]["ports"]}
    assert {port["targetPort"] for port in SERVICE["spec"]["ports"]} <= ports


def test_the_documents_on_deploying_name_only_settings_and_commands_that_exist():
    text = (ROOT / "deploy/README.md").read_text()
    named = re.findall(r"^([A-Z][A-Z_]+)=|--from-literal=([A-Z_]+)=|-e ([A-Z_]+)", text, re.MULTILINE)
    assert {name for found in named for name in found if name} <= SETTING_NAMES | {"POSTGRES_PASSWORD"}
    assert set(re.findall(r"(?:`neuroroute| neuroroute) ([a-z]+)", text)) <= {*main.commands, "neuroroute"}
