"""What goes wrong between panel and engine: each dies or hangs, the other goes on, the performer is told."""

from __future__ import annotations

import panel_program  # first: it chooses the offscreen platform
import panel_rig

# isort: split
import contextlib
import os
import signal
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest
from control_rig import own_folders
from PySide6.QtCore import Qt

import neume.presets
from neume.synth.control.address import own_address
from neume.synth.control.client import EngineClient
from neume.synth.control.commands import GetRack, PlayFile, Quit, Subscribe, Transport
from neume.synth.control.door import Door
from neume.synth.control.errors import ControlError
from neume.synth.control.launch import launch_engine
from neume.synth.control.rack_told import read_told
from neume.synth.control.server import ControlServer
from neume.ui.application import make_panel
from neume.ui.engine_keeper import FAILED, FOUND, engine_command
from neume.ui.engine_model import GONE, HANGING, PLAYING

NAME = "faults"
PATIENCE_S = 120.0  # an engine takes half a minute to start where the machine is busy
PATIENCE_MS = 60_000
KEY = 108  # the highest, which the song has not


@pytest.fixture(scope="module", autouse=True)
def folders():
    with pytest.MonkeyPatch.context() as patch:
        yield from own_folders(patch)


@contextlib.contextmanager
def opened(folder, command):
    """A whole panel in this process, which starts its engine by `command`, or as it would; all ended."""
    with panel_rig.collected_here():
        panel = make_panel(NAME, folder / "panel.toml", None if command is None else lambda: command)
        panel.start()
        try:
            yield panel
        finally:
            panel.keeper.stop()
            while panel.keeper._starting:  # or it would stay behind
                panel.application.processEvents()
            with contextlib.suppress(ControlError):
                panel.engine.client.send(Quit())
            panel.close()
            panel_rig.delete(panel.window)
            if panel.keeper.engine is not None:
                panel.keeper.engine.stop()


@pytest.fixture
def panel(qapp, tmp_path):
    """With an engine that begins with a rack of its own each time."""
    with opened(tmp_path, panel_program.program("engine", NAME, "the engine's own")) as panel:
        yield panel


def plays(panel):
    return lambda: panel.engine.state == PLAYING and panel.engine.rack is not None


def told(panel):
    return panel.window.message_bar.text if panel.window.message_bar.isVisible() else ""


def rack_of(panel):
    """What the engine plays, asked from elsewhere."""
    with EngineClient.connect(NAME) as client:
        return read_told(client.send(GetRack()).text).rack


def kill_engine(panel, how=signal.SIGKILL):
    number = panel.engine.client.process_id
    os.kill(number, how)
    return number


def test_without_an_engine_one_is_started(qtbot, panel):
    qtbot.waitUntil(lambda: "being started" in told(panel), timeout=PATIENCE_MS)
    qtbot.waitUntil(plays(panel), timeout=PATIENCE_MS)
    assert told(panel) == ""
    assert (panel.keeper.state, panel.keeper.restarts) == (FOUND, 0)
    assert panel.engine.rack.name == "the engine's own"


def test_a_killed_engine_is_told_and_the_next_one_plays_what_is_shown(qtbot, panel):
    qtbot.waitUntil(plays(panel), timeout=PATIENCE_MS)
    panel.engine.edit("name", lambda rack: replace(rack, name="tonight"))
    qtbot.waitUntil(lambda: rack_of(panel).name == "tonight", timeout=PATIENCE_MS)
    dead = kill_engine(panel)
    qtbot.waitUntil(lambda: panel.engine.state == GONE, timeout=PATIENCE_MS)
    assert "has ended" in told(panel)
    panel.engine.edit("gain", lambda rack: replace(rack, gain_db=-7.0))
    qtbot.waitUntil(plays(panel), timeout=PATIENCE_MS)
    assert panel.engine.client.process_id != dead
    qtbot.waitUntil(lambda: rack_of(panel) == panel.engine.rack, timeout=PATIENCE_MS)
    assert (panel.engine.rack.name, panel.engine.rack.gain_db) == ("tonight", -7.0)
    assert (told(panel), panel.keeper.restarts) == ("", 1)
    panel.engine.undo_stack.undo()
    qtbot.waitUntil(lambda: rack_of(panel).gain_db == 0.0, timeout=PATIENCE_MS)
    assert rack_of(panel).name == "tonight"


