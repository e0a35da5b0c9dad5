"""One step of undo: what was played before and after, as a command of Qt's undo stack."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from PySide6.QtGui import QUndoCommand

from neume.synth.rack.part import Rack

if TYPE_CHECKING:
    from .engine_model import EngineModel

MERGING: Final = 1  # any number but Qt's -1, which never merges


@dataclass(frozen=True, slots=True)
class Version:
    """A rack, and the name of the preset that it came from, empty for none; None: of the one before."""

    rack: Rack
    preset: str | None = None


class RackEdit(QUndoCommand):
    """`merge` names the gesture that it is part of: those that follow each other are undone as one.

    `first`: what to do the first time, in place of sending the whole rack.
    """

    def __init__(
        self,
        model: EngineModel,
        text: str,
        before: Version,
        after: Version,
        merge: str = "",
        first: Callable[[], object] | None = None,
    ) -> None:
        super().__init__(text)
        self._model, self._before, self.after, self.merge = model, before, after, merge
        self._first = first

    def id(self) -> int:
        return MERGING if self.merge else -1

    def mergeWith(self, other: QUndoCommand) -> bool:
        if not isinstance(other, RackEdit) or other.merge != self.merge:
            return False
        self.after = other.after
        return True

    def redo(self) -> None:
        first, self._first = self._first, None
        if first is not None:
            first()
        else:
            self._model.show(self.after)

    def undo(self) -> None:
        self._model.show(self._before)
