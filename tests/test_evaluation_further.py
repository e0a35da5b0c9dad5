"""Steps, cost, mixtures and pictures: what `neume eval` measures only when asked, from the tiny bundle."""

from __future__ import annotations

import base64
import csv
import importlib.util
import io
import json
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import mido
import numpy as np
import pytest
import typer
from reference_rig import needs_reference
from rich.console import Console
from tiny_songs import note, write_loud_bundle, write_song
from typer.testing import CliRunner, Result

from neume.models.evaluate import cli, players, report, transcriber
from neume.models.evaluate.card_pictures import carried_pictures, pieces, violin_piece
from neume.models.evaluate.dev_set import DevSet, Segment
from neume.models.evaluate.further import joined, measured, read_report
from neume.models.evaluate.further_tables import sheets
from neume.models.evaluate.measures import Measure
from neume.models.evaluate.mixtures import mixture_curve, stream_counts
from neume.models.evaluate.probes import part
from neume.models.evaluate.steps_table import TIMED_STAGES, median_times, steps_cost, steps_quality
from neume.models.evaluate.tables import print_report
from neume.models.fluid import FluidReference
from neume.models.pictures import CARD_PICTURE_BYTES, card_picture
from neume.synth.bench import Load, run_bench
from neume.synth.bundle import Bundle, open_bundle
from neume.synth.engine import EngineConfig
from neume.synth.errors import NeumeError, UsageError
from neume.synth.events import MidiEvent, NoteOff, NoteOn, PitchBend, ProgramChange
from neume.synth.mel import MelSpec
from neume.synth.renderer import StreamRenderer
from neume.synth.stages import Stages, load_stages

SAMPLES = 96_000
TRIO: tuple[MidiEvent, ...] = (
    *(ProgramChange(0, channel, program) for channel, program in ((0, 0), (1, 48), (2, 33))),
    *(NoteOn(4_800 * (1 + n), n % 3, 48 + n, 90) for n in range(6)),
    *(NoteOff(48_000 + 4_800 * n, n % 3, 48 + n) for n in range(6)),
)


MIXTURES = {
    "songs": ["song band.mid"],
    "parts": 5,
    "rows": {
        "1": {"parts_per_stream": 5.0, "figures": {"log_mel_db": 3.5, "onset_f1": None}},
        "5": {"parts_per_stream": 1.0, "figures": {"log_mel_db": 3.25, "onset_f1": None}},
    },
    "second": {"log_mel_db": 4.5, "onset_f1": 0.5},
}


needs_matplotlib = pytest.mark.skipif(
    importlib.util.find_spec("matplotlib") is None, reason="needs matplotlib"
)


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    folder = tmp_path_factory.mktemp("bundles") / "tiny"
    write_loud_bundle(folder)
    return open_bundle(folder)


@pytest.fixture(scope="module")
def stages(bundle: Bundle) -> Stages:
    return load_stages(bundle)