def test_an_engine_that_hangs_is_told_and_the_button_restarts_it(qtbot, panel):
    qtbot.waitUntil(plays(panel), timeout=PATIENCE_MS)
    panel.engine.edit("name", lambda rack: replace(rack, name="tonight"))
    qtbot.waitUntil(lambda: rack_of(panel).name == "tonight", timeout=PATIENCE_MS)
    hung = kill_engine(panel, signal.SIGSTOP)
    qtbot.waitUntil(lambda: panel.engine.state == HANGING, timeout=PATIENCE_MS)
    assert "does not answer" in told(panel)
    qtbot.mouseClick(panel.window.message_bar.button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: panel.engine.state == GONE, timeout=PATIENCE_MS)
    qtbot.waitUntil(plays(panel), timeout=PATIENCE_MS)
    assert panel.engine.client.process_id != hung
    qtbot.waitUntil(lambda: rack_of(panel).name == "tonight", timeout=PATIENCE_MS)
    assert told(panel) == ""


def test_an_engine_that_only_hung_for_a_while_is_left_alone(qtbot, panel):
    qtbot.waitUntil(plays(panel), timeout=PATIENCE_MS)
    hung = kill_engine(panel, signal.SIGSTOP)
    qtbot.waitUntil(lambda: panel.engine.state == HANGING, timeout=PATIENCE_MS)
    os.kill(hung, signal.SIGCONT)
    qtbot.waitUntil(plays(panel), timeout=PATIENCE_MS)
    assert (panel.engine.client.process_id, panel.keeper.restarts, told(panel)) == (hung, 0, "")


def test_an_engine_that_cannot_be_started_is_told_and_tried_again(qtbot, tmp_path):
    with opened(tmp_path, [sys.executable, "-c", "raise SystemExit('no such bundle')"]) as panel:
        qtbot.waitUntil(lambda: panel.keeper.state == FAILED, timeout=PATIENCE_MS)
        assert "cannot be started" in told(panel)
        assert "no such bundle" in told(panel)
        qtbot.mouseClick(panel.window.message_bar.button, Qt.MouseButton.LeftButton)
        assert panel.keeper.state != FAILED
        qtbot.waitUntil(lambda: panel.keeper.state == FAILED, timeout=PATIENCE_MS)


def test_a_bundle_that_has_gone_does_not_keep_the_engine_from_starting(qtbot, tmp_path):
    """The real engine, which does not get far."""
    (tmp_path / "panel.toml").write_text('bundle = "uninstalled"\n')
    with opened(tmp_path, None) as panel:
        qtbot.waitUntil(lambda: panel.keeper.state == FAILED, timeout=PATIENCE_MS)
        assert "bundle uninstalled: not found" in told(panel)
        assert "usual" in panel.window.message_bar.button.text()
        panel.keeper._command = lambda: panel_program.program("engine", NAME, "the engine's own")
        qtbot.mouseClick(panel.window.message_bar.button, Qt.MouseButton.LeftButton)
        assert panel.choices.now.bundle == ""
        qtbot.waitUntil(plays(panel), timeout=PATIENCE_MS)


def test_an_engine_that_was_only_out_of_reach_knows_its_rack_better(qtbot, qapp):
    """A panel that was too slow is cut off; a footswitch has changed the rack meanwhile."""
    owner, other = panel_rig.PanelOwner(), replace(panel_rig.RACK, name="by footswitch")
    model = panel_rig.EngineModel(EngineClient(NAME))
    model.start()
    for rack in (panel_rig.RACK, other):
        owner.take(rack)
        owner.stopping.clear()
        with ControlServer(Door(own_address(NAME)), owner, owner.hear) as server:
            thread = threading.Thread(target=owner.serve, args=(server,))
            thread.start()
            qtbot.waitUntil(lambda rack=rack: model.rack == rack, timeout=PATIENCE_MS)
            owner.stopping.set()
            thread.join()
        qtbot.waitUntil(lambda: model.state == GONE, timeout=PATIENCE_MS)
    model.stop()
    assert owner.rack == other


