"""Where in its period a note begins: in the voice table, the manifest, the excitation, and fitted."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from broken_manifests import MANIFEST, TEXT
from note_play import HOP, written
from test_manifest import faults_of

from neume.models.phases import END, KEY_DOWN, lateness_samples, phase_cycles
from neume.synth.bundle import manifest_text, parse_manifest
from neume.synth.events import NoteOn
from neume.synth.excitation import wavetables
from neume.synth.hop_kernel import TABLE_SAMPLES
from neume.synth.notes import NoteTable
from neume.synth.voices import VoiceTable

HOPS, RATE_HZ = 4, 48_000
ANCHORS = {
    "keys": [40, 80],
    "decay_db_per_s": [0.0, 0.0],
    "release_db_per_s": [100.0, 100.0],
    "tuning_semitones": [0.0, 0.0],
}


def tone(phase, key=69):
    notes = NoteTable(4, VoiceTable.from_anchors({0: ANCHORS | {"phase_cycles": [phase, phase]}}))
    return written(notes, [NoteOn(0, 0, key, 127)], 0, HOPS)[1][..., 0].reshape(-1)


@pytest.mark.parametrize("phase", [0.0, 0.25, 0.9])
def test_the_tone_begins_in_its_phase(phase):
    table = wavetables(RATE_HZ)[69]
    cycles = phase + 440.0 / RATE_HZ * np.arange(HOPS * HOP)
    wanted = np.interp(cycles % 1.0 * TABLE_SAMPLES, np.arange(TABLE_SAMPLES + 1), table)
    played = tone(phase)[HOP:]
    scale = np.dot(played, wanted[HOP:]) / np.dot(wanted[HOP:], wanted[HOP:])
    assert np.abs(played - scale * wanted[HOP:]).max() < 1e-2 * scale


def test_a_manifest_says_it_and_need_not():
    assert (MANIFEST.voice_table().phase_cycles == 0.0).all()
    piano = MANIFEST.programs[0].voice
    turned = replace(piano, phase_cycles=(0.25, 0.5, 0.75))
    told = replace(MANIFEST, programs=(replace(MANIFEST.programs[0], voice=turned), *MANIFEST.programs[1:]))
    assert told.voice_table().phase_cycles[0, list(piano.keys)].tolist() == [0.25, 0.5, 0.75]
    text = manifest_text(told)
    assert "phase_cycles = [0.25, 0.5, 0.75]" in text
    assert parse_manifest(text, "tiny").programs[0].voice == turned
    assert parse_manifest(TEXT, "tiny").programs[0].voice.phase_cycles == ()


@pytest.mark.parametrize(
    ("column", "fault"), [("[0.5]", "has 1 values for 3 keys"), ("[0.5, 0.5, 1.5]", "from 0 to 1")]
)
def test_an_impossible_phase_is_a_fault(column, fault):
    text = TEXT.replace("settle_s =", f"phase_cycles = {column}, settle_s =", 1)
    assert any(fault in told for told in faults_of(text))


def pulses(period, first):
    audio = np.zeros(END, np.float32)
    sounding = np.exp(-np.arange(END) / 30.0) * np.sin(np.arange(END) * 0.4)
    for start in np.arange(first, END, period):
        audio[int(start) :] += sounding[: END - int(start)]
    return audio


@pytest.mark.parametrize("period", [110.0, 200.0, 480.0, 1200.0])
@pytest.mark.parametrize("late", [-0.4, -0.1, 0.0, 0.25])
def test_how_late_pulses_come_is_seen(period, late):
    shift = round(late * period)
    made, reference = (pulses(period, KEY_DOWN + period / 2 + by) for by in (shift, 0))
    assert lateness_samples(made, reference, period) == pytest.approx(shift, abs=24)


@pytest.mark.parametrize("key", [28, 60])
@pytest.mark.parametrize("late", [0.1, 0.4])
def test_a_fitted_phase_takes_the_lateness_back(key, late):
    period = RATE_HZ / (440.0 * 2.0 ** ((key - 69) / 12.0))
    made, reference = (
        lambda events, samples, by=by: pulses(period, events[1].frame + period / 2 + by)
        for by in (late * period, 0.0)
    )
    assert phase_cycles(0, key, 0.0, made, reference) == pytest.approx(late, abs=0.03)
