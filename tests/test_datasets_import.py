"""Importing a folder of pairs: stems like those of a built set, resumable, judged by their alignment."""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
import typer
from recorded_pairs import KEYS, ONSETS_S, tones, write_pair
from typer.testing import CliRunner

from neume.models import cli
from neume.models.batches import StemSet, audio_batch, token_batch
from neume.models.build import stem_folder
from neume.models.datasets import recording
from neume.models.datasets.alignment import Offset, span_offset_s
from neume.models.datasets.cutting import judge
from neume.models.datasets.importer import JOURNAL, ImportPlan, import_dataset, voice_rows
from neume.models.datasets.provenance import provenance
from neume.models.stems import AUDIO_SCALE, Stem
from neume.synth.conditioning import FEATURES
from neume.synth.errors import NeumeError, UsageError
from neume.synth.mel import MelSpec

SPEC = MelSpec()
PLAN = ImportPlan("pairs", seconds=4.0)
HOPS = 750  # of four seconds


@pytest.fixture(scope="module")
def voices(tmp_path_factory) -> str:
    """A built set's folder without stems: reading the default bundle takes a second each time."""
    folder = tmp_path_factory.mktemp("voices")
    row = {
        "keys": [60],
        "decay_db_per_s": [30.0],
        "release_db_per_s": [100.0],
        "tuning_semitones": [0.0],
    }
    (folder / "dataset.json").write_text(json.dumps({"voices": {"24": row, "19": row}}))
    return str(folder)


@pytest.fixture
def plan(voices) -> ImportPlan:
    return replace(PLAN, voices=voices)


@pytest.fixture(scope="module")
def pair_folder(tmp_path_factory) -> Path:
    """A recording of 8.5 s and one of 4.2 s, of two programs and rates."""
    folder = tmp_path_factory.mktemp("pairs")
    write_pair(folder, "long", 8.5)
    write_pair(folder, "short", 4.2, program=19, rate_hz=48_000)
    return folder


@pytest.fixture
def imported(pair_folder, plan, tmp_path) -> Path:
    import_dataset(plan, pair_folder, tmp_path / "set", workers=1)
    return tmp_path / "set"


def manifest(folder: Path) -> dict:
    return json.loads((folder / "dataset.json").read_text())


def test_an_import_is_told_in_its_manifest(imported, plan):
    said = manifest(imported)
    assert sorted(f.name for f in imported.iterdir() if f.is_dir()) == ["000000", "000001", "000002"]
    assert said["import"]["data_set"] == "pairs"
    assert (said["source"], said["licence"]) == ("your recordings", "not stated")
    assert said["mel_digest"] == SPEC.digest()
    assert set(said["voices"]) == {"24", "19"}
    report = said["report"]
    assert (report["stems"], report["performances"], report["skipped"], report["warnings"]) == (3, 2, {}, {})
    assert report["seconds"] == pytest.approx(12.0, abs=0.01)


def test_stems_hold_the_recording_and_its_notes(imported):
    first, second, other = (Stem.load(stem_folder(imported, number)) for number in range(3))
    audio = np.concatenate([first.audio.ravel(), second.audio.ravel()]) / AUDIO_SCALE
    wanted = tones(8.5, rate_hz=48_000)[: len(audio)]
    assert np.corrcoef(audio, wanted)[0, 1] > 0.999
    assert np.abs(audio).max() == pytest.approx(np.abs(wanted).max(), rel=0.05)
    age, key, program = (FEATURES.index(name) for name in ("age_samples", "key", "program"))
    pairs = np.repeat(np.arange(len(first.mel)), np.diff(first.offsets))
    onsets = {
        (int(token[key]), int((frame + 1) * 256 - token[age]))
        for frame, token in zip(pairs, np.asarray(first.tokens), strict=True)
    }
    ticks = {(k, round(round(o * 192) * 250)) for o, k in zip(ONSETS_S, KEYS, strict=True) if o < 4.0}
    assert onsets == ticks
    assert set(first.tokens[:, program]) == {24.0}
    assert set(other.tokens[:, program]) == {19.0}
    assert second.offsets[1] > 0, "a note of the first stem rings on in the second"


def test_cutting_leaves_no_mark(imported, pair_folder, plan, tmp_path):
    """Two stems of four seconds are one of eight: frames, tokens, and the tone of the excitation."""
    import_dataset(replace(plan, seconds=8.0), pair_folder, tmp_path / "whole", workers=1)
    parts = [Stem.load(stem_folder(imported, number)) for number in range(2)]
    whole = Stem.load(stem_folder(tmp_path / "whole", 0))
    for name in ("audio", "mel", "tokens"):
        joined = np.concatenate([getattr(part, name) for part in parts])
        assert np.array_equal(joined, getattr(whole, name)), name
    tone = np.concatenate([part.excitation[..., 0] for part in parts])
    assert np.array_equal(tone, whole.excitation[..., 0])


