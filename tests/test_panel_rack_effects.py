"""The effects of the rack: what there are, asked outside the panel, and their cards under mouse and keys."""

from __future__ import annotations

import pytest
from panel_rig import PanelOwner, choices_in, panel_engine  # first: it chooses the offscreen platform

# isort: split
import functools
import json
import os
import sys
from dataclasses import replace

from control_rig import own_folders
from hypothesis import given
from hypothesis import strategies as st
from ordinary_floats import floats
from plugin_factory import install_example, install_package
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMainWindow, QMenu

from neume.synth.effects.load import load_effect
from neume.synth.errors import NeumeError
from neume.synth.manifest import Parameter
from neume.synth.plugins import EFFECTS_GROUP
from neume.synth.rack.learn import Mapping
from neume.synth.rack.part import Insert, Part, Rack
from neume.synth.rack.ranges import MAX_INSERTS
from neume.ui.controls.knob import Knob
from neume.ui.controls.value_box import ValueBox
from neume.ui.rack import effect_catalogue
from neume.ui.rack.effect_catalogue import EffectCatalogue
from neume.ui.rack.effect_kinds import EffectKind, answer_line, fault_line, list_kinds, read_answer
from neume.ui.rack.view import RackView

LEFT, CONTROL = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.ControlModifier
BUILT_IN = ("chorus", "delay", "equaliser", "reverb")
RACK = Rack(
    "Band",
    (
        Part("Piano", program=0, inserts=(Insert("equaliser", {"low_db": 3.0}), Insert("reverb"))),
        Part("Bass", program=32, inserts=(Insert("vanished", {"drive": 0.5}),)),
    ),
    inserts=(Insert("delay"),),
    mappings=(Mapping(0, 20, "part.0.insert.1.mix"),),
)
PATIENCE_MS = 60_000  # for a process on a busy machine
folders = pytest.fixture(autouse=True)(own_folders)


@pytest.fixture(autouse=True)
def presets(monkeypatch, folders):
    monkeypatch.setenv("XDG_DATA_HOME", str(folders / "data"))


# --- what there is


@pytest.fixture
def strangers(tmp_path, monkeypatch):
    """Packages of all sorts, installed here and for processes that are started."""
    install_example(tmp_path)
    modules = {
        "ends_all": "import os; os._exit(7)",
        "raises": "raise RuntimeError('no licence')",
        "sleeps": "import time; time.sleep(600)",
        "babbles": 'print(\'{"name": "I am another"}\')\nfrom neume_example.tremolo import Tremolo',
    }
    effects = {name.replace("_", "-"): f"{name}:Tremolo" for name in modules}
    install_package(tmp_path, "strange", {EFFECTS_GROUP: effects}, modules)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")]))


@pytest.fixture
def catalogue(qtbot, qapp):
    found = EffectCatalogue()
    qtbot.waitUntil(lambda: found.ready, timeout=PATIENCE_MS)
    yield found
    found.stop()


def known(qtbot, catalogue, effect_id):
    catalogue.ask(effect_id)

    def told():
        kind = catalogue.kinds[effect_id]
        return kind.parameters is not None or bool(kind.faults)

    qtbot.waitUntil(told, timeout=PATIENCE_MS)
    return catalogue.kinds[effect_id]


def test_listing_imports_nothing(strangers):
    kinds = list_kinds()
    assert {*BUILT_IN, "tremolo", "ends-all"} <= kinds.keys()
    assert kinds["reverb"].built_in
    assert not kinds["tremolo"].built_in
    assert not {"raises", "sleeps", "babbles", "ends_all"} & sys.modules.keys()


def test_built_in_effects_are_known_as_they_are(qtbot, catalogue):
    known(qtbot, catalogue, "reverb")
    for effect_id in BUILT_IN:
        effect, kind = load_effect(effect_id), catalogue.kinds[effect_id]
        assert (kind.name, kind.parameters) == (effect.name, effect.parameters)


def test_strangers_are_asked_in_processes_of_their_own(qtbot, strangers, catalogue):
    tremolo = known(qtbot, catalogue, "tremolo")
    assert {parameter.id for parameter in tremolo.parameters} == {"speed_hz", "depth"}
    assert "has ended its process" in known(qtbot, catalogue, "ends-all").faults[0]
    assert "no licence" in known(qtbot, catalogue, "raises").faults[0]
    assert known(qtbot, catalogue, "babbles").name == tremolo.name
    assert not {"raises", "babbles", "ends_all"} & sys.modules.keys()


def test_one_that_never_answers_is_ended(qtbot, strangers, monkeypatch, catalogue):
    monkeypatch.setattr(effect_catalogue, "PATIENCE_MS", 500)
    assert "has ended its process" in known(qtbot, catalogue, "sleeps").faults[0]


