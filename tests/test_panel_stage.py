"""Stage mode by key, finger and footswitch: what it plays, what it shows, and what it says in trouble."""

from __future__ import annotations

import pytest
from panel_rig import PanelOwner, choices_in, delete, panel_engine, quiet_snapshot

# isort: split
import dataclasses
import functools

from control_rig import own_folders, until
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QFont, QFontMetricsF, QKeyEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QPushButton, QStackedWidget

from neume.synth.control.commands import Panic, SetValue
from neume.synth.engine_snapshot import PartActivity, RecordingState
from neume.synth.mixer import Meters
from neume.synth.rack.part import Part, Rack
from neume.synth.rack.preset_search import list_presets, open_preset, preset_after
from neume.synth.shedding import Load
from neume.synth.underrun import ADVICE, Underrun
from neume.ui.engine_model import GONE, HANGING, PLAYING
from neume.ui.stage.big_text import SMALLEST_PX, fitted
from neume.ui.stage.preset_titles import PresetTitles, good_titles, title_after
from neume.ui.stage.trouble import RECENT_S, Kind, Trouble, TroubleWatch
from neume.ui.stage.trouble_board import TroubleBoard
from neume.ui.stage.view import StageView
from neume.ui.timing.wordings import advice

folders = pytest.fixture(autouse=True)(own_folders)


@pytest.fixture
def owner():
    return PanelOwner(open_preset("organ"), "organ")


@pytest.fixture
def engine(qapp, owner):
    with panel_engine(owner) as model:
        yield model


@pytest.fixture
def stage(qtbot, engine, tmp_path):
    view = StageView(engine, choices_in(tmp_path))
    view.resize(960, 640)
    view.show()
    view.activateWindow()
    qtbot.waitUntil(lambda: view.isActiveWindow() and view.title.text == "Organ" and bool(view.next.name))
    yield view
    qtbot.waitUntil(lambda: not view.titles._reading)
    delete(view)


@functools.cache
def touch_screen():
    """One for all tests, since Qt keeps pointing at it."""
    return QTest.createTouchDevice()


def press(stage, key):
    QTest.keyClick(stage.windowHandle(), key)


def title(steps, of="organ"):
    return open_preset(preset_after(of, steps)).name


def test_the_preset_and_its_neighbours_are_named(qtbot, stage):
    qtbot.waitUntil(lambda: stage.next.name == title(1))
    assert stage.previous.name == title(-1)
    assert stage.next.accessibleName() == f"Next ›: {title(1)}"


@pytest.mark.parametrize("key", ["Right", "Down", "PageDown", "Space"])
def test_a_key_goes_to_the_next_preset(qtbot, stage, key):
    press(stage, getattr(Qt.Key, f"Key_{key}"))
    qtbot.waitUntil(lambda: stage.title.text == title(1))
    qtbot.waitUntil(lambda: stage.next.name == title(2) and stage.previous.name == "Organ")


@pytest.mark.parametrize("key", ["Left", "Up", "PageUp", "Backspace"])
def test_a_key_goes_to_the_previous_preset(qtbot, stage, key):
    press(stage, getattr(Qt.Key, f"Key_{key}"))
    qtbot.waitUntil(lambda: stage.title.text == title(-1))


def test_undo_brings_back_what_was_left_by_mistake(qtbot, stage, engine):
    qtbot.wait(100)  # snapshots in which nothing changes: what is played has settled
    press(stage, Qt.Key.Key_Right)
    qtbot.waitUntil(lambda: stage.title.text == title(1))
    QTest.keyClick(stage.windowHandle(), Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: stage.title.text == "Organ" and engine.preset == "organ")


