"""The settings by mouse and keys, against a real control link: what is sent, shown, kept and refused."""

from __future__ import annotations

import pytest
from panel_rig import PanelOwner, choices_in, panel_engine, quiet_snapshot  # first: it chooses the platform

# isort: split
import dataclasses
import time

from control_rig import own_folders
from PySide6.QtCore import QObject, Qt, QUrl, Slot
from PySide6.QtGui import QDesktopServices
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog, QMainWindow

from neume.synth import device_list
from neume.synth.control.commands import Quit, SetAudio, SetMidi, SetSteps
from neume.synth.device_list import AudioOutput, DeviceList
from neume.synth.engine_snapshot import DeviceFacts, PortActivity, RecordingState
from neume.synth.errors import DeviceError
from neume.ui.choices import ChoiceStore
from neume.ui.engine_keeper import engine_command
from neume.ui.engine_model import GONE, PLAYING
from neume.ui.settings import audio_card, engine_card, leave_card
from neume.ui.settings.view import SettingsView

folders = pytest.fixture(autouse=True)(own_folders)
PATIENCE_MS = 20_000
LEFT = Qt.MouseButton.LeftButton
KEYS, PADS = "Keys 88:Keys 88 MIDI 1 20:0", "Pads:Pads MIDI 1 24:0"
FOUND = DeviceList(
    (
        AudioOutput(0, "Built-in", "ALSA", 2, 48_000, (44_100, 48_000, 96_000), 5.0, True),
        AudioOutput(1, "USB card", "ALSA", 2, 48_000, (48_000,), 5.0, False),
        AudioOutput(2, "system", "JACK", 2, 44_100, (44_100,), 5.0, False),
        AudioOutput(3, "USB card", "JACK", 2, 48_000, (48_000,), 5.0, False),
    ),
    ("ALSA", "JACK", "OSS"),
)


@pytest.fixture
def owner():
    made = PanelOwner()
    made.template = quiet_snapshot(
        device="Built-in",
        device_facts=DeviceFacts("Built-in", "ALSA", 48_000, 128),
        provider="CUDAExecutionProvider, CPUExecutionProvider",
        midi_available=(KEYS, PADS),
        ports=(PortActivity(KEYS, 3, "note C4"), PortActivity(PADS, 0), PortActivity("Neume", 0)),
    )
    return made


@pytest.fixture
def choices(tmp_path):
    return choices_in(tmp_path)


@pytest.fixture
def view(qtbot, owner, choices, monkeypatch):
    monkeypatch.setattr(audio_card, "list_devices", lambda: FOUND)
    with panel_engine(owner) as engine:
        window = QMainWindow()
        shown = SettingsView(engine, choices)
        window.setCentralWidget(shown)
        window.resize(1000, 900)
        qtbot.addWidget(window)
        window.show()
        qtbot.waitUntil(
            lambda: shown.audio.devices is FOUND and shown.sampler.steps is not None, timeout=PATIENCE_MS
        )
        yield shown
        window.hide()
        qtbot.waitUntil(lambda: not shown.background.busy, timeout=PATIENCE_MS)


def sent(owner, kind):
    return [command for command in owner.commands if isinstance(command, kind)]


def tell(owner, **changes):
    owner.template = dataclasses.replace(owner.template, **changes)


def pick(qtbot, combo, text):
    """Choose an entry as with the keyboard: its letters are typed in the open list."""
    combo.setFocus()
    index = combo.findText(text)
    assert index >= 0, [combo.itemText(number) for number in range(combo.count())]
    combo.showPopup()
    QTest.qWait(20)
    listed = combo.view()
    listed.scrollTo(combo.model().index(index, 0))
    qtbot.mouseMove(listed.viewport(), listed.visualRect(combo.model().index(index, 0)).center())
    listed.setCurrentIndex(combo.model().index(index, 0))
    QTest.keyClick(listed, Qt.Key.Key_Return)
    QTest.qWait(1)


def until(qtbot, condition):
    qtbot.waitUntil(condition, timeout=PATIENCE_MS)


