"""The report's rows: who plays, how they are aligned, and what the report says of them."""

from __future__ import annotations

import io
import json
import math
from pathlib import Path

import numpy as np
import pytest
import typer
from bundle_factory import write_bundle
from reference_rig import needs_reference
from rich.console import Console
from typer.testing import CliRunner

from neume.models.evaluate import cli, players, report, transcriber
from neume.models.evaluate.dev_set import DevSet, Segment
from neume.models.evaluate.probes import part, velocity_ladder
from neume.models.evaluate.scoring import COLUMNS, Rendering, score_segment
from neume.models.evaluate.tables import picture_listener, print_report
from neume.models.fluid import FluidReference
from neume.synth.bundle import Bundle, open_bundle
from neume.synth.errors import OutputError, UsageError
from neume.synth.events import MidiEvent, NoteOff, NoteOn, SystemReset
from neume.synth.mel import MelSpec
from neume.synth.renderer import StreamRenderer
from neume.synth.stages import Stages, load_stages

SAMPLES = 100_000
CHORD: tuple[MidiEvent, ...] = (
    NoteOn(4_800, 0, 60, 100),
    NoteOn(9_600, 1, 67, 90),
    NoteOff(48_000, 0, 60),
    NoteOff(60_000, 1, 67),
)


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    folder = tmp_path_factory.mktemp("bundles") / "tiny"
    write_bundle(folder)
    return open_bundle(folder)


@pytest.fixture(scope="module")
def stages(bundle: Bundle) -> Stages:
    return load_stages(bundle)


