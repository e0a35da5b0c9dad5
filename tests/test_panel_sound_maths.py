"""What the sound view shows, without its widgets: rings, colours, axes, trigger, spectrum, curves."""

from __future__ import annotations

import panel_rig  # noqa: F401  offscreen, before Qt

# isort: split
import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ordinary_floats import floats
from PySide6.QtCore import QPointF
from PySide6.QtGui import QImage, QPainter

from neume.ui.sound import mel_axis, spectrum
from neume.ui.sound.colour_map import colour_at, even_curve
from neume.ui.sound.curve_picture import curve, curve_picture, curve_table
from neume.ui.sound.mel_picture import HATCH_PX, MelPainter, level_colours
from neume.ui.sound.mel_ring import (
    BLANK,
    DB_PER_LEVEL,
    FRAMES,
    LOST,
    QUIETEST,
    MelRing,
    db_of,
    level_of,
    levels_of,
)
from neume.ui.sound.polyline import polyline
from neume.ui.sound.scope_scale import SMALLEST, WAITS_S, ScopeScale
from neume.ui.sound.scroll_picture import ScrollPicture
from neume.ui.sound.trigger import rising_crossings, trigger
from neume.ui.sound.wave_ring import SAMPLES, WaveRing

RATE_HZ = 48_000
GAP, SILENCE = 0x123456, 0x654321
few = settings(max_examples=30, deadline=None)


def frames_of(first, count, mels=3):
    """Frames whose levels tell which they are."""
    return np.full((count, mels), -1.0, np.float32) * (np.arange(first, first + count)[:, None] % 9)


chunks = st.lists(st.tuples(st.integers(0, 40), st.integers(1, 60)), min_size=1, max_size=30)


@few
@given(chunks, st.integers(0, 10**9), st.booleans())
def test_every_frame_is_at_its_own_time_and_the_lost_ones_are_holes(puts, first, looked_away):
    ring, known, next_frame = MelRing(3), {}, first
    for gap, count in puts:
        if looked_away:
            ring.look_away()
        hole = dict.fromkeys(range(next_frame, next_frame + gap), BLANK if looked_away else LOST)
        known |= hole if known else {}
        begin = next_frame + gap
        changed = ring.put(begin, frames_of(begin, count))
        assert changed in (None, (next_frame, begin + count))
        next_frame = begin + count
        known |= {frame: int(levels_of(frames_of(frame, 1))[0, 0]) for frame in range(begin, next_frame)}
    assert ring.next_frame == next_frame
    wanted = range(next_frame - 300, next_frame + 5)
    shown = ring.levels(wanted[0], wanted[-1] + 1)
    assert shown[0].tolist() == [known.get(frame, BLANK) for frame in wanted]
    assert (shown == shown[0]).all()


@pytest.mark.parametrize("after", [0, 5, 10 * FRAMES])
def test_another_engine_that_counts_anew_leaves_nothing_of_the_old_one(after):
    ring = MelRing(3)
    ring.put(1000, frames_of(1000, 50))
    assert ring.put(after, frames_of(after, 4)) is None
    assert (ring.levels(after - 100, after) == BLANK).all()
    assert (ring.levels(after, after + 4) >= QUIETEST).all()


def test_more_frames_than_the_ring_keeps_leave_the_last_ones():
    ring = MelRing(3)
    ring.put(7, frames_of(7, FRAMES + 100))
    kept = ring.levels(107, 107 + FRAMES)
    assert np.array_equal(kept, levels_of(frames_of(107, FRAMES)).T)
    assert (ring.levels(0, 107) == BLANK).all()


def test_a_copy_stays_as_it_is():
    ring = MelRing(3)
    ring.put(0, frames_of(0, 10))
    still = ring.copy()
    ring.put(10, frames_of(10, 20))
    assert still.next_frame == 10
    assert np.array_equal(still.levels(0, 10), ring.levels(0, 10))


@given(floats(-84.0, 6.0))
def test_a_level_says_its_decibels_to_a_fifth(db):
    level = levels_of(np.array([[db / (20.0 / math.log(10.0))]]))[0, 0]
    assert abs(db_of(float(level)) - db) < 0.6 * DB_PER_LEVEL
    assert db_of(level_of(db)) == pytest.approx(db)


