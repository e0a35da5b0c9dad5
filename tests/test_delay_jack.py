"""The delay from key to sound, end to end: the shipped bundle, a real audio server, a client that listens.

Wants an idle machine: `pytest -m slow -s tests/test_delay_jack.py` tells figures; `NEUME_DELAY_KEYS` says
how many keys are pressed.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pytest
from audio_rig import asynchronous_server
from jack_server import INSTALLED
from test_play_jack import RATE_HZ, Capture

from neume.synth.control.client import EngineClient
from neume.synth.control.commands import NoteOff, NoteOn, Quit, SetRack, Subscribe
from neume.synth.rack.part import Part, Rack
from neume.synth.rack.preset_write import preset_text

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not INSTALLED, reason="jackd is not installed: apt-get install jackd2"),
]
KEYS = int(os.environ.get("NEUME_DELAY_KEYS", "60"))
APART_S = 0.8
WOODBLOCK = 115  # begins at once and is soon over
ONSET = 0.1  # of a note's own peak
PATIENCE_S = 60.0
MOST_MEAN_MS, MOST_SPREAD_MS = 1.0, 1.0


@pytest.fixture
def folder(monkeypatch):
    with tempfile.TemporaryDirectory(prefix="neume-") as folder:
        for variable in ("XDG_RUNTIME_DIR", "XDG_STATE_HOME", "XDG_CACHE_HOME"):
            path = Path(folder) / variable[4:7].lower()
            path.mkdir(mode=0o700)
            monkeypatch.setenv(variable, str(path))
        yield Path(folder)


def frame_at(client, stamp_ns):
    """The server's frame at a moment of the monotonic clock, and how exactly that is known, in frames."""
    before_ns = time.monotonic_ns()
    frame = client.frame_now()
    after_ns = time.monotonic_ns()
    middle_ns = (before_ns + after_ns) / 2
    return frame + (stamp_ns - middle_ns) * RATE_HZ / 1e9, (after_ns - before_ns) * RATE_HZ / 1e9


class Listener(Capture):
    """Also where the server has left periods out, every sample is at its own frame."""

    def audio(self):
        periods = list(self._periods)
        begin = periods[0][0]
        audio = np.zeros(periods[-1][0] - begin + len(periods[-1][1]), np.float32)
        for frame, period in periods:
            audio[frame - begin : frame - begin + len(period)] = period
        return audio, begin


def own_attack(audio, begin, pressed, shift_ms):
    """When each key's sound passes a tenth of its peak, in ms after the key, earlier by `shift_ms`."""
    delays = []
    for frame in pressed:
        first = round(frame - begin)
        heard = np.abs(audio[first : first + round(0.3 * RATE_HZ)])
        assert heard.max() > 1e-3, "a key was pressed and nothing was heard"
        delays.append(np.argmax(heard > ONSET * heard.max()) * 1000.0 / RATE_HZ - shift_ms)
    return np.array(delays)


def attack_ms():
    """How long the note itself takes to get there, rendered without any engine."""
    from neume.synth.bundle import open_named
    from neume.synth.events import NoteOn as Pressed
    from neume.synth.events import ProgramChange
    from neume.synth.renderer import StreamRenderer
    from neume.synth.stages import load_stages

    bundle = open_named(None)
    renderer = StreamRenderer(bundle, load_stages(bundle), 1)
    events = [(0, ProgramChange(0, 0, WOODBLOCK)), (0, Pressed(1000, 0, 72, 110))]
    audio = np.abs(renderer.render_blocks(events, 40)[0, renderer.lookahead_samples + 1000 :])
    return float(np.argmax(audio > ONSET * audio.max()) * 1000.0 / RATE_HZ)


@pytest.mark.parametrize(
    ("low_latency", "period_frames", "most_ms"),
    [(False, 128, 30.0), (True, 128, 30.0), (True, 64, 20.0)],
    ids=["usual", "low-latency", "low-latency at 64"],
)
def test_the_delay_is_the_computed_one(folder, low_latency, period_frames, most_ms):
    rack = Rack("Woodblock", (Part("Woodblock", program=WOODBLOCK),))
    rng = np.random.default_rng(1)
    with asynchronous_server(period_frames):
        command = [sys.executable, "-m", "neume.synth", "engine", "--name", "delay"]
        command += ["--low-latency"] if low_latency else []
        engine = subprocess.Popen(command)
        try:
            with EngineClient.connect("delay", PATIENCE_S) as client, Listener() as capture:
                client.send(SetRack(preset=preset_text(rack)))
                client.post(Subscribe(hz=5.0))
                capture.connect()
                time.sleep(3.0)
                pressed, exact = [], []
                for _ in range(KEYS):
                    time.sleep(APART_S + rng.random() * 0.02)
                    stamp_ns = time.monotonic_ns()
                    client.post(NoteOn(key=72, velocity=110, channel=0, stamp_ns=stamp_ns))
                    frame, within = frame_at(capture, stamp_ns)
                    pressed.append(frame)
                    exact.append(within)
                    time.sleep(0.1)  # released at once, it would hardly sound
                    client.post(NoteOff(key=72, channel=0))
                time.sleep(1.0)
                snapshot = client.latest
                audio, begin = capture.audio()
                client.send(Quit())
            engine.wait(PATIENCE_S)
        finally:
            engine.kill()
    beyond = snapshot.latency.device_samples - snapshot.device_facts.block_samples  # as the device tells
    to_speaker_ms = beyond * 1000.0 / RATE_HZ
    delays = own_attack(audio, begin, pressed, attack_ms() - to_speaker_ms)
    stated = snapshot.latency.total_ms
    figures = (
        f"stated {stated:.2f} ms ({snapshot.latency}); measured mean {delays.mean():.2f}, "
        f"median {np.median(delays):.2f}, standard deviation {delays.std():.2f}, "
        f"least {delays.min():.2f}, most {delays.max():.2f} ms over {KEYS} keys; "
        f"underruns {snapshot.underruns}, late notes {snapshot.late_notes}; "
        f"device's own {to_speaker_ms:.2f} ms are counted in; clocks within {max(exact):.1f} frames"
    )
    print(f"\n{figures}")
    assert stated < most_ms, figures
    assert abs(delays.mean() - stated) < MOST_MEAN_MS, figures
    assert delays.std() < MOST_SPREAD_MS, figures
