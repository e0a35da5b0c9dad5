"""Pictures of every view for a README or a review: the real panel without a screen, and an engine that plays.

Nothing of the user's is touched: engine and panel keep what they keep in a folder that goes afterwards.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from PySide6.QtCore import QEventLoop, QTimer

import neume.presets
from neume.synth.control.commands import PlayFile, Quit, ResetCounters, Transport
from neume.synth.control.errors import ControlError
from neume.synth.errors import DeviceError, OutputError

from .application import Panel, make_panel
from .choices import Choices
from .engine_keeper import FAILED, engine_command
from .theme import DARK, LIGHT
from .window import SIZE

SONG: Final = Path(neume.presets.__path__[0]) / "demo.mid"
FAVOURITES: Final = ("neume-gm:0", "neume-gm:48", "neume-gm:4")
LOOK_MS: Final = 50
PATIENCE_S: Final = 120.0  # for an engine on a machine that is busy
PRESET: Final = "orchestra"
STAGE: Final = "stage"  # instead of a view of the desk
BEGIN_S: Final = 18.0  # in the song: it is quiet before
SETTLING_S: Final = 2.0  # of playing


@dataclass(frozen=True, slots=True)
class Shot:
    """One picture. Views that show what has been going on fill from when they come to the front."""

    name: str  # of the file
    view: str
    theme: str = DARK.name
    wait_s: float = 1.0


SHOTS: Final = (
    Shot("sound", "sound", wait_s=5.0),
    Shot("time", "time", wait_s=6.0),
    Shot("transport", "transport"),
    Shot("settings", "settings"),
    Shot("rack", "rack"),
    Shot("rack-light", "rack", LIGHT.name),
    Shot("stage", STAGE),
)


def take_screenshots(folder: Path) -> list[Path]:
    """Save a PNG of each of `SHOTS` into a folder, which is made if need be; returns the files.

    Raises `DeviceError` if no engine can be started, `OutputError` if a picture cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"{folder} cannot be made: {error.strerror or error}") from None
    with _own_state() as state, _playing_panel(state) as panel:
        return [_shoot(panel, shot, folder) for shot in SHOTS]


@contextlib.contextmanager
def _own_state() -> Iterator[Path]:
    """A folder for the choices, and for the session of an engine that this process starts."""
    before = os.environ.get("XDG_STATE_HOME")
    with tempfile.TemporaryDirectory(prefix="neume-", ignore_cleanup_errors=True) as folder:
        os.environ["XDG_STATE_HOME"] = folder
        try:
            yield Path(folder)
        finally:
            os.environ.pop("XDG_STATE_HOME")
            if before is not None:
                os.environ["XDG_STATE_HOME"] = before


@contextlib.contextmanager
def _playing_panel(state: Path) -> Iterator[Panel]:
    """A panel whose engine, its own, plays the demo; both are ended afterwards."""
    name = f"pictures-{os.getpid()}"
    panel = make_panel(
        name,
        state / "panel.toml",
        lambda: engine_command(name, Choices(), "--preset", PRESET),
    )
    panel.choices.change(favourites=FAVOURITES, first_run=False)
    try:
        panel.start()
        panel.window.resize(SIZE)
        _wait_for_the_engine(panel)
        _play_the_demo(panel)
        yield panel
    finally:
        panel.keeper.stop()
        with contextlib.suppress(ControlError):
            panel.engine.client.send(Quit())
        panel.close()
        if panel.keeper.engine is not None:
            panel.keeper.engine.stop()


def _wait_for_the_engine(panel: Panel) -> None:
    def there() -> bool:
        return panel.engine.rack is not None or panel.keeper.state == FAILED

    if not _until(there, PATIENCE_S) or panel.engine.rack is None:
        reason = panel.keeper.reason or panel.engine.client.problem
        raise DeviceError(f"no engine for the pictures: {reason}")


def _play_the_demo(panel: Panel) -> None:
    failures: list[str] = []
    panel.engine.ask(PlayFile(path=SONG), lambda _: _play(panel), failures.append)

    def played() -> bool:
        latest = panel.engine.latest
        transport = latest.transport if latest is not None else None
        return bool(failures) or (transport is not None and transport.position_s > BEGIN_S + SETTLING_S)

    if not _until(played, PATIENCE_S) or failures:
        raise DeviceError(f"the engine does not play the demo: {' '.join(failures) or 'it stands still'}")


def _play(panel: Panel) -> None:
    panel.engine.post(Transport(action="play", position_s=BEGIN_S, loop=True))


def _shoot(panel: Panel, shot: Shot, folder: Path) -> Path:
    """Bring a view to the front, let it fill, and save it."""
    window = panel.window
    panel.choices.change(theme=shot.theme)
    window.set_stage(shot.view == STAGE)
    if shot.view != STAGE:
        window.show_view(shot.view)
    window.showNormal()  # the whole of a screen that is not there has no size to speak of
    window.resize(SIZE)
    panel.engine.post(ResetCounters())  # what was before is not what the picture is about
    _until(lambda: False, shot.wait_s)
    file = folder / f"{shot.name}.png"
    if not window.grab().save(str(file)):
        raise OutputError(f"{file} cannot be written")
    return file


def _until(condition: Callable[[], bool], patience_s: float) -> bool:
    """Let Qt run until the condition holds, or for so long; returns whether it holds."""
    deadline_s = time.monotonic() + patience_s
    turn = QEventLoop()
    while not condition():
        if time.monotonic() > deadline_s:
            return False
        QTimer.singleShot(LOOK_MS, turn.quit)
        turn.exec()
    return True