@pytest.mark.parametrize("dark", [True, False])
def test_colours_are_even_to_the_eye_and_only_ever_get_lighter_or_darker(dark):
    colours = even_curve(dark, 256)
    steps = np.sqrt((np.diff(colours, axis=0) ** 2).sum(axis=1))
    assert steps.max() < 1.1 * steps.min()
    lightness = np.diff(colours[:, 0]) * (1 if dark else -1)
    assert (lightness > 0).all()
    assert abs(colours[-1, 0] - colours[0, 0]) > 0.7


@given(floats(-3.0, 3.0))
def test_beyond_the_map_are_its_ends(share):
    inside = min(1.0, max(0.0, share))
    assert colour_at(True, np.array([share])) == colour_at(True, np.array([inside]))


@given(floats(mel_axis.MEL.low_hz, mel_axis.MEL.high_hz))
def test_a_frequency_is_found_again_on_the_mel_axis(frequency_hz):
    assert mel_axis.frequency_at(mel_axis.share_of(frequency_hz)) == pytest.approx(frequency_hz)


def test_each_band_lies_at_its_centre_frequency():
    for band, centre_hz in enumerate(mel_axis.MEL.centres_hz):
        assert mel_axis.band_at(mel_axis.share_of(centre_hz), mel_axis.MEL.mels) == pytest.approx(band)


@given(floats(10.0, 2000.0), floats(5.0, 60.0))
def test_labels_keep_their_distance(length_px, apart_px):
    kept = mel_axis.ticks(length_px, apart_px)
    places = [mel_axis.share_of(mark) * length_px for mark in kept]
    assert kept
    assert all(after - before >= apart_px for before, after in itertools.pairwise(places))


@pytest.mark.parametrize(
    ("frequency_hz", "name"), [(440.0, "A4"), (452.0, "A4"), (261.6, "C4"), (0.0, ""), (20_000.0, "")]
)
def test_the_nearest_note_is_named(frequency_hz, name):
    assert mel_axis.nearest_note(frequency_hz) == name


def test_a_band_is_brightest_where_its_frequency_is_labelled():
    rows, mels, band = 400, 100, 37
    painter = MelPainter(rows, mels, np.arange(256, dtype=np.uint32))
    levels = np.full((mels, 2), QUIETEST, np.uint8)
    levels[band] = 200
    painted = painter.colours(0, levels)
    middle = rows * (1.0 - mel_axis.share_of(float(mel_axis.MEL.centres_hz[band])))
    assert abs(int(painted[:, 0].argmax()) + 0.5 - middle) <= rows / mels
    assert painted.max() > 190
    assert np.array_equal(painted[:, 0], painted[:, 1])


def test_lost_frames_are_striped_and_others_are_not():
    table = level_colours(True, -60.0, 0.0, SILENCE, GAP)
    painter = MelPainter(60, 3, table)
    levels = np.stack([np.full(3, level, np.uint8) for level in (BLANK, LOST, 100)], axis=1)
    blank, lost, sound = painter.colours(5, levels).T
    assert set(blank.tolist()) == {SILENCE | 0xFF000000}
    assert set(lost.tolist()) == {SILENCE | 0xFF000000, GAP | 0xFF000000}
    assert (lost[HATCH_PX:] == lost[:-HATCH_PX]).all()
    assert set(sound.tolist()) == {table[100]}


@given(floats(-80.0, 0.0), floats(-80.0, 0.0))
def test_what_is_louder_is_never_painted_as_if_softer(one_db, other_db):
    table = level_colours(True, -72.0, -12.0, SILENCE, GAP)
    places = {int(colour): place for place, colour in enumerate(colour_at(True, np.linspace(0, 1, 256)))}
    soft, loud = (places[int(table[round(level_of(db))])] for db in sorted((one_db, other_db)))
    assert soft <= loud


