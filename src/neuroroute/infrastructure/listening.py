"""Whether this process may listen where it is told to."""

import socket

from neuroroute.domain.errors import NeuroRouteError


class AddressTaken(NeuroRouteError):
    """The service cannot listen where it is told to."""


def check_free(host: str, port: int) -> None:
    """Granian would share a taken port with whoever has it, and with it the requests.

    Raises:
        AddressTaken: someone listens there, or nobody can.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        why = error.strerror or str(error)
        raise AddressTaken(f"Cannot listen on {host}:{port}: {why}. Choose another with --host and --port.") from error