names = st.from_regex(r"[a-z][a-z0-9_]{0,20}", fullmatch=True)


@given(
    st.text(max_size=40),
    st.lists(st.tuples(names, floats(-1e9, 1e9), floats(-1e9, 1e9), floats(-1e9, 1e9)), max_size=9),
)
def test_answers_come_through(name, rows):
    parameters = tuple(
        Parameter(row_id, row_id, "ms", *(sorted(numbers)[place] for place in (0, 2, 1)))
        for row_id, *numbers in rows
    )
    assert read_answer(answer_line(name, parameters), "x") == (" ".join(name.split()), parameters)


def broken(**changes):
    row = {"id": "a", "name": "A", "unit": "", "minimum": 0.0, "maximum": 1.0, "default": 0.5} | changes
    return json.dumps({"name": "X", "parameters": [row]})


@pytest.mark.parametrize(
    "line",
    [
        "",
        "{}",
        "[" * 5000,
        "[]",
        '{"name": 3, "parameters": []}',
        '{"name": "X", "parameters": {}}',
        json.dumps({"name": "X", "parameters": [{}] * 65}),
        broken(id="../a"),
        broken(id=3),
        broken(default=2.0),
        broken(minimum="low"),
        broken(maximum=True),
        broken(maximum=float("inf")),
        broken(name=["A"]),
        '{"name": "' + "x" * 70_000 + '", "parameters": []}',
        fault_line("on purpose"),
        '{"fault": 3}',
    ],
)
def test_what_a_stranger_says_is_checked(line):
    with pytest.raises(NeumeError):
        read_answer(line, "x")


def test_words_are_cut():
    name, (parameter,) = read_answer(broken(name="a\n" * 500), "x")
    assert name == "X"
    assert len(parameter.name) <= 60
    assert "\n" not in parameter.name


# --- the drawer


@functools.cache
def kinds():
    """As a probe would tell them, without waiting for one."""
    loaded = {effect_id: load_effect(effect_id) for effect_id in BUILT_IN}
    return {
        effect_id: EffectKind(effect_id, effect.name, "neume", effect.parameters, built_in=True)
        for effect_id, effect in loaded.items()
    }


@pytest.fixture
def owner():
    return PanelOwner(RACK)


@pytest.fixture
def engine(qapp, qtbot, owner):
    with panel_engine(owner) as model:
        qtbot.waitUntil(lambda: model.rack == RACK)
        yield model


@pytest.fixture
def view(qtbot, engine, tmp_path):
    window, rack_view = QMainWindow(), RackView(engine, choices_in(tmp_path))
    qtbot.waitUntil(lambda: rack_view.effects.catalogue.ready, timeout=PATIENCE_MS)
    rack_view.effects.catalogue._heard(kinds())
    window.setCentralWidget(rack_view)
    window.resize(1100, 760)
    qtbot.addWidget(window)
    window.show()
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    yield rack_view
    qtbot.waitUntil(lambda: not rack_view.presets.desk.library.busy)
    rack_view.effects.catalogue.stop()


@pytest.fixture
def drawer(view):
    QTest.mouseClick(view.row.strips[0].inserts, LEFT)
    assert view.effects.isVisible()
    return view.effects


def effects(rack, owner=0):
    chain = rack.inserts if owner is None else rack.parts[owner].inserts
    return [insert.effect for insert in chain]


def played(qtbot, owner, condition):
    qtbot.waitUntil(lambda: condition(owner.rack))


def press(menu, text):
    chosen = [action for action in menu.actions() if text in action.text()]
    assert len(chosen) == 1
    chosen[0].trigger()
    menu.close()


def test_the_chain_is_shown_with_knobs_in_their_units(drawer):
    assert [card.name for card in drawer.cards] == ["Equaliser", "Reverb"]
    knobs = drawer.cards[0].knobs
    assert knobs["low_db"].text == "+3.0 dB"
    assert knobs["low_hz"].text == "120 Hz"
    assert all(isinstance(knob, Knob) for knob in knobs.values())


def test_a_knob_turns_a_parameter_and_is_undone(qtbot, drawer, owner, engine):
    knob = drawer.cards[1].knobs["size_s"]
    knob.setFocus()
    QTest.keyClick(knob, Qt.Key.Key_End)
    played(qtbot, owner, lambda rack: rack.parts[0].inserts[1].values == {"size_s": 8.0})
    assert engine.undo_stack.undoText() == "Decay to -60 dB of Reverb"
    engine.undo_stack.undo()
    assert knob.amount == 1.8, "the effect's default, since the rack says nothing"