@few
@given(st.lists(st.integers(1, 25), min_size=1, max_size=20), st.integers(1, 3))
def test_a_picture_scrolls_as_if_it_were_drawn_anew(puts, wide):
    columns, rows = 17, 4
    picture = ScrollPicture(columns, rows, wide, float(wide))
    history = np.full((rows, columns), 0, np.uint32)
    column = 5
    for count in puts:
        fresh = (0xFF000000 + np.arange(rows)[:, None] * 1000 + np.arange(column, column + count)).astype(
            np.uint32
        )
        picture.put(column, fresh)
        history = np.concatenate([history, fresh], axis=1)[:, -columns:]
        column += count
    canvas = QImage(columns * wide, rows * wide, QImage.Format.Format_RGB32)
    canvas.fill(0)
    canvas.setDevicePixelRatio(wide)
    painter = QPainter(canvas)
    picture.draw(painter, 0.0, 0.0, column)
    painter.end()
    seen = np.frombuffer(canvas.constBits(), np.uint32).reshape(rows * wide, columns * wide)
    assert np.array_equal(seen[:rows] & 0xFFFFFF, history.repeat(wide, axis=1) & 0xFFFFFF)


@few
@given(chunks, st.integers(0, 10**12))
def test_the_wave_ring_gives_out_only_what_follows_each_other(puts, first):
    ring, run = WaveRing(), []
    frame = first
    for gap, count in puts:
        run = [] if gap else run
        frame += gap
        samples = (np.arange(frame, frame + count) % 1000).astype(np.float32)
        ring.put(frame, samples)
        run += samples.tolist()
        frame += count
    assert ring.known == min(SAMPLES, len(run)) or not first
    known = min(ring.known, len(run))
    assert ring.latest(known).tolist() == run[len(run) - known :]
    assert ring.latest(ring.known + 1) is None


def tone(frequency_hz, phase, count, harmonics=(1.0,), level=0.5):
    at = 2 * np.pi * (np.arange(count) * frequency_hz / RATE_HZ + phase)
    return (level * sum(part * np.sin(n * at) for n, part in enumerate(harmonics, 1))).astype(np.float32)


pitches = floats(30.0, 4000.0)
phases = floats(0.0, 1.0)


@few
@given(pitches, phases, floats(1e-3, 1.0))
def test_the_picture_begins_at_a_rising_zero(frequency_hz, phase, level):
    samples = tone(frequency_hz, phase, 4000, level=level)
    begin = trigger(samples, 960, None)
    assert begin is not None
    at = np.interp([begin, begin + 1.0], np.arange(len(samples)), samples)
    assert abs(at[0]) < 1e-3 * level
    assert at[1] > 0


@few
@given(
    floats(30.0, 800.0),  # between two samples the trigger goes by straight lines
    st.lists(phases, min_size=2, max_size=5),
    st.lists(floats(-1.0, 1.0), max_size=5).map(lambda parts: (1.0, *parts)),
)
def test_a_steady_sound_stands_still(frequency_hz, offsets, harmonics):
    before, first, span = None, None, 960
    for offset in offsets:
        samples = tone(frequency_hz, offset, 4000, harmonics)
        begin = trigger(samples, span, before)
        assert begin is not None
        shown = np.interp(begin + np.arange(span), np.arange(len(samples)), samples)
        before = samples[int(begin) : int(begin) + span]
        first = shown if first is None else first
        alike = shown @ first / math.sqrt((shown @ shown) * (first @ first))
        assert alike > 0.97


@pytest.mark.parametrize("samples", [np.zeros(3000), np.full(3000, 0.3), np.zeros(0)])
def test_nothing_is_found_where_nothing_crosses(samples):
    assert trigger(samples.astype(np.float32), 960, None) is None


def test_ripples_on_the_way_are_no_crossings():
    samples = tone(100.0, 0.1, 4800) + tone(5000.0, 0.0, 4800, level=0.01)
    assert len(rising_crossings(samples)) == 10


@given(st.lists(floats(0.0, 1.0), min_size=1, max_size=40))
def test_the_scope_is_always_high_enough_and_a_power_of_two(peaks):
    scale = ScopeScale()
    for step, peak in enumerate(peaks):
        limit = scale.follow(peak, step / 60)
        assert limit >= min(1.0, peak)
        assert math.log2(limit).is_integer()


def test_the_scope_waits_before_it_comes_closer_and_goes_back_at_once():
    scale = ScopeScale()
    assert [scale.follow(0.1, now) for now in (0.0, 0.9 * WAITS_S)] == [1.0, 1.0]
    assert scale.follow(0.1, 1.1 * WAITS_S) == 0.125
    assert scale.follow(0.6, 1.2 * WAITS_S) == 1.0
    for now in np.arange(2.0, 8.0, 0.1):
        last = scale.follow(0.0, float(now))
    assert last == SMALLEST


