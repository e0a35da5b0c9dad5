"""The transport and the recordings by mouse, keys and drops, against a real control link."""

from __future__ import annotations

import pytest
from panel_rig import PanelOwner, choices_in, panel_engine, quiet_snapshot  # first: it chooses the platform

# isort: split
import dataclasses
import os
from datetime import datetime
from pathlib import Path

import numpy as np
import soundfile
from control_rig import own_folders
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QMimeData, QObject, QPoint, QPointF, Qt, QUrl, Slot
from PySide6.QtGui import QDesktopServices, QDragEnterEvent, QDragLeaveEvent, QDropEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QComboBox, QFileDialog, QMainWindow

from neume.synth.control.commands import KeepLast, PlayFile, RecordStart, RecordStop, Transport
from neume.synth.engine_snapshot import RecordingState, TransportState
from neume.synth.errors import UsageError
from neume.synth.takes import UnfinishedTake
from neume.ui.engine_model import GONE
from neume.ui.transport.recovery import found_in, recover
from neume.ui.transport.signs import PAUSE, PLAY
from neume.ui.transport.song_files import songs_of
from neume.ui.transport.take_names import free_path, take_stem
from neume.ui.transport.times import clock_text, rough_text
from neume.ui.transport.view import TransportView

folders = pytest.fixture(autouse=True)(own_folders)
PATIENCE_MS = 20_000
LEFT = Qt.MouseButton.LeftButton
SONG = "/songs/Aria.mid"


class RecordingOwner(PanelOwner):
    """Plays and records as an engine does, as far as its snapshots tell."""

    def carry_out(self, command):
        now = self.template
        match command:
            case PlayFile(path=path):
                if "bad" in path.name:
                    raise UsageError(f"{path}: is no MIDI file")
                self._tell(transport=TransportState(str(path), 200.0, 0.0, False, False))
                return "tempo is missing; two tracks are empty"
            case Transport(action=action, position_s=position_s, loop=loop) if now.transport is not None:
                position_s = 0.0 if action == "stop" and position_s is None else position_s
                song = dataclasses.replace(now.transport, playing=action == "play")
                if position_s is not None:
                    song = dataclasses.replace(song, position_s=position_s)
                if loop is not None:
                    song = dataclasses.replace(song, loop=loop)
                self._tell(transport=song)
            case RecordStart(path=path):
                self._tell(recording=RecordingState(str(path), 61.0))
            case RecordStop():
                path = now.recording.path
                self._tell(recording=None)
                return path
            case KeepLast(path=path):
                return str(path)
            case _:
                return super().carry_out(command)
        return ""

    def _tell(self, **changes):
        self.template = dataclasses.replace(self.template, **changes)


@pytest.fixture
def owner():
    made = RecordingOwner()
    made.template = quiet_snapshot()
    return made


@pytest.fixture
def takes(tmp_path):
    return tmp_path / "takes"


@pytest.fixture
def view(qtbot, owner, tmp_path, takes):
    choices = choices_in(tmp_path)
    choices.change(record_folder=str(takes))
    with panel_engine(owner) as engine:
        window = QMainWindow()
        shown = TransportView(engine, choices)
        window.setCentralWidget(shown)
        window.resize(1000, 620)
        qtbot.addWidget(window)
        window.show()
        qtbot.waitUntil(lambda: engine.rack is not None and engine.latest is not None, timeout=PATIENCE_MS)
        yield shown
        window.hide()
        qtbot.waitUntil(lambda: not shown.background.busy, timeout=PATIENCE_MS)


def sent(owner, *kinds):
    return [command for command in owner.commands if isinstance(command, kinds)]


def until(qtbot, condition):
    qtbot.waitUntil(condition, timeout=PATIENCE_MS)


def drop(view, *paths):
    """A drag that enters and is let go of; returns whether it is taken."""
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    copy, none = Qt.DropAction.CopyAction, Qt.KeyboardModifier.NoModifier
    entering = QDragEnterEvent(view.rect().center(), copy, mime, LEFT, none)
    entering.ignore()
    QApplication.sendEvent(view, entering)
    if entering.isAccepted():
        assert view.veil.isVisible()
        QApplication.sendEvent(view, QDropEvent(QPointF(view.rect().center()), copy, mime, LEFT, none))
    assert not view.veil.isVisible()
    return entering.isAccepted()


