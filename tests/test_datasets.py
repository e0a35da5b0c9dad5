"""Loaders of real data sets on miniature copies of their layouts: records, splits, and broken files."""

from __future__ import annotations

from pathlib import Path

import pytest
from broken_datasets import FAULTS, link_out
from dataset_layouts import LAYOUTS, write_text, write_tone
from tiny_songs import note, write_song

from neume.models.datasets import midi_sets, text_files
from neume.models.datasets.performance import RATE_HZ, LabelledNote, Performance, Skipped, label_events
from neume.models.datasets.table import DATA_SETS, data_set, performances
from neume.synth.errors import NeumeError, UsageError
from neume.synth.events import ControlChange, NoteOff, NoteOn, PitchBend, ProgramChange
from neume.synth.voices import DRUM_PROGRAM

# Name, split, programs and first note (frame, channel, key, velocity) of every miniature performance.
EXPECTED = {
    "maestro": [
        ("2004/MIDI-Unprocessed_01", "train", {0}, (4750, 0, 60, 37)),
        ("2018/MIDI-Unprocessed_02", "test", {0}, (4750, 0, 60, 37)),
    ],
    "slakh2100": [
        (f"{split}/Track00001/{stem}", split, {program}, first)
        for split in ("train", "validation", "omitted")
        for stem, program, first in (
            ("S00", 30, (4750, 0, 45, 100)),
            ("S01", DRUM_PROGRAM, (9500, 9, 36, 100)),
        )
    ],
    "musicnet": [
        ("1727", "train", {0, 42}, (4800, 0, 60, 100)),
        ("1759", "test", {0, 42}, (4800, 0, 60, 100)),
    ],
    "urmp": [
        ("01_Jupiter_vn_vc/1_vn_01_Jupiter", "test", {40}, (4800, 0, 69, 100)),
        ("01_Jupiter_vn_vc/2_vc_01_Jupiter", "test", {42}, (4800, 0, 69, 100)),
        ("03_Dance_fl_cl/1_fl_03_Dance", "train", {73}, (4800, 0, 69, 100)),
        ("03_Dance_fl_cl/2_cl_03_Dance", "train", {71}, (4800, 0, 69, 100)),
    ],
    "guitarset": [
        ("00_BN1-129-Eb_comp", "train", {25}, (4800, 0, 40, 100)),
        ("05_Jazz3-150-C_solo", "validation", {25}, (4800, 0, 40, 100)),
    ],
    "e-gmd": [
        ("drummer1/session1/1_funk_80_beat_4-4_1", "train", {DRUM_PROGRAM}, (4750, 9, 36, 100)),
        ("drummer7/session1/7_funk_80_beat_4-4_1", "validation", {DRUM_PROGRAM}, (4750, 9, 36, 100)),
    ],
    "pairs": [
        ("evening/take 0", "train", {19}, (4750, 0, 60, 64)),
        ("evening/take 1", "train", {19}, (4750, 0, 60, 64)),
    ],
}  # 4750 frames are 19 of 192 ticks a second


def every(name: str, root: Path) -> list[Performance | Skipped]:
    return list(performances(DATA_SETS[name], root))


def skipped(name: str, root: Path) -> dict[str, str]:
    return {found.name: found.reason for found in every(name, root) if isinstance(found, Skipped)}


def notes_of(performance: Performance | Skipped) -> list[NoteOn]:
    assert isinstance(performance, Performance), performance
    return [event for event in performance.events if isinstance(event, NoteOn)]


@pytest.mark.parametrize("name", LAYOUTS)
def test_every_performance_is_found_in_its_published_layout(name, tmp_path):
    found = every(name, LAYOUTS[name](tmp_path))
    seen = []
    for performance in found:
        first = notes_of(performance)[0]
        place = (first.frame, first.channel, first.key, first.velocity)
        seen.append((performance.name, performance.split, set(performance.programs), place))
        assert performance.audio.is_file()
        assert performance.licence == DATA_SETS[name].licence
    assert seen == EXPECTED[name]


@pytest.mark.parametrize("name", LAYOUTS)
def test_events_are_sorted_begin_with_full_volume_and_let_every_key_go(name, tmp_path):
    for performance in every(name, LAYOUTS[name](tmp_path)):
        assert isinstance(performance, Performance)
        frames = [event.frame for event in performance.events]
        assert frames == sorted(frames)
        first = performance.events[0]
        assert isinstance(first, ControlChange)
        assert (first.frame, first.controller, first.value) == (0, 7, 127)
        ups = sum(isinstance(event, NoteOff) for event in performance.events)
        assert ups == len(notes_of(performance))


@pytest.mark.parametrize("name", LAYOUTS)
def test_a_split_is_a_part(name, tmp_path):
    root = LAYOUTS[name](tmp_path)
    wanted = [row[0] for row in EXPECTED[name] if row[1] == "train"]
    assert [found.name for found in performances(DATA_SETS[name], root, "train")] == wanted


