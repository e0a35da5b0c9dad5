"""The computer keyboard under a real X server: other layouts, real repeats, real focus. Xvfb and xdotool.

Run as a program it is the window that is played: it says its number, plays until its input ends, and then
tells what its engine has heard.
"""

from __future__ import annotations

import panel_rig

# isort: split
import contextlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import pytest
from control_rig import own_folders

TOOLS = ("Xvfb", "xdotool", "setxkbmap")
pytestmark = pytest.mark.skipif(
    not all(map(shutil.which, TOOLS)),
    reason="needs a display of its own: apt-get install xvfb xdotool x11-xkb-utils",
)
PATIENCE_S = 30.0
folders = pytest.fixture(autouse=True)(own_folders)


@pytest.fixture(scope="module")
def display():
    """The number of an X server without a screen."""
    command = ["Xvfb", "-displayfd", "1", "-screen", "0", "1400x900x24", "-nolisten", "tcp"]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    yield f":{server.stdout.readline().strip()}"
    server.terminate()
    server.wait(PATIENCE_S)
    server.stdout.close()


class Window:
    """The program at the end of this file, and hands on the X server's keyboard and mouse."""

    def __init__(self, display):
        self.environment = {**os.environ, "DISPLAY": display, "QT_QPA_PLATFORM": "xcb"}
        self.process = subprocess.Popen(
            [sys.executable, __file__],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=self.environment,
            text=True,
        )
        self.number, self.x, self.y = self.process.stdout.readline().split()
        self.do("windowfocus", "--sync", self.number)

    def do(self, *words):
        subprocess.run(["xdotool", *words], env=self.environment, check=True, timeout=PATIENCE_S)

    def layout(self, name):
        subprocess.run(["setxkbmap", name], env=self.environment, check=True, timeout=PATIENCE_S)

    def heard(self):
        """Close the window; what was played, a key as a number, its release as a negative one."""
        out, _ = self.process.communicate("", timeout=PATIENCE_S)
        return json.loads(out)


@pytest.fixture
def window(display):
    opened = Window(display)
    yield opened
    opened.process.kill()
    opened.process.communicate()


LAYOUTS = {
    "us": "z x q",
    "de": "y x q",
    "fr": "w x a",
    "ru": "Cyrillic_ya Cyrillic_che Cyrillic_shorti",
}


def test_the_place_of_a_key_counts_and_not_its_letter(window):
    for layout, typed in LAYOUTS.items():
        window.layout(layout)
        time.sleep(0.3)  # Qt hears of a layout later than the server
        for key in typed.split():
            window.do("key", "--delay", "60", key)
    window.layout("us")
    assert window.heard() == [60, -60, 62, -62, 72, -72] * len(LAYOUTS)


def test_a_key_that_the_server_repeats_plays_once(window):
    window.do("keydown", "z")
    time.sleep(1.2)  # X repeats after 0.66 s
    window.do("keyup", "z")
    assert window.heard() == [60, -60]


def test_the_mouse_plays_and_a_window_that_loses_the_focus_lets_go(window):
    window.do("mousemove", window.x, window.y, "click", "1")
    window.do("keydown", "x")
    time.sleep(0.2)
    window.do("windowfocus", "1")  # of X, as another program would take it
    time.sleep(0.3)
    window.do("keyup", "x")
    heard = window.heard()
    assert heard[:2] == [60, -60]
    assert heard[2:] == [62, -62]


def play_until_the_input_ends():
    from PySide6.QtCore import QMetaObject, Qt
    from PySide6.QtWidgets import QApplication

    from neume.synth.control.commands import NoteOff, NoteOn
    from neume.ui.keys.view import KeyboardView

    application, owner = QApplication([]), panel_rig.PanelOwner()
    with tempfile.TemporaryDirectory() as folder, panel_rig.panel_engine(owner) as engine:
        view = KeyboardView(engine, panel_rig.choices_in(Path(folder)))
        view.resize(1200, 300)
        view.show()
        while not (view.windowHandle().isExposed() and engine.rack):
            application.processEvents()
        key = view.piano.geometry_of_keys.rect(60)
        place = view.piano.mapToGlobal(key.center().toPoint())
        print(int(view.winId()), place.x(), round(place.y() + key.height() / 4), flush=True)

        def wait():
            sys.stdin.read()
            with contextlib.suppress(RuntimeError):
                QMetaObject.invokeMethod(application, "quit", Qt.ConnectionType.QueuedConnection)

        threading.Thread(target=wait, daemon=True).start()
        application.exec()
        view.close()
        time.sleep(0.3)
    notes = [command for _, command in owner.played if isinstance(command, (NoteOn, NoteOff))]
    print(json.dumps([command.key if isinstance(command, NoteOn) else -command.key for command in notes]))


if __name__ == "__main__":
    play_until_the_input_ends()
    sys.stdout.flush()
    os._exit(0)