def test_a_device_is_chosen_and_kept_when_the_engine_has_taken_it(qtbot, owner, view, choices):
    assert view.audio.host_api.count() == 3  # any, ALSA, JACK: OSS has no device
    pick(qtbot, view.audio.device, "USB card (ALSA)")
    until(qtbot, lambda: choices.now.audio_device == "USB card, ALSA")
    assert sent(owner, SetAudio) == [SetAudio(device="USB card, ALSA", rate_hz=None, block_samples=128)]
    assert [view.audio.rate.itemData(index) for index in range(view.audio.rate.count())] == [0, 48_000]
    pick(qtbot, view.audio.rate, "48000 Hz")
    until(qtbot, lambda: choices.now.rate_hz == 48_000)
    pick(qtbot, view.audio.block, "256 samples (5.3 ms)")
    until(qtbot, lambda: choices.now.block_samples == 256)
    assert sent(owner, SetAudio)[-1] == SetAudio(device="USB card, ALSA", rate_hz=48_000, block_samples=256)
    choices.save()
    again = ChoiceStore(choices.path)
    assert (again.now.audio_device, again.now.rate_hz, again.now.block_samples) == (
        "USB card, ALSA",
        48_000,
        256,
    )
    command = engine_command("x", again.now)
    assert command[command.index("--audio-out") + 1] == "USB card, ALSA"


def test_the_same_card_of_another_system_goes_by_both_names(qtbot, owner, view, choices):
    pick(qtbot, view.audio.host_api, "JACK")
    until(qtbot, lambda: choices.now.host_api == "JACK")
    assert sent(owner, SetAudio)[-1].device == "system"
    pick(qtbot, view.audio.device, "USB card")
    until(qtbot, lambda: choices.now.audio_device == "USB card, JACK")
    assert sent(owner, SetAudio)[-1].device == "USB card, JACK"
    assert view.audio.device.currentText() == "USB card"
    pick(qtbot, view.audio.host_api, "Any")
    until(qtbot, lambda: choices.now.audio_device == "")
    assert sent(owner, SetAudio)[-1].device is None


def test_a_card_that_two_systems_have_is_told_apart_in_the_list_of_all(qtbot, view):
    combo = view.audio.device
    texts = [combo.itemText(index) for index in range(combo.count())]
    assert texts == ["System default", "Built-in", "USB card (ALSA)", "system", "USB card (JACK)"]


def test_a_device_that_is_refused_is_not_kept(qtbot, owner, view, choices):
    owner.refuses = (SetAudio,)
    pick(qtbot, view.audio.device, "USB card (JACK)")
    until(qtbot, lambda: "refused on purpose" in view.audio.problem.text())
    assert choices.now.audio_device == ""
    assert view.audio.device.currentText() == "System default"
    assert view.audio.device.isEnabled()


def test_what_runs_is_told_and_a_lost_device_comes_back(qtbot, owner, view):
    until(qtbot, lambda: view.audio.state.text().startswith("Built-in (ALSA): 48000 Hz, blocks of 128"))
    assert view.audio.lamp.colour == "ok"
    tell(owner, device_state="lost")
    until(qtbot, lambda: "is lost" in view.audio.state.text())
    assert view.audio.lamp.colour == "alarm"
    tell(owner, device_state="back")
    until(qtbot, lambda: view.audio.lamp.colour == "ok")
    tell(owner, device_facts=DeviceFacts("paced clock", "", 48_000, 128))
    until(qtbot, lambda: "unheard" in view.audio.state.text())


def test_refresh_asks_again(qtbot, view, monkeypatch):
    less = dataclasses.replace(FOUND, audio_outputs=(), audio_problem="no sound card")
    monkeypatch.setattr(audio_card, "list_devices", lambda: less)
    qtbot.mouseClick(view.audio.refresh, LEFT)
    until(qtbot, lambda: view.audio.problem.text() == "no sound card")
    assert view.audio.device.count() == 1

    def fails():
        raise DeviceError("it hangs")

    monkeypatch.setattr(audio_card, "list_devices", fails)
    QTest.keyClick(view.audio.refresh, Qt.Key.Key_Space)
    until(qtbot, lambda: view.audio.problem.text() == "it hangs")
    assert view.audio.refresh.isEnabled()


def test_the_real_list_comes_without_making_the_panel_wait(qtbot, view, monkeypatch):
    monkeypatch.setattr(audio_card, "list_devices", device_list.list_devices)
    qtbot.mouseClick(view.audio.refresh, LEFT)
    begin_s = time.monotonic()
    QTest.qWait(1)
    assert time.monotonic() - begin_s < 2.0  # asking takes a process, which is not waited for
    until(qtbot, view.audio.refresh.isEnabled)
    assert view.audio.devices is not FOUND


