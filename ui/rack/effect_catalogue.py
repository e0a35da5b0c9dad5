"""The effects that the panel offers, with what can be turned on each: asked when somebody wants to see it."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from PySide6.QtCore import QCoreApplication, QObject, QProcess, QTimer, Signal
from shiboken6 import isValid

from neume.synth.errors import NeumeError

from .effect_kinds import MAX_ANSWER, EffectKind, fault_line, list_kinds, read_answer
from .errands import Errands

PATIENCE_MS: Final = 60_000  # a cold import of much, on a machine that is busy
ENDING_MS: Final = 1000


class EffectCatalogue(QObject):
    """Belongs to the panel's thread. `kinds` is empty until it is `ready`.

    No effect is imported into the panel: they are asked in processes of their own, strangers one by one.
    """

    changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.kinds: Mapping[str, EffectKind] = {}
        self.ready = False
        self._asked: set[str] = set()
        self._errands = Errands(self)
        application = QCoreApplication.instance()
        if application is not None:
            application.aboutToQuit.connect(self.stop)
        self._errands.run(list_kinds, self._heard, lambda _reason: None)

    def ask(self, effect_id: str) -> None:
        """Find out what the effect has to turn, if that is not known; `changed` comes then."""
        kind = self.kinds.get(effect_id)
        if kind is not None and kind.parameters is None and not kind.faults:
            built_in = [other.id for other in self.kinds.values() if other.built_in and not other.faults]
            self._probe(built_in if kind.built_in else [effect_id])

    def stop(self) -> None:
        """Ask nobody any more."""
        for process in self.findChildren(QProcess):
            process.blockSignals(True)
            process.kill()
            process.waitForFinished(ENDING_MS)

    def _probe(self, effect_ids: Sequence[str]) -> None:
        new = [effect_id for effect_id in effect_ids if effect_id not in self._asked]
        if not new:
            return
        self._asked.update(new)
        process = QProcess(self)
        process.finished.connect(lambda _code, _status: self._answered(process, new))
        process.errorOccurred.connect(lambda error: self._failed(process, new, error))
        process.start(sys.executable, ["-P", "-m", "neume.ui.rack.effect_probe", *new])
        QTimer.singleShot(PATIENCE_MS, process, process.kill)

    def _heard(self, kinds: Mapping[str, EffectKind]) -> None:
        self.kinds, self.ready = kinds, True
        self.changed.emit()

    def _answered(self, process: QProcess, asked: Sequence[str]) -> None:
        """One line for each, in their order; a process that ended before has left some out."""
        if not isValid(process):
            return  # the panel goes, and ends it
        said = bytes(process.read(len(asked) * (MAX_ANSWER + 1)).data()).decode(errors="replace")
        lines = said.splitlines()
        for place, effect_id in enumerate(asked):
            ended = fault_line(f"effect {effect_id!r} has ended its process")
            self._know(effect_id, lines[place] if place < len(lines) else ended)
        self.changed.emit()
        process.deleteLater()

    def _failed(self, process: QProcess, asked: Sequence[str], error: QProcess.ProcessError) -> None:
        if error is QProcess.ProcessError.FailedToStart:
            self._answered(process, asked)

    def _know(self, effect_id: str, line: str) -> None:
        known = self.kinds[effect_id]
        try:
            name, parameters = read_answer(line, effect_id)
            told = replace(known, name=name, parameters=parameters)
        except NeumeError as error:
            told = replace(known, faults=(str(error),))
        self.kinds = {**self.kinds, effect_id: told}