@pytest.mark.parametrize("told", [True, False])
def test_a_foot_that_rests_on_a_pedal_steps_once(qtbot, stage, owner, told):
    """Qt does not always tell that a key repeats; the times do."""
    begin_ms = 1000

    def send(kind, at_ms, repeated):
        event = QKeyEvent(kind, Qt.Key.Key_PageDown, Qt.KeyboardModifier.NoModifier, 117, 1, 0, "", repeated)
        event.setTimestamp(at_ms)
        QApplication.sendEvent(stage.windowHandle(), event)

    for foot_ms in (begin_ms, begin_ms + 5000):
        send(QEvent.Type.KeyPress, foot_ms, False)
        for repeat_ms in range(foot_ms + 600, foot_ms + 1000, 40):
            send(QEvent.Type.KeyRelease, repeat_ms, told)
            send(QEvent.Type.KeyPress, repeat_ms, told)
        send(QEvent.Type.KeyRelease, foot_ms + 1000, False)
    qtbot.waitUntil(lambda: stage.title.text == title(2))
    qtbot.wait(50)
    assert len([command for command in owner.commands if isinstance(command, SetValue)]) == 2


def test_keys_are_the_stages_whichever_button_has_the_focus(qtbot, stage):
    presses = ((stage.panic, Qt.Key.Key_Space), (stage.leave, Qt.Key.Key_Right))
    for steps, (button, key) in enumerate(presses, 1):
        button.setFocus()
        press(stage, key)
        qtbot.waitUntil(lambda steps=steps: stage.title.text == title(steps))


def test_buttons_step_by_mouse_finger_and_return(qtbot, stage):
    QTest.mouseClick(stage.next, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: stage.title.text == title(1))
    middle = stage.previous.rect().center()
    QTest.touchEvent(stage.previous, touch_screen()).press(0, middle, stage.previous)
    QTest.touchEvent(stage.previous, touch_screen()).release(0, middle, stage.previous)
    qtbot.waitUntil(lambda: stage.title.text == title(0))
    stage.previous.setFocus()
    press(stage, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: stage.title.text == title(-1))


def panics(owner):
    return [command for _, command in owner.played if isinstance(command, Panic)]


@pytest.mark.parametrize("key", ["P", "Delete"])
def test_panic_has_a_key_and_says_which(stage, owner, key):
    press(stage, getattr(Qt.Key, f"Key_{key}"))
    until(lambda: len(panics(owner)) == 1)
    assert key in stage.panic.keys


def test_panic_is_a_big_button(stage, owner):
    QTest.mouseClick(stage.panic, Qt.MouseButton.LeftButton)
    until(lambda: len(panics(owner)) == 1)
    assert min(stage.panic.width(), stage.panic.height()) >= 100


def test_escape_leaves_and_silences_nothing(qtbot, stage, owner):
    with qtbot.waitSignal(stage.left):
        press(stage, Qt.Key.Key_Escape)
    with qtbot.waitSignal(stage.left):
        QTest.mouseClick(stage.leave, Qt.MouseButton.LeftButton)
    qtbot.wait(30)
    assert not panics(owner)


def test_its_keys_are_the_desks_while_it_is_hidden(qtbot, engine, owner, tmp_path):
    pages = QStackedWidget()
    stage, desk = StageView(engine, choices_in(tmp_path)), QPushButton("desk")
    pages.addWidget(desk)
    pages.addWidget(stage)
    pages.show()
    pages.activateWindow()
    qtbot.waitUntil(pages.isActiveWindow)
    with qtbot.assertNotEmitted(stage.left, wait=100):
        for key in (Qt.Key.Key_Escape, Qt.Key.Key_PageDown, Qt.Key.Key_P):
            press(pages, key)
    assert not panics(owner)
    qtbot.waitUntil(lambda: stage.title.text == "Organ")  # it follows the rack, though
    delete(pages)


def test_footswitches_are_learnt_on_the_buttons(qtbot, stage, owner):
    owner.template = quiet_snapshot(learning="preset.next")
    qtbot.waitUntil(lambda: any(child.isVisible() for child in stage.next.children() if child.isWidgetType()))
    targets = {
        child.target
        for button in (stage.next, stage.previous, stage.panic)
        for child in button.children()
        if hasattr(child, "target")
    }
    assert targets == {"preset.next", "preset.previous", "panic"}


