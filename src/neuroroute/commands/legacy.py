"""`neuroroute import-legacy`: take over what the earlier service kept of its providers."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final, final

import msgspec

from neuroroute.application.keep_credentials import KeepCredentials, KeepProviderSettings
from neuroroute.commands.stored import stored
from neuroroute.dialects.api_keys import read_key, read_settings
from neuroroute.dialects.native import InvalidPrompt
from neuroroute.domain.access import Secret
from neuroroute.domain.credential import ProviderSettings
from neuroroute.infrastructure.formats import BASE_URL
from neuroroute.infrastructure.legacy_database import LegacyDatabase, LegacyKey, LegacySettings, read_legacy

_BY: Final = "cli"


async def import_file(environ: Mapping[str, str], path: Path, *, overwrite: bool) -> str:
    """What was done with each row, in words. To run it again does no harm.

    Raises:
        NeuroRouteError: the file or the database cannot be used; rows that were imported before stay.
    """
    legacy = read_legacy(path)
    async with stored(environ) as container:
        importing = LegacyImport(
            keys=container.keep_credentials(), settings=container.keep_provider_settings(), overwrite=overwrite
        )
        return await importing(legacy)


@final
class LegacyImport:
    """Takes what could have been entered here too, and says why it leaves the rest; a key it never tells."""

    def __init__(self, *, keys: KeepCredentials, settings: KeepProviderSettings, overwrite: bool) -> None:
        """`overwrite`: whether the file wins over what is stored here already."""
        self._keys = keys
        self._settings = settings
        self._overwrite = overwrite

    async def __call__(self, legacy: LegacyDatabase) -> str:
        """A line for each row. The settings go first: keys are bound to the addresses that they say."""
        settings_here = {kept.provider for kept in await self._settings.all()}
        told = [await self._take_settings(row, settings_here) for row in legacy.settings]
        keys_here = {kept.credential.provider for kept in await self._keys.all()}
        told += [await self._take_key(row, keys_here) for row in legacy.keys]
        return "\n".join(told) or "The file holds neither keys nor settings."

    async def _take_key(self, row: LegacyKey, here: set[str]) -> str:
        name = f"Key of {row.provider!r}"
        try:
            said = read_key({"provider": row.provider, "api_key": row.api_key.reveal(), "is_active": row.is_active})
        except InvalidPrompt as wrong:
            return f"{name}: skipped. {_reasons(wrong)}"
        if said.provider in here and not self._overwrite:
            return f"{name}: skipped. There is one here already, which --overwrite would replace"
        await self._keys.put(said.provider, key=Secret(said.api_key), is_active=said.is_active, by=_BY)
        return f"{name}: imported" if said.is_active else f"{name}: imported, switched off as it was"

    async def _take_settings(self, row: LegacySettings, here: set[str]) -> str:
        name = f"Settings of {row.provider!r}"
        settings, left_out = _readable(row)
        if settings is None:
            return f"{name}: skipped. {left_out}"
        if settings.provider in here and not self._overwrite:
            return f"{name}: skipped. There are some here already, which --overwrite would replace"
        await self._settings.put(settings, by=_BY)
        told = f"{name}: imported, and unlike before they are used: {_words(settings)}"
        return f"{told}. Left out: {left_out}" if left_out else told


def _readable(row: LegacySettings) -> tuple[ProviderSettings | None, str]:
    """As much of the row as could be entered here, nothing without a provider; and what is wrong with the rest."""
    members = msgspec.structs.asdict(row)
    try:
        return read_settings(members, base_url=BASE_URL.parse), ""
    except InvalidPrompt as wrong:
        fields = {str(problem.loc[-1]) for problem in wrong.problems}
        if "provider" in fields:
            return None, _reasons(wrong)
        rest = {name: value for name, value in members.items() if name not in fields}
        return read_settings(rest, base_url=BASE_URL.parse), _reasons(wrong)


def _reasons(wrong: InvalidPrompt) -> str:
    return "; ".join(f"{problem.loc[-1]}: {problem.msg}" for problem in wrong.problems)


def _words(settings: ProviderSettings) -> str:
    said = {"model": settings.model, "organization": settings.organization, "api_base": settings.api_base}
    return ", ".join(f"{name} {value}" for name, value in said.items() if value is not None) or "nothing is in them"