@pytest.mark.parametrize("name", LAYOUTS)
def test_an_empty_folder_is_told_what_it_lacks(name, tmp_path):
    with pytest.raises(NeumeError, match="give"):
        every(name, tmp_path)
    with pytest.raises(NeumeError, match="no such folder"):
        every(name, tmp_path / "nowhere")


def test_an_unknown_set_is_told_the_known_ones():
    with pytest.raises(UsageError, match="maestro, slakh2100, musicnet, urmp, guitarset, e-gmd, pairs"):
        data_set("lakh")


def test_the_pedal_of_a_piano_comes_along(tmp_path):
    first, _ = every("maestro", LAYOUTS["maestro"](tmp_path))
    assert isinstance(first, Performance)
    assert ControlChange(9500, 0, 64, 90) in first.events


def test_roland_keys_become_general_midi_keys(tmp_path):
    first, _ = every("e-gmd", LAYOUTS["e-gmd"](tmp_path))
    assert [(hit.key, hit.velocity) for hit in notes_of(first)] == [(36, 100), (42, 51)]


def test_a_violin_is_bent_to_its_measured_pitch(tmp_path):
    """443 Hz is 11.76 cents above A4; a channel at rest bends by two semitones at 8192."""
    found = every("urmp", LAYOUTS["urmp"](tmp_path))[0]
    assert isinstance(found, Performance)
    assert [e.value for e in found.events if isinstance(e, PitchBend)] == [round(0.11764 / 2 * 8192), 0]


def test_every_guitar_string_has_a_channel_of_its_own(tmp_path):
    found = every("guitarset", LAYOUTS["guitarset"](tmp_path))[0]
    assert {(n.channel, n.key) for n in notes_of(found)} == {(s, 40 + 5 * s) for s in (0, 1, 3, 4, 5)}
    bends = {e.value for e in found.events if isinstance(e, PitchBend)}
    assert bends == {round(0.2 / 2 * 8192)}


def test_a_key_pressed_twice_is_let_go_first():
    events = label_events([LabelledNote(0.0, 1.0, 60), LabelledNote(0.5, 0.8, 60)], {0: 40}, bent=False)
    notes = [(type(e), e.frame) for e in events if isinstance(e, NoteOn | NoteOff)]
    half, end = RATE_HZ // 2, RATE_HZ * 8 // 10
    assert notes == [(NoteOn, 0), (NoteOff, half), (NoteOn, half), (NoteOff, end)]
    assert ProgramChange(0, 0, 40) in events


@pytest.mark.parametrize(
    "note", [(float("nan"), 1, 60), (1, 0.5, 60), (-1, 1, 60), (0, 1e9, 60), (0, 1, 128)]
)
def test_impossible_notes_are_refused(note):
    with pytest.raises(NeumeError, match="allowed are"):
        label_events([LabelledNote(*note)], {0: 0}, bent=False)


def test_pairs_may_be_divided_into_folders_or_are_by_their_order(tmp_path):
    for number in range(10):
        write_song(tmp_path / f"a/{number}.mid", note(60, 0.1, 0.5))
        write_tone(tmp_path / f"a/{number}.WAV")
    assert [found.split for found in every("pairs", tmp_path / "a")] == ["train"] * 9 + ["validation"]
    (tmp_path / "a").rename(tmp_path / "test")
    assert {found.split for found in every("pairs", tmp_path)} == {"test"}


@pytest.mark.parametrize("case", FAULTS)
def test_a_broken_file_costs_its_own_performance_only(case, tmp_path):
    fault = FAULTS[case]
    root = LAYOUTS[fault.data_set](tmp_path)
    fault.make(root)
    told = skipped(fault.data_set, root)
    assert list(told) == [fault.lost]
    assert fault.reason in told[fault.lost]
    left = [found.name for found in every(fault.data_set, root) if isinstance(found, Performance)]
    assert left == [row[0] for row in EXPECTED[fault.data_set] if not row[0].startswith(fault.lost)]


def test_a_link_out_of_the_folder_is_not_followed(tmp_path):
    root = LAYOUTS["pairs"](tmp_path / "set")
    link_out(root / "evening/take 0.wav")
    assert "outside" in skipped("pairs", root)["evening/take 0"]


def test_files_beyond_a_limit_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(text_files, "MAX_ROWS", 1)
    with pytest.raises(NeumeError, match="allowed 1 rows"):
        every("maestro", LAYOUTS["maestro"](tmp_path))
    with pytest.raises(NeumeError, match="larger than the allowed 9 bytes"):
        text_files.read_text(write_text(tmp_path / "long.txt", "0123456789"), 9)


def test_yaml_makes_nothing_but_texts(tmp_path):
    text = "a: !!python/object/apply:os.system ['true']\nb: &x\n  c: '1'\nd: *x\n"
    wanted = {"a": "!!python/object/apply:os.system ['true']".strip("'\""), "b": "&x", "d": "*x", "c": "1"}
    found = text_files.read_yaml(write_text(tmp_path / "a.yaml", text))
    assert {**found, "c": "1"} == wanted


def test_roland_keys_are_on_no_general_midi_drum():
    assert set(midi_sets.TD17_KEYS.values()) <= set(range(35, 82))
