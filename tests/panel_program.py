"""A whole panel as a process of its own, to be clicked, frozen and killed by tests, and an engine likewise.

Run as `engine NAME RACK` it is an engine without sound that begins with a rack of that name. Run as `panel
NAME FILE` it opens the panel of the engine NAME with the choices of FILE, and does what its standard input
says, one JSON list a line, each answered by a line:

    ["state"]              what it shows: engine, keeper, rack, message, the keys that are down or light up
    ["place", key]         the middle of a key on the screen, and its colour there now
    ["press", key]         press a key by the mouse, as Qt knows it, and keep it down
    ["load", preset]       load a preset
    ["close"]              close the window
"""

from __future__ import annotations

import panel_rig  # first: it chooses the offscreen platform

# isort: split
import contextlib
import dataclasses
import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

from control_rig import until

from neume.synth.control.address import own_address
from neume.synth.control.client import EngineClient
from neume.synth.control.commands import Quit
from neume.synth.control.door import Door
from neume.synth.control.errors import ControlError
from neume.synth.control.server import ControlServer

PATIENCE_S = 120.0  # an engine takes half a minute to start where the machine is busy


def program(role, *arguments):
    """The command line of this file in one of its roles."""
    return [sys.executable, __file__, role, *map(str, arguments)]


class PanelProcess:
    """The panel called by a test. `environment` is added to this process's own."""

    def __init__(self, name, choices, **environment):
        command = program("panel", name, choices)
        self.environment = {**os.environ, "OMP_NUM_THREADS": "1", **environment}
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=self.environment, text=True
        )

    @property
    def number(self):
        return self._process.pid

    def ask(self, *words):
        self._process.stdin.write(json.dumps(words) + "\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        assert answer, f"the panel has ended with code {self._process.wait(PATIENCE_S)}"
        return json.loads(answer)

    def until(self, condition, patience_s=PATIENCE_S):
        """Wait until what it shows fulfils a condition; returns it."""
        deadline = time.monotonic() + patience_s
        while not condition(state := self.ask("state")):
            assert time.monotonic() < deadline, state
            time.sleep(0.1)
        return state

    def until_it_plays(self):
        return self.until(lambda state: state["engine"] == "playing" and state["rack"])

    def send(self, number):
        """A signal."""
        self._process.send_signal(number)

    def wait(self):
        """Until it has ended; returns its code."""
        return self._process.wait(PATIENCE_S)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        with contextlib.suppress(OSError):
            self._process.send_signal(signal.SIGCONT)
        self._process.kill()
        self._process.communicate()


def end_engine(name):
    """Let an engine quit, if there is one, and wait until it has put everything away."""
    with contextlib.suppress(ControlError), EngineClient.connect(name) as client:
        number = client.process_id
        client.send(Quit())
        until(lambda: not _runs(number), PATIENCE_S)


def _runs(number):
    try:
        stat = Path(f"/proc/{number}/stat").read_text(encoding="utf-8")
    except (FileNotFoundError, ProcessLookupError):
        return False
    return stat.rpartition(")")[2].split()[0] != "Z"


def answer(panel, words):
    """What the program says to one line."""
    from PySide6.QtCore import Qt
    from PySide6.QtTest import QTest

    window, piano = panel.window, panel.window.keyboard.piano
    match words:
        case ["state"]:
            return {
                "engine": panel.engine.state,
                "keeper": panel.keeper.state,
                "restarts": panel.keeper.restarts,
                "engine_process": panel.engine.client.process_id,
                "rack": "" if panel.engine.rack is None else panel.engine.rack.name,
                "message": window.message_bar.text if window.message_bar.isVisible() else "",
                "button": window.message_bar.button.text() if window.message_bar.button.isVisible() else "",
                "lit": sorted({*window.keyboard.hands.keys, *piano._glows}),
            }
        case ["place", key]:
            place = place_of(piano, key)
            screen = panel.application.primaryScreen()
            colour = screen.grabWindow(0, place.x(), place.y(), 1, 1).toImage().pixelColor(0, 0)
            return [int(window.winId()), place.x(), place.y(), colour.name()]
        case ["press", key]:
            place = piano.mapFromGlobal(place_of(piano, key))
            QTest.mousePress(piano, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, place)
        case ["load", preset]:
            from neume.synth.rack.preset_search import open_preset

            panel.engine.load_preset(preset, open_preset(preset))
        case ["close"]:
            window.close()
    return "done"


def place_of(piano, key):
    """On the screen: where a white key is wide, and away from its letter."""
    rect = piano.geometry_of_keys.rect(key)
    return piano.mapToGlobal(rect.center().toPoint()) + _below(rect)


def _below(rect):
    from PySide6.QtCore import QPoint

    return QPoint(0, round(rect.height() * 0.18))


def run(name, choices):
    """The panel, as `neume panel` runs it, and an ear at its standard input."""
    from PySide6.QtCore import QObject, Signal

    from neume.ui.application import make_panel

    class Ear(QObject):
        heard = Signal(str)

        def listen(self):
            for line in sys.stdin:
                self.heard.emit(line)

    panel, ear = make_panel(name, choices), Ear()
    ear.heard.connect(lambda line: print(json.dumps(answer(panel, json.loads(line))), flush=True))
    panel.start()
    threading.Thread(target=ear.listen, daemon=True).start()
    code = panel.application.exec()
    panel.close()
    return code


def serve(name, rack):
    """An engine that keeps a rack and plays nothing, until it is told to quit."""
    owner = panel_rig.PanelOwner(dataclasses.replace(panel_rig.RACK, name=rack))
    with ControlServer(Door(own_address(name)), owner, owner.hear) as server:
        owner.serve(server)


if __name__ == "__main__":
    if sys.argv[1] == "engine":
        serve(sys.argv[2], sys.argv[3])
    else:
        code = run(sys.argv[2], Path(sys.argv[3]))
        os._exit(code)  # the ear waits for its input
