"""`neume presets` as a user meets it: lists, shows and checks, with exit codes and every fault told."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import typer
from broken_presets import RACK, TEXT
from typer.testing import CliRunner, Result

from neume.synth import cli_presets
from neume.synth.errors import PresetError
from neume.synth.rack.part import Part, Rack
from neume.synth.rack.preset_read import parse_preset
from neume.synth.rack.preset_search import save_preset


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    return tmp_path / "neume" / "presets"


def presets(*arguments: str) -> Result:
    app = typer.Typer()
    cli_presets.register(app)
    app.callback()(lambda: None)
    return CliRunner().invoke(app, ["presets", *arguments])


def test_list_as_text(home: Path) -> None:
    save_preset(RACK, "organ")
    (home / "bad.toml").write_text("schema = 2")
    done = presets("list")
    assert done.exit_code == 0
    lines = done.stdout.splitlines()
    assert lines[:3] == [
        "bad: BAD",
        f"  {home / 'bad.toml'} (user)",
        "  - schema: 2 came, this player reads 1",
    ]
    assert lines[3:5] == ["organ: Für Tests.", f"  {home / 'organ.toml'} (user)"]
    assert "grand-piano: A concert grand in a small hall." in lines
    assert [line for line in lines if line.endswith("organ.toml (built-in, hidden by the one above)")]


def test_list_as_json(home: Path) -> None:
    save_preset(RACK, "mine")
    done = presets("list", "--json")
    first, *others = json.loads(done.stdout)
    assert first == {
        "name": "mine",
        "title": 'Broken "on" purpose',
        "description": "Für Tests.",
        "parts": ["Left", "Right"],
        "file": str(home / "mine.toml"),
        "origin": "user",
        "hidden": False,
        "faults": [],
    }
    assert {entry["origin"] for entry in others} == {"built-in"}


def test_show_prints_what_can_be_saved_again(home: Path, tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text(TEXT, encoding="utf-8")
    done = presets("show", str(tmp_path / "mine.toml"))
    assert (done.exit_code, done.stdout) == (0, TEXT)
    assert done.stderr == f"neume: from {tmp_path / 'mine.toml'}\n"
    assert parse_preset(presets("show", "organ").stdout, "organ").name == "Organ"


def test_show_of_nothing() -> None:
    done = presets("show", "no-such-preset")
    assert done.exit_code == 1
    assert isinstance(done.exception, PresetError)


def test_check_tells_every_fault_of_every_file(tmp_path: Path) -> None:
    good, bad, gone = (tmp_path / f"{name}.toml" for name in ("good", "bad", "gone"))
    good.write_text(TEXT, encoding="utf-8")
    bad.write_text('schema = 1\nname = ""\n', encoding="utf-8")
    done = presets("check", str(good), str(bad), str(gone))
    assert done.exit_code == 1
    assert done.stdout == f'{good}: good (Broken "on" purpose)\n'
    assert done.stderr.splitlines() == [
        f"neume: {bad}: name: is empty",
        f"neume: {bad}: parts: has 0 entries, at least 1 must be there",
        f"neume: {gone}: cannot be read: No such file or directory",
    ]
    assert presets("check", str(good)).exit_code == 0


@pytest.mark.parametrize("arguments", [["check"], ["show"], ["nonsense"], ["list", "--no-such-option"]])
def test_wrong_usage_exits_with_2(arguments: list[str]) -> None:
    assert presets(*arguments).exit_code == 2


def test_a_preset_without_a_description_is_listed_by_its_name(home: Path) -> None:
    save_preset(Rack("Mine", (Part("X"),)), "mine")
    assert presets("list").stdout.splitlines()[0] == "mine: Mine"
