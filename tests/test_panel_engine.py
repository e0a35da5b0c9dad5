"""The panel's model of the engine: its rack follows the engine's, edits are undone, faults are told."""

from __future__ import annotations

import pytest
from panel_rig import RACK, PanelOwner, panel_engine  # first: it chooses the offscreen platform

# isort: split
from dataclasses import replace

from control_rig import own_folders

from neume.synth.control.commands import GetRack, LoadPreset, SetRack, SetValue
from neume.synth.rack.knobs import value_of
from neume.synth.rack.part import Part, Rack, removed
from neume.synth.rack.preset_search import open_preset

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


# --- another preset is a step of undo, whoever has loaded it

YOURS = Rack("Yours", (Part("Bass", program=32),))


def both(engine, owner, rack, preset):
    """Whether the panel and the engine agree."""
    return lambda: (engine.rack, engine.preset) == (owner.rack, owner.preset) == (rack, preset)


def test_a_preset_of_a_footswitch_is_a_step_of_undo_that_keeps_what_was_not_saved(qtbot, owner, engine):
    owner.take(RACK, "mine")
    qtbot.waitUntil(both(engine, owner, RACK, "mine"))
    changed = replace(RACK, gain_db=-3.0)
    engine.edit("gain", lambda _rack: changed)
    qtbot.waitUntil(both(engine, owner, changed, "mine"))
    qtbot.waitUntil(lambda: engine._revision == owner.revision)
    owner.take(YOURS, "yours")
    qtbot.waitUntil(both(engine, owner, YOURS, "yours"))
    assert engine.undo_stack.undoText() == "load Yours"
    engine.undo_stack.undo()
    qtbot.waitUntil(both(engine, owner, changed, "mine"))
    engine.undo_stack.redo()
    qtbot.waitUntil(both(engine, owner, YOURS, "yours"))
    engine.undo_stack.undo()
    engine.undo_stack.undo()
    qtbot.waitUntil(both(engine, owner, RACK, "mine"))
    qtbot.wait(60)  # what comes back from the engine is no step more
    assert (engine.undo_stack.count(), engine.undo_stack.index()) == (2, 0)


def test_next_and_previous_go_on_from_the_preset_that_undo_brings_back(qtbot, owner, engine):
    organ = open_preset("organ")
    owner.take(organ, "organ")
    qtbot.waitUntil(both(engine, owner, organ, "organ"))
    for target, name in (("preset.next", "split-bass-piano"), ("preset.previous", "marimba")):
        qtbot.wait(100)  # snapshots in which nothing changes: what is played has settled
        engine.post(SetValue(target=target, value=1.0))
        expected = "orchestra" if name == "marimba" else name
        qtbot.waitUntil(both(engine, owner, open_preset(expected), expected))
        engine.undo_stack.undo()
        qtbot.waitUntil(both(engine, owner, organ, "organ"))


def test_a_preset_that_is_loaded_here_is_one_step_too(qtbot, owner, engine):
    owner.take(RACK, "mine")
    qtbot.waitUntil(both(engine, owner, RACK, "mine"))
    organ = open_preset("organ")
    engine.load_preset("organ", organ)
    assert (engine.rack, engine.preset) == (organ, "organ")
    qtbot.waitUntil(both(engine, owner, organ, "organ"))
    qtbot.wait(60)
    assert engine.undo_stack.count() == 1
    assert LoadPreset("organ") in owner.commands
    engine.undo_stack.undo()
    qtbot.waitUntil(both(engine, owner, RACK, "mine"))


def test_a_preset_that_the_engine_refuses_leaves_what_is_played(qtbot, owner, engine):
    owner.take(RACK, "mine")
    qtbot.waitUntil(both(engine, owner, RACK, "mine"))
    owner.refuses = LoadPreset
    with qtbot.waitSignal(engine.told):
        engine.load_preset("organ", open_preset("organ"))
    qtbot.waitUntil(both(engine, owner, RACK, "mine"))
    assert engine.undo_stack.count() == 1, "the step that failed, and none back"


def test_a_learnt_knob_is_no_step_of_undo(qtbot, owner, engine):
    qtbot.waitUntil(shown(engine, RACK))
    for gain_db in range(-8, 0):
        owner.take(replace(RACK, gain_db=float(gain_db)))
        qtbot.wait(5)
    qtbot.waitUntil(lambda: engine.rack.gain_db == -1.0)
    assert engine.undo_stack.count() == 0


class Sudden(PanelOwner):
    """Goes to another preset between a snapshot and the question for its rack."""

    sudden = False

    def carry_out(self, command):
        if isinstance(command, GetRack) and self.sudden:
            self.sudden = False
            self.take(YOURS, "yours")
        return super().carry_out(command)


def test_a_preset_that_comes_while_a_knob_turns_can_be_undone(qtbot, qapp):
    owner = Sudden(RACK, "mine")
    with panel_engine(owner) as engine:
        qtbot.waitUntil(both(engine, owner, RACK, "mine"))
        owner.sudden = True
        owner.take(replace(RACK, gain_db=-1.0))  # by the knob
        qtbot.waitUntil(both(engine, owner, YOURS, "yours"))
        assert engine.undo_stack.undoText() == "load Yours"
        engine.undo_stack.undo()
        qtbot.waitUntil(both(engine, owner, RACK, "mine"))


def test_what_is_saved_under_another_name_is_called_so_without_being_loaded(qtbot, owner, engine):
    owner.take(RACK, "mine")
    qtbot.waitUntil(both(engine, owner, RACK, "mine"))
    engine.call_preset("louder")
    qtbot.waitUntil(both(engine, owner, RACK, "louder"))
    assert engine.undo_stack.count() == 0
