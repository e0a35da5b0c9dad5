"""The engine's handle on the audition worker: starts it when there is something to render, and asks it."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import threading
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ..errors import DeviceError, UsageError
from .clips import CHANNELS, longest_samples
from .worker import FAULT, SAMPLES

Float32 = NDArray[np.float32]
MODULE: Final = "neume.synth.audition.worker"
ANSWER_S: Final = 30.0  # a bundle is checked, loaded and warmed in one to three
SAMPLE_BYTES: Final = 4 * CHANNELS
MAX_HEAD_BYTES: Final = 1 << 20
END_S: Final = 5.0


class Workshop:
    """One worker at a time, which ends by itself when nothing is asked for.

    Threads: one calls `render`, and `close` at the end; any may call `stop`, after which every rendering
    fails at once.
    """

    def __init__(self) -> None:
        self._worker: subprocess.Popen[bytes] | None = None
        self._stopped = False

    @property
    def process_id(self) -> int | None:
        """Of the worker, if there is one."""
        worker = self._worker
        return None if worker is None or worker.poll() is not None else worker.pid

    def render(self, bundle: str, program: int, rate_hz: int) -> Float32:
        """A clip, `(samples, 2)`. Waits for it. Raises UsageError with what keeps it from sounding."""
        line = json.dumps({"bundle": bundle, "program": program, "rate_hz": rate_hz}).encode() + b"\n"
        fresh = self.process_id is None
        answer = self._asked(line, rate_hz)
        if answer is None and not fresh:  # it had just ended, idle
            answer = self._asked(line, rate_hz)
        if answer is None:
            raise DeviceError("the process that renders auditions has ended: there may be too little memory")
        return answer

    def stop(self) -> None:
        """End the worker. Harmless if there is none."""
        self._stopped = True
        worker = self._worker
        if worker is not None:
            worker.kill()

    def close(self) -> None:
        """Leave nothing behind."""
        self.stop()
        if self._worker is not None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._worker.wait(END_S)
        self._forget()

    def _asked(self, line: bytes, rate_hz: int) -> Float32 | None:
        """The worker's answer; None if it has ended before."""
        worker = self._running()
        if self._stopped:
            worker.kill()
        assert worker.stdin is not None
        watchdog = threading.Timer(ANSWER_S, worker.kill)
        watchdog.daemon = True
        watchdog.start()
        try:
            worker.stdin.write(line)
            worker.stdin.flush()
            return _answer(worker, rate_hz)
        except OSError:
            return None
        finally:
            watchdog.cancel()

    def _running(self) -> subprocess.Popen[bytes]:
        if self._worker is None or self._worker.poll() is not None:
            self._forget()
            self._worker = _started()
        return self._worker

    def _forget(self) -> None:
        """Close the pipes of a worker that has ended."""
        worker, self._worker = self._worker, None
        if worker is not None:
            for pipe in (worker.stdin, worker.stdout):
                with contextlib.suppress(OSError):
                    if pipe is not None:
                        pipe.close()


def _started() -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", MODULE],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=dict(os.environ, OPENBLAS_NUM_THREADS="1", OMP_NUM_THREADS="1"),
        start_new_session=True,  # Ctrl-C in a terminal is not for it
    )


def _answer(worker: subprocess.Popen[bytes], rate_hz: int) -> Float32 | None:
    assert worker.stdout is not None
    line = worker.stdout.readline(MAX_HEAD_BYTES)
    if not line.endswith(b"\n"):
        return None
    head = json.loads(line)
    if FAULT in head:
        raise UsageError(head[FAULT])
    samples = min(int(head[SAMPLES]), longest_samples(rate_hz))
    content = worker.stdout.read(samples * SAMPLE_BYTES)
    if len(content) < samples * SAMPLE_BYTES:
        return None
    return np.frombuffer(content, np.float32).reshape(-1, CHANNELS)
