"""The sound view by mouse, fingers and keys, against a real control link that sends frames and samples."""

from __future__ import annotations

import pytest
from panel_rig import RACK, PanelOwner, choices_in, panel_engine, quiet_snapshot

# isort: split
import functools
from dataclasses import replace

import numpy as np
from control_rig import own_folders
from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QPushButton

from neume.synth.control.snapshots import MelChunk, WaveChunk, wave_samples
from neume.synth.engine_snapshot import PartActivity
from neume.synth.mel import MelSpec
from neume.synth.mixer import Meters
from neume.synth.rack.part import Part, Rack
from neume.ui.choices import ChoiceStore
from neume.ui.sound.levels_card import DBFS
from neume.ui.sound.mel_ring import LOST
from neume.ui.sound.view import SPECTRUM, WAVEFORM, SoundView
from neume.ui.theme import use_theme

RATE_HZ, LEFT = 48_000, Qt.MouseButton.LeftButton
folders = pytest.fixture(autouse=True)(own_folders)


@pytest.fixture
def owner():
    return PanelOwner()


@pytest.fixture
def engine(qapp, owner):
    use_theme(qapp, "dark")
    with panel_engine(owner) as model:
        yield model


@pytest.fixture
def view(qtbot, engine, tmp_path):
    """Shown, and connected with an engine that sends."""
    view = SoundView(engine, choices_in(tmp_path))
    view.resize(1000, 560)
    qtbot.addWidget(view)
    view.show()
    view.activateWindow()
    qtbot.waitUntil(lambda: view.isActiveWindow() and engine.rack == RACK)
    return view


@pytest.fixture
def quiet(qtbot, engine, tmp_path):
    """Shown, and given frames, samples and snapshots by the test alone."""
    engine._timer.stop()
    view = SoundView(engine, choices_in(tmp_path))
    view.resize(1000, 560)
    qtbot.addWidget(view)
    view.show()
    view.activateWindow()
    qtbot.waitUntil(view.isActiveWindow)
    return view


@functools.cache
def touch_screen():
    """One for all tests, since Qt keeps pointing at it."""
    return QTest.createTouchDevice()


def frames(count, db=-30.0, band=40):
    """Silence with one band that sounds."""
    made = np.full((count, 100), np.log(1e-4), np.float32)
    made[:, band] = db * np.log(10.0) / 20.0
    return made


def tone(frequency_hz, begin, count, level=0.5):
    at = np.arange(begin, begin + count) / RATE_HZ
    mono = (level * np.sin(2 * np.pi * frequency_hz * at)).astype(np.float32)
    return WaveChunk.of(begin, RATE_HZ, wave_samples(np.stack([mono, mono], axis=1)))


def pixels(widget):
    image = widget.grab().toImage()
    return np.frombuffer(image.constBits(), np.uint32).reshape(image.height(), -1).copy()


def place(plot, across, up):
    area = plot.area()
    return QPointF(area.left() + across * area.width(), area.bottom() - up * area.height()).toPoint()


def test_frames_and_samples_of_the_engine_are_seen(qtbot, view):
    qtbot.waitUntil(lambda: view.spectrogram.ring.next_frame > 20 and view.ring.known > 4000)
    qtbot.waitUntil(lambda: view.scope.shown is not None)
    before = pixels(view.spectrogram)
    qtbot.waitUntil(lambda: not np.array_equal(before, pixels(view.spectrogram)))


def test_hidden_it_takes_nothing_and_what_it_has_missed_is_no_loss(qtbot, view):
    qtbot.waitUntil(lambda: view.spectrogram.ring.next_frame > 20)
    view.hide()
    seen, heard = view.spectrogram.ring.next_frame, view.ring.next_frame
    qtbot.wait(150)
    assert (view.spectrogram.ring.next_frame, view.ring.next_frame) == (seen, heard)
    view.show()
    qtbot.waitUntil(lambda: view.spectrogram.ring.next_frame > seen + 10)
    ring = view.spectrogram.ring
    assert LOST not in ring.levels(ring.next_frame - 500, ring.next_frame)