def test_a_dropped_file_plays(qtbot, owner, view):
    assert not view.song.play.isEnabled()
    assert drop(view, SONG, "/songs/more.kar")
    until(qtbot, lambda: view.song.name.text() == "Aria.mid" and view.song.play.kind == PAUSE)
    assert sent(owner, PlayFile, Transport) == [PlayFile(path=Path(SONG)), Transport(action="play")]
    assert view.song.time.text() == "0:00 / 3:20"
    assert view.song.problem.text() == "tempo is missing; two tracks are empty"
    assert view.render_card.songs == (Path(SONG), Path("/songs/more.kar"))


def test_other_drops_are_not_taken(view, owner):
    assert not drop(view, "/songs/a.wav")
    mime = QMimeData()
    mime.setText("a.mid")
    assert songs_of(mime.urls()) == []
    assert songs_of([QUrl("http://127.0.0.1/a.mid")]) == []
    assert not sent(owner, PlayFile)


def test_a_drag_that_leaves_changes_nothing(view, owner):
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(SONG)])
    none = Qt.KeyboardModifier.NoModifier
    QApplication.sendEvent(
        view, QDragEnterEvent(view.rect().center(), Qt.DropAction.CopyAction, mime, LEFT, none)
    )
    assert view.veil.isVisible()
    assert not view.grab().isNull()
    QApplication.sendEvent(view, QDragLeaveEvent())
    assert not view.veil.isVisible()
    assert not sent(owner, PlayFile)


def test_a_file_is_opened_by_the_dialog_and_a_bad_one_told(qtbot, owner, view):
    qtbot.mouseClick(view.song.open, LEFT)
    dialog = view.window().findChild(QFileDialog)
    dialog.fileSelected.emit("/songs/bad.mid")
    dialog.close()
    until(qtbot, lambda: "is no MIDI file" in view.song.problem.text())
    assert not view.song.play.isEnabled()


def loaded(qtbot, view):
    drop(view, SONG)
    until(qtbot, lambda: view.song.play.kind == PAUSE)


def test_play_pause_stop_and_loop(qtbot, owner, view):
    loaded(qtbot, view)
    qtbot.mouseClick(view.song.play, LEFT)
    until(qtbot, lambda: view.song.play.kind == PLAY)
    QTest.keyClick(view.song.play, Qt.Key.Key_Space)
    until(qtbot, lambda: view.song.play.kind == PAUSE)
    qtbot.mouseClick(view.song.loop, LEFT)
    until(qtbot, lambda: owner.template.transport.loop)
    assert owner.template.transport.playing  # as it was
    qtbot.mouseClick(view.song.stop, LEFT)
    until(qtbot, lambda: view.song.play.kind == PLAY)
    assert [command.action for command in sent(owner, Transport)] == ["play", "pause", "play", "play", "stop"]
    owner._tell(transport=dataclasses.replace(owner.template.transport, loop=False, problem="cannot be read"))
    until(qtbot, lambda: not view.song.loop.isChecked())
    assert view.song.problem.text() == "cannot be read"


