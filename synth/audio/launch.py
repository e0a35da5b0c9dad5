"""The engine's handle on one audio process: start it, hear what it says, stop or kill it. Never hangs."""

from __future__ import annotations

import contextlib
import os
import queue
import subprocess
import sys
import threading
from typing import Final

from ..errors import DeviceError, NeumeError
from .wire import REST, RESTING, START, STARTED, STOP, Opened, Report, Settings, parse_report

ANSWER_S: Final = 10.0  # starting an interpreter and opening a device takes 0.3 s on an idle machine
REST_S: Final = 1.0  # two blocks, unless it hangs
STOP_S: Final = 1.0  # a stream that plays is stopped within a block; one of a dead server never
KILL_S: Final = 5.0  # the system needs milliseconds for it
MODULE: Final = "neume.synth.audio.process"


class AudioProcess:
    """One audio process, from its start to its end.

    Threads: one owner calls everything but `ended` and `kill`, which any thread may call: whoever waits for
    an answer then gets a DeviceError at once. A thread of its own reads the reports.
    """

    def __init__(self, settings: Settings) -> None:
        environment = dict(os.environ, OPENBLAS_NUM_THREADS="1")  # its threads cost memory and are never used
        self._process = subprocess.Popen(
            [sys.executable, "-m", MODULE, settings.text()],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,  # libraries talk there; what we have to say comes through the pipe
            pass_fds=(settings.descriptor,),
            env=environment,
            start_new_session=True,  # Ctrl-C in a terminal is not for it
        )
        self.process_id = self._process.pid
        assert self._process.stdin is not None
        self._commands = self._process.stdin
        self._reports: queue.SimpleQueue[Report] = queue.SimpleQueue()
        self._reader = threading.Thread(target=self._read, name="neume-audio-reports", daemon=True)
        self._reader.start()

    @property
    def ended(self) -> bool:
        return self._process.poll() is not None

    def opened(self) -> Opened:
        """Wait until the device is open. Raises what kept it from opening."""
        answer = self._answer()
        if not isinstance(answer, Opened):
            raise DeviceError(f"the audio process answered {answer!r} instead of opening the device")
        return answer

    def start(self) -> None:
        """Let the device call back, or go on after a rest. Raises DeviceError if it does not start."""
        self._command(START)
        answer = self._answer()
        if answer != STARTED:
            raise DeviceError(f"the audio process answered {answer!r} instead of starting the device")

    def rest(self) -> None:
        """Fade out; once this returns, it takes nothing more until another start. One that does not answer is
        killed."""
        self._command(REST)
        try:
            answer = self._answer(REST_S)
        except NeumeError as fault:
            answer = fault
        if answer != RESTING:
            self.kill()

    def stop(self) -> None:
        """End it in order, or kill it when that takes too long."""
        self._command(STOP)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(STOP_S)
        self.kill()

    def kill(self) -> None:
        """End it at once, whatever it hangs in. Harmless if it has ended."""
        self._process.kill()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(KILL_S)
        self._reader.join(KILL_S)
        with contextlib.suppress(OSError):
            self._commands.close()

    def _command(self, command: str) -> None:
        with contextlib.suppress(OSError, ValueError):  # it has ended, or was killed: the answer tells
            self._commands.write(f"{command}\n".encode())
            self._commands.flush()

    def _answer(self, wait_s: float = ANSWER_S) -> Report:
        try:
            answer = self._reports.get(timeout=wait_s)
        except queue.Empty:
            raise DeviceError(f"the audio process has not answered for {wait_s:g} s") from None
        if isinstance(answer, NeumeError):
            raise answer
        return answer

    def _read(self) -> None:
        assert self._process.stdout is not None
        with self._process.stdout as lines:
            for line in lines:
                self._reports.put(parse_report(line.decode()))
        code = self._process.wait()
        self._reports.put(DeviceError(f"the audio process has ended (exit code {code})"))
