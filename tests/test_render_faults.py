"""What `render_file` does when it must not or cannot write: resume, full disk, interruption, bad input."""

from __future__ import annotations

import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from tiny_songs import control, rendered, write_duet, write_loud_bundle, write_song

from neume.synth.errors import BundleError, MidiFileError, NeumeError, OutputError, UsageError
from neume.synth.render_file import Player, open_player, render_file
from neume.synth.render_options import RenderOptions
from neume.synth.render_outputs import read_side_car, side_car_path


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Player:
    folder = tmp_path_factory.mktemp("bundles") / "tiny"
    write_loud_bundle(folder)
    return open_player(folder, RenderOptions())


@pytest.fixture
def duet(tmp_path: Path) -> Path:
    return write_duet(tmp_path / "duet.mid")


def test_finished_files_are_skipped(loaded: Player, duet: Path) -> None:
    output = duet.with_name("out.wav")
    first = render_file(duet, output, loaded)
    before = output.stat().st_mtime_ns
    assert render_file(duet, output, loaded) == (first[0], True)
    assert output.stat().st_mtime_ns == before
    other = Player(loaded.bundle, loaded.stages, RenderOptions(seed=1))
    with pytest.raises(OutputError, match="is there already, made in another way; --overwrite replaces it"):
        render_file(duet, output, other)
    output.write_bytes(output.read_bytes()[:-1])
    with pytest.raises(OutputError, match="is there already"):
        render_file(duet, output, loaded)
    side_car_path(output).unlink()
    with pytest.raises(OutputError, match="not made by Neume, or not finished"):
        render_file(duet, output, loaded)


def test_a_changed_song_is_not_finished(loaded: Player, duet: Path) -> None:
    output = duet.with_name("out.wav")
    render_file(duet, output, loaded)
    write_duet(duet, length_s=2.0)
    with pytest.raises(OutputError, match="made in another way"):
        render_file(duet, output, loaded)


@contextmanager
def file_size_limit(size: int) -> Iterator[None]:
    """The nearest thing to a full disk that needs no privileges."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


FULL_DISK_CASES: dict[str, tuple[str, dict[str, Any]]] = {
    "wav": ("out.wav", {}),
    "flac": ("out.flac", {"bits": 16}),
    "ogg": ("out.ogg", {}),
    "stems": ("out.wav", {"stems": True}),
    "normalised": ("out.wav", {"normalise": "peak"}),
}


@pytest.mark.parametrize(("name", "options"), FULL_DISK_CASES.values(), ids=list(FULL_DISK_CASES))
def test_a_full_disk_leaves_nothing(loaded: Player, duet: Path, name: str, options: dict[str, Any]) -> None:
    with file_size_limit(8192), pytest.raises(OutputError, match="cannot be written: File too large"):
        rendered(loaded, duet, name, **options)
    assert [path.name for path in duet.parent.iterdir()] == ["duet.mid"]


def test_a_full_disk_keeps_the_older_file(loaded: Player, duet: Path) -> None:
    rendered(loaded, duet)
    output = duet.with_name("out.wav")
    before = output.read_bytes()
    with file_size_limit(8192), pytest.raises(OutputError):
        rendered(loaded, duet, seed=1)
    assert output.read_bytes() == before
    assert read_side_car(output) is not None
    assert len(list(duet.parent.iterdir())) == 3


@pytest.mark.parametrize("stop", [KeyboardInterrupt, RuntimeError])
def test_an_interruption_leaves_nothing(loaded: Player, duet: Path, stop: type[BaseException]) -> None:
    def interrupt(_done: float, _all: float) -> None:
        raise stop

    player = Player(loaded.bundle, loaded.stages, RenderOptions(stems=True))
    with pytest.raises(stop):
        render_file(duet, duet.with_name("out.wav"), player, interrupt)
    assert [path.name for path in duet.parent.iterdir()] == ["duet.mid"]


def test_broken_inputs(loaded: Player, tmp_path: Path, duet: Path) -> None:
    empty = write_song(tmp_path / "empty.mid", [control(7, 1)])
    cut = tmp_path / "cut.mid"
    cut.write_bytes(b"MThd")
    folder = tmp_path / "folder.wav"
    folder.mkdir()
    faults: list[tuple[Path, str, type[NeumeError], str]] = [
        (empty, "a.wav", MidiFileError, "empty.mid: no notes in it, so there is nothing to render"),
        (cut, "a.wav", MidiFileError, "cut.mid"),
        (tmp_path / "none.mid", "a.wav", MidiFileError, "no such file"),
        (duet, "a.mp3", UsageError, "suffix '.mp3' is unknown; allowed are .wav, .flac, .ogg"),
        (duet, "none/a.wav", OutputError, "cannot be written: No such file or directory"),
        (duet, "folder.wav", OutputError, "is a folder; name a file"),
    ]
    before = sorted(tmp_path.rglob("*"))
    for song, name, kind, text in faults:
        with pytest.raises(kind) as caught:
            render_file(song, tmp_path / name, loaded)
        assert text in str(caught.value)
    assert sorted(tmp_path.rglob("*")) == before


def test_a_start_beyond_the_end(loaded: Player, duet: Path) -> None:
    with pytest.raises(UsageError, match=r"duet.mid: --from 9 is beyond the end; the song lasts 1.000 sec"):
        rendered(loaded, duet, from_s=9.0)


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"bits": 8}, "--bits 8: allowed are 16 to 32"),
        ({"rate_hz": 4000}, "--rate 4000: allowed are 8000 to 192000 Hz"),
        ({"from_s": -1.0}, "--from -1.0: allowed are 0 and up"),
        ({"from_s": float("nan")}, "--from nan"),
        ({"to_s": float("inf")}, "--to inf"),
        ({"from_s": 2.0, "to_s": 2.0}, "--to 2 is not after --from 2"),
        ({"tail": -1.0}, "--tail -1.0: allowed are 0 to 3600 seconds"),
        ({"streams": 17}, "--streams 17: allowed are 1 to 16"),
        ({"gain_db": 99.0}, "--gain 99.0: allowed are -60 to 60 dB"),
        ({"ceiling_dbtp": 1.0}, "--ceiling 1.0: allowed are -40 to 0 dBTP"),
        ({"target_lufs": 1.0}, "--lufs 1.0: allowed are -70 to 0 LUFS"),
        ({"seed": -1}, "--seed -1: allowed are 0 to"),
    ],
)
def test_options_out_of_range(options: dict[str, Any], text: str) -> None:
    with pytest.raises(UsageError) as caught:
        RenderOptions(**options)
    assert text in str(caught.value)


def test_wrong_steps_and_unknown_bundle(loaded: Player) -> None:
    with pytest.raises(UsageError, match="--steps 3: bundle tiny allows 0, 1, 2, 4"):
        open_player(loaded.bundle.folder, RenderOptions(steps=3))
    with pytest.raises(BundleError, match="no-such-bundle: not found in"):
        open_player("no-such-bundle", RenderOptions())