def test_seeking_by_click_drag_and_keys(qtbot, owner, view):
    loaded(qtbot, view)
    slider = view.song.slider
    middle = QPoint(slider.width() // 2, slider.height() // 2)
    qtbot.mouseClick(slider, LEFT, pos=middle)
    until(qtbot, lambda: sent(owner, Transport)[-1].position_s is not None)
    assert sent(owner, Transport)[-1].position_s == pytest.approx(100.0, abs=1.0)
    assert sent(owner, Transport)[-1].action == "play"
    count = len(sent(owner, Transport))
    qtbot.mousePress(slider, LEFT, pos=middle)
    for x in range(middle.x(), 9, -20):
        qtbot.mouseMove(slider, QPoint(x, middle.y()))
    assert view.song.time.text().startswith("0:")
    assert len(sent(owner, Transport)) == count  # a drag is one jump
    qtbot.mouseRelease(slider, LEFT, pos=QPoint(0, middle.y()))
    until(qtbot, lambda: len(sent(owner, Transport)) == count + 1)
    assert sent(owner, Transport)[-1].position_s == 0.0
    for key, position_s in (
        (Qt.Key.Key_Right, 5.0),
        (Qt.Key.Key_PageUp, 35.0),
        (Qt.Key.Key_Left, 30.0),
        (Qt.Key.Key_End, 200.0),
        (Qt.Key.Key_Home, 0.0),
    ):
        QTest.keyClick(slider, key)
        until(qtbot, lambda wanted=position_s: sent(owner, Transport)[-1].position_s == wanted)


def test_the_slider_follows_the_engine_unless_it_is_held(qtbot, owner, view):
    loaded(qtbot, view)
    slider = view.song.slider
    owner._tell(transport=dataclasses.replace(owner.template.transport, position_s=61.5))
    until(qtbot, lambda: view.song.time.text() == "1:01 / 3:20")
    qtbot.mousePress(slider, LEFT, pos=QPoint(slider.width() // 2, 10))
    held = slider.value()
    owner._tell(transport=dataclasses.replace(owner.template.transport, position_s=70.0))
    QTest.qWait(100)
    assert slider.value() == held
    qtbot.mouseRelease(slider, LEFT, pos=QPoint(slider.width() // 2, 10))


def test_a_recording_from_begin_to_end(qtbot, owner, view, takes):
    qtbot.mouseClick(view.record.record, LEFT)
    until(qtbot, lambda: view.record.record.recording)
    (command,) = sent(owner, RecordStart)
    assert command.path.parent == takes
    assert takes.is_dir()
    assert command.path.name.endswith("test rack.wav")
    assert view.record.clock.text() == "1:01"
    assert view.record.told.text() == command.path.name
    QTest.keyClick(view.record.record, Qt.Key.Key_Space)
    until(qtbot, lambda: not view.record.record.recording and not view.record.file.isHidden())
    assert view.record.finished == command.path
    assert command.path.name in view.record.file.text()


class Shown(QObject):
    """Takes what the system's file manager would be given."""

    def __init__(self):
        super().__init__()
        self.urls = []

    @Slot(QUrl)
    def take(self, url):
        self.urls.append(url.toLocalFile())


def test_what_was_played_is_kept_and_shown_in_its_folder(qtbot, owner, view, takes):
    assert not view.record.keep.isEnabled()
    owner._tell(remembered_s=744.0)
    until(qtbot, view.record.keep.isEnabled)
    assert view.record.kept.text() == "12 min kept"
    qtbot.mouseClick(view.record.keep, LEFT)
    until(qtbot, lambda: not view.record.file.isHidden())
    (command,) = sent(owner, KeepLast)
    assert command.path.parent == takes
    shown = Shown()
    QDesktopServices.setUrlHandler("file", shown, "take")
    qtbot.mouseClick(view.record.show_file, LEFT)
    QDesktopServices.unsetUrlHandler("file")
    assert shown.urls == [str(takes)]


def test_refusals_and_problems_of_a_recording_are_told(qtbot, owner, view, takes):
    owner.refuses = (RecordStart,)
    qtbot.mouseClick(view.record.record, LEFT)
    until(qtbot, lambda: view.record.problem.text() == "refused on purpose")
    assert view.record.record.isEnabled()
    takes.rmdir()
    takes.touch()  # a file where the folder should be
    qtbot.mouseClick(view.record.record, LEFT)
    until(qtbot, lambda: str(takes) in view.record.problem.text())
    owner._tell(recording=RecordingState("/a.wav", 5.0, "the disk is full"))
    until(qtbot, lambda: "the disk is full" in view.record.problem.text())
    assert view.record.record.recording


def test_an_engine_that_goes_takes_its_file_and_recording_along(qtbot, owner, view):
    loaded(qtbot, view)
    owner._tell(recording=RecordingState("/a.wav", 5.0))
    until(qtbot, lambda: view.record.record.recording)
    owner.stopping.set()
    view._engine.client.close()
    until(qtbot, lambda: view._engine.state == GONE)
    assert not view.song.play.isEnabled()
    assert not view.record.record.recording


def unfinished(folder, stem, seconds=1):
    folder.mkdir(exist_ok=True)
    soundfile.write(folder / f"{stem}.unfinished.wav", np.zeros((8000 * seconds, 2)), 8000)
    (folder / f"{stem}.unfinished.mid").write_bytes(b"MIDI")
    (folder / f"{stem}.unfinished.toml").write_text("rack")


def test_unfinished_recordings_are_found_and_recovered(qtbot, view, takes):
    assert view.unfinished.isHidden()
    unfinished(takes, "gig", 65)
    unfinished(takes, "solo")
    (takes / "gig.take.mid").write_bytes(b"another one")
    view.unfinished.look()
    until(qtbot, lambda: len(view.unfinished.rows) == 2)
    assert not view.unfinished.isHidden()
    assert [take.audio.name for take in view.unfinished.takes] == [
        "solo.unfinished.wav",
        "gig.unfinished.wav",
    ]
    qtbot.mouseClick(view.unfinished.recover_buttons[1], LEFT)
    until(qtbot, lambda: len(view.unfinished.rows) == 1)
    assert soundfile.info(takes / "gig 2.wav").duration == 65.0
    assert (takes / "gig 2.take.mid").read_bytes() == b"MIDI"
    assert (takes / "gig 2.take.toml").read_text() == "rack"
    assert (takes / "gig.take.mid").read_bytes() == b"another one"
    assert "gig 2.wav" in view.unfinished.told.text()


def test_recovering_loses_nothing_if_it_fails(tmp_path):
    unfinished(tmp_path, "gig")
    (found,) = found_in(tmp_path)
    assert found_in(tmp_path / "none") == ()
    os.unlink(found.audio)
    with pytest.raises(FileNotFoundError):
        recover(found)
    unfinished(tmp_path, "gig")
    assert recover(UnfinishedTake(found.audio, None, None, 1.0)).name == "gig 2.wav"


@given(st.text(max_size=300))
def test_any_rack_gives_a_name_for_a_file(rack):
    stem = take_stem(rack, datetime(2026, 11, 25, 20, 15, 3))
    assert stem.startswith("2026-11-25 20.15.03")
    assert not set(stem) & set('/\\:*?"<>|\0\n')
    assert len(stem) <= 80
    assert stem == stem.strip(" ")


def test_names_that_are_taken_are_left_alone(tmp_path):
    assert free_path(tmp_path, "a") == tmp_path / "a.wav"
    (tmp_path / "a.wav").touch()
    (tmp_path / "a 2.take.mid").touch()
    (tmp_path / "a 3.take.toml").touch()
    (tmp_path / "a 4.unfinished.wav").touch()
    assert free_path(tmp_path, "a") == tmp_path / "a 5.wav"


@given(st.floats(0.0, 1e6, allow_subnormal=False))
def test_clocks_tell_the_time(seconds):
    parts = list(map(int, clock_text(seconds).split(":")))
    told = sum(part * 60**place for place, part in enumerate(reversed(parts)))
    assert told <= seconds < told + 1
    assert all(part < 60 for part in parts[1:])
    assert rough_text(seconds)


def test_everything_has_a_name_and_can_be_hit(view):
    for kind in (QAbstractButton, QComboBox):
        for control in view.findChildren(kind):
            if control.isVisible():
                assert control.accessibleName(), control
                assert control.height() >= 34, control.accessibleName()
    assert view.song.slider.height() >= 34


def test_shortcuts(qtbot, owner, view):
    loaded(qtbot, view)
    view.window().activateWindow()
    QTest.keyClick(view.window(), Qt.Key.Key_P, Qt.KeyboardModifier.ControlModifier)
    until(qtbot, lambda: view.song.play.kind == PLAY)
    QTest.keyClick(view.window(), Qt.Key.Key_R, Qt.KeyboardModifier.ControlModifier)
    until(qtbot, lambda: view.record.record.recording)


def test_a_hidden_view_does_nothing(qtbot, owner, view):
    view.hide()
    loaded_path = view.song.name.text()
    owner._tell(transport=TransportState(SONG, 9.0, 0.0, True, False))
    QTest.qWait(150)
    assert view.song.name.text() == loaded_path
    view.show()
    until(qtbot, lambda: view.song.name.text() == "Aria.mid")
