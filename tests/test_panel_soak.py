"""Ten minutes of playing with the panel open: no underrun, no late frame, no memory that grows.

The engine plays into a real audio server. By hand on an idle machine:
`pytest -m slow -s tests/test_panel_soak.py`; NEUME_SOAK_S says how many seconds,
NEUME_SOAK_OPTIONS with which options the engine plays.
"""

from __future__ import annotations

import panel_rig  # first: it chooses the offscreen platform

# isort: split
import contextlib
import os
import time
from pathlib import Path

import numpy as np
import pytest
from control_rig import own_folders
from jack_server import INSTALLED, stage_server
from PySide6.QtCore import QEvent, QObject, QTimer
from PySide6.QtWidgets import QMainWindow
from soak_load import ProcessLoad
from soak_panel import OPTIONS

import neume.presets
from neume.synth.control.commands import PlayFile, Quit, ResetCounters, Transport
from neume.synth.control.errors import ControlError
from neume.ui.application import make_panel
from neume.ui.engine_keeper import engine_command

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not INSTALLED, reason="jackd is not installed: apt-get install jackd2"),
]
NAME = "soak"
SECONDS = float(os.environ.get("NEUME_SOAK_S", "600"))
SETTLING_MS = 10_000
VIEW_MS = 5_000
MEMORY_MS = 2_000
PATIENCE_MS = 120_000
FRAME_MS = 1000.0 / 60.0
GROWTH_KB = 10_000

folders = pytest.fixture(autouse=True)(own_folders)


class Stopwatch(QObject):
    """Times all that a panel does for a frame: the tick, which tells the views, and the painting after it.

    `rows` has a row a frame: when it began in s, tick and paint in ms, both in ms of this thread's own time,
    which other programs do not stretch, and the number of the view that was shown.
    """

    def __init__(self, panel):
        super().__init__()
        self.rows = []
        self._window, self._tick = panel.window, panel.engine.tick
        timer = panel.engine._timer
        timer.timeout.disconnect(panel.engine.tick)
        timer.timeout.connect(self.tick)
        panel.window.installEventFilter(self)

    def tick(self):
        begin_s = time.perf_counter()
        wall_ms, own_ms = _timed(self._tick)
        self.rows.append([begin_s, wall_ms, 0.0, own_ms, self._window.tabs.currentIndex()])

    def eventFilter(self, watched, event):
        if event.type() != QEvent.Type.UpdateRequest or not self.rows:
            return False
        wall_ms, own_ms = _timed(lambda: QMainWindow.event(self._window, event))
        self.rows[-1][2] += wall_ms
        self.rows[-1][3] += own_ms
        return True

    def figures(self):
        """Of each kind of time: median, 99th percentile and maximum, in ms."""
        began_s, ticks, paints, own, views = np.array(self.rows).T
        times = {"tick": ticks, "paint": paints, "frame": ticks + paints, "frame, own time": own}
        for index, name in enumerate(self._window.views):
            times[f"  {name}"] = own[views == index]
        times["between ticks"] = np.diff(began_s) * 1e3
        return {name: tuple(np.percentile(rows, (50, 99, 100))) for name, rows in times.items() if rows.size}


def _timed(act):
    """Do it; returns the time that passed and the thread's own, in ms."""
    wall_s, own_s = time.perf_counter(), time.thread_time()
    act()
    return (time.perf_counter() - wall_s) * 1e3, (time.thread_time() - own_s) * 1e3


@contextlib.contextmanager
def repeating(milliseconds, what):
    timer = QTimer()
    timer.timeout.connect(what)
    timer.start(milliseconds)
    yield
    timer.stop()


@pytest.fixture
def panel(qtbot, qapp, tmp_path):
    """It plays a song over and over."""
    with stage_server():
        yield from playing_panel(qtbot, tmp_path)


def playing_panel(qtbot, tmp_path):
    panel = make_panel(NAME, tmp_path / "panel.toml")
    panel.keeper._command = lambda: engine_command(
        NAME, panel.choices.now, "--preset", "grand-piano", *OPTIONS
    )
    panel.start()
    engine = panel.engine
    try:
        qtbot.waitUntil(lambda: engine.rack is not None, timeout=PATIENCE_MS)
        engine.ask(PlayFile(path=Path(neume.presets.__path__[0]) / "demo.mid"))
        qtbot.waitUntil(lambda: engine.latest.transport is not None, timeout=PATIENCE_MS)
        engine.ask(Transport(action="play", position_s=0.0, loop=True))
        yield panel
    finally:
        panel.keeper.stop()
        with contextlib.suppress(ControlError):
            engine.client.send(Quit())
        panel.close()
        panel_rig.delete(panel.window)


def test_playing_with_the_panel_open(qtbot, panel, capsys):
    watch = Stopwatch(panel)
    load = ProcessLoad(panel=os.getpid(), engine=panel.engine.client.process_id)
    views = [*panel.window.views] * 1000

    def next_view():
        panel.window.show_view(views.pop())

    with repeating(VIEW_MS, next_view):
        qtbot.wait(SETTLING_MS)
        panel.engine.post(ResetCounters())
        qtbot.wait(500)
        watch.rows.clear()
        with repeating(MEMORY_MS, load.sample):
            qtbot.wait(int(SECONDS * 1000))
    end, figures, growth_kb = panel.engine.latest, watch.figures(), load.growth_kb()
    with capsys.disabled():
        _tell(end, figures, growth_kb, len(watch.rows) / SECONDS)
    assert panel.keeper.restarts == 0
    assert end.underruns == 0
    assert figures["frame"][1] < FRAME_MS
    assert len(watch.rows) / SECONDS > 55.0
    assert all(growth < GROWTH_KB for growth in growth_kb.values())


def _tell(end, figures, growth_kb, ticks_hz):
    block = end.times["block"]
    print(f"\n{SECONDS:.0f} s, {end.blocks} blocks, {end.underruns} underruns, {ticks_hz:.1f} ticks a second")
    print(f"block of the engine: {block}")
    print(f"on {end.device}, {end.latency}; the last underrun: {end.underrun}")
    for name, (median, p99, most) in figures.items():
        print(f"{name}: p50 {median:.2f} ms, p99 {p99:.2f} ms, max {most:.2f} ms")
    growth = ", ".join(f"{name} {kb:+.0f} kB" for name, kb in growth_kb.items())
    print(f"memory, second quarter to last: {growth}")