def test_lost_chunks_leave_a_gap_of_their_own_length(qtbot, engine, quiet):
    for first in (0, 10, 30, 40):  # the one at 20 is lost
        engine.mels_came.emit([MelChunk.of(first, frames(10))])
    quiet.spectrogram.repaint()
    ring = quiet.spectrogram.ring
    assert (ring.levels(0, 50)[0] == LOST).tolist() == [20 <= frame < 30 for frame in range(50)]
    area, row = quiet.spectrogram.area(), int(quiet.spectrogram.area().top()) + 30
    shown = pixels(quiet.spectrogram)[row, int(area.right()) - 50 : int(area.right())]
    assert len(set(shown[20:30].tolist())) == 2  # stripes
    assert len(set(np.delete(shown, np.arange(20, 30)).tolist())) == 1


def test_a_band_that_sounds_is_read_by_hovering(qtbot, engine, quiet):
    engine.mels_came.emit([MelChunk.of(0, frames(200, db=-30.0, band=40))])
    spectrogram = quiet.spectrogram
    spectrogram.repaint()
    QTest.mouseMove(spectrogram, place(spectrogram, 0.9, 41 / 101))
    text = spectrogram.text_at_cross()
    assert 2050.0 < MelSpec().centres_hz[40] < 2150.0
    assert text.startswith("2.1")
    assert "C7" in text
    assert float(text.split(" dB")[0].split("−")[1]) == pytest.approx(30.0, abs=0.4)
    assert "s" in text.split()[-1]
    QTest.mouseMove(spectrogram, place(spectrogram, 0.1, 0.5))
    assert "nothing" in spectrogram.text_at_cross()
    QApplication.sendEvent(spectrogram, QEvent(QEvent.Type.Leave))
    assert spectrogram.text_at_cross() == ""


def test_the_cross_goes_by_arrow_keys_and_is_told_to_screen_readers(qtbot, engine, quiet):
    engine.mels_came.emit([MelChunk.of(0, frames(200))])
    spectrogram = quiet.spectrogram
    spectrogram.repaint()
    spectrogram.setFocus()
    QTest.keyClick(spectrogram, Qt.Key.Key_Right)
    first = spectrogram.cross
    QTest.keyClick(spectrogram, Qt.Key.Key_Up, Qt.KeyboardModifier.ShiftModifier)
    assert spectrogram.cross == first - QPointF(0, 1)
    assert "Hz" in spectrogram.accessibleDescription()
    for _ in range(300):
        QTest.keyClick(spectrogram, Qt.Key.Key_Left)
    assert spectrogram.area().contains(spectrogram.cross)


def test_a_finger_reads_as_the_pointer_does(qtbot, engine, quiet):
    engine.mels_came.emit([MelChunk.of(0, frames(200))])
    quiet.spectrogram.repaint()
    spot = place(quiet.spectrogram, 0.9, 0.5)
    QTest.touchEvent(quiet.spectrogram, touch_screen()).press(0, spot).commit()
    assert "Hz" in quiet.spectrogram.text_at_cross()
    QTest.touchEvent(quiet.spectrogram, touch_screen()).release(0, spot).commit()


@pytest.mark.parametrize("by", ["button", "space"])
def test_frozen_it_stands_still_and_goes_on_without_a_gap(qtbot, engine, quiet, by):
    def press():
        if by == "button":
            QTest.mouseClick(quiet.freeze, LEFT)
        else:
            quiet.spectrogram.setFocus()
            QTest.keyClick(quiet.spectrogram, Qt.Key.Key_Space)

    engine.mels_came.emit([MelChunk.of(0, frames(100))])
    engine.waves_came.emit([tone(440.0, 0, 8000)])
    press()
    still, wave = pixels(quiet.spectrogram), quiet.scope.shown.copy()
    engine.mels_came.emit([MelChunk.of(100, frames(100, band=70))])
    engine.waves_came.emit([tone(880.0, 8000, 8000)])
    assert np.array_equal(pixels(quiet.spectrogram), still)
    assert np.array_equal(quiet.scope.shown, wave)
    press()
    engine.waves_came.emit([tone(880.0, 16_000, 8000)])
    assert quiet.spectrogram.ring.next_frame == 200
    assert LOST not in quiet.spectrogram.ring.levels(0, 200)
    assert not np.array_equal(pixels(quiet.spectrogram), still)
    assert not np.array_equal(quiet.scope.shown, wave)


