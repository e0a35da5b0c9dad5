"""The development set from a miniature corpus: fixed, on the reference's grid, open about what is missing."""

from __future__ import annotations

import csv
from pathlib import Path

import mido
import pytest

from neume.models.evaluate.dev_set import FAMILIES, DevSet, build_dev_set, corpus_folder
from neume.models.evaluate.probes import LADDER_VELOCITIES, held_scale, program_probe, velocity_ladder
from neume.models.evaluate.song import cut, song_excerpt
from neume.models.evaluate.spans import NoteSpan, held_regions, isolated_onsets, note_spans
from neume.models.fluid import QUANTUM_SAMPLES
from neume.models.programs import TRAINED
from neume.synth.errors import NeumeError, UsageError
from neume.synth.events import ControlChange, NoteOff, NoteOn, PitchBend, ProgramChange

RATE = 48_000


def write_midi(path: Path, parts: dict[int, tuple[int, int]], notes: int = 60) -> None:
    """A file with a part for each channel: (program, lowest key), eighth notes at 120 beats a minute."""
    file = mido.MidiFile(ticks_per_beat=480)
    for channel, (program, key) in parts.items():
        track = mido.MidiTrack()
        file.tracks.append(track)
        track.append(mido.Message("control_change", channel=channel, control=7, value=90))
        track.append(mido.Message("control_change", channel=channel, control=10, value=0))
        if channel != 9:
            track.append(mido.Message("program_change", channel=channel, program=program))
        for index in range(notes):
            step = key + (index * 5) % 12
            track.append(
                mido.Message("note_on", channel=channel, note=step, velocity=50 + index % 60, time=40)
            )
            track.append(mido.Message("note_off", channel=channel, note=step, time=200))
    file.save(path)


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("corpus")
    rows = {
        "piano.mid": ({0: (0, 60)}, "dev"),
        "drums.mid": ({9: (0, 36)}, "dev"),
        "band.mid": ({0: (0, 60), 1: (33, 36), 2: (48, 60), 3: (73, 72), 9: (0, 36)}, "dev"),
        "learned.mid": ({0: (16, 60)}, "train"),
    }
    with (folder / "index.csv").open("w", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["path", "split", "programs", "has_drums"])
        for name, (parts, split) in rows.items():
            write_midi(folder / name, parts)
            programs = sorted({program for channel, (program, _) in parts.items() if channel != 9})
            writer.writerow([name, split, " ".join(map(str, programs)), int(9 in parts)])
    return folder


@pytest.fixture(scope="module")
def dev_set(corpus: Path) -> DevSet:
    return build_dev_set(corpus, segments=2, seconds=8.0, song_seconds=10.0)


