"""Puts the panel together and runs it: Qt, the client, the engine's keeper, the window."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication

from neume.synth.control.address import DEFAULT_NAME
from neume.synth.control.client import EngineClient

from .choices import ChoiceStore
from .collector import Collector
from .engine_keeper import EngineKeeper, engine_command
from .engine_model import EngineModel
from .theme import use_theme
from .translation import install_translation
from .window import PanelWindow

LISTEN_MS: Final = 200  # Python sees a signal only between Qt's own turns


@dataclass(slots=True)
class Panel:
    """Everything of one panel. Belongs to the thread of the application."""

    application: QApplication
    choices: ChoiceStore
    engine: EngineModel
    keeper: EngineKeeper
    window: PanelWindow
    collector: Collector

    def start(self) -> None:
        self.collector.start()
        self.engine.start()
        self.keeper.start()
        self.window.show()

    def close(self) -> None:
        """Close the panel. The engine plays on."""
        self.window.close()
        self.keeper.stop()
        self.engine.stop()
        self.collector.stop()


def make_panel(
    name: str = DEFAULT_NAME,
    choices_path: Path | None = None,
    command: Callable[[], Sequence[str]] | None = None,
) -> Panel:
    """A panel for the engine called `name`, not shown yet. `command` starts one where there is none."""
    application = application_of_this_process()
    choices = ChoiceStore(choices_path)
    install_translation(application, choices.now.language)
    use_theme(application, choices.now.theme)
    engine = EngineModel(EngineClient(name))
    keeper = EngineKeeper(engine, command or (lambda: engine_command(name, choices.now)))
    return Panel(application, choices, engine, keeper, PanelWindow(engine, keeper, choices), Collector())


def application_of_this_process() -> QApplication:
    found = QApplication.instance()
    application = found if isinstance(found, QApplication) else QApplication(sys.argv[:1])
    application.setApplicationName("neume")
    application.setApplicationDisplayName("Neume")
    application.setStyle("Fusion")
    return application


def run_panel(name: str) -> int:
    """Show the panel until its window is closed; returns the exit code."""
    panel = make_panel(name)
    signal.signal(signal.SIGINT, lambda *_: panel.application.quit())
    signal.signal(signal.SIGTERM, lambda *_: panel.application.quit())
    listening = QTimer()
    listening.timeout.connect(lambda: None)
    listening.start(LISTEN_MS)
    panel.start()
    code = panel.application.exec()
    panel.close()
    return code
