"""The notes of several streams worked out together: as each stream by itself, and none fades unseen."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from neume.synth.chord import Ensemble
from neume.synth.conditioning import FEATURES, write_conditioning
from neume.synth.events import ControlChange, NoteOff, NoteOn, PitchBend, ProgramChange
from neume.synth.excitation import write_excitation
from neume.synth.notes import SILENT_DB, NoteTable, slot_levels_db
from neume.synth.scratch import Scratch
from neume.synth.stretch import joint_stretches, stretches
from neume.synth.voices import VoiceTable

HOP, HOPS, SLOTS, STREAMS = 256, 40, 8, 3
VOICES = VoiceTable.from_anchors({})

streams = st.integers(0, STREAMS - 1)
frames = st.integers(0, HOPS * HOP - 1)
keys, values = st.integers(30, 90), st.integers(0, 127)
played = st.one_of(
    st.builds(NoteOn, frames, st.just(0), keys, st.integers(1, 127)),
    st.builds(NoteOn, frames, st.just(9), st.integers(35, 50), st.integers(1, 127)),
    st.builds(NoteOff, frames, st.just(0), keys),
    st.builds(PitchBend, frames, st.just(0), st.integers(-8192, 8191)),
    st.builds(ControlChange, frames, st.just(0), st.sampled_from((1, 7, 11, 64, 120)), values),
    st.builds(ProgramChange, frames, st.just(0), values),
)
events = st.lists(st.tuples(streams, played), max_size=30).map(
    lambda several: sorted(several, key=lambda one: one[1].frame)
)


def tables():
    return [NoteTable(SLOTS, VOICES) for _ in range(STREAMS)]


def written(stretch, first, conditioning, excitation):
    part = slice(first, first + stretch.hops)
    write_conditioning(stretch, conditioning[..., part, :, :])
    write_excitation(stretch, excitation[..., part, :, :])


@settings(max_examples=60, deadline=None)
@given(events)
def test_streams_together_are_the_streams_apart(several):
    together = np.zeros((STREAMS, HOPS, SLOTS, len(FEATURES)), np.float32)
    excited = np.zeros((STREAMS, HOPS, HOP, 2), np.float32)
    for first, stretch in joint_stretches(Ensemble(tables()), several, 0, HOP, HOPS):
        written(stretch, first, together, excited)
    for stream, table in enumerate(tables()):
        own = [event for of, event in several if of == stream]
        apart, sounded = np.zeros_like(together[0]), np.zeros_like(excited[0])
        for first, stretch in stretches(table, own, 0, HOP, HOPS):
            written(stretch, first, apart, sounded)
        assert np.array_equal(apart, together[stream])
        assert np.array_equal(sounded, excited[stream])


@settings(max_examples=60, deadline=None)
@given(events)
def test_no_note_fades_before_it_is_looked_at_again(several):
    ensemble = Ensemble(tables())
    for _, stretch in joint_stretches(ensemble, several, 0, HOP, HOPS):
        chord = stretch.chord
        known = min(chord.heard_until, 1e9)
        if known > 0:
            levels_db = slot_levels_db(chord.slots, np.array([[int(known)]]), ensemble.rate_hz)
            assert levels_db.min() >= SILENT_DB


def test_a_chord_lasts_until_something_changes():
    ensemble = Ensemble(tables())
    assert ensemble.chord() is None
    ensemble.tables[1].apply(NoteOn(0, 0, 60, 100))
    chord = ensemble.chord()
    assert chord is ensemble.chord()
    assert chord.parts == [(1, slice(0, 1))]
    ensemble.tables[2].apply(ControlChange(0, 0, 7, 50))
    assert ensemble.chord() is not chord
    ensemble.tables[1].reset()
    assert ensemble.chord() is None


def test_restoring_a_table_makes_another_chord():
    ensemble = Ensemble(tables())
    state = ensemble.tables[0].state()
    ensemble.tables[0].apply(NoteOn(0, 0, 60, 100))
    assert len(ensemble.chord()) == 1
    ensemble.tables[0].restore(state)
    assert ensemble.chord() is None


def test_scratch_memory_is_kept_under_its_name():
    scratch = Scratch()
    large = scratch.array("one", (4, 8), np.float64)
    assert np.shares_memory(large, scratch.array("one", (3, 5), np.int32))
    assert not np.shares_memory(large, scratch.array("two", (4, 8), np.float64))
    assert scratch.array("one", (9, 8), np.float64).shape == (9, 8)
