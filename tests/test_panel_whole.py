"""The panel as a performer meets it: real window, clicks and keys, real engine, sound caught from JACK."""

from __future__ import annotations

import panel_program  # first: it chooses the offscreen platform for this process

# isort: split
import contextlib
import shutil
import subprocess
import time

import numpy as np
import pytest
from control_rig import own_folders
from jack_server import INSTALLED, jack_server

from neume.synth.control.client import EngineClient
from neume.synth.control.commands import Panic

TOOLS = ("Xvfb", "xdotool", "setxkbmap")
pytestmark = pytest.mark.skipif(
    not INSTALLED or not all(map(shutil.which, TOOLS)),
    reason="needs a sound server and a display: apt-get install jackd2 xvfb xdotool x11-xkb-utils",
)
if INSTALLED:
    from test_play_jack import Capture
NAME = "whole"
RATE_HZ = 48_000
PATIENCE_S = 60.0
SOUNDS = 1e-3
folders = pytest.fixture(autouse=True)(own_folders)


@pytest.fixture
def display():
    """The number of an X server without a screen."""
    command = ["Xvfb", "-displayfd", "1", "-screen", "0", "1400x900x24", "-nolisten", "tcp"]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    yield f":{server.stdout.readline().strip()}"
    server.terminate()
    server.wait(PATIENCE_S)
    server.stdout.close()


class Stage:
    """A panel in front of a performer, whose hands are xdotool's, and ears at the engine's output."""

    def __init__(self, panel, capture):
        self.panel, self.capture = panel, capture

    def do(self, *words):
        command = ["xdotool", *map(str, words)]
        subprocess.run(command, env=self.panel.environment, check=True, timeout=PATIENCE_S)

    def place(self, key):
        window, x, y, colour = self.panel.ask("place", key)
        return window, x, y, colour

    def listen(self):
        """From here on; returns what takes the sound since then."""
        begin = len(self.capture.audio()[0])
        return lambda: self.capture.audio()[0][begin:]

    def silence(self):
        """Wait until nothing sounds."""
        with EngineClient.connect(NAME, PATIENCE_S) as client:
            client.post(Panic())
        self.wait(lambda: not np.any(np.abs(self.capture.audio()[0][-RATE_HZ // 4 :]) > SOUNDS / 10))

    def wait(self, happens):
        deadline = time.monotonic() + PATIENCE_S
        while not happens():
            assert time.monotonic() < deadline, "waited in vain"
            time.sleep(0.05)


@contextlib.contextmanager
def performing(display, folder):
    """A panel opened for the first time in a user's life, with the engine that it starts by itself."""
    choices = folder / "panel.toml"
    try:
        display_of_its_own = {"DISPLAY": display, "QT_QPA_PLATFORM": "xcb"}
        with panel_program.PanelProcess(NAME, choices, **display_of_its_own) as panel, Capture() as capture:
            panel.until_it_plays()
            capture.connect()
            yield Stage(panel, capture)
    finally:  # after the panel, which would start another
        panel_program.end_engine(NAME)


def strength(sound, key):
    """How much of the sound's energy lies within 40 cents of the first three partials of a key."""
    power = np.abs(np.fft.rfft(sound * np.hanning(len(sound)))) ** 2
    hz = np.fft.rfftfreq(len(sound), 1.0 / RATE_HZ)
    tune_hz = 440.0 * 2.0 ** ((key - 69) / 12.0)
    near = np.zeros(len(hz), bool)
    for partial in (1, 2, 3):
        near |= np.abs(1200.0 * np.log2(np.maximum(hz, 1.0) / (partial * tune_hz))) < 40.0
    return float(power[near].sum() / power.sum())


def heard_key(sound):
    """The key, C2 to C7, that explains most of a sound from its onset on."""
    loud = np.flatnonzero(np.abs(sound) > SOUNDS)
    assert loud.size, "nothing was heard"
    note = sound[loud[0] : loud[0] + RATE_HZ]
    return max(range(36, 97), key=lambda key: strength(note, key))


def sounding(sound):
    return lambda: np.count_nonzero(np.abs(sound()) > SOUNDS) > RATE_HZ // 2


def test_a_first_click_sounds_and_keys_play_what_they_show(display, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    with jack_server(period_frames=256), performing(display, tmp_path) as stage:
        window, x, y, idle = stage.place(69)
        sound = stage.listen()
        stage.do("mousemove", x, y, "mousedown", 1)
        stage.wait(lambda: stage.place(69)[3] != idle)
        stage.wait(sounding(sound))
        stage.do("mouseup", 1)
        stage.wait(lambda: stage.place(69)[3] == idle)
        assert heard_key(sound()) == 69, "the first click of all, on A4"

        for letter, key in (("z", 60), ("q", 72)):
            stage.silence()
            stage.do("windowfocus", "--sync", window, "mousemove", x, y - 400)
            idle_key, sound = stage.place(key)[3], stage.listen()
            stage.do("keydown", letter)
            stage.wait(lambda key=key, idle=idle_key: stage.place(key)[3] != idle)
            stage.wait(sounding(sound))
            stage.do("keyup", letter)
            assert heard_key(sound()) == key, letter

        stage.silence()
        sound = stage.listen()
        (_, left, y, _), (_, right, _, _) = stage.place(48), stage.place(52)
        stage.do("mousemove", left, y, "mousedown", 1, "sleep", 0.4, "mousemove", right, y, "sleep", 0.4)
        assert stage.panel.ask("state")["lit"] == [52], "a glissando holds the last key"
        stage.do("mouseup", 1)
        assert stage.panel.ask("state")["lit"] == []
        stage.wait(sounding(sound))
