"""What is loaded: a gateway's command, its environment, and the requests it is sent."""

import pathlib
import shlex

import msgspec

HERE = pathlib.Path(__file__).resolve().parent
PHASES = ("c1", "c64", "rate", "stream")


class Spec(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One file of `specs/`. `{port}`, `{mock_port}`, `{build}`, `{root}` and `{baseline_venv}` are filled in later,
    and in the environment `{postgres_url}` and `{redis_url}`, of servers that are started for whoever names them.

    `body` and `stream_body` name files of `bodies/`; eight `@` in one become a new number in each request, so that no
    cache can answer. `must` and `stream_must` are text that every good answer contains. `prepare` is a command that
    runs before the start, in the same environment; what it prints is `{prepared}` in `headers`.
    """

    name: str
    command: str = ""
    config: str = ""
    """A file beside `specs/` that is filled in and written to `{build}/NAME.conf` before the start."""
    path: str = "/v1/chat/completions"
    body: str = "openai.json"
    must: str = "The router picks"
    stream_body: str = "openai-stream.json"
    stream_must: str = "[DONE]"
    environment: dict[str, str] = {}
    prepare: str = ""
    headers: dict[str, str] = {}
    """Of every request."""
    phases: tuple[str, ...] = PHASES

    def __post_init__(self) -> None:
        if unknown := set(self.phases) - set(PHASES):
            raise ValueError(f"unknown phases {sorted(unknown)}; known: {', '.join(PHASES)}")

    def argv(self, blanks: dict[str, str]) -> list[str]:
        return words(self.command, blanks)

    def file(self, *, stream: bool) -> pathlib.Path:
        return HERE / "bodies" / (self.stream_body if stream else self.body)


DIRECT = Spec(name="direct", phases=("rate", "stream"))
"""The mock itself: what the machine and the load generator cost when no gateway is between them."""


def read_spec(name: str) -> Spec:
    """`nginx` is `specs/nginx.json`; a path is taken as it is."""
    path = HERE / "specs" / f"{name}.json" if "/" not in name and not name.endswith(".json") else pathlib.Path(name)
    try:
        return msgspec.json.decode(path.read_bytes(), type=Spec)
    except OSError:
        known = ", ".join(sorted(file.stem for file in (HERE / "specs").glob("*.json")))
        raise SystemExit(f"benchmarks: no spec {name!r}; known: {known}") from None
    except (msgspec.DecodeError, ValueError) as error:
        raise SystemExit(f"benchmarks: {path}: {error}") from error


def words(command: str, blanks: dict[str, str]) -> list[str]:
    return [fill(word, blanks) for word in shlex.split(command)]


def fill(text: str, blanks: dict[str, str]) -> str:
    for blank, value in blanks.items():
        text = text.replace(f"{{{blank}}}", value)
    return text
