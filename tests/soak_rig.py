"""What a soak on an audio server needs: a real-time server, dense playing, a panel that keeps count.

Run as `panel NAME FILE` it is a whole panel, offscreen, that starts an engine of its own and shows the sound;
on each line of its standard input it does what a word says and answers with a line of JSON: "state" tells
what a performer would see, "begin" counts from now on, "end" tells what was counted.
"""

from __future__ import annotations

import contextlib
import json
import math
import os
import random
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
DRUMS = 9
PROGRAMS = (0, 4, 11, 19, 24, 32, 40, 48, 52, 56, 60, 65, 71, 73, 80, 88)  # one of each family, and more
HELD = 4  # keys of each channel, on average
HOLD_S = {channel: 0.5 if channel == DRUMS else 2.0 for channel in range(16)}
MESSAGES_HZ = 1000.0
TURN_S = 0.003
WINDOW_BLOCKS = 4096  # what the engine's own percentiles are of
TOLD_UNDERRUNS = 20


@contextlib.contextmanager
def stage_server(rate_hz=48_000, period_frames=128):
    """A JACK server as on a stage: asynchronous, and real-time where the system allows it.

    Gives the server's process; inside, it is the default one of this process and its children.
    """
    from jack_server import _wait_until_it_answers

    name = f"neume-{os.getpid()}-soak"
    kept = {key: os.environ.get(key) for key in ("JACK_DEFAULT_SERVER", "JACK_NO_AUDIO_RESERVATION")}
    os.environ.update(JACK_DEFAULT_SERVER=name, JACK_NO_AUDIO_RESERVATION="1")
    command = ["jackd", "-n", name, *_priority(), "-d", "dummy", "-r", str(rate_hz), "-p", str(period_frames)]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        _wait_until_it_answers(name)
        yield server
    finally:
        server.terminate()
        server.wait(30)
        for leftover in Path("/dev/shm").glob(f"jack_*{name}_*"):
            leftover.unlink(missing_ok=True)
        for key, value in kept.items():
            os.environ.pop(key) if value is None else os.environ.update({key: value})


def _priority():
    """What to tell the server: it would not start in real time where that is not allowed."""
    allowed = subprocess.run(["chrt", "-f", "20", "true"], stderr=subprocess.DEVNULL, check=False)
    return ["-r"] if allowed.returncode else ["-R", "-P", "20"]


class Hands:
    """Sixteen channels played at once: keys, and every controller of each channel all the time.

    `messages` gives what is due, a list of bytes; `let_go` what puts everything back. Nothing here waits.
    """

    def __init__(self, seed=1):
        self._random = random.Random(seed)
        self._ups = []  # (when, channel, key), those that are down
        self._next_key_s = [self._random.random() for _ in range(16)]
        self._turn = 0
        self._flooded_s = 0.0
        self.keys = 0

    @property
    def down(self):
        return len(self._ups)

    def programs(self):
        return [bytes((0xC0 | channel, PROGRAMS[channel])) for channel in range(16) if channel != DRUMS]

    def messages(self, now_s):
        due = [up for up in self._ups if up[0] <= now_s]
        self._ups = [up for up in self._ups if up[0] > now_s]
        messages = [bytes((0x80 | channel, key, 64)) for _, channel, key in due]
        for channel in range(16):
            if self._next_key_s[channel] <= now_s:
                messages += self._press(channel, now_s)
        flood_hz = MESSAGES_HZ - 2.0 * sum(HELD / hold_s for hold_s in HOLD_S.values())
        while self._flooded_s < now_s:
            self._flooded_s += 1.0 / flood_hz
            messages.append(self._turned(self._flooded_s))
        return messages

    def let_go(self):
        messages = [bytes((0x80 | channel, key, 64)) for _, channel, key in self._ups]
        self._ups.clear()
        for channel in range(16):
            messages += [bytes((0xB0 | channel, 64, 0)), bytes((0xB0 | channel, 1, 0))]
            messages += [bytes((0xE0 | channel, 0, 64)), bytes((0xD0 | channel, 0))]
        return messages

    def _press(self, channel, now_s):
        hold_s = HOLD_S[channel]
        self._next_key_s[channel] = now_s + hold_s / HELD * self._random.uniform(0.5, 1.5)
        lowest, highest = (35, 59) if channel == DRUMS else (36, 90)
        key = self._random.randint(lowest, highest)
        if any(up[1:] == (channel, key) for up in self._ups):
            return []
        self._ups.append((now_s + hold_s * self._random.uniform(0.6, 1.4), channel, key))
        self.keys += 1
        return [bytes((0x90 | channel, key, self._random.randint(30, 120)))]

    def _turned(self, at_s):
        """The next controller of the next channel; each moves as a hand does, in a second or three."""
        self._turn += 1
        channel, kind = self._turn % 16, self._turn // 16 % 7
        wave = 0.5 + 0.5 * math.sin(2.0 * math.pi * at_s / (1.0 + 0.13 * channel) + kind)
        value = round(127.0 * wave)
        status = channel
        match kind:
            case 0:
                bend = round(8192 + 4000 * (wave - 0.5))
                return bytes((0xE0 | status, bend & 127, bend >> 7))
            case 1:
                return bytes((0xB0 | status, 1, value))
            case 2:
                return bytes((0xB0 | status, 7, 70 + value // 4))
            case 3:
                return bytes((0xB0 | status, 11, 80 + value // 3))
            case 4:
                return bytes((0xB0 | status, 64, value))
            case 5:
                return bytes((0xD0 | status, value))
        keys = [key for _, of, key in self._ups if of == channel]
        return bytes((0xA0 | status, keys[0] if keys else 60, value))


class Keyboard:
    """A real MIDI port, which plays what the hands do for a while. Sends from the thread that calls."""

    def __init__(self, name="Soak Keyboard"):
        import rtmidi

        self._port = rtmidi.MidiOut(rtmidi.API_UNIX_JACK, name)
        self._port.open_virtual_port("keys")
        self._hands = Hands()
        self._begin_s = None
        self.sent, self.down = 0, []

    def play(self, seconds, watch=lambda: None):
        """`watch` is called about once a second."""
        if self._begin_s is None:
            self._begin_s = time.monotonic()
            self._send(self._hands.programs())
        end_s, watched_s = time.monotonic() + seconds, 0.0
        while (now_s := time.monotonic()) < end_s:
            self._send(self._hands.messages(now_s - self._begin_s))
            if now_s - watched_s > 1.0:
                watched_s = now_s
                self.down.append(self._hands.down)
                watch()
            time.sleep(TURN_S)

    def let_go(self):
        self._send(self._hands.let_go())

    def _send(self, messages):
        for message in messages:
            self._port.send_message(message)
        self.sent += len(messages)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._port.close_port()
        self._port.delete()


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
        self._loads[now.shed or "all"] += 1
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
            "load": now.shed or "all",
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
        "load": now.shed or "all",
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