@few
@given(floats(40.0, 18_000.0), floats(-60.0, 0.0), st.integers(100, 2000))
def test_a_tone_is_seen_at_its_frequency_and_level(frequency_hz, level_db, columns):
    samples = tone(frequency_hz, 0.2, spectrum.FFT_SAMPLES, level=10.0 ** (level_db / 20.0))
    shown = spectrum.LogAxis(columns, RATE_HZ).of(spectrum.spectrum_db(samples))
    assert shown.max() == pytest.approx(level_db, abs=1.5)  # between two bins a Hann window loses 1.4 dB
    bin_columns = columns * 6.0 / frequency_hz / math.log(1000.0)
    place = spectrum.share_of(frequency_hz) * columns
    assert abs(int(shown.argmax()) + 0.5 - place) <= 1.0 + bin_columns


def test_above_half_the_rate_there_is_nothing():
    axis = spectrum.LogAxis(600, 16_000)
    shown = axis.of(np.zeros(spectrum.FFT_SAMPLES // 2 + 1, np.float32))
    edge = round(spectrum.share_of(8_000.0) * 600)
    assert (shown[edge + 2 :] == spectrum.FLOOR_DB).all()
    assert (shown[: edge - 2] == 0.0).all()


@given(st.lists(floats(-100.0, 0.0), min_size=2, max_size=60))
def test_peaks_are_never_below_what_sounds_and_fall_after_a_while(levels):
    held, before = spectrum.Falling(0.5, 20.0), -200.0
    for step, level in enumerate(levels):
        peak = float(held.follow(np.array([level], np.float32), step / 10)[0])
        assert peak >= level - 1e-4
        assert peak >= before - 20.0 / 10 - 1e-4
        before = peak
    for step in range(len(levels), len(levels) + 70):
        peak = float(held.follow(np.array([-100.0], np.float32), step / 10)[0])
    assert peak == pytest.approx(-100.0, abs=2.1)


@given(
    st.lists(floats(-1.0, 1.0), min_size=4, max_size=300),
    st.integers(1, 100),
    floats(0.0, 1.0),
)
def test_a_curve_stays_within_its_values_and_hangs_together(values, columns, begin):
    low, high = curve(np.array(values), begin, len(values) - 2.0, columns)
    assert (low <= high).all()
    assert low.min() >= min(values)
    assert high.max() <= max(values)
    assert (low[1:] <= high[:-1] + 1e-12).all()
    assert (high[1:] >= low[:-1] - 1e-12).all()


@given(floats(0.0, 1.0), floats(1.0, 4.0), st.integers(8, 300))
def test_a_level_line_is_as_thick_and_as_high_as_it_should_be(share, wide_px, rows):
    place = np.full(5, 4.0 + share * (rows - 8.0))
    table = np.arange(34, dtype=np.uint32) % 17  # how much of the line is in a pixel, of 16
    cover = curve_picture(place, place, rows, wide_px, table) / 16.0
    assert cover.sum(axis=0) == pytest.approx([wide_px] * 5, abs=0.13)
    middle = (cover[:, 0] * (np.arange(rows) + 0.5)).sum() / cover[:, 0].sum()
    assert middle == pytest.approx(place[0], abs=0.13)  # each pixel is rounded to a sixteenth


def test_below_a_curve_it_is_filled():
    table = curve_table(0x000000, 0xFFFFFF, 0x808080)
    picture = curve_picture(np.full(3, 10.0), np.full(3, 10.0), 20, 2.0, table)
    assert (picture[:9] == 0xFF000000).all()
    assert (picture[9:11] == 0xFFFFFFFF).all()
    assert (picture[11:] == 0xFF808080).all()


def test_a_polyline_has_the_points_that_it_was_given():
    x, y = np.arange(5.0), np.arange(5.0) ** 2
    assert [polyline(x, y).at(index) for index in range(5)] == [
        QPointF(*point) for point in zip(x, y, strict=True)
    ]
    assert polyline(x[:0], y[:0]).isEmpty()