def test_batches_are_drawn_from_an_imported_set(imported):
    stems = StemSet.open([imported])
    audio = audio_batch(stems, (1, 0, 3), 4, 48, SPEC)
    assert audio.audio.shape == (4, 48, 256)
    assert np.isfinite(audio.excitation).all()
    tokens = token_batch(stems, (1, 0, 3), 4, 64, SPEC)
    assert tokens.mel.shape == (4, 64, SPEC.mels)
    assert set(tokens.tokens[:, FEATURES.index("program")]) <= {24.0, 19.0}
    assert np.array_equal(token_batch(stems, (1, 0, 3), 4, 64, SPEC).mel, tokens.mel)


def test_an_unfinished_import_goes_on_and_another_plan_is_refused(imported, pair_folder, plan):
    before = {path: path.stat().st_mtime_ns for path in imported.rglob("*.npy")}
    report = import_dataset(plan, pair_folder, imported, workers=1)
    assert (report.stems, report.performances) == (3, 2)
    assert {path: path.stat().st_mtime_ns for path in imported.rglob("*.npy")} == before
    lines = (imported / JOURNAL).read_text().splitlines()
    (imported / JOURNAL).write_text(lines[1] + '\n{"name": "lo')
    lost = np.array(Stem.load(stem_folder(imported, 1)).excitation)
    shutil.rmtree(stem_folder(imported, 1))
    assert import_dataset(plan, pair_folder, imported, workers=1).stems == 3
    assert np.array_equal(Stem.load(stem_folder(imported, 1)).excitation, lost)
    with pytest.raises(NeumeError, match="another plan or other files"):
        import_dataset(replace(plan, seed=2), pair_folder, imported, workers=1)


def test_an_import_of_other_files_does_not_mix_with_the_first(imported, pair_folder, plan, tmp_path):
    shutil.copytree(pair_folder, tmp_path / "more")
    write_pair(tmp_path / "more", "another")
    with pytest.raises(NeumeError, match="other files"):
        import_dataset(plan, tmp_path / "more", imported, workers=1)


def test_programs_are_chosen_or_set(pair_folder, plan, tmp_path):
    chosen = import_dataset(replace(plan, program=19), pair_folder, tmp_path / "chosen", workers=1)
    assert (chosen.stems, chosen.performances, chosen.other_programs) == (1, 1, 1)
    import_dataset(replace(plan, as_program=128), pair_folder, tmp_path / "drums", workers=1)
    tokens = Stem.load(stem_folder(tmp_path / "drums", 0)).tokens
    assert set(tokens[:, FEATURES.index("program")]) == {128.0}


@pytest.mark.parametrize("late_ms", [-40, -10, 0, 3, 25, 180])
def test_the_offset_of_a_recording_is_found(late_ms):
    onsets = np.array([o for o in ONSETS_S if o < 4.0])
    audio = tones(4.5, late_ms / 1000.0, 48_000).astype(np.float32)
    found = span_offset_s(audio, onsets)
    assert found is not None
    assert 1000.0 * found == pytest.approx(late_ms, abs=4.0)


def test_a_recording_without_attacks_has_no_offset():
    hum = 0.1 * np.sin(2 * np.pi * 220.0 * np.arange(4 * 48_000) / 48_000)
    assert span_offset_s(hum.astype(np.float32), np.array([0.5, 1.0, 1.7, 2.4, 3.1])) is None


def test_offsets_are_judged_by_the_largest_allowed():
    assert judge(Offset(3.0, 2.0, 5), 30.0) == ("", "")
    assert judge(Offset(0.0, 0.0, 0), 30.0)[1].startswith("no clear attacks")
    refused, warned = judge(Offset(-14.0, 2.0, 5), 30.0)
    assert (refused, warned) == ("", "the recording sounds -14 ms after its notes, ± 2 ms")
    assert "shift it" in judge(Offset(31.0, 2.0, 5), 30.0)[0]
    assert "shift it" in judge(Offset(0.0, 21.0, 5), 30.0)[0], "the spans of one recording disagree"
    assert judge(Offset(31.0, 2.0, 5), 60.0)[0] == ""


def test_what_cannot_be_used_is_named_and_the_rest_imported(plan, tmp_path):
    root = tmp_path / "pairs"
    write_pair(root, "late", late_s=0.06)
    write_pair(root, "good")
    write_pair(root, "brief", 1.0)
    write_pair(root, "numberless")
    soundfile.write(root / "numberless.wav", np.full(5 * 44_100, np.nan), 44_100, "FLOAT")
    write_pair(root, "text")
    (root / "text.wav").write_text("RIFF")
    write_pair(root, "hush")
    os.remove(root / "hush.wav")
    report = import_dataset(plan, root, tmp_path / "set", workers=1)
    assert (report.stems, report.performances) == (1, 1)
    reasons = {
        "late": "+60 ms",
        "brief": "shorter than 4 s",
        "numberless": "no numbers",
        "text": "not a sound file",
        "hush": "no recording",
    }
    assert set(report.skipped) == set(reasons)
    for name, reason in reasons.items():
        assert reason in report.skipped[name] or name == "late"
    assert "shift it" in report.skipped["late"]
    assert manifest(tmp_path / "set")["report"]["skipped_in_all"] == 5


