"""The home folder: what this installation made for itself and must find again."""

import base64
import os
import secrets
import tempfile
from collections.abc import Callable
from pathlib import Path

from neuroroute.domain.access import Secret
from neuroroute.domain.errors import NeuroRouteError


class HomeUnusable(NeuroRouteError):
    """The home folder cannot be written or does not hold what it should."""


def admin_key(given: Secret | None, home: Path) -> Secret:
    """The key that opens `/admin`: the one that was set, else the one kept in `home`, made at the first start.

    Raises:
        HomeUnusable: it is not set and `home` cannot keep one.
    """
    return given or kept_secret(home / "admin_key", lambda: secrets.token_urlsafe(32))


def master_key(given: Secret | None, home: Path) -> Secret:
    """The key that encrypts what is stored: 32 bytes in base64. As `admin_key` it is set, or kept in `home`.

    Raises:
        HomeUnusable: it is not set and `home` cannot keep one.
    """
    return given or kept_secret(home / "master_key", lambda: base64.b64encode(secrets.token_bytes(32)).decode())


def database_url(given: Secret | None, home: Path) -> Secret:
    """The database's address: the one that was set, else that of an SQLite file in `home`, which is made if need be.

    Raises:
        HomeUnusable: it is not set and `home` cannot be made.
    """
    if given is not None:
        return given
    path = (home / "neuroroute.sqlite3").absolute()
    try:
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.touch(mode=0o600)  # SQLite fills it, and gives its other files the same mode
    except OSError as exc:
        raise HomeUnusable(f"{path} cannot be made: {exc.strerror}. Set NEUROROUTE_HOME or DATABASE_URL") from None
    return Secret(f"sqlite:///{path}")


def kept_secret(path: Path, make: Callable[[], str]) -> Secret:
    """The secret kept in `path`, made now if there is none; of several processes that make one, all get the same.

    The file is readable by its owner alone.

    Raises:
        HomeUnusable: it cannot be read or made.
    """
    try:
        text = _read(path)
        if text is None:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            _write_once(path, make())
            text = _read(path)
    except (OSError, UnicodeDecodeError) as exc:
        reason = exc.strerror if isinstance(exc, OSError) else "not a text"
        raise HomeUnusable(f"{path} cannot be kept: {reason}. Set NEUROROUTE_HOME, or the secret itself") from None
    if not text:
        raise HomeUnusable(f"{path} is empty. Delete it to have a new secret made")
    return Secret(text)


def _read(path: Path) -> str | None:
    try:
        with path.open(encoding="ascii") as file:
            if os.fstat(file.fileno()).st_mode & 0o077:
                path.chmod(0o600)
            return file.read(1024).strip()
    except FileNotFoundError:
        return None


def _write_once(path: Path, text: str) -> None:
    """Whole or not at all, and never over another's: a link fails where the name is taken."""
    descriptor, draft = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)  # mode 0600
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(text + "\n")
            file.flush()
            os.fsync(file.fileno())
        try:
            path.hardlink_to(draft)
        except FileExistsError:
            return
    finally:
        Path(draft).unlink()
