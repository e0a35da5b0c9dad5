"""The window around the views: top bar, tabs, stage mode, theme, and what is found again at a next start."""

from __future__ import annotations

import panel_rig  # first: it chooses the offscreen platform

# isort: split
from dataclasses import replace

import pytest
from control_rig import own_folders
from PySide6.QtCore import Qt

from neume.synth.control.commands import Panic, SetValue
from neume.synth.engine_snapshot import DeviceFacts
from neume.synth.mixer import Meters
from neume.ui.engine_keeper import EngineKeeper
from neume.ui.theme import DARK, LIGHT, theme, use_theme
from neume.ui.window import PanelWindow

folders = pytest.fixture(autouse=True)(own_folders)
LEFT = Qt.MouseButton.LeftButton
CTRL = Qt.KeyboardModifier.ControlModifier
REAL = DeviceFacts("Scarlett 2i2", "ALSA", 48_000, 128)


@pytest.fixture
def owner():
    owner = panel_rig.PanelOwner()
    owner.template = panel_rig.quiet_snapshot(device_facts=REAL)
    return owner


@pytest.fixture
def choices(tmp_path):
    return panel_rig.choices_in(tmp_path)


@pytest.fixture
def engine(qapp, owner):
    with panel_rig.panel_engine(owner) as model:
        yield model


@pytest.fixture
def window(qtbot, qapp, engine, choices):
    use_theme(qapp, choices.now.theme)
    window = PanelWindow(engine, EngineKeeper(engine, list), choices)
    window.show()
    window.activateWindow()
    qtbot.waitUntil(lambda: engine.rack is not None and window.isActiveWindow())
    window.setFocus()
    yield window
    panel_rig.delete(window)
    use_theme(qapp, DARK.name)


def played(owner, kind):
    return [command for _, command in owner.played if isinstance(command, kind)]


def steps(owner):
    return [command.target for command in owner.commands if isinstance(command, SetValue)]


def test_panic_by_a_click_and_by_a_key(qtbot, window, owner):
    qtbot.mouseClick(window.top_bar.panic, LEFT)
    qtbot.waitUntil(lambda: len(played(owner, Panic)) == 1)
    qtbot.keyClick(window, Qt.Key.Key_Escape)
    qtbot.waitUntil(lambda: len(played(owner, Panic)) == 2)


def test_presets_are_stepped_through_by_clicks_and_keys(qtbot, window, owner):
    qtbot.mouseClick(window.top_bar.next, LEFT)
    qtbot.mouseClick(window.top_bar.previous, LEFT)
    qtbot.keyClick(window, Qt.Key.Key_PageDown, CTRL)
    qtbot.keyClick(window, Qt.Key.Key_PageUp, CTRL)
    expected = ["preset.next", "preset.previous"] * 2
    qtbot.waitUntil(lambda: steps(owner) == expected)


def test_a_step_to_another_preset_is_undone_and_says_what_was_not_saved(qtbot, window, engine, owner):
    engine.edit("quieter", lambda rack: replace(rack, gain_db=-9.0))
    left = engine.rack
    qtbot.waitUntil(lambda: owner.rack == left and engine._revision == owner.revision)
    qtbot.mouseClick(window.top_bar.next, LEFT)
    qtbot.waitUntil(lambda: engine.preset == owner.preset != "")
    assert window.top_bar.undo.toolTip() == f"Undo load {engine.rack.name}"
    assert window.message_bar.text == f"The changes of {left.name} are not saved. Undo brings them back."
    qtbot.keyClick(window, Qt.Key.Key_Z, CTRL)
    qtbot.waitUntil(lambda: (owner.rack, owner.preset) == (left, ""))
    assert window.top_bar.title.text() == left.name


def test_an_edit_is_undone_and_done_again(qtbot, window, engine):
    bar = window.top_bar
    assert not bar.undo.isEnabled()
    engine.edit("quieter", lambda rack: replace(rack, gain_db=-9.0))
    assert (bar.undo.isEnabled(), bar.undo.toolTip()) == (True, "Undo quieter")
    qtbot.mouseClick(bar.undo, LEFT)
    assert engine.rack.gain_db == 0.0
    assert (bar.undo.isEnabled(), bar.redo.accessibleName()) == (False, "Redo quieter")
    qtbot.mouseClick(bar.redo, LEFT)
    assert engine.rack.gain_db == -9.0
    qtbot.keyClick(window, Qt.Key.Key_Z, CTRL)
    assert engine.rack.gain_db == 0.0


def test_tabs_are_chosen_by_clicks_and_keys(qtbot, window, choices):
    for number, name in enumerate(window.views):
        qtbot.keyClick(window, Qt.Key(Qt.Key.Key_1 + number), CTRL)
        assert window.views[name].isVisible()
        assert choices.now.view == name
    bar = window.tabs.tabBar()
    qtbot.mouseClick(bar, LEFT, pos=bar.tabRect(0).center())
    assert window.rack.isVisible()


def test_stage_mode_and_back(qtbot, window):
    qtbot.mouseClick(window.top_bar.stage, LEFT)
    assert window.on_stage
    assert window.isFullScreen()
    assert not window.keyboard.isVisible()
    qtbot.keyClick(window, Qt.Key.Key_F11)
    assert not window.on_stage
    assert not window.isFullScreen()
    qtbot.keyClick(window, Qt.Key.Key_F11)
    qtbot.mouseClick(window.stage.leave, LEFT)
    assert not window.on_stage


def test_dark_and_light(qtbot, window, choices):
    assert theme() is DARK
    qtbot.mouseClick(window.top_bar.look, LEFT)
    assert (theme(), choices.now.theme) == (LIGHT, "light")
    qtbot.mouseClick(window.top_bar.look, LEFT)
    assert theme() is DARK


def test_the_level_falls_and_a_clip_stays_until_a_click(qtbot, window, owner):
    level = window.top_bar.level
    loud = Meters((1.0,), (0.5,), 1.0, 1.0)
    owner.template = replace(owner.template, meters=loud)
    qtbot.waitUntil(lambda: level.clipped and level.level_db == 0.0)
    owner.template = replace(owner.template, meters=Meters((0.0,), (0.0,), 0.0, 1.0))
    qtbot.waitUntil(lambda: level.level_db < -3.0)
    assert level.clipped
    qtbot.mouseClick(level, LEFT)
    assert not level.clipped


@pytest.mark.parametrize(
    ("changes", "told", "look"),
    [
        ({}, "ms", "dim"),
        ({"device_state": "back"}, "ms", "dim"),
        ({"device_state": "lost"}, "audio device lost", "alarm"),
        ({"device_state": "waiting"}, "audio device lost", "alarm"),
        ({"device_facts": DeviceFacts("paced clock", "", 48_000, 128)}, "no audio device", "warning"),
    ],
)
def test_the_top_bar_tells_what_is_heard(qtbot, window, owner, changes, told, look):
    owner.template = replace(owner.template, **changes)
    state = window.top_bar.state
    qtbot.waitUntil(lambda: state.text().endswith(told) and state.property("look") == look)


def test_size_view_and_theme_are_found_again(qtbot, window, engine, choices):
    window.resize(960, 701)  # a screen of 800 by 800 has no room for more
    window.show_view("time")
    window.toggle_theme()
    window.set_stage(True)
    window.close()
    kept = type(choices)(choices.path)
    again = PanelWindow(engine, EngineKeeper(engine, list), kept)
    assert (again.width(), again.height()) == (960, 701)
    assert again.tabs.currentWidget() is again.views["time"]
    assert not again.isFullScreen()
    assert kept.now.theme == LIGHT.name
    panel_rig.delete(again)
