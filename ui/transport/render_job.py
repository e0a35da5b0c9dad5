"""Renders MIDI files in the background: a `neume render` of its own, watched and ended by signals.

dialog ─ RenderWish ─▶ RenderJob ─ QProcess ─▶ neume render ─ lines of JSON ─▶ RenderJob ─ signals ─▶ card
"""

from __future__ import annotations

import contextlib
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from PySide6.QtCore import QCoreApplication, QObject, QProcess, QTimer, Signal

from ..browser.background import Background
from .render_report import RenderReport, finished_files, read_line

IDLE, RUNNING, CANCELLING, DONE, FAILED, CANCELLED = (
    "idle", "running", "cancelling", "done", "failed", "cancelled",
)  # fmt: skip
MOST_LINES: Final = 30  # of faults that are kept
LISTENS_MS: Final = 4000  # to a request to end; then the process is killed
NICENESS: Final = 15  # rendering waits for the engine, which plays


@dataclass(frozen=True, slots=True)
class RenderWish:
    """What to render, and how."""

    songs: tuple[Path, ...]
    folder: Path
    form: str = "wav"
    stems: bool = False
    overwrite: bool = False
    bundle: str = ""

    def arguments(self) -> list[str]:
        """Of `neume render`; paths are absolute, so none of them looks like an option."""
        switches = {"--stems": self.stems, "--overwrite": self.overwrite}
        chosen = [option for option, on in switches.items() if on]
        chosen += ["--bundle", self.bundle] if self.bundle else []
        told = ["--out-dir", str(self.folder), "--format", self.form, "--json", "--progress-json"]
        return ["render", *map(str, self.songs), *told, *chosen]


class RenderJob(QObject):
    """Belongs to the panel's thread; one rendering at a time. A panel that is closed ends it.

    In the end `files` are those that are there, and `faults` the lines for the user.
    """

    changed = Signal(str)  # the state
    progressed = Signal(object)  # RenderReport

    def __init__(self, background: Background, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.state = IDLE
        self.files: list[Path] = []
        self.faults: list[str] = []
        self._background = background
        self._wish: RenderWish | None = None
        self._process: QProcess | None = None
        self._unread = b""
        self._process_id = 0
        self._killing = QTimer(self)
        self._killing.setSingleShot(True)
        self._killing.setInterval(LISTENS_MS)
        self._killing.timeout.connect(self._kill)
        application = QCoreApplication.instance()
        if application is not None:
            application.aboutToQuit.connect(self.end)

    @property
    def busy(self) -> bool:
        return self.state in (RUNNING, CANCELLING)

    def start(self, wish: RenderWish) -> None:
        """Render. Nothing happens while another one is under way."""
        if self.busy:
            return
        self._wish, self.files, self.faults, self._unread = wish, [], [], b""
        command = [*_nicely(), sys.executable, "-m", "neume.synth", *wish.arguments()]
        process = self._process = QProcess(self)
        process.readyReadStandardError.connect(self._read)
        process.finished.connect(self._finish)
        process.errorOccurred.connect(self._fail)
        process.start(command[0], command[1:])
        self._process_id = process.processId()
        self._set(RUNNING)

    def cancel(self) -> None:
        """Ask the process to end: it leaves no half-written file, and the songs that were finished before."""
        if self.state == RUNNING and self._process is not None:
            self._set(CANCELLING)
            self._process.terminate()
            self._killing.start()

    def end(self) -> None:
        """The panel goes: end the process, and wait for that."""
        if self._process is not None and self.busy:
            self._process.finished.disconnect(self._finish)
            self._process.terminate()
            if not self._process.waitForFinished(LISTENS_MS):
                self._process.kill()
                self._process.waitForFinished(LISTENS_MS)
                self._sweep_now()
            self.state = CANCELLED

    def _kill(self) -> None:
        if self._process is not None:
            self._process.kill()

    def _read(self) -> None:
        if self._process is None:
            return
        *lines, self._unread = (self._unread + bytes(self._process.readAllStandardError().data())).split(
            b"\n"
        )
        reports = [read_line(line.decode("utf-8", "replace")) for line in lines]
        self.faults += [text for text in reports if isinstance(text, str) and text]
        del self.faults[MOST_LINES:]
        newest = next((told for told in reversed(reports) if isinstance(told, RenderReport)), None)
        if newest is not None:
            self.progressed.emit(newest)

    def _finish(self, code: int, how: QProcess.ExitStatus) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        self._killing.stop()
        cancelled = self.state == CANCELLING
        self.files = finished_files(bytes(process.readAllStandardOutput().data()).decode("utf-8", "replace"))
        process.deleteLater()
        if how == QProcess.ExitStatus.CrashExit:  # it could not tidy up
            self._background.run(self._sweep_now, lambda _result: None)
        self._set(CANCELLED if cancelled else DONE if code == 0 else FAILED)

    def _fail(self, error: QProcess.ProcessError) -> None:
        """A process that has not started never finishes."""
        if error == QProcess.ProcessError.FailedToStart and self._process is not None:
            self.faults = [self._process.errorString()]
            self._process.deleteLater()
            self._process = None
            self._set(FAILED)

    def _sweep_now(self) -> None:
        if self._wish is not None and self._process_id > 0:
            sweep(self._wish.folder, self._process_id)

    def _set(self, state: str) -> None:
        self.state = state
        self.changed.emit(state)


def sweep(folder: Path, process_id: int) -> None:
    """Delete what a killed rendering has begun, in the folder and in its folders of stems."""
    for pattern in (f".*.{process_id}.part", f"*.stems/.*.{process_id}.part"):
        for path in folder.glob(pattern):
            with contextlib.suppress(OSError):
                path.unlink()
    for stems in folder.glob("*.stems"):
        with contextlib.suppress(OSError):
            stems.rmdir()  # only if nothing is in it


def _nicely() -> list[str]:
    nice = shutil.which("nice") if sys.platform != "win32" else None
    return [nice, "-n", str(NICENESS)] if nice else []
