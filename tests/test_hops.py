"""Hops written from a note table: the same however time is cut, right to the sample, and silent after."""

from __future__ import annotations

import numba
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from note_play import HOP, VOICES, written

from neume.synth.channels import member_channel
from neume.synth.compiled import compiled
from neume.synth.conditioning import FEATURES
from neume.synth.events import ChannelPressure, ControlChange, NoteOff, NoteOn, PitchBend, ProgramChange
from neume.synth.excitation import wavetables
from neume.synth.hop_kernel import HARMONIC_GAIN, NOISE_GAIN, ONSET_RAMP_SAMPLES, TABLE_SAMPLES
from neume.synth.notes import SILENT_DB, NoteTable
from neume.synth.voices import VoiceTable

HOPS, SLOTS, RATE_HZ = 40, 8, 48_000

frames = st.integers(0, HOPS * HOP - 1)
keys, values = st.integers(30, 90), st.integers(0, 127)
channels = st.sampled_from((0, 3, member_channel(0, 4)))
played = st.one_of(
    st.builds(NoteOn, frames, channels, keys, st.integers(1, 127)),
    st.builds(NoteOn, frames, st.just(9), st.integers(35, 50), st.integers(1, 127)),
    st.builds(NoteOff, frames, channels, keys),
    st.builds(PitchBend, frames, channels, st.integers(-8192, 8191)),
    st.builds(ChannelPressure, frames, channels, values),
    st.builds(ControlChange, frames, st.just(0), st.sampled_from((1, 7, 11, 64, 120)), values),
    st.builds(ProgramChange, frames, st.just(0), values),
)
events = st.lists(played, max_size=30).map(lambda several: sorted(several, key=lambda event: event.frame))


@settings(max_examples=60, deadline=None)
@given(events, st.sampled_from((1, 2, 5)))
def test_hops_in_pieces_are_hops_together(several, hops):
    together, table = written(NoteTable(SLOTS, VOICES), several, 0, HOPS), NoteTable(SLOTS, VOICES)
    for first in range(0, HOPS, hops):
        start, end = first * HOP, (first + hops) * HOP
        due = [event for event in several if start <= event.frame < end]
        for piece, whole in zip(written(table, due, start, hops), together, strict=True):
            assert np.array_equal(piece, whole[first : first + hops])


@settings(max_examples=40, deadline=None)
@given(events)
def test_what_sounds_has_a_row_and_is_heard(several):
    conditioning, excitation, sounding = written(NoteTable(SLOTS, VOICES), several, 0, HOPS)
    assert np.isfinite(excitation).all()
    active = conditioning[..., FEATURES.index("active")] > 0
    assert np.array_equal(active.any(axis=1), sounding)
    assert not excitation[~sounding].any()
    levels_db = conditioning[..., FEATURES.index("level_db")]
    ages = conditioning[..., FEATURES.index("age_samples")]
    goes_on = active[:-1] & active[1:] & (ages[1:] > ages[:-1])  # no other note has taken the slot
    assert (levels_db[:-1][goes_on] >= SILENT_DB - 0.01).all()


@pytest.mark.parametrize("onset", [0, 100, 255])
@pytest.mark.parametrize("bend", [0, 4096])
def test_a_tone_is_its_wavetable_at_its_pitch(onset, bend):
    table = NoteTable(SLOTS, VOICES)
    table.apply(PitchBend(0, 0, bend))
    excitation = written(table, [NoteOn(onset, 0, 57, 127)], 0, 4)[1].reshape(-1, 2)
    semitones = 2.0 * bend / 8192
    samples = np.arange(4 * HOP - onset)
    cycles = 220.0 * 2.0 ** (semitones / 12.0) / RATE_HZ * samples
    row = wavetables(RATE_HZ)[57 + round(semitones)]
    wanted = np.interp(cycles % 1.0 * TABLE_SAMPLES, np.arange(TABLE_SAMPLES + 1), row)
    fall_db = 6.0 * (samples + 0.5) / RATE_HZ  # of a voice that was not measured
    level = 10.0 ** (-fall_db / 20.0) * np.minimum(samples / ONSET_RAMP_SAMPLES, 1.0)
    level *= 10.0 ** (table.channels[0].gain_db / 20.0)
    assert not excitation[:onset].any()
    assert np.allclose(excitation[onset:, 0], wanted * level * HARMONIC_GAIN, atol=3e-4)
    assert np.allclose(excitation[onset:, 1], level * NOISE_GAIN, atol=3e-4)


def test_machine_code_needs_no_folder_to_be_kept_in(monkeypatch):
    monkeypatch.setattr(numba.core.caching.CacheImpl, "_locator_classes", [])
    assert compiled(slowly_added)(2, 3) == 5


def slowly_added(one, other):
    return one + other


def test_a_note_that_has_faded_gives_its_slot_back():
    table = NoteTable(1, VOICES)
    written(table, [NoteOn(0, 0, 60, 100), NoteOff(10, 0, 60)], 0, 40)
    frame = 40 * HOP
    while table.sounding:
        assert table.levels_db(frame - HOP)[0] >= SILENT_DB
        written(table, (), frame, 1)
        frame += HOP
    assert frame / RATE_HZ == pytest.approx(-(SILENT_DB + 4.2) / 206.0, abs=0.05)
    assert not written(table, (), frame, 3)[1].any()


def test_an_organ_s_low_stop_sounds_below_its_key():
    low = {"keys": [60], "decay_db_per_s": [0.0], "release_db_per_s": [100.0], "tuning_semitones": [-12.0]}
    table = NoteTable(SLOTS, VoiceTable.from_anchors({0: low}))
    excitation = written(table, [NoteOn(0, 0, 60, 127)], 0, 64)[1][8:, :, 0].reshape(-1)
    spectrum = np.abs(np.fft.rfft(excitation * np.hanning(len(excitation))))
    hz = np.fft.rfftfreq(len(excitation), 1 / RATE_HZ)
    assert hz[spectrum[hz < 180].argmax()] == pytest.approx(130.8, abs=4)