def test_parts_that_sound_are_lit_and_only_their_lamps_painted(qtbot, stage, owner):
    split = Rack("Split", (Part("Bass"), Part("Piano"), Part("Tail"), Part("Mute", muted=True)))
    owner.take(split, "split-bass-piano")
    qtbot.waitUntil(lambda: len(stage.lamps.lit) == 4)
    qtbot.wait(100)
    areas = []

    class Painted(QObject):
        def eventFilter(self, _lamps, event):
            if event.type() == QEvent.Type.Paint:
                areas.append(event.region().boundingRect())
            return False

    painted = Painted(stage.lamps)
    stage.lamps.installEventFilter(painted)
    quiet = PartActivity(0, 0, 0, 0.0, 0.0)
    sounding, ringing = dataclasses.replace(quiet, notes=2), dataclasses.replace(quiet, peak=0.1)
    qtbot.wait(100)
    assert areas == []
    owner.template = quiet_snapshot(parts=(quiet, sounding, ringing, quiet))
    qtbot.waitUntil(lambda: stage.lamps.lit == (False, True, True, False))
    qtbot.waitUntil(lambda: bool(areas))
    assert max(area.width() for area in areas) < stage.lamps.width() / 2


def test_the_level_is_shown(qtbot, stage, owner):
    owner.template = quiet_snapshot(meters=Meters((0.5,), (0.4,), 0.5, 1.0))
    qtbot.waitUntil(lambda: stage.meter.level_db > -6.1)
    assert not stage.meter.clipped
    owner.template = quiet_snapshot(meters=Meters((1.0,), (0.4,), 1.0, 0.8))
    qtbot.waitUntil(lambda: stage.meter.clipped)


def test_while_all_is_well_nothing_is_said(stage):
    assert stage.troubles.lines == []


def test_a_lost_device_is_named_and_forgotten_when_it_is_back(qtbot, stage, owner):
    owner.template = quiet_snapshot(device="Scarlett 2i2", device_state="lost")
    qtbot.waitUntil(lambda: stage.troubles.lines == ["Audio device lost: Scarlett 2i2"])
    owner.template = quiet_snapshot(device="Scarlett 2i2", device_state="back")
    qtbot.waitUntil(lambda: stage.troubles.lines == [])


def test_dropouts_shed_load_and_the_cure_are_named(qtbot, stage, owner):
    dry = Underrun("denoiser", 14.0, 10.7)
    owner.template = quiet_snapshot(underruns=2, underrun=dry, shed=Load(2, merged=1))
    qtbot.waitUntil(lambda: len(stage.troubles.lines) == 2)
    assert stage.troubles.lines[0] == "Dropouts: 2. Choose fewer steps in the settings."
    assert stage.troubles.lines[1] == "Too much load: 2 steps, half the streams"


def test_the_cure_of_every_stage_is_in_the_panels_own_words(qtbot):
    board = TroubleBoard()
    qtbot.addWidget(board)
    for stage in ADVICE:
        board.show_troubles([Trouble(Kind.DROPOUTS, stage, 3)])
        assert board.lines == [f"Dropouts: 3. {advice(stage)}"]
    for unknown in ("", "of tomorrow"):
        board.show_troubles([Trouble(Kind.DROPOUTS, unknown, 3)])
        assert board.lines == ["Dropouts: 3"]


def test_an_engine_that_goes_is_told_without_a_snapshot(qtbot, stage, engine):
    engine.client.close()
    qtbot.waitUntil(lambda: stage.troubles.troubles == (Trouble(Kind.NO_ENGINE),))


def test_what_fails_is_said(qtbot, stage, engine):
    engine.told.emit("preset 'x' is not there")
    qtbot.waitUntil(lambda: stage.troubles.lines == ["preset 'x' is not there"])


