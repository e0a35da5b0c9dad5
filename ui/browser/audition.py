"""Hearing an instrument without loading it: asks the engine for a short phrase, and ends it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Final

from PySide6.QtCore import QObject, QTimer, Signal

from neume.synth.control.commands import Audition

from ..engine_model import GONE, EngineModel
from .catalogue import Instrument

HOVER_MS: Final = 500
PHRASE_MS: Final = 3200  # shown as sounding for so long: an engine's phrases end, and it does not tell when
SILENT, RENDERING, SOUNDING, FAILED = "silent", "rendering", "sounding", "failed"


class Auditioner(QObject):
    """Belongs to the panel's thread. `key` names the instrument that `state` is about.

    `reason` says what failed.
    """

    changed = Signal(str)  # the key of an instrument whose state is another now

    def __init__(self, engine: EngineModel, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.key, self.state, self.reason = "", SILENT, ""
        self._engine = engine
        self._number = 0  # of the phrase asked for last: answers to others are late
        self._hovered: tuple[Instrument, str | None] | None = None
        self._hover = self._timer(self._start_hovered)
        self._end = self._timer(partial(self._set, SILENT))
        engine.state_changed.connect(self._follow)

    def hover(self, instrument: Instrument | None, bundle: str | None = None) -> None:
        """The mouse rests on an instrument, which is heard if it stays; or on none."""
        if instrument is None or instrument.key != self.key:
            self.stop()
        self._hovered = None if instrument is None else (instrument, bundle)
        if instrument is None or instrument.key == self.key:
            self._hover.stop()
        else:
            self._hover.start(HOVER_MS)

    def start(self, instrument: Instrument, bundle: str | None) -> None:
        """Let it be heard now; `bundle` as the engine names it, None for its default one."""
        self.stop()
        self._number += 1
        self.key, self.reason = instrument.key, ""
        self._set(RENDERING)
        number = self._number
        self._engine.ask(
            Audition(program=instrument.program, bundle=bundle),
            partial(self._sounds, number),
            partial(self._fails, number),
        )

    def toggle(self, instrument: Instrument, bundle: str | None) -> None:
        if instrument.key == self.key and self.state in (RENDERING, SOUNDING):
            self.stop()
        else:
            self.start(instrument, bundle)

    def stop(self) -> None:
        """Let nothing be heard any more, and forget what failed."""
        self._hover.stop()
        self._end.stop()
        if self.state in (RENDERING, SOUNDING):
            self._engine.post(Audition(program=None))
        self._number += 1
        self._set(SILENT)

    def state_of(self, key: str) -> str:
        return self.state if key == self.key else SILENT

    def _start_hovered(self) -> None:
        if self._hovered is not None:
            self.start(*self._hovered)

    def _sounds(self, number: int, _text: str) -> None:
        if number == self._number and self.state == RENDERING:
            self._set(SOUNDING)
            self._end.start(PHRASE_MS)

    def _fails(self, number: int, reason: str) -> None:
        if number == self._number:
            self.reason = reason
            self._set(FAILED)

    def _follow(self, state: str) -> None:
        if state == GONE and self.state in (RENDERING, SOUNDING):
            self._set(SILENT)

    def _set(self, state: str) -> None:
        key, changed = self.key, state != self.state
        self.state = state
        if state == SILENT:
            self.key, self.reason = "", ""
        if changed and key:
            self.changed.emit(key)

    def _timer(self, call: Callable[[], object]) -> QTimer:
        timer = QTimer(self)
        timer.setSingleShot(True)
        timer.timeout.connect(call)
        return timer
