"""The earlier service's language of providers' keys and settings (CONTRACT.md 7), in which no key is ever told."""

import re
from collections.abc import Callable
from typing import Annotated, Final, TypeVar

import msgspec
from msgspec import Meta, Struct

from neuroroute.dialects.catalog_tables import ADDRESS
from neuroroute.dialects.lax import LINE, Problem, Unreadable, flag, text
from neuroroute.dialects.native import InvalidPrompt
from neuroroute.domain.access import Secret
from neuroroute.domain.credential import CredentialStatus, ProviderCredential, ProviderSettings

T = TypeVar("T")

MAX_NAME: Final = 255
"""Characters of a provider's, a model's or an organization's name."""
MAX_KEY: Final = 4096
MAX_ADDRESS: Final = 2048
"""Characters. More than any provider's, and little enough for a header and a line of a log."""
_MASK: Final = "*****"
_SHOWN: Final = 4
_LONG: Final = 20
"""From this length on the last four characters are shown: those of a shorter key would be too much of it."""
_LINE: Final = re.compile(f"{LINE}+")
_KEY: Final = re.compile(r"[!-~]+")
_Name = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=MAX_NAME,
        pattern=rf"^(?!settings$|\.{{1,2}}$)(?:(?!/){LINE})+$",
    ),
]
_Text = Annotated[str, Meta(max_length=MAX_NAME, pattern=f"^{LINE}*$")]
"""What the OpenAPI document says; the readers below decide."""
_RESERVED: Final = frozenset(("settings", ".", ".."))
"""Paths of others: a provider of that name could not be reached under `/api-keys/`."""


class ApiKeyIn(Struct, frozen=True, kw_only=True):
    """A provider's key, as it is entered."""

    provider: Annotated[_Name, Meta(description="One line without `/`; not `settings`, `.` or `..`")]
    api_key: Annotated[
        str,
        Meta(
            min_length=1,
            max_length=MAX_KEY,
            pattern=r"^[!-~]+$",
            description="Visible ASCII characters, without spaces",
        ),
    ]
    is_active: bool = True

    def __repr__(self) -> str:
        return f"ApiKeyIn({self.provider!r}, {_MASK})"


class ApiKey(Struct, frozen=True, kw_only=True):
    """A provider's key, as it is shown."""

    provider: str
    api_key: Annotated[
        str, Meta(description="Masked: `*****`, and the last four characters of a key that has at least twenty")
    ]
    is_active: bool
    id: int
    status: Annotated[CredentialStatus, Meta(description="Whether it is used, and if not, why")]


class ApiKeySettingsIn(Struct, frozen=True, kw_only=True):
    """What else is stored of a provider; what is left out is null."""

    provider: Annotated[_Name, Meta(description="One line without `/`; not `settings`, `.` or `..`")]
    model: Annotated[_Text | None, Meta(description="The provider's own name of the model that it is asked for")] = None
    organization: Annotated[_Text | None, Meta(description="Sent along in the dialect `openai`")] = None
    api_base: Annotated[
        Annotated[str, Meta(max_length=MAX_ADDRESS, pattern=f"^(?:{ADDRESS})?$")] | None,
        Meta(
            description="Another address of the provider. A key that was entered before for another scheme, host or "
            "port is not used there"
        ),
    ] = None


class ApiKeySettings(Struct, frozen=True, kw_only=True):
    """What else is stored of a provider."""

    provider: str
    model: str | None
    organization: str | None
    api_base: str | None
    id: int


def read_provider(value: object) -> str:
    """A name under which a provider's key can be stored and reached.

    Raises:
        Unreadable: it is none.
    """
    name = _line(value)
    if "/" in name or name in _RESERVED:
        raise Unreadable("value_error", f"A provider's name holds no / and is none of {', '.join(sorted(_RESERVED))}")
    return name