@pytest.mark.parametrize("size", [(960, 640), (1360, 860), (1920, 1080), (2560, 1440)])
@pytest.mark.parametrize("name", ["Organ", "Split: bass and piano", "W" * 30, "of " * 33])
def test_a_name_is_as_large_as_the_window_allows(stage, owner, size, name):
    stage.resize(*size)
    stage.title.show_text(name)
    metrics = QFontMetricsF(stage.title._fitted.font)
    widest = max(metrics.horizontalAdvance(line) for line in stage.title._fitted.lines)
    if stage.title.text_px > SMALLEST_PX:
        assert widest <= stage.title.width()
        assert len(stage.title._fitted.lines) * metrics.lineSpacing() <= stage.title.height() + 1
    assert stage.title.text_px >= 40 or len(name) > 60 or name.startswith("W")


words = st.lists(st.text("aeiouWM", min_size=1, max_size=12), min_size=1, max_size=8).map(" ".join)


@given(words, st.integers(120, 1500), st.integers(30, 500), st.integers(1, 3))
def test_text_is_fitted_whole_and_within_its_place(qapp, text, width, height, most_lines):
    shown = fitted(QFont(), text, width, height, 200, most_lines)
    assert " ".join(shown.lines) == text
    assert len(shown.lines) <= most_lines
    metrics = QFontMetricsF(shown.font)
    if shown.size_px > SMALLEST_PX:
        assert max(map(metrics.horizontalAdvance, shown.lines)) <= width
        assert len(shown.lines) * metrics.lineSpacing() <= height + 1


def test_neighbours_are_those_that_the_engine_goes_to():
    presets = list_presets()
    titles = good_titles(presets)
    assert len(titles) > 10
    for name in [title.name for title in titles] + ["no-such-preset", ""]:
        for steps in (-1, 1, 5):
            assert title_after(titles, name, steps) == open_preset(preset_after(name, steps)).name
    assert title_after((), "organ", 1) == ""


def test_titles_are_read_again_when_asked_twice(qtbot):
    titles = PresetTitles()
    with qtbot.waitSignal(titles.changed):
        titles.read()
        titles.read()
    qtbot.waitUntil(lambda: not titles._reading)
    assert titles.titles == good_titles(list_presets())


def kinds(troubles):
    return [trouble.kind for trouble in troubles]


def test_dropouts_of_before_are_not_told_and_those_of_now_for_a_while():
    watch, dry = TroubleWatch(), Underrun("mixer", 12.0, 10.7)
    assert watch.follow(PLAYING, quiet_snapshot(underruns=7), 100.0) == ()
    two_more = quiet_snapshot(underruns=9, underrun=dry)
    assert watch.follow(PLAYING, two_more, 101.0) == (Trouble(Kind.DROPOUTS, "mixer", 2),)
    assert kinds(watch.follow(PLAYING, two_more, 101.0 + RECENT_S - 0.1)) == [Kind.DROPOUTS]
    assert watch.follow(PLAYING, two_more, 101.0 + RECENT_S) == ()
    cleared = quiet_snapshot(underruns=0)
    assert watch.follow(PLAYING, cleared, 120.0) == ()
    assert watch.follow(PLAYING, quiet_snapshot(underruns=1, underrun=dry), 121.0)[0].count == 1


def test_the_worst_comes_first():
    watch = TroubleWatch()
    watch.tell("refused", 0.0)
    bad = quiet_snapshot(
        device_state="waiting",
        shed=Load(1),
        faults=("reverb has failed",),
        midi_missing=("stage piano",),
        recording=RecordingState("/x.wav", 3.0, "disk full"),
    )
    assert kinds(watch.follow(PLAYING, bad, 0.0)) == [
        Kind.DEVICE,
        Kind.MIDI,
        Kind.PLUGIN,
        Kind.RECORDING,
        Kind.SHED,
        Kind.TOLD,
    ]
    assert kinds(watch.follow(HANGING, bad, 1.0)) == [Kind.HANGING, Kind.TOLD]
    assert kinds(watch.follow(GONE, None, RECENT_S)) == [Kind.NO_ENGINE]
