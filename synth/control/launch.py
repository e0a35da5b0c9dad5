"""Start an engine that lives on its own: closing, killing or freezing its starter never stops the sound."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from .address import control_folders, find_address
from .errors import ControlError
from .link import Link
from .log_file import last_line, log_path, open_log

START_S: Final = 30.0  # a large bundle is read, checked and warmed in a few
LOOK_S: Final = 0.05
END_S: Final = 5.0


class LaunchedEngine:
    """An engine that this process has started, until it ends.

    Threads: any may call anything. A thread of its own waits for the process, so no ended one stays behind.
    """

    def __init__(self, process: subprocess.Popen[bytes], log: Path) -> None:
        self.process_id = process.pid
        self.log = log
        self._process = process
        self._waiter = threading.Thread(target=process.wait, name="neume-engine-waiter", daemon=True)
        self._waiter.start()

    @property
    def ended(self) -> bool:
        return self._process.poll() is not None

    @property
    def reason(self) -> str:
        """What is known of its end: the last line of its log, and how it ended."""
        code = self._process.poll()
        how = "it runs" if code is None else f"exit code {code}" if code >= 0 else f"signal {-code}"
        return f"{last_line(self.log) or 'it said nothing'} ({how}; its log is {self.log})"

    def stop(self) -> None:
        """End it, by force if it does not listen."""
        self._process.terminate()
        self._waiter.join(END_S)
        if self._waiter.is_alive():
            self._process.kill()
            self._waiter.join(END_S)


def launch_engine(name: str, command: Sequence[str], timeout_s: float = START_S) -> LaunchedEngine:
    """Start `command` as the engine called `name` and wait until it listens; what it says goes to its log.

    Raises ControlError with the reason if it ends before, or is not there in time: then it is stopped. Raises
    it, too, if an engine of that name is there already.
    """
    if is_running(name):
        raise ControlError(f"engine {name!r} runs already: use it, or choose another name")
    log = log_path(name)
    descriptor = open_log(log)
    try:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=descriptor, stderr=descriptor, **_detached()
        )
    except OSError as error:
        raise ControlError(f"engine {name!r} cannot be started: {error}") from None
    finally:
        os.close(descriptor)
    engine = LaunchedEngine(process, log)
    try:
        _wait_until_it_listens(name, engine, timeout_s)
    except ControlError:
        engine.stop()
        raise
    return engine


def _wait_until_it_listens(name: str, engine: LaunchedEngine, timeout_s: float) -> None:
    until_s = time.monotonic() + timeout_s
    while not is_running(name):
        if engine.ended:
            raise ControlError(f"engine {name!r} ended at its start: {engine.reason}")
        if time.monotonic() > until_s:
            raise ControlError(f"engine {name!r} does not listen after {timeout_s:g} s: {engine.reason}")
        time.sleep(LOOK_S)


def is_running(name: str) -> bool:
    """Whether an engine of that name says hello."""
    try:
        Link(find_address(name, control_folders())).close()
    except (ControlError, OSError):
        return False
    return True


def _detached() -> dict[str, Any]:
    """A session of its own: no terminal that closes and no Ctrl-C meant for the starter reaches it."""
    if sys.platform == "win32":
        return {"creationflags": subprocess.DETACHED_PROCESS | subprocess.CREATE_NEW_PROCESS_GROUP}
    return {"start_new_session": True}