def test_a_turn_makes_no_cards_anew(drawer):
    cards = list(drawer.cards)
    for amount in range(10):
        cards[1].knobs["mix"].turn(amount / 10, "drag")
    assert drawer.cards == cards


def test_a_learnt_knob_moves(qtbot, drawer, owner):
    inserts = (RACK.parts[0].inserts[0], Insert("reverb", {"mix": 0.75}))
    owner.take(replace(RACK, parts=(replace(RACK.parts[0], inserts=inserts), RACK.parts[1])))
    qtbot.waitUntil(lambda: drawer.cards[1].knobs["mix"].amount == 0.75)


def test_bypass(qtbot, drawer, owner, engine):
    QTest.mouseClick(drawer.cards[0].bypass, LEFT)
    played(qtbot, owner, lambda rack: rack.parts[0].inserts[0].bypassed)
    assert engine.undo_stack.undoText() == "bypass of Equaliser"


def test_an_effect_is_added_from_the_menu(qtbot, drawer, owner):
    QTest.mouseClick(drawer.add, LEFT)
    qtbot.waitUntil(lambda: isinstance(QApplication.activePopupWidget(), QMenu))
    press(QApplication.activePopupWidget(), "Chorus")
    played(qtbot, owner, lambda rack: effects(rack) == ["equaliser", "reverb", "chorus"])
    assert drawer.cards[2].knobs["mix"].text == "50 %"


def test_a_full_chain_says_so(qtbot, drawer, engine, owner):
    for _ in range(MAX_INSERTS - 2):
        drawer.insert("delay")
    with qtbot.waitSignal(engine.told) as told:
        drawer.insert("delay")
    assert "remove one first" in told.args[0]
    assert len(drawer.cards) == MAX_INSERTS


def test_effects_change_places_by_button_and_keys_and_controllers_follow(qtbot, drawer, owner):
    assert not drawer.cards[0].left.isEnabled()
    QTest.mouseClick(drawer.cards[0].right, LEFT)
    played(qtbot, owner, lambda rack: effects(rack) == ["reverb", "equaliser"])
    assert owner.rack.mappings[0].target == "part.0.insert.0.mix"
    knob = drawer.cards[0].knobs["mix"]
    knob.setFocus()
    QTest.keyClick(knob, Qt.Key.Key_Right, CONTROL)
    played(qtbot, owner, lambda rack: effects(rack) == ["equaliser", "reverb"])


def test_an_effect_is_removed_and_comes_back(qtbot, drawer, owner, engine):
    QTest.mouseClick(drawer.cards[1].remove, LEFT)
    played(qtbot, owner, lambda rack: effects(rack) == ["equaliser"])
    assert owner.rack.mappings == ()
    engine.undo_stack.undo()
    played(qtbot, owner, lambda rack: rack == RACK)
    assert [card.name for card in drawer.cards] == ["Equaliser", "Reverb"]


def test_an_effect_that_is_not_installed_keeps_its_values_in_reach(qtbot, view, drawer, owner):
    QTest.mouseClick(view.row.strips[1].inserts, LEFT)
    (card,) = drawer.cards
    box = card.knobs["drive"]
    assert isinstance(box, ValueBox)
    assert box.amount == 0.5
    box.turn(0.75)
    played(qtbot, owner, lambda rack: rack.parts[1].inserts[0].values == {"drive": 0.75})


def test_the_master_has_effects_too(qtbot, view, owner):
    QTest.mouseClick(view.master.inserts, LEFT)
    assert view.effects.title.text() == "Effects of Master"
    view.effects.cards[0].knobs["feedback"].turn(0.1)
    played(qtbot, owner, lambda rack: rack.inserts[0].values == {"feedback": 0.1})
    QTest.mouseClick(view.master.inserts, LEFT)
    assert view.effects.isHidden()


def test_the_drawer_goes_with_the_selection_and_closes(view, drawer):
    view.select(1)
    assert drawer.owner == 1
    QTest.mouseClick(drawer.leave, LEFT)
    assert drawer.isHidden()


def test_it_closes_when_its_part_goes(qtbot, view, drawer, engine):
    view.select(1)
    engine.edit("remove", lambda rack: replace(rack, parts=rack.parts[:1], mappings=()))
    assert drawer.isHidden() or drawer.owner == 0


def test_in_a_low_window_the_drawer_takes_the_place_of_the_strips(qtbot, view, drawer):
    view.window().resize(640, 290)
    qtbot.waitUntil(lambda: not view._pages.isVisible())
    assert drawer.isVisible()
    drawer.close_drawer()
    assert view._pages.isVisible()


def test_strips_tell_of_their_effects(view):
    assert view.row.strips[0].inserts.text() == "2 effects"
    assert view.row.strips[1].inserts.text() == "Vanished"
    assert view.master.inserts.text() == "Delay"
