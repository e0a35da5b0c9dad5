"""One step of undo: the rack before and after, as a command of Qt's undo stack."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtGui import QUndoCommand

from neume.synth.rack.part import Rack

if TYPE_CHECKING:
    from .engine_model import EngineModel

MERGING: Final = 1  # any number but Qt's -1, which never merges


class RackEdit(QUndoCommand):
    """`merge` names the gesture that it is part of: those that follow each other are undone as one.

    `value`: the target and value that alone is new, so that only they need to be sent.
    """

    def __init__(
        self,
        model: EngineModel,
        text: str,
        before: Rack,
        after: Rack,
        merge: str = "",
        value: tuple[str, float] | None = None,
    ) -> None:
        super().__init__(text)
        self._model, self._before, self.after, self.merge = model, before, after, merge
        self._value = value

    def id(self) -> int:
        return MERGING if self.merge else -1

    def mergeWith(self, other: QUndoCommand) -> bool:
        if not isinstance(other, RackEdit) or other.merge != self.merge:
            return False
        self.after = other.after
        return True

    def redo(self) -> None:
        value, self._value = self._value, None  # done again, it is the whole rack that counts
        self._model.show(self.after, value)

    def undo(self) -> None:
        self._model.show(self._before)
