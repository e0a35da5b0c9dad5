"""A whole panel that keeps count of what it sees, for soaks.

Run with NAME FILE PRESET it is offscreen, starts an engine of its own and shows the sound; on each line of
its standard input it does what a word says and answers with a line of JSON: "state" tells what a performer
would see, "begin" counts from now on, "end" tells what was counted.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections import Counter, deque
from pathlib import Path

import numpy as np

from neume.synth.block_timer import STAGES
from neume.synth.control.commands import ResetCounters

PATIENCE_S = 120.0
OPTIONS = os.environ.get("NEUME_SOAK_OPTIONS", "").split()  # of the engine, such as --margin-ms 10
WINDOW_BLOCKS = 4096  # what the engine's own percentiles are of
TOLD_UNDERRUNS = 20


class SoakPanel:
    """The panel called by a test; it leaves its engine running, as panels do."""

    def __init__(self, name, choices, preset):
        command = [sys.executable, __file__, name, str(choices), preset]
        environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen"}
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment, text=True
        )

    @property
    def process_id(self):
        return self._process.pid

    def ask(self, word):
        self._process.stdin.write(f"{word}\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        assert answer, f"the panel has ended with code {self._process.wait(PATIENCE_S)}"
        return json.loads(answer)

    def until(self, condition, patience_s=PATIENCE_S):
        deadline_s = time.monotonic() + patience_s
        while not condition(state := self.ask("state")):
            assert time.monotonic() < deadline_s, state
            time.sleep(0.2)
        return state

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._process.kill()
        self._process.communicate()


class Count:
    """What a panel sees between "begin" and "end". Belongs to the panel's thread."""

    def __init__(self, panel):
        self._panel = panel
        panel.engine._timer.timeout.connect(self._ticked)
        panel.engine.snapshot_came.connect(self._look)
        self.begin()

    def begin(self):
        self._begin_s, self._ticks, self._snapshots = time.monotonic(), 0, 0
        self._last, self._blocks_ms, self._unseen = None, [], 0
        self._windows, self._window_at, self._first_block = [], 0, None
        self._underruns, self._loads = deque(maxlen=TOLD_UNDERRUNS), Counter()

    def _ticked(self):
        self._ticks += 1

    def _look(self, now):
        last, self._last = self._last, now
        self._snapshots += 1
        self._loads[str(now.shed or "all")] += 1
        if last is None:
            self._window_at = now.blocks
            return
        fresh = now.blocks - last.blocks
        known = now.recent_ms[max(0, len(now.recent_ms) - fresh) :] if fresh else ()
        self._blocks_ms += known
        self._unseen += fresh - len(known)
        if now.blocks - self._window_at >= WINDOW_BLOCKS:
            self._keep_window(now)
        if now.underruns > last.underruns:
            self._underruns.append(self._told(last, now))

    def _keep_window(self, now):
        self._windows.append([_row(now.times[stage]) for stage in STAGES])
        self._window_at = now.blocks

    def _told(self, last, now):
        return {
            "at_s": round(time.monotonic() - self._begin_s, 2),
            "count": now.underruns - last.underruns,
            "why": str(now.underrun),
            "recent_ms": now.recent_ms,
            "load": str(now.shed or "all"),
            "ring": last.ring_frames,
            "sounding": now.sounding,
        }

    def told(self):
        """Times of stages: `(windows, stages, 4)`, each the engine's own figures of up to 4096 blocks."""
        now = self._last
        self._keep_window(now)
        return {
            "seconds": time.monotonic() - self._begin_s,
            "ticks": self._ticks,
            "snapshots": self._snapshots,
            "blocks_ms": [round(ms, 3) for ms in self._blocks_ms],
            "unseen_blocks": self._unseen,
            "windows_ms": self._windows,
            "underruns": now.underruns,
            "missing_frames": now.missing_frames,
            "blocks_left_out": now.blocks_left_out,
            "late_notes": now.late_notes,
            "told_underruns": list(self._underruns),
            "loads": self._loads,
            "latency": str(now.latency),
            "priority": now.render_priority,
            "streams": len(now.sounding),
            "steps": now.steps,
            "faults": now.faults,
        }


def _row(times):
    return [times.p50_ms, times.p99_ms, times.p999_ms, times.max_ms]


def stage_table(windows_ms):
    """Lines with the figures of each stage: the median of all windows, the last column the maximum of all."""
    windows = np.array(windows_ms)
    figures = np.median(windows, axis=0)
    figures[:, 3] = windows[:, :, 3].max(axis=0)
    lines = ["stage          p50     p99   p99.9     max   (ms)"]
    for stage, row in zip(STAGES, figures, strict=True):
        lines.append(f"{stage:12}" + "".join(f"{value:8.2f}" for value in row))
    return lines


def state_of(panel):
    now = panel.engine.latest
    if now is None:
        return {"engine": panel.engine.state, "playing": False, "ports": [], "keys_down": [], "sounding": 0}
    return {
        "engine": panel.engine.state,
        "playing": panel.engine.state == "playing" and panel.engine.rack is not None,
        "restarts": panel.keeper.restarts,
        "engine_process": panel.engine.client.process_id,
        "rack": now.rack,
        "device": now.device,
        "ports": now.midi_ports,
        "messages": sum(port.messages for port in now.ports),
        "keys_down": now.keys_down,
        "sustain": now.sustain,
        "sounding": sum(now.sounding),
        "underruns": now.underruns,
        "load": str(now.shed or "all"),
        "block": _row(now.times["block"]) if now.times else [],
    }


def run_panel(name, choices, preset):
    """A panel as `neume panel` runs it, with an ear at its standard input."""
    from PySide6.QtCore import QObject, Signal

    from neume.ui.application import make_panel
    from neume.ui.engine_keeper import engine_command

    class Ear(QObject):
        heard = Signal(str)

        def listen(self):
            for line in sys.stdin:
                self.heard.emit(line.strip())

    panel = make_panel(name, choices)
    panel.keeper._command = lambda: engine_command(name, panel.choices.now, "--preset", preset, *OPTIONS)
    panel.window.show_view("sound")
    ear, count = Ear(), Count(panel)

    def begin():
        panel.engine.post(ResetCounters())
        count.begin()
        return "counting"

    words = {"state": lambda: state_of(panel), "begin": begin, "end": count.told}
    ear.heard.connect(lambda word: print(json.dumps(words[word]()), flush=True))
    panel.start()
    threading.Thread(target=ear.listen, daemon=True).start()
    return panel.application.exec()


if __name__ == "__main__":
    os._exit(run_panel(sys.argv[1], Path(sys.argv[2]), sys.argv[3]))
