"""Who is at the other end of a connection: nobody but this user may control the engine."""

from __future__ import annotations

import os
import socket
import struct
import sys
from typing import Final

from .errors import ControlError

_CREDENTIALS: Final = struct.Struct("3i")  # process, user, group: `struct ucred`, unix(7)


def peer_user(connection: socket.socket) -> int | None:
    """The user id at the other end of a Unix socket; None where the system does not say it like Linux."""
    if sys.platform != "linux" or connection.family != socket.AF_UNIX:
        return None
    said = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
    user: int = _CREDENTIALS.unpack(said)[1]
    return user


def check_peer(user: int | None) -> None:
    """Raise ControlError unless the peer is this user, or the folder and the secret alone must tell."""
    if user is not None and user != os.geteuid():
        raise ControlError(f"user {user} may not control an engine of user {os.geteuid()}")
