"""The panel's model of the engine: its rack follows the engine's, edits are undone, faults are told."""

from __future__ import annotations

import pytest
from panel_rig import RACK, PanelOwner, panel_engine  # first: it chooses the offscreen platform

# isort: split
from dataclasses import replace

from control_rig import own_folders

from neume.synth.control.commands import SetRack, SetValue
from neume.synth.rack.knobs import value_of
from neume.synth.rack.part import removed

folders = pytest.fixture(autouse=True)(own_folders)


@pytest.fixture
def owner():
    return PanelOwner()


@pytest.fixture
def engine(qapp, owner):
    with panel_engine(owner) as model:
        yield model


def shown(engine, rack):
    return lambda: engine.rack == rack


def test_the_engines_rack_is_shown(qtbot, engine):
    qtbot.waitUntil(shown(engine, RACK))


def test_what_changes_in_the_engine_is_shown(qtbot, owner, engine):
    qtbot.waitUntil(shown(engine, RACK))
    turned = replace(RACK, gain_db=-3.0)
    owner.take(turned)
    qtbot.waitUntil(shown(engine, turned))


def test_an_edit_is_shown_at_once_and_played_soon(qtbot, owner, engine):
    qtbot.waitUntil(shown(engine, RACK))
    engine.edit("remove a part", lambda rack: removed(rack, 1))
    assert engine.rack == removed(RACK, 1)
    qtbot.waitUntil(lambda: owner.rack == removed(RACK, 1))


def test_undo_and_redo_reach_the_engine(qtbot, owner, engine):
    qtbot.waitUntil(shown(engine, RACK))
    engine.edit("remove a part", lambda rack: removed(rack, 1))
    engine.undo_stack.undo()
    qtbot.waitUntil(lambda: owner.rack == RACK and owner.revision == 3)
    engine.undo_stack.redo()
    qtbot.waitUntil(lambda: owner.rack == removed(RACK, 1))


def test_a_gesture_is_one_step_of_undo_and_few_commands(qtbot, owner, engine):
    qtbot.waitUntil(shown(engine, RACK))
    for step in range(500):
        engine.set_value("volume", "part.0.volume_db", -step / 100, gesture="drag 1")
    assert engine.undo_stack.count() == 1
    qtbot.waitUntil(lambda: value_of(owner.rack, "part.0.volume_db") == pytest.approx(-4.99))
    assert len([c for c in owner.commands if isinstance(c, SetValue)]) < 50
    engine.undo_stack.undo()
    qtbot.waitUntil(lambda: owner.rack == RACK)


def test_the_last_of_two_quick_edits_wins(qtbot, owner, engine):
    """A rack that the engine tells between them must not come back."""
    qtbot.waitUntil(shown(engine, RACK))
    for gain_db in range(20):
        engine.edit("gain", lambda rack, gain_db=gain_db: replace(rack, gain_db=-float(gain_db)))
        qtbot.wait(3)
        assert engine.rack.gain_db == -float(gain_db)
    qtbot.waitUntil(lambda: owner.rack.gain_db == -19.0)
    qtbot.wait(100)
    assert engine.rack.gain_db == -19.0


def test_what_the_engine_refuses_is_told_and_taken_back(qtbot, owner, engine):
    qtbot.waitUntil(shown(engine, RACK))
    owner.refuses = SetRack
    with qtbot.waitSignal(engine.told) as told:
        engine.edit("remove a part", lambda rack: removed(rack, 1))
    assert "refused" in told.args[0]
    qtbot.waitUntil(shown(engine, RACK))


def test_an_impossible_edit_is_told_and_not_sent(qtbot, owner, engine):
    qtbot.waitUntil(shown(engine, RACK))
    with qtbot.waitSignal(engine.told) as told:
        engine.edit("remove a part", lambda rack: removed(rack, 7))
    assert "part 7" in told.args[0]
    assert engine.undo_stack.count() == 0