def test_midi_inputs_are_chosen_one_by_one(qtbot, owner, view, choices):
    until(qtbot, lambda: len(view.midi.rows) == 3)
    rows = view.midi.rows
    assert view.midi.all.isChecked()
    assert not rows[KEYS].box.isEnabled()
    qtbot.mouseClick(view.midi.all, LEFT)
    until(qtbot, lambda: choices.now.midi_inputs == ("Keys 88:Keys 88 MIDI 1", "Pads:Pads MIDI 1"))
    qtbot.mouseClick(rows[PADS].box, LEFT)
    until(qtbot, lambda: choices.now.midi_inputs == ("Keys 88:Keys 88 MIDI 1",))
    assert sent(owner, SetMidi)[-1] == SetMidi(names=("Keys 88:Keys 88 MIDI 1",))
    QTest.keyClick(rows[KEYS].box, Qt.Key.Key_Space)  # the last one stays
    assert "has to stay" in view.midi.problem.text()
    assert rows[KEYS].box.isChecked()
    assert len(sent(owner, SetMidi)) == 2
    QTest.keyClick(view.midi.all, Qt.Key.Key_Space)
    until(qtbot, lambda: choices.now.midi_inputs == ())


def test_midi_activity_and_inputs_that_are_gone(qtbot, owner, view):
    until(qtbot, lambda: len(view.midi.rows) == 3)
    row = view.midi.rows[KEYS]
    assert row.last.text() == "note C4"
    tell(owner, ports=(PortActivity(KEYS, 4, "note D4"),), midi_missing=("Organ",))
    until(qtbot, lambda: "Organ" in view.midi.rows)
    tell(owner, ports=(PortActivity(KEYS, 5, "note E4"),))
    row = view.midi.rows[KEYS]
    until(qtbot, lambda: row.lamp.colour == "accent" and row.last.text() == "note E4")
    until(qtbot, lambda: row.lamp.colour == "")
    assert view.midi.rows["Organ"].box.text() == "Organ (not connected)"
    rows = dict(view.midi.rows)
    QTest.qWait(100)
    assert view.midi.rows == rows  # nothing is built anew while nothing changes
    tell(owner, midi_available=(), ports=(), midi_missing=())
    until(qtbot, lambda: not view.midi.rows)
    assert "No MIDI input" in view.midi.problem.text()


def test_steps_are_sent_and_chosen_again_for_the_next_engine(qtbot, owner, view, choices, tmp_path):
    assert list(view.sampler.steps.buttons) == [0, 1, 2, 4, 8]
    assert view.sampler.provider.text() == "NVIDIA CUDA, CPU"
    qtbot.mouseClick(view.sampler.steps.buttons[4], LEFT)
    until(qtbot, lambda: choices.now.steps == 4)
    tell(owner, chosen_steps=4, steps=2)
    until(qtbot, lambda: "2 instead of 4" in view.sampler.runs.text())
    assert view.sampler.steps.buttons[4].isChecked()
    another = PanelOwner()
    with panel_engine(another, "panel-test-2") as engine:
        later = SettingsView(engine, choices)
        qtbot.addWidget(later)
        until(qtbot, lambda: sent(another, SetSteps) == [SetSteps(steps=4)])


def test_what_needs_a_restart_is_kept_told_and_applied(qtbot, owner, view, choices):
    start = view.start
    assert not start.apply.isEnabled()
    pick(qtbot, start.streams, "8")
    pick(qtbot, start.fallback, "A plain additive voice")
    qtbot.mouseClick(start.mpe, LEFT)
    assert (choices.now.streams, choices.now.fallback, choices.now.mpe) == (8, "additive", True)
    command = " ".join(engine_command("x", choices.now))
    assert "--streams 8" in command
    assert "--fallback additive" in command
    assert command.endswith("--mpe")
    assert "next start" in start.told.text()
    tell(owner, recording=RecordingState("/a.wav", 1.0))
    until(qtbot, lambda: not start.apply.isEnabled())
    tell(owner, recording=None)
    until(qtbot, start.apply.isEnabled)
    qtbot.mouseClick(start.apply, LEFT)
    assert start.apply.asking
    assert not sent(owner, Quit)
    QTest.qWait(400)
    qtbot.mouseClick(start.apply, LEFT)
    until(qtbot, lambda: len(sent(owner, Quit)) == 1)
    assert not start.apply.isEnabled()


def test_an_engine_that_does_not_end_is_told(qtbot, owner, view, choices, monkeypatch):
    view.start._late.setInterval(100)
    choices.change(streams=3)
    with qtbot.waitSignal(view.restart_wanted, timeout=PATIENCE_MS):
        view.start.restart()


def test_options_that_no_engine_knows_are_not_offered(qtbot, choices, monkeypatch):
    with panel_engine(PanelOwner()) as engine:
        for known, shown in (({"low_latency", "margin_ms"}, True), (set(), False)):
            monkeypatch.setattr(engine_card, "known_fields", lambda known=known: frozenset(known))
            card = engine_card.EngineCard(engine, choices)
            qtbot.addWidget(card)
            assert (card.margin.parent() is not None) is shown
            assert (card.low_latency.parent() is not None) is shown