class TestPlayers:
    def test_one_stream_for_each_channel_that_sounds(self) -> None:
        events = (SystemReset(0), *CHORD, NoteOff(70_000, 5, 40))
        streams = players.parts(events)
        assert [[type(e).__name__ for e in stream] for stream in streams] == [
            ["SystemReset", "NoteOn", "NoteOff"],
            ["SystemReset", "NoteOn", "NoteOff"],
        ]
        assert {e.channel for e in streams[1][1:]} == {1}

    def test_the_chain_begins_on_the_very_sample(self, bundle: Bundle, stages: Stages) -> None:
        audio = players.chain_player(bundle, stages)(CHORD, SAMPLES)
        assert audio.shape == (SAMPLES,)
        assert audio.dtype == np.float32
        assert np.flatnonzero(audio)[0] in (4_800, 4_801)

    def test_the_chain_is_what_the_renderer_plays(self, bundle: Bundle, stages: Stages) -> None:
        made = players.chain_player(bundle, stages, steps=2, seed=5)(CHORD, SAMPLES)
        renderer = StreamRenderer(bundle, stages, 2, steps=2, seed=5)
        blocks = math.ceil((SAMPLES + renderer.lookahead_samples) / renderer.block_samples)
        events = [(event.channel, event) for event in CHORD]
        whole = renderer.render_blocks(events, blocks).sum(axis=0)
        np.testing.assert_allclose(made, whole[renderer.lookahead_samples :][:SAMPLES], atol=1e-6)

    @needs_reference
    def test_the_inverter_alone_begins_on_the_very_sample(self, bundle: Bundle, stages: Stages) -> None:
        audio = players.inverter_player(bundle, stages, FluidReference())(CHORD, SAMPLES)
        assert audio.shape == (SAMPLES,)
        assert np.flatnonzero(audio)[0] in (4_800, 4_801)

    def test_no_second_soundfont_is_none(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        monkeypatch.setattr(players, "SECOND_SOUNDFONTS", (tmp_path / "absent.sf3",))
        assert players.second_soundfont() is None
        assert players.second_soundfont(tmp_path / "mine.sf2") == tmp_path / "mine.sf2"


class TestTranscriber:
    def test_the_model_is_found_or_missed_without_importing_it(
        self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        monkeypatch.setenv(transcriber.VARIABLE, str(tmp_path / "absent.onnx"))
        assert transcriber.find_model() is None
        (tmp_path / "nmp.onnx").write_bytes(b"model")
        monkeypatch.setenv(transcriber.VARIABLE, str(tmp_path / "nmp.onnx"))
        assert transcriber.find_model() == tmp_path / "nmp.onnx"

    @pytest.mark.skipif(transcriber.find_model() is None, reason="needs pip install --no-deps basic-pitch")
    def test_hears_a_plain_melody(self) -> None:
        model = transcriber.find_model()
        assert model is not None
        keys = (60, 64, 67, 72)
        audio = np.zeros(48_000 * 3, np.float32)
        time = np.arange(24_000) / 48_000
        for index, key in enumerate(keys):
            hz = 440.0 * 2.0 ** ((key - 69) / 12)
            note = sum(0.2 / k * np.sin(2 * np.pi * k * hz * time) for k in (1, 2, 3, 4)) * np.exp(-4 * time)
            audio[4_800 + index * 30_000 :][:24_000] += note.astype(np.float32)
        heard = transcriber.Transcriber(model).notes(audio)
        played = [(0.1 + index * 0.625, key) for index, key in enumerate(keys)]
        assert transcriber.count_matches(heard, played) == 4


def small_set() -> DevSet:
    melody = part(0, [(0.0, 0.6, 60, 90), (0.7, 0.6, 64, 70), (1.4, 0.6, 67, 110)])
    probe = part(0, [(0.0, 0.3, 60, 90)])
    return DevSet(
        (
            Segment("piano 1", "music", "piano", 0, *melody),
            Segment("piano ladder", "ladder", "piano", 0, *velocity_ladder(0)),
            Segment("piano scale", "scale", "piano", 0, *melody),
            Segment("program 0", "probe", "probes", 0, *probe),
        ),
        ("the song is left out",),
    )


@pytest.fixture(scope="module")
def made(bundle: Bundle, stages: Stages) -> report.Report:
    """The small set, on a machine without a second SoundFont and without a transcriber."""
    reference = FluidReference()
    rows = {
        report.INVERTER: players.inverter_player(bundle, stages, reference),
        report.CHAIN: players.chain_player(bundle, stages),
    }
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(players, "SECOND_SOUNDFONTS", ())
        patch.setenv(transcriber.VARIABLE, "/nowhere/nmp.onnx")
        compared = report.compare(small_set(), reference, rows, bundle.manifest.mel)
    return {"bundle": {"id": "tiny", "version": "0.1.0", "steps": 1}, **compared}


@needs_reference
class TestReport:
    def test_the_reference_is_at_no_distance_from_itself(self, made: report.Report) -> None:
        own = made["rows"][report.REFERENCE][report.SOLO]
        assert own["log_mel_db"] == own["stft_distance"] == own["frechet"] == 0.0
        assert own["tuning_p95_cents"] == pytest.approx(0.0, abs=0.1)
        assert own["onset_error_ms"] == pytest.approx(0.0, abs=0.1)
        assert own["flutter_ratio"] == 1.0
        assert own["velocity_correlation"] > 0.98
        assert own["held_notes"] == 3 + 3

    def test_an_untrained_bundle_is_far_away(self, made: report.Report) -> None:
        chain = made["rows"][report.CHAIN][report.SOLO]
        assert chain["log_mel_db"] > 5.0
        assert chain["stft_distance"] > 0.5
        assert chain["frechet"] > 0.1

    def test_every_column_is_there_for_every_row(self, made: report.Report) -> None:
        assert list(made["rows"]) == [report.REFERENCE, report.INVERTER, report.CHAIN]
        for row in made["rows"].values():
            assert set(row) == {"piano", report.SOLO, report.ALL, report.EVERY}
            assert all(set(COLUMNS) <= set(figures) for figures in row.values())

    def test_programs_have_their_distance(self, made: report.Report) -> None:
        assert set(made["programs"]) == {"0"}
        assert made["programs"]["0"]["log_mel_db"][report.CHAIN] > 5.0

    def test_what_is_missing_is_said_and_left_empty(self, made: report.Report) -> None:
        assert made["remarks"][0] == "the song is left out"
        assert "no transcriber; pip install --no-deps basic-pitch" in made["remarks"][1]
        assert "musescore-general-soundfont" in made["remarks"][2]
        solo = made["rows"][report.CHAIN][report.SOLO]
        assert solo["onset_f1"] is solo["onset_f1_ratio"] is solo["frechet_ratio"] is None

    def test_it_is_json_and_a_table(self, made: report.Report) -> None:
        assert json.loads(json.dumps(made, allow_nan=False)) == made
        console = Console(width=80, file=io.StringIO())
        print_report(made, console)
        text = console.file.getvalue()
        wanted = ("solo parts", "whole chain", "log-mel distance, dB", "by family", "Acoustic Grand Piano")
        assert [word for word in (*wanted, "Note: the song is left out") if word not in text] == []

    def test_a_known_delay_shows_in_the_onset_error_alone(self) -> None:
        segment = small_set().segments[0]
        audio = FluidReference().render_mono(segment.events, segment.samples)
        late = np.concatenate([np.zeros(96, np.float32), audio[:-96]])
        scores = score_segment(*(Rendering(segment, a, MelSpec()) for a in (late, audio)), None)
        assert scores.onset_ms == pytest.approx([2.0] * 3, abs=0.1)
        assert scores.cents == pytest.approx([0.0] * 3, abs=0.2)


class TestCommand:
    def app(self) -> typer.Typer:
        app = typer.Typer()
        app.callback()(lambda: None)
        cli.register(app)
        return app

    def test_help_tells_what_is_measured(self) -> None:
        result = CliRunner().invoke(self.app(), ["eval", "--help"], env={"COLUMNS": "200"})
        assert result.exit_code == 0
        assert "--corpus" in result.output
        assert "second SoundFont" in result.output

    def test_pictures_into_a_file_are_refused_before_anything_is_rendered(self, tmp_path: Path) -> None:
        pytest.importorskip("matplotlib")
        (tmp_path / "taken").write_text("")
        with pytest.raises(OutputError, match="no folder for pictures"):
            picture_listener(tmp_path / "taken")

    def test_without_a_corpus_it_says_what_to_give(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delenv("NEUME_CORPUS", raising=False)
        result = CliRunner().invoke(self.app(), ["eval", "tiny"])
        assert isinstance(result.exception, UsageError)
        assert "--corpus DIR" in str(result.exception)