def read_key(body: object) -> ApiKeyIn:
    """What a decoded body says.

    Raises:
        InvalidPrompt: with one problem for each field that is wrong; none repeats a value.
    """
    fields = _Fields(body)
    provider = fields.needed("provider", read_provider)
    key = fields.needed("api_key", _key)
    is_active = fields.flag("is_active", default=True)
    fields.check()
    return ApiKeyIn(provider=provider, api_key=key, is_active=is_active)


def read_settings(body: object, *, base_url: Callable[[str], str]) -> ProviderSettings:
    """What a decoded body says, without an id.

    `base_url` is what an address may look like: it returns it in its plain form, or raises a `ValueError` that says
    what is wrong without repeating it.

    Raises:
        InvalidPrompt: as `read_key`.
    """

    def address(value: object) -> str:
        try:
            return base_url(_line(value, at_most=MAX_ADDRESS))
        except Unreadable:
            raise
        except ValueError as wrong:
            raise Unreadable("value_error", f"The address {wrong}") from None

    fields = _Fields(body)
    provider = fields.needed("provider", read_provider)
    model, organization = fields.perhaps("model", _line), fields.perhaps("organization", _line)
    api_base = fields.perhaps("api_base", address)
    fields.check()
    return ProviderSettings(id=0, provider=provider, model=model, organization=organization, api_base=api_base)


def show_key(credential: ProviderCredential, status: CredentialStatus) -> ApiKey:
    """The stored key, masked."""
    return ApiKey(
        provider=credential.provider,
        api_key=_masked(credential.key),
        is_active=credential.is_active,
        id=credential.id,
        status=status,
    )


def show_settings(settings: ProviderSettings) -> ApiKeySettings:
    """The stored settings; nothing in them is secret."""
    return ApiKeySettings(**msgspec.structs.asdict(settings))


def _masked(key: Secret | None) -> str:
    told = "" if key is None else key.reveal()
    return _MASK + told[-_SHOWN:] if len(told) >= _LONG else _MASK


def _line(value: object, *, at_most: int = MAX_NAME) -> str:
    said = text(value, at_most=at_most)
    if not said:
        raise Unreadable("string_too_short", "String should have at least 1 character")
    if not _LINE.fullmatch(said):
        raise Unreadable("value_error", "Input should be one line of text, without control characters")
    return said


def _key(value: object) -> str:
    said = text(value, at_most=MAX_KEY)
    if not _KEY.fullmatch(said):  # it travels in a header
        raise Unreadable("value_error", "An API key is visible ASCII characters, without spaces")
    return said


class _Fields:
    """Reads a body's members, and gathers what is wrong with them."""

    def __init__(self, body: object) -> None:
        if not isinstance(body, dict):
            kind = (
                ("missing", "Field required")
                if body is None
                else ("model_attributes_type", "Input should be an object")
            )
            raise InvalidPrompt((Problem(kind[0], ("body",), kind[1]),))
        self._members: dict[str, object] = body  # pyright: ignore[reportUnknownMemberType] - a JSON object
        self._problems = list[Problem]()

    def needed(self, name: str, reader: Callable[[object], str]) -> str:
        if name not in self._members:
            self._problems.append(Problem("missing", ("body", name), "Field required"))
            return ""
        return self._read(name, reader) or ""

    def perhaps(self, name: str, reader: Callable[[object], str]) -> str | None:
        """`None` where it is left out, null or empty."""
        return None if self._members.get(name) in (None, "") else self._read(name, reader)

    def flag(self, name: str, *, default: bool) -> bool:
        return bool(self._read(name, flag)) if name in self._members else default

    def check(self) -> None:
        """Raises: InvalidPrompt."""
        if self._problems:
            raise InvalidPrompt(tuple(self._problems))

    def _read(self, name: str, reader: Callable[[object], T]) -> T | None:
        try:
            return reader(self._members[name])
        except Unreadable as wrong:
            self._problems.append(Problem(wrong.kind, ("body", name, *wrong.inner), wrong.message))
            return None
