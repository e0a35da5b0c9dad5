"""Progress of a batch of renderings on a terminal: the song, time left, and speed in × real time."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from .render_file import Progress as Report


class RenderProgress:
    """A context. On standard error, and only if that is a terminal."""

    def __init__(self, songs: int) -> None:
        console = Console(stderr=True)
        self._songs = songs
        self._begun = 0
        self._bars = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            TextColumn("{task.percentage:>3.0f} %"),
            TextColumn("{task.fields[speed]}"),
            TimeRemainingColumn(),
            console=console,
            transient=True,
            disable=not console.is_terminal,
        )

    def __enter__(self) -> RenderProgress:
        self._bars.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bars.stop()

    @contextmanager
    def song(self, name: str) -> Iterator[Report]:
        """A bar for one song, gone when it is done; call what it gives with the seconds done and in all."""
        self._begun += 1
        task = self._bars.add_task(f"{self._begun}/{self._songs} {name}", total=None, speed="")
        start_s = time.perf_counter()

        def report(done_s: float, all_s: float) -> None:
            speed = f"{done_s / max(1e-9, time.perf_counter() - start_s):.1f}× real time"
            self._bars.update(task, completed=done_s, total=all_s, speed=speed)

        try:
            yield report
        finally:
            self._bars.remove_task(task)
