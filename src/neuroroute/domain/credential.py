"""How a provider lets us in: its key and what goes with it, as administrators keep them."""

from enum import StrEnum
from urllib.parse import urlsplit

from msgspec import Struct

from neuroroute.domain.access import Secret


class CredentialStatus(StrEnum):
    """Whether a stored key is used, and if not, why."""

    ACTIVE = "active"
    INACTIVE = "inactive"
    """Switched off by who keeps it."""
    UNDECRYPTABLE = "undecryptable"
    NO_PROVIDER = "no_provider"
    """The catalogue has no provider of that name, so that there is nowhere to send it."""
    OTHER_ORIGIN = "other_origin"
    """It was entered for another address than the provider has now, and goes nowhere until it is entered again."""


class ProviderCredential(Struct, frozen=True, kw_only=True):
    """A provider's stored key. Any provider name may have one, also one that is in no catalogue (CONTRACT.md 7)."""

    id: int
    provider: str
    key: Secret | None
    """`None` when what is stored cannot be decrypted: by another master key, or it was tampered with."""
    is_active: bool
    origin: str
    """Where the key may be sent: see `origin_of`. Empty when the provider had no address as the key was entered."""

    def status(self, origin: str) -> CredentialStatus:
        """Where the provider's origin is `origin` now, which is empty for none. Only an `ACTIVE` one may be used."""
        if self.key is None:
            return CredentialStatus.UNDECRYPTABLE
        if not self.is_active:
            return CredentialStatus.INACTIVE
        if not origin:
            return CredentialStatus.NO_PROVIDER
        return CredentialStatus.ACTIVE if self.origin == origin else CredentialStatus.OTHER_ORIGIN


class ProviderSettings(Struct, frozen=True, kw_only=True):
    """What else is stored of a provider; `None` leaves it to the environment or the catalogue."""

    id: int
    provider: str
    model: str | None = None
    """The provider's own name of the model that it is asked for."""
    organization: str | None = None
    api_base: str | None = None


def origin_of(url: str) -> str:
    """Scheme, host and port of an address, as they decide where a key may be sent; empty for no address.

    Lower case and with the port always said, so that equal places are equal texts.
    """
    parts = urlsplit(url)
    if not parts.hostname:
        return ""
    port = parts.port or (443 if parts.scheme == "https" else 80)
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return f"{parts.scheme}://{host}:{port}".lower()
