"""The command line as a user meets it: in a process of its own, with exit codes and one line an error."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest
import typer
from bundle_factory import write_bundle

from neume.synth import cli, cli_errors
from neume.synth.errors import BundleError, DeviceError, UsageError

BIN = Path(sys.executable).parent


def neume(*arguments: str, folder: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Run the installed command, with `folder` as NEUME_BUNDLES and no user data folder."""
    environment = dict(
        os.environ, NEUME_BUNDLES=str(folder or ""), XDG_DATA_HOME="/nonexistent", COLUMNS="200"
    )
    command = [str(BIN / "neume"), *arguments]
    return subprocess.run(command, capture_output=True, text=True, env=environment, timeout=60)


def test_version() -> None:
    done = neume("--version")
    assert (done.returncode, done.stdout) == (0, f"neume {version('neume')}\n")


def test_help_names_the_commands() -> None:
    done = neume("--help")
    assert done.returncode == 0
    assert "bundles" in done.stdout
    assert neume("-h").stdout == done.stdout


@pytest.mark.parametrize("arguments", [["--no-such-option"], ["nonsense"], ["bundles", "check"]])
def test_wrong_usage_exits_with_2(arguments: list[str]) -> None:
    done = neume(*arguments)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr


def test_list_as_json(tmp_path: Path) -> None:
    write_bundle(tmp_path / "tiny")
    (tmp_path / "bad").mkdir()
    done = neume("bundles", "list", "--json", folder=tmp_path)
    listed = [entry for entry in json.loads(done.stdout) if entry["origin"] == "NEUME_BUNDLES"]
    assert [(entry["name"], entry["version"]) for entry in listed] == [("bad", None), ("tiny", "0.1.0")]
    assert [entry["faults"] for entry in listed] == [["bundle.toml: No such file or directory"], []]


def test_list_as_text(tmp_path: Path) -> None:
    write_bundle(tmp_path / "tiny")
    (tmp_path / "bad").mkdir()
    done = neume("bundles", "list", folder=tmp_path)
    assert done.returncode == 0
    assert 'tiny 0.1.0: Tiny "test" bundle (CC0-1.0)\n' in done.stdout
    assert "bad: BAD\n" in done.stdout
    assert "  - bundle.toml: No such file or directory\n" in done.stdout


def test_check_good_bundle(tmp_path: Path) -> None:
    write_bundle(tmp_path / "tiny")
    done = neume("bundles", "check", "tiny", folder=tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (0, "tiny 0.1.0: good\n", "")
    done = neume("bundles", "check", str(tmp_path / "tiny"), "--json")
    assert json.loads(done.stdout) == {"bundle": "tiny 0.1.0", "good": True, "faults": []}


def test_check_bad_bundle_tells_every_fault(tmp_path: Path) -> None:
    write_bundle(tmp_path / "tiny")
    (tmp_path / "tiny" / "card.md").write_text("changed")
    (tmp_path / "tiny" / "LICENSE").unlink()
    done = neume("bundles", "check", "tiny", folder=tmp_path)
    assert done.returncode == 1
    lines = done.stderr.splitlines()
    assert lines[0].startswith("neume: tiny: card.md: its SHA-256 is ")
    assert lines[1:] == ["neume: tiny: LICENSE: No such file or directory"]
    done = neume("bundles", "check", "tiny", "--json", folder=tmp_path)
    assert done.returncode == 1
    assert len(json.loads(done.stdout)["faults"]) == 2


def test_check_of_nothing(tmp_path: Path) -> None:
    done = neume("bundles", "check", "no-such-bundle")
    assert done.returncode == 1
    assert "neume: no-such-bundle: not found in " in done.stderr


ERRORS = {
    "device": (DeviceError("no output device"), "no output device", 1),
    "two lines": (DeviceError("first\n  second"), "first second", 1),
    "usage": (UsageError("--steps 3 is not allowed"), "--steps 3 is not allowed", 2),
    "few faults": (BundleError("b", ["one", "two"]), "bundle b: one; two", 1),
    "many faults": (
        BundleError("b", list("abcdefg")),
        "bundle b: a; b; c; d; e; and 2 more: see `neume bundles check b`",
        1,
    ),
    "PortAudio": (
        OSError("PortAudio library not found"),
        "PortAudio library not found; on Debian and Ubuntu: apt-get install libportaudio2",
        1,
    ),
    "Qt": (
        ImportError("libEGL.so.1: cannot open shared object file: No such file or directory"),
        "libEGL.so.1: cannot open shared object file: No such file or directory; "
        "on Debian and Ubuntu: apt-get install libegl1",
        1,
    ),
    "FluidSynth": (
        ImportError("Couldn't find the FluidSynth library."),
        "Couldn't find the FluidSynth library.; on Debian and Ubuntu: apt-get install libfluidsynth3",
        1,
    ),
}


@pytest.mark.parametrize(("error", "line", "code"), ERRORS.values(), ids=list(ERRORS))
def test_users_errors_are_one_line(
    error: Exception,
    line: str,
    code: int,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    failing = typer.Typer(pretty_exceptions_enable=False)

    @failing.callback(invoke_without_command=True)
    def fail() -> None:
        raise error

    monkeypatch.setattr(cli, "app", failing)
    monkeypatch.setattr(sys, "argv", ["neume"])
    with pytest.raises(SystemExit) as caught:
        cli.main()
    assert (caught.value.code, capsys.readouterr().err) == (code, f"neume: {line}\n")


@pytest.mark.parametrize(
    "bug", [ValueError("x"), KeyError("x"), OSError("disk on fire"), ImportError("no x")]
)
def test_bugs_are_not_dressed_up_as_users_errors(bug: Exception) -> None:
    assert cli_errors.error_line(bug) is None


def test_other_rooms_add_commands(tmp_path: Path) -> None:
    """Through installed metadata, as a third party would: one good and one broken."""
    info = tmp_path / "thirdparty-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: thirdparty\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[neume.commands]\ngood = thirdparty:good\nbad = thirdparty:bad\n")
    (tmp_path / "thirdparty.py").write_text(
        "def good(app):\n    app.command('hello')(lambda: print('hello from outside'))\n"
        "def bad(app):\n    raise RuntimeError('broken')\n"
    )
    environment = dict(os.environ, PYTHONPATH=str(tmp_path))
    command = [str(BIN / "neume"), "hello"]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=60)
    assert (done.returncode, done.stdout) == (0, "hello from outside\n")
    told = "neume: the commands of 'bad' (thirdparty:bad) are missing: RuntimeError: broken\n"
    assert told in done.stderr


def test_the_command_line_loads_no_training_code() -> None:
    code = (
        "import sys; from neume.synth import cli; cli.load_commands(cli.app);"
        "print([m for m in ('torch', 'onnxruntime', 'matplotlib') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