def test_theme_and_language_are_kept(qtbot, view, choices):
    qtbot.mouseClick(view.look.theme.buttons["light"], LEFT)
    assert choices.now.theme == "light"
    choices.change(theme="dark")
    assert view.look.theme.buttons["dark"].isChecked()
    assert view.look.told.isHidden()
    pick(qtbot, view.look.language, "English")
    assert choices.now.language == "en"
    assert "opened again" in view.look.told.text()


class Shown(QObject):
    """Takes what the system's file manager would be given."""

    def __init__(self):
        super().__init__()
        self.urls = []

    @Slot(QUrl)
    def take(self, url):
        self.urls.append(url.toLocalFile())


def test_folders_are_shown_and_the_one_of_recordings_is_chosen(qtbot, view, choices, tmp_path):
    shown = Shown()
    QDesktopServices.setUrlHandler("file", shown, "take")
    try:
        choices.change(record_folder=str(tmp_path / "deep" / "takes"))
        assert view.folders.paths["Recordings"].text() == str(tmp_path / "deep" / "takes")
        qtbot.mouseClick(view.folders.open_buttons["Recordings"], LEFT)
        until(qtbot, lambda: shown.urls == [str(tmp_path / "deep" / "takes")])
        assert (tmp_path / "deep" / "takes").is_dir()
    finally:
        QDesktopServices.unsetUrlHandler("file")
    (tmp_path / "file").touch()
    choices.change(record_folder=str(tmp_path / "file"))
    qtbot.mouseClick(view.folders.open_buttons["Recordings"], LEFT)
    until(qtbot, lambda: not view.folders.problem.isHidden())
    qtbot.mouseClick(view.folders.change, LEFT)
    dialog = view.window().findChild(QFileDialog)
    dialog.fileSelected.emit(str(tmp_path))
    dialog.close()
    assert choices.now.record_folder == str(tmp_path)


def test_stopping_the_sound_needs_two_presses_and_closes_the_window(qtbot, owner, view):
    window, told = view.window(), []
    view.leaving.connect(lambda: told.append(len(sent(owner, Quit))))
    qtbot.mouseClick(view.leave.button, LEFT)
    qtbot.mouseClick(view.leave.button, LEFT)  # too soon for an answer
    assert not sent(owner, Quit)
    QTest.qWait(400)
    assert view.leave.button.text() == "Really stop the sound?"
    QTest.keyClick(view.leave.button, Qt.Key.Key_Space)
    until(qtbot, lambda: not window.isVisible())
    assert told == [0]  # the keeper hears of it before the engine does
    assert len(sent(owner, Quit)) == 1


def test_an_engine_that_says_nothing_does_not_keep_the_panel(qtbot, owner, view, monkeypatch):
    monkeypatch.setattr(owner, "obey", lambda request: None)
    view.leave._late.setInterval(100)
    window = view.window()
    with qtbot.waitSignal(view.restart_wanted, timeout=PATIENCE_MS):
        view.leave.leave()
    assert not window.isVisible()


def test_a_press_that_is_not_repeated_is_forgotten(qtbot, view, monkeypatch):
    button = view.leave.button
    button._timer.setInterval(50)
    qtbot.mouseClick(button, LEFT)
    assert button.asking
    until(qtbot, lambda: not button.asking)
    assert button.text() == "Stop the sound and quit"


def test_an_engine_that_goes_is_told(qtbot, owner, view):
    owner.stopping.set()
    view._engine.client.close()
    until(qtbot, lambda: view._engine.state == GONE)
    assert view.audio.state.text() == "No engine runs."


@pytest.mark.parametrize(("width_px", "wide"), [(1000, True), (640, False)])
def test_two_columns_where_there_is_room(qtbot, view, width_px, wide):
    view.window().resize(width_px, 640)
    until(qtbot, lambda: view.page.is_wide is wide)
    inner = view.page.widget()
    assert inner.width() <= view.page.viewport().width()


def test_everything_has_a_name_and_can_be_hit(view):
    from PySide6.QtWidgets import QAbstractButton, QComboBox

    for kind in (QAbstractButton, QComboBox):
        for control in view.findChildren(kind):
            if control.isVisible():
                assert control.accessibleName(), control
                assert control.height() >= 34, control.accessibleName()
    assert view._engine.state == PLAYING
    assert leave_card.ANSWER_MS > 1000