def test_a_frozen_picture_can_still_be_looked_at_in_another_range_theme_and_size(qapp, engine, quiet):
    engine.mels_came.emit([MelChunk.of(0, frames(200))])
    QTest.mouseClick(quiet.freeze, LEFT)
    looks = [pixels(quiet.spectrogram)]
    QTest.mouseClick(quiet.range.buttons[40], LEFT)
    looks.append(pixels(quiet.spectrogram))
    use_theme(qapp, "light")
    looks.append(pixels(quiet.spectrogram))
    use_theme(qapp, "dark")
    QTest.mouseClick(quiet.range.buttons[60], LEFT)
    looks.append(pixels(quiet.spectrogram))
    assert np.array_equal(looks[0], looks[3])
    assert not np.array_equal(looks[0], looks[1])
    assert not np.array_equal(looks[1], looks[2])
    quiet.resize(760, 400)
    QApplication.processEvents()
    QTest.mouseMove(quiet.spectrogram, place(quiet.spectrogram, 0.95, 0.5))
    assert "dB" in quiet.spectrogram.text_at_cross()


def test_the_wave_stands_still_and_the_time_across_can_be_chosen(engine, quiet):
    engine.waves_came.emit([tone(441.0, 0, 8000)])
    first = quiet.scope.shown.copy()
    for begin in range(8000, 12_000, 800):
        engine.waves_came.emit([tone(441.0, begin, 800)])
        assert np.abs(quiet.scope.shown - first).max() < 0.08  # less than a sample apart
    QTest.mouseClick(quiet.span.buttons[50], LEFT)
    engine.waves_came.emit([tone(441.0, 12_000, 800)])
    assert len(quiet.scope.shown) == 2402
    QTest.mouseMove(quiet.scope, place(quiet.scope, 0.5, 0.75))
    assert quiet.scope.text_at_cross().startswith("25.0")


def test_what_is_shown_is_found_again(qtbot, engine, quiet):
    QTest.mouseClick(quiet.range.buttons[40], LEFT)
    QTest.mouseClick(quiet.span.buttons[50], LEFT)
    QTest.mouseClick(quiet.mode.buttons[SPECTRUM], LEFT)
    quiet._choices.save()
    again = SoundView(engine, ChoiceStore(quiet._choices.path))
    qtbot.addWidget(again)
    again.show()
    assert (again.spectrogram.range_db, again.scope.span_ms) == (40, 50)
    assert (again.spectrum.isVisible(), again.clear.isVisible(), again.span.isVisible()) == (
        True,
        True,
        False,
    )
    for row, key in ((again.range, 40), (again.span, 50), (again.mode, SPECTRUM)):
        assert [each for each, button in row.buttons.items() if button.isChecked()] == [key]


def test_choices_that_there_are_not_are_the_usual_ones(qtbot, engine, quiet):
    quiet._choices.change(sound_below="sonogram", sound_range_db=70, sound_span_ms=-1)
    again = SoundView(engine, quiet._choices)
    qtbot.addWidget(again)
    again.show()
    assert (again.spectrogram.range_db, again.scope.span_ms) == (60, 20)
    assert again.scope.isVisible()


