"""The card of a bundle: a report's parts are in it, its pictures travel with it and show in the panel."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from bundle_factory import file_contents, tiny_manifest, tiny_models_of

from neume.models.card import card_text
from neume.models.evaluate.card_pictures import carried_pictures
from neume.models.evaluate.scoring import COLUMNS
from neume.models.evaluate.steps_table import TIMED_STAGES
from neume.models.pictures import card_picture
from neume.models.programs import NAMES
from neume.synth.bundle import manifest_text, open_bundle
from neume.synth.bundle.install import install_bundle
from neume.synth.errors import BundleError
from neume.synth.manifest import BundleInfo
from neume.synth.mel import MelSpec
from neume.ui.browser.card import SHOWN_PX, load_card

pytest.importorskip("matplotlib")
INFO = BundleInfo("tiny", "Tiny", "1.2.3", "CC0-1.0", "For tests.")
ROWS = ("reference", "inverter only", "whole chain", "second SoundFont")
STEPS = ("0", "1", "2", "4", "8")


def figures(**given: float | None) -> dict[str, float | None]:
    return {**dict.fromkeys(COLUMNS, 1.0), **given}


def whole_report() -> dict[str, Any]:
    """Everything that an evaluation may hold, as long as a real one."""
    mel = np.random.default_rng(1).uniform(-9.2, 0.0, (938, 100)).astype(np.float32)
    png = base64.b64encode(card_picture(mel, mel, MelSpec())).decode()
    scopes = ("solo", "song", "drums")
    worst = {"Violin": 9.5, "Ocarina": 8.25}
    times = {stage: {"p50_ms": 1.25, "p99_ms": 2.5} for stage in TIMED_STAGES}
    strings = {"strings": figures(tuning_p95_cents=43.9)}
    return {
        "rows": {row: dict.fromkeys(scopes, figures()) | strings for row in ROWS},
        "programs": {
            str(number): {"name": name, "log_mel_db": dict.fromkeys(ROWS[1:], worst.get(name, 2.0))}
            for number, name in enumerate(NAMES)
        },
        "second_soundfont": "Other.sf3",
        "transcriber": "basic-pitch",
        "steps": {steps: dict.fromkeys(scopes, figures(onset_f1=None)) for steps in STEPS},
        "cost": {
            "block_ms": 10.667,
            "load": {"notes": 8},
            "machine": {"processor": "Slow One", "cores": 2},
            "rounds": 4,
            "load_average": {"0": 0.25, "8": 1.5},
            "times": dict.fromkeys(STEPS, times),
        },
        "mixtures": {
            "parts": 5,
            "rows": {
                "1": {"parts_per_stream": 5.0, "figures": figures(log_mel_db=3.6)},
                "5": {"parts_per_stream": 1.0, "figures": figures(log_mel_db=3.45)},
            },
            "second": None,
        },
        "pictures": [
            {"file": f"spectrogram-{name}.png", "caption": f"A {name}", "png": png}
            for name in ("piano", "violin", "drums", "song")
        ],
    }


def card(report: dict[str, Any] | None) -> str:
    return card_text(INFO, "procedural", "CC0", report)


def write_bundle_with(folder: Path, report: dict[str, Any]) -> None:
    """The tiny bundle with the card of a report and the pictures that it carries."""
    contents = file_contents(tiny_models_of(MelSpec()))
    contents |= {"card.md": card(report).encode(), **carried_pictures(report)}
    folder.mkdir()
    for name, content in contents.items():
        (folder / name).write_bytes(content)
    (folder / "bundle.toml").write_text(manifest_text(tiny_manifest(contents)), encoding="utf-8")


class TestText:
    def test_without_a_report_there_are_no_figures(self) -> None:
        text = card(None)
        assert [line for line in text.splitlines() if line.startswith("#")] == [
            "# Tiny 1.2.3",
            "## Data",
            "## Known weaknesses",
        ]
        assert card({}) == text

    def test_every_part_of_a_report_has_its_section(self) -> None:
        headings = [line for line in card(whole_report()).splitlines() if line.startswith("##")]
        assert headings == [
            "## Data",
            "## Spectrograms, reference and generated",
            "## Figures",
            "### Solo parts",
            "### Drums",
            "### Full song, one stream a channel",
            "### Solo parts by diffusion steps (0: regression alone)",
            "### A song by diffusion steps (0: regression alone)",
            "### Drums by diffusion steps (0: regression alone)",
            "### Milliseconds of a paced block of 10.67 ms with 8 notes by diffusion steps, median / 99 %",
            "### A song of 5 parts by streams (1: all on one, the paper's way)",
            "### Trained programs, log-mel distance in dB",
            "## Known weaknesses",
        ]

    def test_parts_that_were_not_measured_are_left_out(self) -> None:
        report = whole_report()
        for name in ("rows", "programs", "steps", "pictures"):
            del report[name]
        headings = [line for line in card(report).splitlines() if line.startswith("##")]
        assert [heading.split()[1] for heading in headings] == ["Data", "Milliseconds", "A", "Known"]

    def test_tables_of_another_version_say_so(self) -> None:
        text = card(whole_report() | {"further_version": "0.0.9"})
        before, _, after = text.partition("### Measured with version 0.0.9\n")
        assert "by diffusion steps" not in before
        assert "### Solo parts by diffusion steps" in after
        assert "Measured with version" not in card(whole_report())

    def test_steps_and_streams_stand_in_their_columns(self) -> None:
        lines = card(whole_report()).splitlines()
        assert "|  | 0 | 1 | 2 | 4 | 8 |" in lines
        assert "| inverter | " + " | ".join(["1.25 / 2.50"] * 5) + " |" in lines
        assert not any(line.startswith("| onset F1 | 1.00 | 1.00 | 1.00 | 1.00 | 1.00") for line in lines)
        assert any(line.startswith("| 1 | 5 | 3.60 | ") for line in lines)

    def test_where_and_how_it_was_timed_stands_below_the_times(self) -> None:
        text = card(whole_report())
        times, _, rest = text.partition("### Milliseconds")[2].partition("\nTimed on ")
        assert times.count("\n| ") == 2 + len(TIMED_STAGES), "heads, rule and stages, no other table"
        assert rest.startswith("Slow One, 2 cores, median of 4 rounds by turns, load average up to 1.5.\n")

    def test_a_system_that_tells_no_load_and_a_report_of_one_round(self) -> None:
        report = whole_report()
        del report["cost"]["rounds"]
        report["cost"]["load_average"] = {"0": None, "8": None}
        assert "\nTimed on Slow One, 2 cores.\n" in card(report)

    def test_weaknesses_that_the_figures_show_are_named(self) -> None:
        text = card(whole_report())
        assert "- Furthest from the reference: Violin (9.5 dB), Ocarina (8.2 dB), " in text
        assert "- Some held notes are out of tune (95th percentile): strings (44 cents).\n" in text
        assert "lies 3.60 dB from the reference with all of them on one stream, 3.45 dB with" in text


class TestPictures:
    @pytest.fixture
    def folder(self, tmp_path: Path) -> Path:
        write_bundle_with(tmp_path / "tiny", whole_report())
        return tmp_path / "tiny"

    def test_the_bundle_opens_and_the_panel_shows_them(self, folder: Path) -> None:
        shown = load_card(folder)
        assert list(shown.pictures) == [f"spectrogram-{n}.png" for n in ("piano", "violin", "drums", "song")]
        assert {picture.width() for picture in shown.pictures.values()} == {SHOWN_PX}
        assert not shown.plain, "the card stays within what the panel lays out"
        assert "## Known weaknesses" in shown.text, "and is shown to its end"

    def test_they_are_installed_with_the_bundle(self, folder: Path, tmp_path: Path) -> None:
        installed = install_bundle(folder, root=tmp_path / "mine").folder
        assert open_bundle(installed).files == open_bundle(folder).files

    def test_a_changed_or_an_unlisted_one_is_refused(self, folder: Path) -> None:
        picture = folder / "spectrogram-piano.png"
        (folder / "another.png").write_bytes(picture.read_bytes())
        picture.write_bytes(picture.read_bytes() + b"\0")
        with pytest.raises(BundleError) as raised:
            open_bundle(folder)
        assert sorted(fault.split(":")[0] for fault in raised.value.faults) == [
            "'another.png'",
            "spectrogram-piano.png",
        ]
