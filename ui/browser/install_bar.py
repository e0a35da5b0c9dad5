"""What is being installed: progress with a way out, the question before something is replaced, the faults."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QPlainTextEdit,
    QProgressBar,
    QPushButton,
    QVBoxLayout,
)

from ..theme import TOUCH_PX
from .installer import ASKING, COPYING, DONE, IDLE, REFUSED, WHOLE, Installer

FAULTS_PX: Final = 140
FAULT_PX: Final = 36  # two lines
DONE_MS: Final = 6000


class InstallBar(QFrame):
    """Belongs to the panel's thread; hidden while nothing is being installed."""

    def __init__(self, installer: Installer) -> None:
        super().__init__()
        self.setProperty("look", "card")
        self._installer = installer
        self.label = QLabel()
        self.label.setTextFormat(Qt.TextFormat.PlainText)
        self.label.setWordWrap(True)
        self.label.setMinimumWidth(1)
        self.progress = QProgressBar()
        self.progress.setRange(0, WHOLE)
        self.progress.setAccessibleName(self.tr("Progress of the installation"))
        self.faults = QPlainTextEdit()
        self.faults.setReadOnly(True)
        self.faults.setAccessibleName(self.tr("What is wrong with the bundle"))
        self.cancel = self._button(self.tr("Cancel"), installer.cancel)
        self.replace = self._button(self.tr("Replace"), lambda: installer.answer(True))
        self.keep = self._button(self.tr("Leave it"), lambda: installer.answer(False))
        self.dismiss = self._button(self.tr("Dismiss"), installer.dismiss)
        buttons, column = QHBoxLayout(), QVBoxLayout(self)
        buttons.addStretch(1)
        for button in (self.cancel, self.keep, self.replace, self.dismiss):
            buttons.addWidget(button)
        for widget in (self.label, self.progress, self.faults):
            column.addWidget(widget)
        column.addLayout(buttons)
        self._going = QTimer(self)
        self._going.setSingleShot(True)
        self._going.timeout.connect(self._go)
        installer.changed.connect(self._follow)
        installer.progressed.connect(self.progress.setValue)
        self._follow()

    def _follow(self) -> None:
        state = self._installer.state
        self.label.setText(self._text(state))
        self.faults.setFixedHeight(min(FAULTS_PX, FAULT_PX * (1 + len(self._installer.faults))))
        self.faults.setPlainText("\n".join(f"● {fault}" for fault in self._installer.faults))
        self.progress.setVisible(state == COPYING)
        self.faults.setVisible(state == REFUSED)
        self.cancel.setVisible(state == COPYING)
        self.replace.setVisible(state == ASKING)
        self.keep.setVisible(state == ASKING)
        self.dismiss.setVisible(state in (DONE, REFUSED))
        conflict = self._installer.conflict
        if conflict is not None:
            self.replace.setText(self.tr("Replace") if conflict.replaces else self.tr("Install"))
        self._going.stop()
        if state == DONE:
            self._going.start(DONE_MS)
        self.setVisible(state != IDLE)

    def _go(self) -> None:
        if self._installer.state == DONE:
            self._installer.dismiss()

    def _text(self, state: str) -> str:
        source, conflict, last = self._installer.source.name, self._installer.conflict, self._installer.last
        if state == COPYING:
            return self.tr("{0} is being checked and installed.").format(source)
        if state == REFUSED:
            return self.tr("{0} is not installed. What is wrong:").format(source)
        if state == DONE and last is not None:
            return self.tr("{0} {1} is installed.").format(last.info.name, last.info.version)
        if state == ASKING and conflict is not None:
            text = (
                self.tr("{0} is installed already. Replace it by version {1}?")
                if conflict.replaces
                else self.tr("{0} is there already, in {2}. Install version {1} beside it?")
            )
            return text.format(conflict.info.name, conflict.info.version, conflict.folder)
        return ""

    def _button(self, text: str, call: object) -> QPushButton:
        button = QPushButton(text)
        button.setMinimumHeight(TOUCH_PX)
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        button.clicked.connect(call)
        return button