@pytest.fixture(scope="module", autouse=True)
def _plain_machine() -> Iterator[None]:
    """One without a second SoundFont and without a transcriber."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(players, "SECOND_SOUNDFONTS", ())
        patch.setenv(transcriber.VARIABLE, "/nowhere/nmp.onnx")
        yield


def small_set() -> DevSet:
    melody = part(0, [(0.0, 0.6, 60, 90), (0.7, 0.6, 64, 70)])
    return DevSet(
        (
            Segment("piano 1", "music", "piano", 0, *melody),
            Segment("piano 2", "music", "piano", 0, *part(0, [(0.0, 0.2, 72, 90)])),
            Segment("song trio.mid", "music", "song", 0, TRIO, SAMPLES),
            Segment("program 0", "probe", "probes", 0, *part(0, [(0.0, 0.3, 60, 90)])),
        ),
        (),
    )


class TestStreams:
    def test_counts_double_up_to_a_stream_for_each_part(self) -> None:
        assert [stream_counts(parts) for parts in (1, 2, 3, 8, 9)] == [
            (1,),
            (1, 2),
            (1, 2, 3),
            (1, 2, 4, 8),
            (1, 2, 4, 8, 9),
        ]

    def test_one_stream_is_all_channels_in_one_note_table(self, bundle: Bundle, stages: Stages) -> None:
        merged = players.chain_player(bundle, stages, seed=3, streams=1)(TRIO, SAMPLES)
        renderer = StreamRenderer(bundle, stages, 1, seed=3)
        events = sorted(((0, event) for event in TRIO), key=lambda pair: pair[1].frame)
        whole = renderer.render_blocks(events, SAMPLES // renderer.block_samples + 1)[0]
        late = renderer.lookahead_samples
        np.testing.assert_allclose(merged[: SAMPLES - late], whole[late:SAMPLES], atol=1e-6)

    def test_as_many_streams_as_parts_are_the_same_as_no_number(self, bundle: Bundle, stages: Stages) -> None:
        apart, three, two = (
            players.chain_player(bundle, stages, streams=streams)(TRIO, SAMPLES) for streams in (None, 3, 2)
        )
        np.testing.assert_array_equal(three, apart)
        assert np.abs(two - apart).max() > 0.0


@needs_reference
class TestMixtures:
    def test_the_song_is_scored_on_every_number_of_streams(self, bundle: Bundle, stages: Stages) -> None:
        dev_set = small_set()
        curve = mixture_curve(bundle, stages, dev_set, FluidReference())
        assert (curve["songs"], curve["parts"], curve["second"]) == (["song trio.mid"], 3, None)
        assert {count: row["parts_per_stream"] for count, row in curve["rows"].items()} == {
            "1": 3.0,
            "2": 1.5,
            "3": 1.0,
        }
        rows = {"apart": players.chain_player(bundle, stages)}
        song = DevSet(dev_set.segments[2:3], ())
        alone = report.compare(song, FluidReference(), rows, bundle.manifest.mel)
        assert curve["rows"]["3"]["figures"] == alone["rows"]["apart"][report.SONG]
        assert curve["rows"]["1"]["figures"]["log_mel_db"] != curve["rows"]["3"]["figures"]["log_mel_db"]

    def test_without_a_song_it_says_so(self, bundle: Bundle, stages: Stages) -> None:
        with pytest.raises(NeumeError, match="no song with drums and several programs"):
            mixture_curve(bundle, stages, DevSet(small_set().segments[:2], ()), FluidReference())


class TestSteps:
    @needs_reference
    def test_every_allowed_number_is_scored_like_the_whole_chain(
        self, bundle: Bundle, stages: Stages
    ) -> None:
        seen: list[str] = []
        quality = steps_quality(
            bundle,
            stages,
            small_set(),
            FluidReference(),
            listener=lambda segment, _: seen.append(segment.name),
        )
        assert seen == ["piano 1", "piano 2", "song trio.mid"], "the probe is left out"
        assert list(quality) == ["0", "1", "2", "4"]
        assert all(list(scopes) == ["solo", "song"] for scopes in quality.values())
        rows = {"two": players.chain_player(bundle, stages, 2)}
        music = DevSet(small_set().segments[:3], ())
        alone = report.compare(music, FluidReference(), rows, bundle.manifest.mel)
        assert quality["2"]["solo"] == alone["rows"]["two"]["solo"]
        assert quality["0"]["solo"]["log_mel_db"] != quality["4"]["solo"]["log_mel_db"]

    def test_the_cost_is_told_stage_by_stage(self, bundle: Bundle) -> None:
        cost = steps_cost(bundle, Load(seconds=0.4, notes=4), (0, 4), rounds=2)
        assert list(cost["times"]) == list(cost["misses"]) == list(cost["load_average"]) == ["0", "4"]
        assert all(tuple(times) == TIMED_STAGES for times in cost["times"].values())
        assert cost["times"]["0"]["denoiser"]["p50_ms"] < cost["times"]["4"]["denoiser"]["p50_ms"]
        assert cost["block_ms"] == pytest.approx(10.667)
        assert (cost["load"]["notes"], cost["rounds"]) == (4, 2)
        assert json.loads(json.dumps(cost, allow_nan=False)) == cost

    def test_one_disturbed_round_of_three_changes_nothing(self, bundle: Bundle) -> None:
        calm = run_bench(bundle, Load(seconds=0.2, notes=2), EngineConfig(steps=1))
        slowed = {stage: replace(times, p50_ms=99.0, p99_ms=999.0) for stage, times in calm.times.items()}
        disturbed = replace(calm, times=slowed)
        assert median_times([calm, disturbed, calm]) == median_times([calm])
        assert median_times([calm, disturbed, disturbed]) != median_times([calm])


@needs_matplotlib
class TestPictures:
    def test_even_noise_is_a_small_png(self) -> None:
        spec = MelSpec()
        noise = np.random.default_rng(1).uniform(-9.2, 0.0, (938, spec.mels)).astype(np.float32)
        drawn = card_picture(noise, noise[::-1], spec)
        assert len(drawn) <= CARD_PICTURE_BYTES
        assert drawn.startswith(b"\x89PNG")
        assert drawn == card_picture(noise, noise[::-1], spec)

    def test_silence_is_a_picture_too(self) -> None:
        spec = MelSpec()
        silence = np.full((400, spec.mels), spec.log_floor, np.float32)
        assert len(card_picture(silence, silence, spec)) < CARD_PICTURE_BYTES

    def test_the_first_of_each_kind_is_shown(self) -> None:
        shown = pieces(small_set())
        assert {name: segment.name for name, segment in shown.items()} == {
            "piano": "piano 1",
            "violin": "violin",
            "song": "song trio.mid",
        }

    def test_the_violin_bends_up_and_comes_back(self) -> None:
        events, samples = violin_piece()
        frames = [event.frame for event in events]
        assert frames == sorted(frames)
        assert frames[-1] < samples
        bends = [event.value for event in events if isinstance(event, PitchBend)]
        assert (bends[0], max(bends), bends[-1]) == (0, 8191, 0)

    @pytest.mark.parametrize(
        ("file", "png", "fault"),
        [
            ("../card.png", b"\x89PNG\r\n\x1a\n", "plain name"),
            ("run.sh", b"\x89PNG\r\n\x1a\n", "plain name"),
            ("a.png", b"GIF89a", "no PNG"),
            ("a.png", b"\x89PNG\r\n\x1a\n" + bytes(CARD_PICTURE_BYTES), "no PNG"),
        ],
    )
    def test_what_is_no_picture_is_refused(self, file: str, png: bytes, fault: str) -> None:
        carried = {"file": file, "caption": "", "png": base64.b64encode(png).decode()}
        with pytest.raises(NeumeError, match=fault):
            carried_pictures({"pictures": [carried]})

    def test_broken_text_and_too_many_are_refused(self) -> None:
        carried = {"file": "a.png", "caption": "", "png": "no base64!"}
        with pytest.raises(NeumeError, match="not base64"):
            carried_pictures({"pictures": [carried]})
        with pytest.raises(NeumeError, match="at most 8"):
            carried_pictures({"pictures": [carried] * 9})
        assert carried_pictures({"rows": {}}) == {}


@needs_matplotlib
def test_what_cannot_be_drawn_or_merged_is_said_before_anything_is_heard(
    bundle: Bundle, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_song(tmp_path / "solo.mid", note(60, 0.0, 1.0))
    (tmp_path / "index.csv").write_text("path,split,programs,has_drums\nsolo.mid,dev,0,0\n")
    with pytest.raises(NeumeError, match="no song with drums"):
        measured(bundle.folder, tmp_path, set(Measure), segments=1)
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(NeumeError, match=r"pip install neume\[eval\]"):
        measured(bundle.folder, tmp_path, set(Measure), segments=1)


class TestJoining:
    def told(self, version: str = "1.0.0", **parts: object) -> report.Report:
        about = {"id": "tiny", "version": version, "digest": "0" * 64, "steps": 1, "seed": 0}
        return {"schema": 1, "bundle": about, **parts}

    def test_parts_add_up_and_the_later_one_holds(self) -> None:
        both = joined(self.told(rows=1, steps=2), self.told(steps=3, mixtures=4))
        assert {name: both[name] for name in ("rows", "steps", "mixtures")} == {
            "rows": 1,
            "steps": 3,
            "mixtures": 4,
        }

    def test_another_bundle_is_refused(self) -> None:
        with pytest.raises(UsageError, match=r"version 1\.0\.0.*version 1\.1\.0"):
            joined(self.told(), self.told("1.1.0"))

    def test_files_that_are_no_report(self, tmp_path: Path) -> None:
        path = tmp_path / "report.json"
        with pytest.raises(NeumeError, match="cannot be read"):
            read_report(path)
        for text, fault in (("{", "not JSON"), ("[]", "not a report"), ("{}", "not a report")):
            path.write_text(text)
            with pytest.raises(NeumeError, match=fault):
                read_report(path)


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A band of three and drums for four seconds, which is all that the development set takes from it."""
    folder = tmp_path_factory.mktemp("corpus")
    tracks = [
        [mido.Message("program_change", channel=channel, program=program, time=0)]
        + [m for n in range(16) for m in note(key + n % 5, n / 4, n / 4 + 0.2, channel)]
        for channel, program, key in ((0, 0, 60), (1, 33, 36), (2, 48, 55), (3, 73, 72), (9, 0, 36))
    ]
    write_song(folder / "band.mid", *tracks, length_s=4.5)
    with (folder / "index.csv").open("w", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["path", "split", "programs", "has_drums"])
        writer.writerow(["band.mid", "dev", "0 33 48 73", 1])
    return folder


