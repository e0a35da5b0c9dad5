"""The questions about presets: what it is to be called, and whether something may be replaced or deleted.

None of them waits: each is shown, and tells later.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QLabel, QLineEdit, QMessageBox, QVBoxLayout, QWidget

from neume.synth.rack.preset_read import MAX_NAME
from neume.synth.rack.preset_search import ListedPreset

from .presets_files import file_name, own_of


class NameDialog(QDialog):
    """Asks for a name. If an own preset has it, the button says Replace before anything is lost."""

    named = Signal(str, bool)  # the name, and whether a preset of that name may be replaced

    def __init__(
        self,
        parent: QWidget,
        heading: str,
        name: str,
        presets: Sequence[ListedPreset],
        besides: str = "",
    ) -> None:
        """`besides`: the file name of the preset that is renamed, which may keep it."""
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(heading)
        self.setMinimumWidth(380)
        self._presets, self._besides = presets, besides
        self.field = QLineEdit(name)
        self.field.setMaxLength(MAX_NAME)
        self.field.setAccessibleName(self.tr("Name of the preset"))
        self.field.selectAll()
        self.field.textChanged.connect(lambda _text: self._check())
        self.hint = QLabel()
        self.hint.setWordWrap(True)
        self.buttons = QDialogButtonBox(
            QDialogButtonBox.StandardButton.Save | QDialogButtonBox.StandardButton.Cancel
        )
        self.buttons.accepted.connect(self._take)
        self.buttons.rejected.connect(self.reject)
        column = QVBoxLayout(self)
        for widget in (QLabel(heading), self.field, self.hint, self.buttons):
            column.addWidget(widget)
        self._check()

    @property
    def taken(self) -> bool:
        """Whether an own preset has the name that is typed."""
        name = file_name(self.field.text())
        return name != self._besides and own_of(self._presets, name) is not None

    def _check(self) -> None:
        button = self.buttons.button(QDialogButtonBox.StandardButton.Save)
        button.setEnabled(bool(self.field.text().strip()))
        button.setText(self.tr("Replace") if self.taken else self.tr("Save"))
        name = file_name(self.field.text())
        if self.taken:
            self.hint.setText(self.tr("You have a preset of this name. It would be replaced."))
        elif any(preset.name == name and preset.name != self._besides for preset in self._presets):
            self.hint.setText(self.tr("A built-in preset has this name. Yours will be used instead."))
        else:
            self.hint.setText(self.tr("Saved as {0}.toml").format(name))
        self.hint.setProperty("look", "warning" if self.taken else "dim")
        self.hint.style().unpolish(self.hint)
        self.hint.style().polish(self.hint)

    def _take(self) -> None:
        name = " ".join(self.field.text().split())
        if name:
            taken = self.taken
            self.accept()
            self.named.emit(name, taken)


def ask_first(
    parent: QWidget, text: str, button: str, go_on: Callable[[], object], detail: str = ""
) -> QMessageBox:
    """A question before something is lost; `go_on` if the user wants it. Cancel is the default."""
    box = QMessageBox(QMessageBox.Icon.Warning, parent.tr("Presets"), text, parent=parent)
    box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    box.setInformativeText(detail)
    yes = box.addButton(button, QMessageBox.ButtonRole.DestructiveRole)
    box.setDefaultButton(box.addButton(QMessageBox.StandardButton.Cancel))
    box.buttonClicked.connect(lambda pressed: go_on() if pressed is yes else None)
    box.open()
    return box