def test_a_cut_off_recording_gives_what_is_left(plan, tmp_path):
    write_pair(tmp_path / "pairs", "cut", 8.5)
    path = tmp_path / "pairs/cut.wav"
    audio, rate_hz = soundfile.read(path)
    soundfile.write(tmp_path / "pairs/cut.flac", audio, rate_hz)
    path.unlink()
    os.truncate(tmp_path / "pairs/cut.flac", (tmp_path / "pairs/cut.flac").stat().st_size * 2 // 3)
    report = import_dataset(plan, tmp_path / "pairs", tmp_path / "set", workers=1)
    assert report.stems == 1 or "cut.flac" in report.skipped["cut"]


@pytest.mark.parametrize("samples", [1000, 65_536, 100_000])
@pytest.mark.parametrize("rate_hz", [44_100, 48_000])
def test_windows_are_the_whole_recording_resampled(samples, rate_hz, tmp_path):
    audio = tones(3.0, rate_hz=rate_hz).astype(np.float32)
    soundfile.write(tmp_path / "a.wav", np.stack([audio, audio], 1), rate_hz, "FLOAT")
    pieces = list(recording.windows(tmp_path / "a.wav", samples))
    assert {len(piece) for piece in pieces[:-1]} <= {samples}
    joined = np.concatenate(pieces)
    assert len(joined) == pytest.approx(3 * 48_000, abs=1)
    span = recording.read_span(tmp_path / "a.wav", 0.0, 3.0)
    assert np.abs(joined[: len(span)] - span[: len(joined)]).max() < 1e-4


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("seconds", 1.0),
        ("split", "dev"),
        ("program", 129),
        ("as_program", -1),
        ("max_offset_ms", 0.0),
        ("data_set", "lakh"),
    ],
)
def test_impossible_plans_are_refused(field, value):
    with pytest.raises(UsageError, match="lakh" if field == "data_set" else field):
        replace(PLAN, **{field: value})
    with pytest.raises(UsageError, match="CC-BY-NC-SA"):
        ImportPlan("maestro", licence="MIT")


def test_voices_come_from_the_default_bundle():
    rows = voice_rows("")
    assert {0, 128} <= set(rows)
    assert set(rows[0]) == {"keys", "decay_db_per_s", "release_db_per_s", "tuning_semitones", "settle_s"}


def test_a_bundle_says_the_licences_of_its_data(tmp_path):
    built, piano, own = (tmp_path / name for name in ("built", "piano", "own"))
    rows = {
        built: {"voices": {}},
        piano: {"source": "MAESTRO v3", "licence": "CC-BY-NC-SA-4.0"},
        own: {"source": "your recordings", "licence": "not stated"},
    }
    for folder, row in rows.items():
        folder.mkdir()
        (folder / "dataset.json").write_text(json.dumps(row))
    assert provenance([built], "", "") == ("FluidR3 GM, rendered dry", "MIT")
    assert provenance([built, piano], "", "") == (
        "FluidR3 GM, rendered dry; MAESTRO v3",
        "MIT AND CC-BY-NC-SA-4.0",
    )
    with pytest.raises(UsageError, match="leaves out CC-BY-NC-SA"):
        provenance([piano], "", "MIT")
    with pytest.raises(UsageError, match="give --data-licence"):
        provenance([own], "", "")
    assert provenance([own], "My cello", "CC0-1.0") == ("My cello", "CC0-1.0")


def test_the_command_imports_and_tells(pair_folder, voices, tmp_path):
    app = typer.Typer()
    cli.register(app)
    options = ["--root", str(pair_folder), "--voices", voices, "--seconds", "4", "--workers", "1"]
    done = CliRunner().invoke(app, ["data", "import", "pairs", "--out", str(tmp_path / "a"), *options])
    assert done.exit_code == 0, done.output
    assert "3 stems (0.2 min) of 2 performances; 0 left out; licence not stated" in done.output.replace(
        "\n", ""
    )
    none = ["data", "import", "pairs", "--out", str(tmp_path / "b"), "--split", "test", *options]
    assert isinstance(CliRunner().invoke(app, none).exception, NeumeError)
    assert "CC-BY-NC-SA-4.0" in CliRunner().invoke(app, ["data", "sets"]).output
