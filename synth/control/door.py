"""The engine's door: it listens under a name that no other engine has, and goes with the engine.

Between the address and the server. A lock held for life keeps the name: the system drops it whatever the
engine dies of, so a socket file that a killed engine has left is known to be stale and is replaced.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import socket
import sys
from pathlib import Path
from typing import Final, Self

from .address import Address
from .errors import ControlError

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

HAS_UNIX_SOCKETS: Final = hasattr(socket, "AF_UNIX")
BACKLOG: Final = 16
LOOPBACK: Final = "127.0.0.1"
PROBE_S: Final = 0.5  # a connection on this machine is there at once or never


class Door:
    """A listening, non-blocking socket. `secret` is what a client must say first, None if nothing."""

    def __init__(self, address: Address, *, unix: bool = HAS_UNIX_SOCKETS) -> None:
        """Raises ControlError if an engine of that name runs, or nothing can be opened there."""
        self.address = address
        self.secret: str | None = None if unix else secrets.token_hex(32)
        with contextlib.ExitStack() as undo:
            try:
                self._lock = _lock(address)
                undo.callback(os.close, self._lock)
                self.listener = self._open_unix() if unix else self._open_tcp()
            except OSError as error:
                raise ControlError(
                    f"engine {address.name!r} cannot listen in {address.folder}: {error}"
                ) from None
            undo.pop_all()
        self.listener.setblocking(False)

    def close(self) -> None:
        """Nobody finds the engine any more; harmless when it is closed already.

        The lock's file stays: removing it would open a gap for two engines of one name.
        """
        if self._lock < 0:
            return
        self.listener.close()
        for path in (self.address.socket_path, self.address.port_path):
            path.unlink(missing_ok=True)
        os.close(self._lock)
        self._lock = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _open_unix(self) -> socket.socket:
        path = self.address.socket_path
        if _answers(path):
            raise _taken(self.address, "unknown: its lock is gone")
        path.unlink(missing_ok=True)
        with contextlib.ExitStack() as undo:
            listener = undo.enter_context(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM))
            listener.bind(str(path))
            path.chmod(0o600)
            listener.listen(BACKLOG)
            undo.pop_all()
        return listener

    def _open_tcp(self) -> socket.socket:
        listener = socket.create_server((LOOPBACK, 0), backlog=BACKLOG)
        self.address.socket_path.unlink(missing_ok=True)  # of an engine that was killed
        content = {"port": listener.getsockname()[1], "secret": self.secret}
        draft = self.address.port_path.with_suffix(".new")
        draft.unlink(missing_ok=True)
        with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
            json.dump(content, file)
        draft.replace(self.address.port_path)
        return listener


def knock(address: Address, timeout_s: float) -> tuple[socket.socket, str | None]:
    """Connect to the engine at `address`: the socket, and the secret that it wants to hear first, if any.

    Raises ControlError if nobody listens there.
    """
    target: str | tuple[str, int]
    if address.socket_path.exists():
        family, target, secret = socket.AF_UNIX, str(address.socket_path), None
    else:
        port, secret = _told_port(address)
        family, target = socket.AF_INET, (LOOPBACK, port)
    connection = socket.socket(family, socket.SOCK_STREAM)
    connection.settimeout(timeout_s)
    try:
        connection.connect(target)
    except OSError as error:
        connection.close()
        raise ControlError(f"no engine {address.name!r} is running: {error.strerror or error}") from None
    return connection, secret


def _told_port(address: Address) -> tuple[int, str]:
    try:
        content = json.loads(address.port_path.read_text(encoding="utf-8"))
        return int(content["port"]), str(content["secret"])
    except (OSError, ValueError, TypeError, KeyError):
        raise ControlError(f"no engine {address.name!r} is running") from None


def _lock(address: Address) -> int:
    """The lock's file descriptor; closing it, or dying, drops the lock."""
    descriptor = os.open(address.lock_path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        if sys.platform == "win32":
            os.lseek(descriptor, 1024, os.SEEK_SET)  # behind the text, which others may read
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
            os.lseek(descriptor, 0, os.SEEK_SET)
        else:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        holder = os.read(descriptor, 32).decode("ascii", "replace").strip()
        os.close(descriptor)
        raise _taken(address, holder or "unknown") from None
    os.truncate(descriptor, 0)
    os.write(descriptor, f"{os.getpid()}\n".encode())
    return descriptor


def _taken(address: Address, holder: str) -> ControlError:
    return ControlError(
        f"engine {address.name!r} runs already (process {holder}): stop it, or give this one another name"
    )


def _answers(path: Path) -> bool:
    with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(PROBE_S)
        probe.connect(str(path))
        return True
    return False
