"""Reading the environment by the table, with everything that is wrong in one report."""

import os
from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import TypeVar, final

from dotenv import dotenv_values

from neuroroute.domain.errors import NeuroRouteError
from neuroroute.infrastructure.formats import Malformed
from neuroroute.settings.table import SETTINGS, Setting

T = TypeVar("T")

_OURS = "NEUROROUTE_"


class SettingsError(NeuroRouteError):
    """The settings do not hold. Its text names each variable, what is wrong with it and what is allowed; no value."""

    def __init__(self, problems: tuple[str, ...]) -> None:
        title = "A setting is wrong:" if len(problems) == 1 else f"{len(problems)} settings are wrong:"
        super().__init__("\n  ".join((title, *problems)))
        self.problems = problems


def read_environment(dotenv: Path, process: Mapping[str, str] = os.environ) -> Mapping[str, str]:
    """The process's environment over the file `dotenv`, if there is one. Nothing in the file is expanded.

    Raises:
        SettingsError: the file cannot be read.
    """
    try:
        in_file = dotenv_values(dotenv, interpolate=False, encoding="utf-8-sig")
    except OSError as exc:
        raise SettingsError((f"{dotenv}: cannot be read ({exc.strerror}).",)) from None
    except UnicodeDecodeError:
        raise SettingsError((f"{dotenv}: is not UTF-8 text.",)) from None
    return _set({name: value for name, value in in_file.items() if value}) | _set(process)


@final
class Reading:
    """One pass over the environment. What is wrong is collected, and `finish` tells it all."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = _set(environ)
        self._problems: list[str] = []

    def given(self, setting: Setting[object]) -> bool:
        return self._name(setting) is not None

    def value(self, setting: Setting[T]) -> T:
        """What is set, or else the default; also where what is set is wrong, so that reading can go on."""
        name = self._name(setting)
        if name is not None:
            try:
                return setting.format.parse(self._environ[name])
            except Malformed as wrong:
                self.problem(name, f"{wrong}. Allowed: {setting.format.allowed}.")
        return setting.format.parse(setting.default)

    def problem(self, name: str, text: str) -> None:
        self._problems.append(f"{name}: {text}")

    def finish(self) -> None:
        """Raises SettingsError: something was wrong."""
        known = [setting.name for setting in SETTINGS]
        ours = (name for name in self._environ if name.upper().startswith(_OURS) and name not in known)
        for name in sorted(ours):
            near = get_close_matches(name.upper(), [one for one in known if one.startswith(_OURS)], n=1, cutoff=0)
            self.problem(name, f"is no setting. The nearest is {near[0]}.")
        if self._problems:
            raise SettingsError(tuple(self._problems))

    def _name(self, setting: Setting[object]) -> str | None:
        return next((name for name in (setting.name, *setting.aliases) if name in self._environ), None)


def _set(environ: Mapping[str, str]) -> dict[str, str]:
    """Without the empty ones: they count as unset."""
    return {name: value.strip() for name, value in environ.items() if value.strip()}
