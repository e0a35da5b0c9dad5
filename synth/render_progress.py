"""Progress of a batch of renderings: as bars on a terminal, or as lines of JSON for a watching program."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Final, Self, TextIO

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from .render_file import Progress as Report

LINE_EVERY_S: Final = 0.1


class RenderProgress:
    """The song, time left, and speed in × real time. A context. On standard error, and only if that is a
    terminal."""

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

    def __enter__(self) -> Self:
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


class ProgressLines:
    """One JSON object a line on standard error, flushed: `song` of `songs` (from 1), its file's `name`,
    `done_s` of `all_s` seconds of it, and `left_s` that it takes at the speed until now, null at first.

    A line at the beginning of each song, then at most one every `LINE_EVERY_S`. A context, as
    `RenderProgress` is.
    """

    def __init__(self, songs: int, stream: TextIO | None = None) -> None:
        self._songs, self._begun = songs, 0
        self._stream = stream or sys.stderr

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    @contextmanager
    def song(self, name: str) -> Iterator[Report]:
        """Call what it gives with the seconds done and in all."""
        self._begun += 1
        self._write(name, 0.0, 0.0, None)
        start_s = said_s = time.perf_counter()

        def report(done_s: float, all_s: float) -> None:
            nonlocal said_s
            now_s = time.perf_counter()
            if now_s - said_s < LINE_EVERY_S and done_s < all_s:
                return
            said_s = now_s
            left_s = (all_s - done_s) * (now_s - start_s) / done_s if done_s > 0.0 else None
            self._write(name, done_s, all_s, left_s)

        yield report

    def _write(self, name: str, done_s: float, all_s: float, left_s: float | None) -> None:
        line = {
            "song": self._begun,
            "songs": self._songs,
            "name": name,
            "done_s": round(done_s, 3),
            "all_s": round(all_s, 3),
            "left_s": None if left_s is None else round(left_s, 1),
        }
        print(json.dumps(line), file=self._stream, flush=True)
