"""`neume render` as a user runs it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import soundfile
from tiny_songs import control, note, write_duet, write_loud_bundle, write_song

from neume.synth import cli
from neume.synth.errors import UsageError
from neume.synth.song_paths import find_songs, place_outputs

Neume = Callable[..., tuple[int, str, str]]
NEUME = Path(sys.executable).parent / "neume"


@pytest.fixture(scope="module")
def bundles(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("bundles")
    write_loud_bundle(folder / "tiny")
    return folder


def environment(bundles: Path) -> dict[str, str]:
    return dict(os.environ, NEUME_BUNDLES=str(bundles), XDG_DATA_HOME="/nonexistent", OMP_NUM_THREADS="1")


@pytest.fixture
def neume(
    bundles: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Neume:
    """Run `neume render` with the tiny bundle in the test's folder: exit code, output, errors."""

    def run(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.chdir(tmp_path)
        monkeypatch.setenv("NEUME_BUNDLES", str(bundles))
        monkeypatch.setattr(sys, "argv", ["neume", "render", "-b", "tiny", *arguments])
        with pytest.raises(SystemExit) as caught:
            cli.main()
        written = capsys.readouterr()
        return int(caught.value.code or 0), written.out, written.err

    return run


def test_one_song(bundles: Path, tmp_path: Path) -> None:
    """As a process of its own."""
    write_duet(tmp_path / "duet.mid")
    arguments = ["duet.mid", "-o", "out.flac", "--tail", "exact", "--gain", "-3"]
    command = [str(NEUME), "render", "-b", "tiny", *arguments]
    done = subprocess.run(
        command, cwd=tmp_path, capture_output=True, text=True, env=environment(bundles), timeout=60
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("out.flac: 1.0 s, ")
    assert soundfile.info(tmp_path / "out.flac").duration == 1.0
    assert {path.name for path in tmp_path.iterdir()} == {"duet.mid", "out.flac", "out.flac.json"}


def test_a_batch_goes_on_after_broken_songs(neume: Neume, tmp_path: Path) -> None:
    write_duet(tmp_path / "songs" / "deep" / "a.mid")
    (tmp_path / "songs" / "b.mid").write_bytes(b"MThd nonsense")
    write_song(tmp_path / "songs" / "c.mid", [control(7, 3)])
    write_duet(tmp_path / "songs" / "d.midi")
    (tmp_path / "songs" / "notes.txt").write_text("no song")
    arguments = ("songs", "none*.mid", "gone.mid", "--out-dir", "audio", "--format", "ogg")
    code, output, errors = neume(*arguments, "--json")
    assert code == 1
    broken = ["none*.mid", "songs/b.mid", "songs/c.mid", "gone.mid"]
    assert [line.split(":")[:2] for line in errors.splitlines()] == [["neume", " " + name] for name in broken]
    results = json.loads(output)
    songs = ["songs/b.mid", "songs/c.mid", "songs/d.midi", "songs/deep/a.mid", "gone.mid"]
    assert [result["song"] for result in results] == songs
    assert [result.get("skipped") for result in results] == [None, None, False, False, None]
    assert results[1]["error"] == "songs/c.mid: no notes in it, so there is nothing to render"
    files = {str(path.relative_to(tmp_path / "audio")) for path in (tmp_path / "audio").rglob("*.*")}
    assert files == {"d.ogg", "d.ogg.json", "deep/a.ogg", "deep/a.ogg.json"}
    (tmp_path / "audio" / "deep" / "a.ogg").unlink()
    code, output, _ = neume(*arguments)
    assert code == 1
    assert output.splitlines()[0] == "audio/d.ogg: finished already"
    assert output.splitlines()[1].startswith("audio/deep/a.ogg: 1.")


WRONG = {
    "suffix": (["-o", "a.mp3"], 2, "a.mp3: suffix '.mp3' is unknown; allowed are .wav, .flac, .ogg"),
    "bits of ogg": (["-o", "a.ogg", "--bits", "16"], 2, "an OGG file has no bits to choose"),
    "float flac": (["-o", "a.flac", "--bits", "32"], 2, "32 bits; a FLAC file takes 16, 24"),
    "steps": (["--steps", "3"], 2, "--steps 3: bundle tiny allows 0, 1, 2, 4"),
    "bundle": (["-b", "nobody"], 1, "nobody: not found in "),
    "tail": (["--tail", "long"], 2, "--tail long: allowed are auto, exact, or a number of seconds"),
    "range": (["--from", "5", "--to", "3"], 2, "--to 3 is not after --from 5"),
    "from": (["--from", "1000"], 1, "song.mid: --from 1000 is beyond the end; the song lasts 1.000 seconds"),
    "unwritable": (["-o", "/proc/a.wav"], 1, "/proc/a.wav: cannot be written: "),
    "under a file": (["-o", "song.mid/a.wav"], 1, "song.mid: cannot be made: "),
    "two places": (["-o", "a.wav", "--out-dir", "b"], 2, "-o and --out-dir contradict each other"),
    "format": (["--format", "mp3"], 2, "'mp3'"),
}


@pytest.mark.parametrize(("arguments", "code", "line"), WRONG.values(), ids=list(WRONG))
def test_wrong_usage(neume: Neume, tmp_path: Path, arguments: list[str], code: int, line: str) -> None:
    write_duet(tmp_path / "song.mid")
    given, output, errors = neume("song.mid", *arguments)
    assert (given, output) == (code, "")
    assert line in errors
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == ["song.mid"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_rendering_leaves_nothing(bundles: Path, tmp_path: Path, number: int) -> None:
    write_song(tmp_path / "long.mid", note(60, 0.0, 1799.0), length_s=1800.0)
    command = [str(NEUME), "render", "-b", "tiny", "long.mid", "-o", "out.wav", "--stems"]
    running = subprocess.Popen(
        command,
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment(bundles),
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # also where a shell ignores it
    )
    end_s = time.monotonic() + 30
    while time.monotonic() < end_s and not _growing(tmp_path):
        time.sleep(0.02)
    assert _growing(tmp_path)
    running.send_signal(number)
    _, errors = running.communicate(timeout=30)
    assert running.returncode != 0
    assert "Traceback" not in errors
    assert [path.name for path in tmp_path.rglob("*")] == ["long.mid"]


def _growing(folder: Path) -> bool:
    return any(path.stat().st_size > 100_000 for path in folder.glob(".out.wav.*.part"))


def test_songs_are_found_once(tmp_path: Path) -> None:
    for name in ("b.mid", "deep/c.MID", ".hidden/d.mid", "e.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    (tmp_path / "a[1].mid").touch()
    found, errors = find_songs([str(tmp_path / "a[1].mid"), str(tmp_path), str(tmp_path / "*.mid")])
    assert [str(song.below) for song in found] == ["a[1].mid", "b.mid", "deep/c.MID"]
    assert errors == []
    (tmp_path / "empty").mkdir()
    found, errors = find_songs([str(tmp_path / "empty"), str(tmp_path / "*.xyz"), "gone.mid"])
    assert [str(song.path) for song in found] == ["gone.mid"]
    assert [str(error).split(": ")[1] for error in errors] == [
        "no .mid, .midi, .kar, .smf file in it",
        "no file matches",
    ]


def test_outputs_are_placed(tmp_path: Path) -> None:
    songs, _ = find_songs(["x/a.mid", "x/a.midi", "y/b.mid"])
    placed, errors = place_outputs(songs, None, None, ".wav")
    assert placed == [(Path("x/a.mid"), Path("x/a.wav")), (Path("y/b.mid"), Path("y/b.wav"))]
    assert [str(error) for error in errors] == ["x/a.midi: its output x/a.wav is that of x/a.mid already"]
    assert place_outputs(songs[2:], None, tmp_path, ".ogg")[0] == [(Path("y/b.mid"), tmp_path / "b.ogg")]
    assert place_outputs(songs[2:], tmp_path, None, ".ogg")[0] == [(Path("y/b.mid"), tmp_path / "b.ogg")]
    assert place_outputs(songs[2:], Path("c.flac"), None, ".ogg")[0] == [(Path("y/b.mid"), Path("c.flac"))]
    with pytest.raises(UsageError, match=r"-o c.flac is one file for 3 songs; give a folder with --out-dir"):
        place_outputs(songs, Path("c.flac"), None, ".ogg")