def test_the_spectrum_shows_a_tone_and_keeps_its_peak_until_a_click(qtbot, engine, quiet):
    QTest.mouseClick(quiet.mode.buttons[SPECTRUM], LEFT)
    assert quiet.spectrum.isVisible()
    assert not quiet.scope.isVisible()
    engine.waves_came.emit([tone(1000.0, 0, 10_000)])
    assert quiet.spectrum.levels.max() == pytest.approx(-6.0, abs=1.5)
    engine.waves_came.emit([tone(4000.0, 10_000, 10_000)])
    column = round(len(quiet.spectrum.peaks) * np.log(50.0) / np.log(1000.0))  # of 1 kHz
    assert quiet.spectrum.peaks[column - 2 : column + 3].max() > -9.0
    spot = place(quiet.spectrum, np.log(200.0) / np.log(1000.0), 0.5)
    QTest.mouseClick(quiet.spectrum, LEFT, pos=spot)
    engine.waves_came.emit([tone(4000.0, 20_000, 100)])
    assert quiet.spectrum.peaks[column - 2 : column + 3].max() < -40.0
    assert quiet.spectrum.text_at_cross().startswith(("3.9", "4.0"))
    QTest.mouseClick(quiet.clear, LEFT)
    assert quiet.spectrum.peaks is None
    QTest.mouseClick(quiet.mode.buttons[WAVEFORM], LEFT)
    assert quiet.scope.isVisible()


def test_after_a_gap_there_is_no_spectrum_of_two_pieces(engine, quiet):
    QTest.mouseClick(quiet.mode.buttons[SPECTRUM], LEFT)
    engine.waves_came.emit([tone(1000.0, 0, 5000), tone(1000.0, 7001, 5000)])
    assert quiet.spectrum.levels is None
    engine.waves_came.emit([tone(1000.0, 12_001, 5000)])
    assert quiet.spectrum.levels is not None


def test_meters_show_peaks_rms_clips_and_the_limiter(qtbot, engine, quiet):
    rack = Rack("two", (Part("Piano"), Part("Bass")))
    engine.rack_changed.emit(rack)
    levels = quiet.levels
    parts = (PartActivity(0, 0, 1, 0.5, 0.25), PartActivity(1, 32, 1, 0.1, 0.05))
    snapshot = quiet_snapshot(parts=parts, meters=Meters((0.5,), (0.2,), 0.99, 0.5))
    engine.snapshot_came.emit(snapshot)
    assert [name.text for name in levels.parts.names] == ["Piano", "Bass"]
    assert levels.parts.meters[0].level.peak_db == pytest.approx(-6.0, abs=0.1)
    assert levels.parts.meters[1].level.peak_db == pytest.approx(-20.0, abs=0.1)
    assert levels.limiter.reduction_db == pytest.approx(6.0, abs=0.1)
    assert levels.master.level.clipped
    assert levels.peak.text() == "−0.1"
    QTest.mouseClick(levels.reset, LEFT)
    assert not levels.master.level.clipped

    def rms_rises():
        quieter = Meters((0.5,), (0.2,), 0.5, 1.0, master_rms=0.5 / 2**0.5)
        engine.snapshot_came.emit(replace(snapshot, meters=quieter))
        assert levels.master.level.rms_db == pytest.approx(-9.0, abs=0.5)  # of a sine 6 dB below full scale
        assert levels.rms.text() == DBFS.text(levels.master.level.rms_db)

    qtbot.waitUntil(rms_rises)
    assert levels.limiter.reduction_db < 6.0


def test_rows_of_parts_that_are_gone_are_hidden(engine, quiet):
    for count in (16, 2, 5):
        engine.rack_changed.emit(Rack("some", tuple(Part(f"Part {n}") for n in range(count))))
        assert sum(name.isVisibleTo(quiet.levels) for name in quiet.levels.parts.names) == count


def test_everything_is_reached_by_tab_and_has_a_name(qtbot, quiet):
    quiet.range.buttons[40].setFocus()
    reached = []
    for _ in range(14):
        widget = QApplication.focusWidget()
        assert widget.accessibleName() or (isinstance(widget, QPushButton) and widget.text())
        reached.append(widget)
        QTest.keyClick(widget, Qt.Key.Key_Tab)
    for widget in (quiet.freeze, quiet.spectrogram, quiet.scope, quiet.levels.master, quiet.levels.reset):
        assert widget in reached


def test_a_touch_hits_every_button(quiet):
    for button in quiet.findChildren(QPushButton):
        if button.isVisible():
            assert button.height() >= 34, button.text()
