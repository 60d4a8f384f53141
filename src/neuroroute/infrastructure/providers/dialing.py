"""Making a connection to a provider: where it may lead, the certificate, and in plain words why it failed."""

import asyncio
import os
import socket
import ssl
from typing import Final, final

from neuroroute.infrastructure.providers.connection import Connection
from neuroroute.infrastructure.providers.reach import AddressRefused, Reach, Resolve, resolve_within

_MISMATCHES: Final = frozenset({62, 64})
"""OpenSSL's codes for a certificate of another host name or address (x509_vfy.h); its words repeat ours."""


@final
class Dialing:
    """Attaches a transport to a connection. Nothing is sent before the certificate and the host name are verified."""

    def __init__(
        self, host: str, port: int, *, tls: bool, reach: Reach, ssl_context: ssl.SSLContext | None, resolver: Resolve
    ) -> None:
        """Raises: ValueError, for an `ssl_context` that does not verify; `None` is the system's trust."""
        if ssl_context is not None and (ssl_context.verify_mode != ssl.CERT_REQUIRED or not ssl_context.check_hostname):
            raise ValueError("a provider's certificate and host name are always verified")
        self._host = host
        self._port = port
        self._tls = tls
        self._reach = reach
        self._ssl_context = ssl_context
        self._resolver = resolver

    async def __call__(self, connection: Connection) -> None:
        """Raises: OSError."""
        if self._tls and self._ssl_context is None:
            self._ssl_context = ssl.create_default_context()
            self._ssl_context.set_alpn_protocols(["http/1.1"])
        if self._reach is Reach.ANYWHERE:
            await self._attach(connection, self._host)
            return
        failure = OSError("it has no address")
        for address in await resolve_within(self._reach, self._host, self._port, self._resolver):
            try:
                await self._attach(connection, address)
            except ssl.SSLError:
                raise
            except OSError as exc:
                failure = exc
            else:
                return
        raise failure

    async def _attach(self, connection: Connection, place: str) -> None:
        """`place` is the host or one of its addresses; the certificate is for the host in either case."""
        tls = self._ssl_context if self._tls else None
        transport, _ = await asyncio.get_running_loop().create_connection(
            lambda: connection, place, self._port, ssl=tls, server_hostname=self._host if tls else None
        )
        connection.attach(transport)


def why_not(exc: OSError) -> str:  # noqa: PLR0911 - one table, a row a failure
    """Why there is no connection, in words that callers may read: without the provider's name or address."""
    match exc:
        case ssl.SSLCertVerificationError(verify_code=code) if code in _MISMATCHES:
            return "its certificate is not trusted (it is for another host)"
        case ssl.SSLCertVerificationError():
            return f"its certificate is not trusted ({exc.verify_message})"
        case ssl.SSLError():
            return "TLS failed"
        case AddressRefused():
            return "its address is none that one set over HTTP may lead to"
        case socket.gaierror():
            return "its name could not be resolved"
        case OSError(errno=int(code)):
            return os.strerror(code)
        case ConnectionError():  # the pool's own
            return str(exc) or "it could not be made"
        case _:  # asyncio's, of several addresses, all of which it names
            return "none of its addresses could be reached"
