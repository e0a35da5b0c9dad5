"""All that can be done with a whole part, each as one undoable edit with a name of its own."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, Qt
from PySide6.QtWidgets import QMenu, QWidget

from neume.synth.rack.part import Part, moved, removed
from neume.synth.rack.ranges import PARTS

from ..engine_model import EngineModel
from .edits import duplicated, next_name, with_fields, with_instrument, with_name, with_new_part
from .instrument_names import InstrumentNames


class PartActions(QObject):
    """Belongs to the panel's thread. Parts are named by their number, from 0."""

    def __init__(self, engine: EngineModel, names: InstrumentNames, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._engine, self._names = engine, names

    @property
    def parts(self) -> tuple[Part, ...]:
        return self._engine.rack.parts if self._engine.rack is not None else ()

    def add(self) -> None:
        """One part more, the last."""
        name = self._names.known("", 0) or self.tr("Part")
        taken = {part.name for part in self.parts}
        name = next_name(name, taken) if name in taken else name
        self._engine.edit(self.tr("add a part"), lambda rack: with_new_part(rack, name))

    def duplicate(self, index: int) -> None:
        text = self.tr("duplicate {0}").format(self._name(index))
        self._engine.edit(text, lambda rack: duplicated(rack, index))

    def remove(self, index: int) -> None:
        text = self.tr("remove {0}").format(self._name(index))
        self._engine.edit(text, lambda rack: removed(rack, index))

    def move(self, index: int, to: int) -> None:
        """Nothing where there is no such place."""
        if 0 <= to < len(self.parts):
            text = self.tr("move {0}").format(self._name(index))
            self._engine.edit(text, lambda rack: moved(rack, index, to))

    def rename(self, index: int, name: str) -> None:
        text = self.tr("rename {0}").format(self._name(index))
        self._engine.edit(text, lambda rack: with_name(rack, index, name))

    def load(self, index: int, bundle: str, program: int) -> None:
        """Another instrument. A part that is called as its instrument is called as the new one then."""
        name = self._names.known(bundle, program) or ""
        if index >= len(self.parts) or not self._named_by_instrument(self.parts[index]):
            name = ""
        text = self.tr("load {0}").format(self._names.program(bundle, program))
        self._engine.edit(text, lambda rack: with_instrument(rack, index, bundle, program, name))

    def follow_programs(self, index: int, follow: bool, sounding: int) -> None:
        """Let the part play what program changes say, or keep the program that sounds now."""
        text = self.tr("program changes of {0}").format(self._name(index))
        program = None if follow else max(0, sounding)
        self._engine.edit(text, lambda rack: with_fields(rack, index, program=program))

    def menu(self, parent: QWidget, index: int, sounding: int, rename: Callable[[], object]) -> QMenu:
        """All of it for one part; what cannot be done now is greyed."""
        menu, count = QMenu(parent), len(self.parts)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.addAction(self.tr("Rename (F2)"), rename)
        menu.addAction(self.tr("Duplicate (Ctrl+D)"), lambda: self.duplicate(index)).setEnabled(count < PARTS)
        left = menu.addAction(self.tr("Move left (Ctrl+←)"), lambda: self.move(index, index - 1))
        left.setEnabled(index > 0)
        right = menu.addAction(self.tr("Move right (Ctrl+→)"), lambda: self.move(index, index + 1))
        right.setEnabled(index < count - 1)
        menu.addSeparator()
        follows = menu.addAction(self.tr("Follow MIDI program changes"))
        follows.setCheckable(True)
        follows.setChecked(index < count and self.parts[index].program is None)
        follows.triggered.connect(lambda on: self.follow_programs(index, on, sounding))
        menu.addSeparator()
        menu.addAction(self.tr("Remove (Del)"), lambda: self.remove(index)).setEnabled(count > 1)
        return menu

    def _name(self, index: int) -> str:
        return self.parts[index].name if index < len(self.parts) else ""

    def _named_by_instrument(self, part: Part) -> bool:
        """Such as "Flute" or "Flute 2" for a flute, or a new part that nobody has named."""
        own = self._names.known(part.instrument, part.program) if part.program is not None else None
        stem = part.name.rstrip("0123456789").rstrip()
        return stem in (own, self.tr("Part"))