class TestDevSet:
    def test_is_the_same_every_time(self, corpus: Path, dev_set: DevSet) -> None:
        assert build_dev_set(corpus, segments=2, seconds=8.0, song_seconds=10.0) == dev_set

    def test_holds_every_family_and_every_trained_program(self, dev_set: DevSet) -> None:
        kinds = {
            kind: [s for s in dev_set.segments if s.kind == kind]
            for kind in ("music", "ladder", "scale", "probe", "performance")
        }
        assert [s.family for s in kinds["music"]] == [f for f in (*FAMILIES, "drums") for _ in range(2)] + [
            "song"
        ]
        assert [s.family for s in kinds["ladder"]] == [s.family for s in kinds["scale"]] == list(FAMILIES)
        assert {s.program for s in kinds["probe"]} == set(TRAINED)
        assert sorted(s.program for s in kinds["performance"]) == sorted([*TRAINED] * 2)
        assert {s.program for s in kinds["music"] if s.family == "guitar"} == {24, 25}
        names = [s.name for s in dev_set.segments]
        assert len(set(names)) == len(names)
        assert dev_set.seconds > 2 * 9 * 8.0 + 10.0

    def test_every_event_is_in_order_on_the_grid_and_inside(self, dev_set: DevSet) -> None:
        for segment in dev_set.segments:
            frames = [event.frame for event in segment.events]
            assert frames == sorted(frames), segment.name
            assert all(frame % QUANTUM_SAMPLES == 0 for frame in frames), segment.name
            assert 0 <= frames[0] <= frames[-1] < segment.samples, segment.name

    def test_every_note_ends(self, dev_set: DevSet) -> None:
        for segment in dev_set.segments:
            assert all(span.end < segment.samples for span in note_spans(segment.events, segment.samples)), (
                segment.name
            )

    def test_only_the_dev_split_is_used(self, corpus: Path, dev_set: DevSet) -> None:
        (corpus / "learned.mid").rename(corpus / "gone.mid")
        try:
            assert build_dev_set(corpus, segments=2, seconds=8.0, song_seconds=10.0) == dev_set
        finally:
            (corpus / "gone.mid").rename(corpus / "learned.mid")

    def test_what_the_corpus_lacks_is_remarked(self, corpus: Path, tmp_path: Path) -> None:
        write_midi(tmp_path / "piano.mid", {0: (0, 60)})
        (tmp_path / "index.csv").write_text("path,split,programs,has_drums\npiano.mid,dev,0,0\n")
        made = build_dev_set(tmp_path, segments=1, seconds=8.0)
        assert [r for r in made.remarks if r.startswith("song")] == [
            "song: no file of the corpus has drums and several programs, the song is left out"
        ]
        assert "drums 1: nothing in the corpus fits, procedural notes stand in" in made.remarks
        assert not any(s.family == "song" for s in made.segments)

    @pytest.mark.parametrize("segments", [0, 51])
    def test_a_wrong_number_of_segments_is_refused(self, corpus: Path, segments: int) -> None:
        with pytest.raises(UsageError, match=rf"segments = {segments}: give a number from 1 to 50"):
            build_dev_set(corpus, segments=segments)

    def test_a_folder_without_an_index_or_dev_files_is_refused(self, tmp_path: Path) -> None:
        with pytest.raises(NeumeError, match=r"no index\.csv"):
            build_dev_set(tmp_path)
        (tmp_path / "index.csv").write_text("path,split,programs,has_drums\na.mid,train,0,0\n")
        with pytest.raises(NeumeError, match="no file of the split 'dev'"):
            build_dev_set(tmp_path)

    def test_the_corpus_folder_comes_from_the_option_then_the_environment(
        self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        monkeypatch.setenv("NEUME_CORPUS", str(tmp_path))
        assert corpus_folder(None) == tmp_path
        assert corpus_folder(Path("other")) == Path("other")
        monkeypatch.delenv("NEUME_CORPUS")
        with pytest.raises(UsageError, match="--corpus DIR"):
            corpus_folder(None)


class TestSong:
    def test_is_the_file_with_drums_and_most_programs(self, corpus: Path, dev_set: DevSet) -> None:
        song = next(s for s in dev_set.segments if s.family == "song")
        assert song.name == "song band.mid"
        assert {e.channel for e in song.events if isinstance(e, NoteOn)} == {0, 1, 2, 3, 9}
        assert not any(isinstance(e, ControlChange) and e.controller == 10 for e in song.events)
        assert song_excerpt([], 10.0) is None

    def test_a_cut_chases_state_and_leaves_out_what_began_before(self) -> None:
        events = (
            ProgramChange(0, 0, 33), ControlChange(0, 0, 7, 90), NoteOn(1_000, 0, 40, 80),
            PitchBend(2_000, 0, 99), NoteOff(RATE + 10, 0, 40),
            NoteOn(RATE + 100, 0, 45, 80), NoteOff(RATE + 110, 0, 45),
            NoteOn(2 * RATE, 0, 50, 80), NoteOff(9 * RATE, 0, 50), NoteOn(5 * RATE, 0, 51, 80),
        )  # fmt: skip
        made = cut(events, RATE, 4.0)
        assert made[:3] == (ProgramChange(0, 0, 33), ControlChange(0, 0, 7, 90), PitchBend(0, 0, 99))
        spans = note_spans(made, 4 * RATE)
        assert [(s.key, s.onset, s.end) for s in spans] == [(45, 128, 192), (50, RATE, int(2.5 * RATE))]


class TestProbes:
    def test_a_ladder_holds_every_velocity_once_on_one_key(self) -> None:
        events, _ = velocity_ladder(48)
        notes = [event for event in events if isinstance(event, NoteOn)]
        assert sorted(note.velocity for note in notes) == list(LADDER_VELOCITIES)
        assert [note.velocity for note in notes] != list(LADDER_VELOCITIES)
        assert len({note.key for note in notes}) == 1

    @pytest.mark.parametrize("program", sorted(FAMILIES.values()))
    def test_every_note_of_a_scale_is_held_and_isolated(self, program: tuple[int, ...]) -> None:
        events, samples = held_scale(program[0])
        spans = note_spans(events, samples)
        assert len(held_regions(events, spans)) == len(isolated_onsets(spans)) == len(spans) == 6

    def test_a_probe_plays_each_key_once_then_a_chord(self) -> None:
        events, _ = program_probe(0)
        keys = [event.key for event in events if isinstance(event, NoteOn)]
        assert len(set(keys[:14])) == 14
        assert (min(keys), max(keys)) == (21, 108)
        assert len(keys) == 17


class TestSpans:
    def test_the_pedal_holds_notes(self) -> None:
        events = (
            NoteOn(0, 0, 60, 80), ControlChange(100, 0, 64, 127), NoteOff(200, 0, 60), NoteOn(300, 0, 62, 80),
            ControlChange(900, 0, 64, 0), NoteOff(1_000, 0, 62), NoteOn(1_100, 0, 64, 80),
        )  # fmt: skip
        assert note_spans(events, 5_000) == [
            NoteSpan(0, 60, 80, 0, 900), NoteSpan(0, 62, 80, 300, 1_000), NoteSpan(0, 64, 80, 1_100, 5_000)
        ]  # fmt: skip

    def test_a_struck_again_key_ends_its_first_note(self) -> None:
        events = (NoteOn(0, 0, 60, 80), NoteOn(500, 0, 60, 90), NoteOff(900, 0, 60))
        assert [(s.onset, s.end) for s in note_spans(events, 5_000)] == [(0, 500), (500, 900)]

    def test_isolated_onsets_have_room_on_both_sides(self) -> None:
        onsets = [0, 10_000, 12_000, 30_000, 34_801, 37_682]
        spans = [NoteSpan(0, 60, 80, onset, onset + 500) for onset in onsets]
        assert isolated_onsets(spans) == [0, 30_000, 37_682]

    def test_a_held_region_is_free_of_attack_other_notes_and_bends(self) -> None:
        second = NoteSpan(0, 64, 80, 60_000, 70_000)
        long = NoteSpan(0, 60, 80, 0, 140_000)
        regions = held_regions((), [long, second])
        assert [(r.key, r.start, r.end) for r in regions] == [(60, 3_840, 60_000)]
        bend = (PitchBend(10_000, 0, 500), PitchBend(100_000, 0, 0))
        assert [(r.start, r.end) for r in held_regions(bend, [long, second])] == [(100_000, 140_000)]
        assert held_regions((PitchBend(10_000, 0, 500),), [long, second]) == []
        assert held_regions((), [NoteSpan(9, 40, 80, 0, 140_000)]) == []
