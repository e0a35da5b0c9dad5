"""`neume`, `neume panel` and `neume panel --screenshot` as a user meets them."""

from __future__ import annotations

import panel_rig

# isort: split
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from control_rig import own_folders, until
from PySide6.QtGui import QImage

from neume.synth.cli import has_display
from neume.synth.control.address import own_address
from neume.synth.control.commands import GetRack
from neume.synth.control.door import Door
from neume.synth.control.server import ControlServer
from neume.ui.screenshots import SHOTS
from neume.ui.window import SIZE

NEUME = str(Path(sys.executable).parent / "neume")
PATIENCE_S = 240.0
DISPLAYS = ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")
ERROR_LINES = 1

folders = pytest.fixture(autouse=True)(own_folders)


def environment(**values):
    plain = {name: value for name, value in os.environ.items() if name not in DISPLAYS}
    return {**plain, "OMP_NUM_THREADS": "1", "COLUMNS": "100", **values}


def neume(*arguments, **values):
    command = [NEUME, *map(str, arguments)]
    return subprocess.run(
        command, capture_output=True, text=True, env=environment(**values), timeout=PATIENCE_S
    )


@pytest.fixture
def engine():
    """The one that the panel looks for if nobody says otherwise."""
    owner = panel_rig.PanelOwner()
    with ControlServer(Door(own_address("main")), owner, owner.hear) as server:
        thread = threading.Thread(target=owner.serve, args=(server,))
        thread.start()
        yield owner
        owner.stopping.set()
        thread.join()


@pytest.mark.parametrize("arguments", [(), ("panel",)])
def test_the_panel_opens_and_leaves_the_engine_alone(engine, arguments):
    panel = subprocess.Popen([NEUME, *arguments], env=environment(QT_QPA_PLATFORM="offscreen"))
    try:
        until(lambda: engine.commands, PATIENCE_S)  # it asks for the rack
        panel.send_signal(signal.SIGTERM)
        assert panel.wait(PATIENCE_S) == 0
    finally:
        panel.kill()
        panel.wait()
    assert not engine.stopping.is_set()
    assert {type(command) for command in engine.commands} == {GetRack}


@pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="they always have a display")
def test_without_a_display_neume_alone_tells_what_there_is():
    done = neume()
    assert done.returncode == 0
    assert "render" in done.stdout
    assert done.stdout.rstrip() == neume("--help").stdout.rstrip()
    assert len(done.stderr.splitlines()) == ERROR_LINES
    assert "there is no display here" in done.stderr


@pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="they always have a display")
def test_without_a_display_the_panel_says_so_in_a_line():
    done = neume("panel")
    assert (done.returncode, len(done.stderr.splitlines())) == (1, ERROR_LINES)
    assert "needs a display" in done.stderr


@pytest.mark.parametrize(
    ("platform", "named", "has"),
    [
        ("win32", {}, True),
        ("darwin", {}, True),
        ("linux", {}, False),
        ("linux", {"DISPLAY": ""}, False),
        ("linux", {"DISPLAY": ":0"}, True),
        ("linux", {"WAYLAND_DISPLAY": "wayland-0"}, True),
        ("freebsd14", {"QT_QPA_PLATFORM": "offscreen"}, True),
    ],
)
def test_where_a_window_can_be(platform, named, has):
    assert has_display(platform, named) is has


def test_pictures_of_every_view(tmp_path, folders):
    done = neume("panel", "--screenshot", tmp_path / "shots", XDG_DATA_HOME=str(tmp_path / "data"))
    assert done.returncode == 0, done.stderr
    told = [Path(line) for line in done.stdout.splitlines()]
    assert told == [tmp_path / "shots" / f"{shot.name}.png" for shot in SHOTS]
    pictures = [QImage(str(path)) for path in told]
    assert {(picture.width(), picture.height()) for picture in pictures} == {(SIZE.width(), SIZE.height())}
    assert len({bytes(picture.constBits()) for picture in pictures}) == len(SHOTS)
    state = Path(os.environ["XDG_STATE_HOME"])
    assert not list(state.rglob("*.toml")), "no session and no choices of the user's are written"
    assert not list(folders.rglob("engine-*.sock")), "its engine has ended"


def test_pictures_that_cannot_be_saved_are_told_in_a_line(tmp_path):
    (tmp_path / "file").write_text("")
    done = neume("panel", "--screenshot", tmp_path / "file" / "shots")
    assert (done.returncode, len(done.stderr.splitlines())) == (1, ERROR_LINES), done.stderr
    assert "cannot be made" in done.stderr
    assert neume("panel", "--screenshot", tmp_path / "file").returncode == 2