def invoke(*arguments: object) -> Result:
    """`neume eval` with these arguments."""
    app = typer.Typer()
    app.callback()(lambda: None)
    cli.register(app)
    return CliRunner().invoke(app, ["eval", *map(str, arguments)])


@pytest.fixture(scope="module")
def told(
    bundle: Bundle, corpus: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[report.Report, Path]:
    """The JSON of a run that adds pictures to a report with mixtures; the pictures' folder."""
    folder = tmp_path_factory.mktemp("told")
    earlier = measured(bundle.folder, corpus, (), segments=1) | {"mixtures": MIXTURES}
    (folder / "earlier.json").write_text(json.dumps(earlier))
    asked = ("--measure", "pictures", "--segments", 1, "--json")
    files = ("--onto", folder / "earlier.json", "--out", folder / "pictures")
    result = invoke(bundle.folder, "--corpus", corpus, *asked, *files)
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout), folder / "pictures"


@needs_reference
@needs_matplotlib
class TestCommand:
    def test_adds_what_was_asked_for_to_the_earlier_report(self, told: tuple[report.Report, Path]) -> None:
        made, _ = told
        assert set(made) == {"schema", "bundle", "mixtures", "pictures"}
        assert made["mixtures"] == MIXTURES

    def test_the_pictures_are_in_the_report_and_in_the_folder(self, told: tuple[report.Report, Path]) -> None:
        made, folder = told
        carried = carried_pictures(made)
        assert set(carried) == {f"spectrogram-{name}.png" for name in ("piano", "violin", "drums", "song")}
        assert {path.name: path.read_bytes() for path in folder.iterdir()} == carried

    def test_another_bundle_is_refused_before_anything_is_heard(self, bundle: Bundle, corpus: Path) -> None:
        earlier = corpus / "other.json"
        earlier.write_text(json.dumps({"schema": 1, "bundle": {"id": "other"}}))
        result = invoke(bundle.folder, "--corpus", corpus, "--onto", earlier, "--measure", "mixtures")
        assert isinstance(result.exception, UsageError)

    def test_it_prints_as_tables(self, told: tuple[report.Report, Path]) -> None:
        made, _ = told
        figures = {"log_mel_db": 2.5, "onset_f1": None}
        times = {stage: {"p50_ms": 1.0, "p99_ms": 2.25} for stage in TIMED_STAGES}
        whole = {
            **made,
            "steps": {"0": {"solo": figures}, "1": {"solo": figures}},
            "cost": {
                "block_ms": 10.67,
                "load": {"notes": 8},
                "machine": {"processor": "Slow One", "cores": 2},
                "load_average": {"0": 0.5, "1": 0.5},
                "times": {"0": times, "1": times},
            },
        }
        assert [len(sheet.lines) for sheet in sheets(whole)] == [1, len(TIMED_STAGES), 3]
        assert all(len(line) == len(sheet.heads) for sheet in sheets(whole) for line in sheet.lines)
        console = Console(width=160, file=io.StringIO())
        print_report(whole, console)
        text = console.file.getvalue()
        wanted = (
            "solo parts by diffusion steps",
            "1.00 / 2.25",
            "Timed on Slow One, 2 cores, load average up to 0.5.",
            "a song of 5 parts",
            "spectrogram-song.png",
        )
        assert [word for word in wanted if word not in text] == []


def test_the_option_names_every_measure() -> None:
    assert [choice.value for choice in Measure] == ["figures", "steps", "cost", "mixtures", "pictures"]
