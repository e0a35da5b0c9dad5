"""What controls turn, without widgets: tapers, quantities, wordings, meters' ballistics, gestures."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ordinary_floats import floats

from neume.synth.effects.chorus import Chorus
from neume.synth.effects.delay import Delay
from neume.synth.effects.equaliser import Equaliser
from neume.synth.effects.reverb import Reverb
from neume.synth.manifest import Parameter
from neume.synth.rack.knobs import with_value
from neume.synth.rack.part import Part, Rack
from neume.ui.controls.ballistics import FALL_DB_S, FLOOR_DB, HOLD_S, RMS_TIME_S, MeterLevel
from neume.ui.controls.gestures import PAUSE_S, Series, new_gesture
from neume.ui.controls.quantities import QUANTITIES, parameter_quantity, unknown_quantity
from neume.ui.controls.tapers import FADER, LINEAR, LOGARITHMIC
from neume.ui.controls.wordings import MINUS, Hertz, Note, Pan, Plain

PARAMETERS = [parameter for effect in (Chorus, Delay, Equaliser, Reverb) for parameter in effect.parameters]
ALL = [*QUANTITIES.values(), *map(parameter_quantity, PARAMETERS)]
quantities = st.sampled_from(ALL)
positions = floats(0.0, 1.0)
RACK = Rack("R", (Part("A", program=0),))

# --- tapers and quantities


@given(
    positions,
    positions,
    st.sampled_from([(LINEAR, -3.0, 9.0), (LOGARITHMIC, 0.2, 8.0), (FADER, -60.0, 12.0)]),
)
def test_tapers_rise_and_go_both_ways(one, other, taper_and_ends):
    taper, low, high = taper_and_ends
    assert taper.position(taper.value(one, low, high), low, high) == pytest.approx(one, abs=1e-9)
    if one < other - 1e-9:
        assert taper.value(one, low, high) < taper.value(other, low, high)
    assert taper.value(0.0, low, high) == pytest.approx(low)
    assert taper.value(1.0, low, high) == pytest.approx(high)


def test_half_of_a_fader_is_for_where_hands_work():
    span = FADER.position(12.0, -60, 12) - FADER.position(-15.0, -60, 12)
    assert span > 0.5
    assert FADER.position(-40.0, -60, 12) < 0.15


@given(quantities, positions)
def test_positions_name_values_within_the_range(quantity, position):
    value = quantity.at(position)
    assert quantity.low <= value <= quantity.high
    slack = 0.5 / (quantity.high - quantity.low) if quantity.whole else 1e-9
    assert quantity.position(value) == pytest.approx(position, abs=slack + 1e-9)


@given(quantities, positions, st.integers(1, 5))
def test_steps_go_somewhere_and_fine_ones_less_far(quantity, position, steps):
    begin = quantity.at(position)
    further = quantity.stepped(begin, steps)
    fine = quantity.stepped(begin, steps, fine=True)
    assert begin <= fine <= further <= quantity.high
    assert further > begin or begin == quantity.high
    assert quantity.stepped(quantity.low, -1) == quantity.low


@given(quantities)
def test_from_end_to_end_in_a_bearable_number_of_steps(quantity):
    value, steps = quantity.low, 0
    while value < quantity.high and steps < 200:
        value, steps = quantity.stepped(value, 1), steps + 1
    assert 20 <= steps <= 150


@given(quantities, positions)
def test_what_is_shown_can_be_typed(quantity, position):
    """And means the same, to the last digit shown."""
    value = quantity.at(position)
    typed = quantity.parsed(quantity.text(value))
    assert typed is not None
    assert quantity.text(typed) == quantity.text(value)


@given(quantities, positions)
def test_the_rack_takes_what_a_control_says(quantity, position):
    for field in ("volume_db", "pan", "transpose_semitones"):
        if QUANTITIES[field] is quantity:
            value = quantity.at(position)
            changed = with_value(RACK, f"part.0.{field}", value)
            assert getattr(changed.parts[0], field) == value


@pytest.mark.parametrize("name", ["volume_db", "gain_db", "pan"])
def test_defaults_are_detents(name):
    assert QUANTITIES[name].detent == QUANTITIES[name].default == 0.0


def test_frequencies_and_times_lie_by_ratio_levels_by_difference():
    by_id = {parameter.id: parameter_quantity(parameter) for parameter in PARAMETERS}
    assert by_id["damping_hz"].taper is LOGARITHMIC
    assert by_id["size_s"].taper is LOGARITHMIC
    assert by_id["low_db"].taper is LINEAR
    assert by_id["low_db"].centre == 0.0
    assert by_id["mix"].text(0.25) == "25 %"
    assert by_id["damping_hz"].text(5000.0) == "5.00 kHz"


def test_a_parameter_that_cannot_move_has_a_control():
    still = parameter_quantity(Parameter("x", "X", "", 3.0, 3.0, 3.0))
    assert still.at(0.0) == still.default == 3.0


def test_an_unknown_parameter_takes_any_number_of_a_preset():
    assert unknown_quantity(0.0).parsed("-123456.5") == -123456.5
    assert unknown_quantity(0.0).parsed("1e12") is None
    assert unknown_quantity(0.0).parsed("9" * 20) == 1e9


# --- wordings


@pytest.mark.parametrize(
    ("wording", "value", "text"),
    [
        (Plain("dB", signed=True), -6.0, f"{MINUS}6.0 dB"),
        (Plain("dB", signed=True), 3.0, "+3.0 dB"),
        (Plain("dB", signed=True), -0.04, "0.0 dB"),
        (Plain("%", decimals=0, scale=100.0), 0.254, "25 %"),
        (Pan(), -0.3, "L 30"),
        (Pan(), 0.001, "C"),
        (Pan(), 1.0, "R 100"),
        (Hertz(), 120.0, "120 Hz"),
        (Hertz(), 0.6, "0.60 Hz"),
        (Hertz(), 12_000.0, "12.0 kHz"),
        (Note(), 60.0, "C4"),
        (Note(), 0.0, "C-1"),
    ],
)
def test_texts(wording, value, text):
    assert wording.text(value) == text
    assert wording.parsed(text) == pytest.approx(value, abs=0.05)


@pytest.mark.parametrize(
    ("wording", "text", "value"),
    [
        (Plain("dB"), "-6", -6.0),
        (Plain("dB"), " 2,5 d", 2.5),
        (Plain("dB"), "6 Hz", None),
        (Plain("dB"), "", None),
        (Plain("dB"), "1e999", None),
        (Plain("ms"), "12ms", 12.0),
        (Pan(), "l30", -0.3),
        (Pan(), "30 R", 0.3),
        (Pan(), "-30", -0.3),
        (Pan(), "c", 0.0),
        (Pan(), "left", None),
        (Hertz(), "5k", 5000.0),
        (Hertz(), "5 kHz", 5000.0),
        (Hertz(), "440", 440.0),
        (Note(), "f#3", 54.0),
        (Note(), "Gb3", 54.0),
        (Note(), "60", 60.0),
        (Note(), "H2", None),
    ],
)
def test_what_people_type(wording, text, value):
    assert wording.parsed(text) == (None if value is None else pytest.approx(value))


@given(st.text(max_size=30), quantities)
def test_any_text_is_read_or_refused(text, quantity):
    value = quantity.parsed(text)
    assert value is None or quantity.low <= value <= quantity.high


# --- meters


@given(st.lists(st.tuples(floats(0.0, 2.0), floats(0.001, 0.2)), min_size=1, max_size=60))
def test_peaks_rise_at_once_and_never_fall_faster_than_the_standard(feeds):
    level, now_s = MeterLevel(), 10.0
    for peak, step_s in feeds:
        before_db = level.peak_db
        now_s += step_s
        level.feed(peak, peak / 2, now_s)
        heard_db = 20 * math.log10(peak) if peak > 0 else FLOOR_DB
        assert level.peak_db >= max(FLOOR_DB, heard_db) - 1e-9
        assert level.peak_db >= before_db - FALL_DB_S * step_s - 1e-9 or level.peak_db == FLOOR_DB
        assert FLOOR_DB <= level.rms_db <= level.peak_db <= level.held_db


def test_the_meter_is_calibrated():
    level = MeterLevel()
    for block in range(400):
        level.feed(0.5, 0.5 / math.sqrt(2), block / 60)
    assert level.peak_db == pytest.approx(-6.02, abs=0.01)
    assert level.rms_db == pytest.approx(-9.03, abs=0.01)


def test_rms_takes_its_time():
    level = MeterLevel()
    level.feed(0.0, 0.0, 0.0)
    level.feed(1.0, 1.0, RMS_TIME_S)
    assert level.rms_db == pytest.approx(10 * math.log10(1 - math.exp(-1)), abs=0.01)


def test_the_highest_peak_waits():
    level = MeterLevel()
    level.feed(0.9, 0.1, 0.0)
    held_db = level.held_db
    level.feed(0.1, 0.1, HOLD_S - 0.1)
    assert level.held_db == held_db
    level.feed(0.1, 0.1, HOLD_S + 0.1)
    assert level.held_db < held_db


def test_a_clip_stays_until_it_is_cleared():
    level = MeterLevel()
    level.feed(1.0, 0.1, 0.0)
    level.feed(0.0, 0.0, 100.0)
    assert level.clipped
    level.clear()
    level.feed(0.0, 0.0, 101.0)
    assert not level.clipped


@pytest.mark.parametrize("odd", [math.nan, math.inf, -1.0])
def test_no_number_breaks_the_meter(odd):
    level = MeterLevel()
    level.feed(odd, odd, 0.0)
    level.feed(0.5, 0.3, 0.1)
    assert math.isfinite(level.peak_db)
    assert math.isfinite(level.rms_db)


def test_a_clock_that_stands_still_or_jumps_is_no_harm():
    level = MeterLevel()
    for now_s in (5.0, 5.0, 1.0, 1e9):
        level.feed(0.5, 0.3, now_s)
    assert level.peak_db == pytest.approx(-6.02, abs=0.01)


# --- gestures


def test_gestures_have_names_of_their_own():
    assert len({new_gesture() for _ in range(100)}) == 100


def test_a_pause_parts_gestures():
    series = Series()
    first = series.name(100.0)
    assert series.name(100.0 + PAUSE_S * 0.9) == first
    assert series.name(100.0 + PAUSE_S * 1.8) == first
    later = series.name(100.0 + PAUSE_S * 2.9)
    assert later != first
    series.end()
    assert series.name(100.0 + PAUSE_S * 2.9) != later


def test_records_are_frozen():
    with pytest.raises(AttributeError):
        QUANTITIES["pan"].low = 0.0
    assert replace(QUANTITIES["pan"], default=0.5).default == 0.5
