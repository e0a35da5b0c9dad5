"""Sees to it that there is an engine: uses the one that runs, starts one, starts another when it has died.

Beside `EngineModel`, which only talks with it. The engine lives on when the panel goes.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Sequence
from typing import Final

from PySide6.QtCore import QObject, QTimer, Signal

from neume.synth.control.launch import LaunchedEngine, is_running, launch_engine
from neume.synth.errors import NeumeError

from .choices import Choices
from .engine_model import HANGING, PLAYING, EngineModel

LOOK_MS: Final = 200
TRIES: Final = 3  # starts without a minute of playing between them; then the user is asked
STEADY_S: Final = 60.0
START_S: Final = 60.0  # a machine that is busy takes its time to read, check and warm a bundle
LOOKING, FOUND, STARTING, FAILED = "looking", "found", "starting", "failed"


def engine_command(name: str, choices: Choices, *extra: str) -> list[str]:
    """The command line of an engine that plays what the user has chosen."""
    command = [sys.executable, "-m", "neume.synth", "engine", "--name", name, "--silent"]
    options = {
        "--bundle": choices.bundle,
        "--audio-out": choices.audio_device,
        "--rate": choices.rate_hz,
        "--block": choices.block_samples,
        "--streams": choices.streams,
        "--margin-ms": choices.margin_ms,
        "--fallback": choices.fallback,
    }
    for option, value in options.items():
        if value:
            command += [option, str(value)]
    switches = {"--low-latency": choices.low_latency, "--mpe": choices.mpe}
    command += [option for option, on in switches.items() if on]
    for midi_input in choices.midi_inputs:
        command += ["--midi-in", midi_input]
    return [*command, *extra]


class EngineKeeper(QObject):
    """Belongs to the panel's thread; an engine is started on a thread of its own, since that takes seconds.

    `state` is LOOKING until it is known whether there is an engine, then FOUND, STARTING or FAILED; `reason`
    says why the last engine is no more.
    """

    changed = Signal(str)  # the state
    _starts = Signal()  # an engine, since there is none
    _started = Signal(object)  # the LaunchedEngine, or the reason why there is none

    def __init__(
        self,
        model: EngineModel,
        command: Callable[[], Sequence[str]],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self.state, self.reason, self.restarts = LOOKING, "", 0
        self.engine: LaunchedEngine | None = None
        self._model, self._command = model, command
        self._tries, self._starting = 0, False
        self._playing_since_s = 0.0
        self._starts.connect(lambda: self._set(STARTING))
        self._started.connect(self._heard)
        model.state_changed.connect(self._follow)
        self._timer = QTimer(self)
        self._timer.timeout.connect(self._look)

    def start(self) -> None:
        self._timer.start(LOOK_MS)
        self._look()

    def stop(self) -> None:
        """Look no more. The engine plays on."""
        self._timer.stop()

    def restart(self) -> None:
        """Because the user wants it: end the engine that hangs, or try again after FAILED."""
        self._tries = 0
        if self._model.state in (PLAYING, HANGING) and self._model.client.process_id > 0:
            with contextlib.suppress(OSError):
                os.kill(self._model.client.process_id, getattr(signal, "SIGKILL", signal.SIGTERM))
        self._set(STARTING)

    def _look(self) -> None:
        if self._starting or self.state == FAILED:
            return
        if self._model.state in (PLAYING, HANGING):
            if self._tries and time.monotonic() - self._playing_since_s > STEADY_S:
                self._tries = 0
            return
        if self._tries == TRIES:
            self._set(FAILED)
            return
        self._tries += 1
        self._starting = True
        command = list(self._command())
        threading.Thread(target=self._launch, args=(command,), name="neume-engine-start", daemon=True).start()

    def _launch(self, command: Sequence[str]) -> None:
        name = self._model.client.name
        started: LaunchedEngine | str | None = None
        with contextlib.suppress(RuntimeError):  # the panel has gone meanwhile
            if not is_running(name):
                self._starts.emit()
                try:
                    started = launch_engine(name, command, START_S)
                except NeumeError as error:
                    started = str(error)
            self._started.emit(started)

    def _heard(self, started: LaunchedEngine | str | None) -> None:
        self._starting = False
        if isinstance(started, str):
            self.reason = started
        elif started is not None:
            self.engine = started

    def _follow(self, state: str) -> None:
        if state == PLAYING:
            self._playing_since_s = time.monotonic()
            self._set(FOUND)
        elif state != HANGING:
            self.restarts += 1
            ended = self.engine is not None and self.engine.ended
            self.reason = self.engine.reason if ended and self.engine else self._model.client.problem
            self._set(STARTING)

    def _set(self, state: str) -> None:
        if state != self.state:
            self.state = state
            self.changed.emit(state)
