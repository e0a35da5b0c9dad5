"""The panel's window: top bar, browser, the views as tabs, keyboard; stage mode instead of all of them."""

from __future__ import annotations

import base64
from typing import Final

from PySide6.QtCore import QByteArray, QSize, Qt
from PySide6.QtGui import QCloseEvent, QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QApplication,
    QMainWindow,
    QSplitter,
    QStackedWidget,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from .browser.view import BrowserView
from .choices import ChoiceStore
from .engine_keeper import FAILED, STARTING, EngineKeeper
from .engine_model import HANGING, PLAYING, EngineModel
from .keys.view import KeyboardView
from .message_bar import MessageBar
from .rack.view import RackView
from .settings.view import SettingsView
from .sound.view import SoundView
from .stage.view import StageView
from .theme import DARK, LIGHT, use_theme
from .timing.view import TimingView
from .top_bar import TopBar
from .transport.view import TransportView

SIZE: Final = QSize(1360, 860)
LEAST_SIZE: Final = QSize(960, 640)


class PanelWindow(QMainWindow):
    """Belongs to the panel's thread. Closing it leaves the engine playing."""

    def __init__(self, engine: EngineModel, keeper: EngineKeeper, choices: ChoiceStore) -> None:
        super().__init__()
        self.engine, self.keeper, self.choices = engine, keeper, choices
        self.setWindowTitle("Neume")
        self.setMinimumSize(LEAST_SIZE)
        self.top_bar, self.message_bar = TopBar(engine, choices), MessageBar()
        self.browser, self.keyboard = BrowserView(engine, choices), KeyboardView(engine, choices)
        self.stage = StageView(engine, choices)
        self.rack, self.settings = RackView(engine, choices), SettingsView(engine, choices)
        self.views: dict[str, QWidget] = {
            "rack": self.rack,
            "sound": SoundView(engine, choices),
            "time": TimingView(engine, choices),
            "transport": TransportView(engine, choices),
            "settings": self.settings,
        }
        self.tabs = self._tabs()
        self._pages = QStackedWidget()
        self._pages.addWidget(self._desk())
        self._pages.addWidget(self.stage)
        self.setCentralWidget(self._pages)
        self._theme = choices.now.theme  # the one that is shown
        self._connect()
        self._restore()

    @property
    def on_stage(self) -> bool:
        return self._pages.currentWidget() is self.stage

    def show_view(self, name: str) -> None:
        """Bring a view to the front by its name in `views`."""
        self.tabs.setCurrentWidget(self.views[name])

    def set_stage(self, on: bool) -> None:
        """Full-screen stage mode, or back to the desk."""
        self._pages.setCurrentIndex(int(on))
        self.setWindowState(
            self.windowState() | Qt.WindowState.WindowFullScreen
            if on
            else self.windowState() & ~Qt.WindowState.WindowFullScreen
        )

    def toggle_theme(self) -> None:
        name = LIGHT.name if self.choices.now.theme == DARK.name else DARK.name
        self.choices.change(theme=name)

    def closeEvent(self, event: QCloseEvent) -> None:
        geometry = base64.b64encode(self.saveGeometry().data()).decode("ascii")
        self.choices.change(geometry=geometry)
        self.choices.save()
        super().closeEvent(event)

    def _tabs(self) -> QTabWidget:
        tabs = QTabWidget()
        tabs.setDocumentMode(True)
        tabs.tabBar().setDrawBase(False)
        titles = {
            "rack": self.tr("Rack"),
            "sound": self.tr("Sound"),
            "time": self.tr("Time"),
            "transport": self.tr("Play && record"),
            "settings": self.tr("Settings"),
        }
        for name, view in self.views.items():
            tabs.addTab(view, titles[name])
        tabs.currentChanged.connect(lambda index: self.choices.change(view=list(self.views)[index]))
        return tabs

    def _desk(self) -> QWidget:
        upper = QSplitter(Qt.Orientation.Horizontal)
        upper.addWidget(self.browser)
        upper.addWidget(self.tabs)
        upper.setStretchFactor(1, 1)
        upper.setSizes([300, 1060])
        upper.setChildrenCollapsible(False)
        desk = QWidget()
        column = QVBoxLayout(desk)
        column.setContentsMargins(8, 8, 8, 8)
        column.addWidget(self.top_bar)
        column.addWidget(self.message_bar)
        column.addWidget(upper, 1)
        column.addWidget(self.keyboard)
        return desk

    def _connect(self) -> None:
        self.top_bar.stage_wanted.connect(lambda: self.set_stage(True))
        self.top_bar.theme_wanted.connect(self.toggle_theme)
        self.stage.left.connect(lambda: self.set_stage(False))
        self.browser.instrument_chosen.connect(self.rack.load_instrument)
        self.rack.instrument_wanted.connect(lambda _part: self.browser.setFocus())
        self.settings.restart_wanted.connect(self.keeper.restart)
        self.settings.leaving.connect(self.keeper.stop)
        self.engine.told.connect(self.message_bar.tell)
        self.engine.noted.connect(self.message_bar.tell)
        self.engine.state_changed.connect(self._tell_state)
        self.keeper.changed.connect(self._tell_state)
        self.message_bar.pressed.connect(self._start_again)
        self.choices.changed.connect(lambda chosen: self._show_theme(chosen.theme))
        QShortcut(QKeySequence("F11"), self, lambda: self.set_stage(not self.on_stage))
        for number, name in enumerate(self.views, start=1):
            QShortcut(QKeySequence(f"Ctrl+{number}"), self, lambda name=name: self.show_view(name))

    def _restore(self) -> None:
        self.resize(SIZE)
        chosen = self.choices.now
        if chosen.geometry:
            self.restoreGeometry(QByteArray.fromBase64(QByteArray(chosen.geometry.encode("ascii", "ignore"))))
            self.setWindowState(self.windowState() & ~Qt.WindowState.WindowFullScreen)  # it was on stage
        if chosen.view in self.views:
            self.show_view(chosen.view)
        if self.choices.problem is not None:
            self.message_bar.tell(self.choices.problem)

    def _show_theme(self, name: str) -> None:
        application = QApplication.instance()
        if isinstance(application, QApplication) and self._theme != name:
            self._theme = name
            use_theme(application, name)

    @property
    def _bundle_fails(self) -> bool:
        """Whether the engine does not start because of the bundle that the user has chosen."""
        chosen = self.choices.now.bundle
        return self.keeper.state == FAILED and bool(chosen) and f"bundle {chosen}" in self.keeper.reason

    def _start_again(self) -> None:
        """What the message's button offers."""
        if self._bundle_fails:
            self.choices.change(bundle="")
        self.keeper.restart()

    def _tell_state(self, _state: str) -> None:
        """What the engine is doing, where that is not simply playing."""
        if self.keeper.state == FAILED:
            text = self.tr("The engine cannot be started: {0}").format(self.keeper.reason)
            usual = self.tr("Start with the usual instruments")
            self.message_bar.hold(text, usual if self._bundle_fails else self.tr("Try again"))
        elif self.engine.state == HANGING:
            self.message_bar.hold(self.tr("The engine does not answer."), self.tr("Restart it"))
        elif self.engine.state != PLAYING and self.keeper.state == STARTING:
            why = f" ({self.keeper.reason})" if self.keeper.restarts and self.keeper.reason else ""
            again = self.tr("The engine has ended{0}; it is being started again.").format(why)
            self.message_bar.hold(again if self.keeper.restarts else self.tr("The engine is being started."))
        else:
            self.message_bar.release()