class Heard:
    """The real engine, which plays a song over and over, heard from a process that is no panel."""

    def __init__(self, client):
        self.client = client

    def until(self, happened):
        deadline = time.monotonic() + PATIENCE_S
        while self.client.latest is None or not happened(self.client.latest):
            assert time.monotonic() < deadline, self.client.latest
            time.sleep(0.02)
        return self.client.latest

    def goes_on(self, seconds=2.0):
        """Blocks are made and played for so long, and there is sound in them."""
        begin = self.client.latest
        self.until(lambda now: now.played_s > begin.played_s + seconds and now.blocks > begin.blocks + 50)
        self.until(lambda now: now.meters.master_peak > 1e-3)


@pytest.fixture(scope="module")
def heard(folders):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JACK_DEFAULT_SERVER", "neume-none")
        patch.setenv("JACK_NO_START_SERVER", "1")
        patch.setenv("XDG_DATA_HOME", str(folders / "data"))
        patch.setenv("OMP_NUM_THREADS", "1")
        choices = panel_rig.choices_in(folders).now
        command = engine_command("real", choices, "--preset", "organ", "--streams", "1")
        launch_engine("real", command, PATIENCE_S)
        with EngineClient.connect("real", PATIENCE_S) as client:
            client.post(Subscribe(30.0))
            _play_song(client)
            yield Heard(client)
        panel_program.end_engine("real")


def _play_song(client):
    assert client.send(PlayFile(Path(neume.presets.__path__[0]) / "demo.mid")).done
    assert client.send(Transport("play", position_s=18.0, loop=True)).done


@contextlib.contextmanager
def holding(heard, folder):
    """A panel as a process of its own, which holds a key down."""
    with panel_program.PanelProcess("real", folder / "panel.toml") as panel:
        assert panel.until_it_plays()["engine_process"] == heard.client.process_id
        panel.ask("press", KEY)
        heard.until(lambda now: KEY in now.keys_down)
        yield panel


@pytest.mark.parametrize("how", ["closed", "killed", "frozen"])
def test_the_sound_goes_on_without_the_panel(heard, tmp_path, how):
    with holding(heard, tmp_path) as panel:
        if how == "closed":
            panel.ask("close")
            assert panel.wait() == 0
        else:
            panel.send(signal.SIGKILL if how == "killed" else signal.SIGSTOP)
        heard.goes_on()
        if how == "frozen":
            panel.send(signal.SIGCONT)
            assert panel.until_it_plays()["restarts"] == 0, "the panel is itself again"
            panel.send(signal.SIGSTOP)
            panel.send(signal.SIGKILL)
        heard.until(lambda now: KEY not in now.keys_down)
        heard.goes_on()


def test_a_killed_engine_comes_back_with_the_rack_and_the_preset(heard, tmp_path):
    """The real one, which has had no time to keep its session."""
    with panel_program.PanelProcess("real", tmp_path / "panel.toml") as panel:
        panel.until_it_plays()
        panel.ask("load", "string-layer")
        before = heard.until(lambda now: now.preset == "string-layer" and len(now.parts) == 2)
        panel.until(lambda state: state["rack"] == before.rack)
        dead = heard.client.process_id
        os.kill(dead, signal.SIGKILL)
        assert "has ended" in panel.until(lambda state: state["engine"] == GONE)["message"]
        panel.until(lambda state: state["engine"] == PLAYING)
        heard.until(lambda now: (now.rack, now.preset, len(now.parts)) == (before.rack, before.preset, 2))
        assert heard.client.process_id != dead
        assert panel.ask("state")["message"] == ""
