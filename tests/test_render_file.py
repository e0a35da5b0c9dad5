"""Songs become audio files: what is in them and beside them."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile
import soxr
from tiny_songs import control, note, rendered, write_duet, write_loud_bundle, write_song

from neume.synth.arrangement import arrange
from neume.synth.midi_file import read_performance
from neume.synth.mixer import Mixer
from neume.synth.render_file import Player, open_player, render_file
from neume.synth.render_options import RenderOptions
from neume.synth.render_outputs import side_car_path
from neume.synth.renderer import StreamRenderer

RATE_HZ = 48_000


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Player:
    folder = tmp_path_factory.mktemp("bundles") / "tiny"
    write_loud_bundle(folder)
    return open_player(folder, RenderOptions())


@pytest.fixture
def duet(tmp_path: Path) -> Path:
    return write_duet(tmp_path / "duet.mid")


def db(value: float) -> float:
    return float(20 * np.log10(value))


def level(audio: np.ndarray) -> float:
    return float(np.sqrt(np.mean(np.square(audio))))


def live(loaded: Player, song: Path, samples: int) -> np.ndarray:
    """The song as the live engine plays it: block by block, strips read from the note tables."""
    performance = read_performance(song)
    arrangement = arrange(performance)
    renderer = StreamRenderer(loaded.bundle, loaded.stages, arrangement.streams)
    mixer = Mixer(arrangement.streams, RATE_HZ)
    played = []
    for start in range(0, samples + renderer.lookahead_samples, renderer.block_samples):
        now = [e for e in performance.events if start <= e.frame < start + renderer.block_samples]
        audio = renderer.render_block(arrangement.route(now))
        played.append(mixer.mix(audio, arrangement.strips(renderer.notes)))
    return np.concatenate(played)[renderer.lookahead_samples :][:samples]


def test_a_file_holds_what_is_heard_live(loaded: Player, tmp_path: Path) -> None:
    """Pans that move during the song included; sample 0 is tick 0."""
    song = write_song(
        tmp_path / "s.mid",
        [control(10, 20), *note(60, 0.01, 0.4), control(10, 110, 0.2), *note(64, 0.5, 0.8)],
        [control(10, 90, channel=1), *note(40, 0.1, 0.9, channel=1)],
    )
    audio, _ = rendered(loaded, song, bits=32, tail="exact")
    assert len(audio) == RATE_HZ
    np.testing.assert_allclose(audio, live(loaded, song, RATE_HZ), atol=2e-6)
    assert np.flatnonzero(audio.any(axis=1))[0] == pytest.approx(0.01 * RATE_HZ, abs=130)  # 96 ticks a beat


def test_the_same_seed_gives_the_same_file(loaded: Player, duet: Path) -> None:
    files = []
    for name, seed in (("a.wav", 5), ("b.wav", 5), ("c.wav", 6)):
        rendered(loaded, duet, name, seed=seed, bits=16)
        files.append(duet.with_name(name).read_bytes())
    assert files[0] == files[1] != files[2]


@pytest.mark.parametrize(
    ("name", "bits", "subtype"),
    [
        ("a.wav", None, "PCM_24"),
        ("a.wav", 16, "PCM_16"),
        ("a.WAV", 32, "FLOAT"),
        ("a.flac", None, "PCM_24"),
        ("a.flac", 16, "PCM_16"),
        ("a.ogg", None, "VORBIS"),
    ],
)
def test_formats(loaded: Player, duet: Path, name: str, bits: int | None, subtype: str) -> None:
    reference, _ = rendered(loaded, duet, "reference.wav", bits=32)
    audio, side_car = rendered(loaded, duet, name, bits=bits)
    info = soundfile.info(duet.with_name(name))
    assert (info.subtype, info.samplerate, info.channels) == (subtype, RATE_HZ, 2)
    tolerance_db = {"VORBIS": -10, "PCM_16": -90, "PCM_24": -135, "FLOAT": -200}[subtype]
    assert len(audio) == len(reference)
    assert db(level(audio - reference) + 1e-12) < tolerance_db
    assert side_car["files"] == {name: duet.with_name(name).stat().st_size}


def test_dither_is_as_strong_as_it_should_be(loaded: Player, duet: Path) -> None:
    """Triangular dither and rounding: error of half a step RMS (1/12 + 1/6 of a step squared)."""
    reference, _ = rendered(loaded, duet, "reference.wav", bits=32)
    audio, _ = rendered(loaded, duet, bits=16)
    assert level(audio - reference) * 2**15 == pytest.approx(0.5, rel=0.02)


@pytest.mark.parametrize("rate_hz", [44_100, 96_000, 22_050])
def test_other_rates(loaded: Player, duet: Path, rate_hz: int) -> None:
    reference, _ = rendered(loaded, duet, "reference.wav")
    audio, side_car = rendered(loaded, duet, rate_hz=rate_hz)
    assert soundfile.info(duet.with_name("out.wav")).samplerate == rate_hz
    assert len(audio) == pytest.approx(len(reference) * rate_hz / RATE_HZ, abs=1)
    assert side_car["duration_s"] == pytest.approx(len(reference) / RATE_HZ, abs=1e-4)
    spectra = [
        np.abs(np.fft.rfft(a[: r // 2, 0]))[1:2000] / r for a, r in ((audio, rate_hz), (reference, RATE_HZ))
    ]
    assert level(spectra[0] - spectra[1]) < 0.02 * level(spectra[1])


@pytest.mark.parametrize("gain_db", [-10.0, 30.0], ids=["plain", "limited"])
def test_stems_sum_to_the_mix(loaded: Player, duet: Path, gain_db: float) -> None:
    mix, side_car = rendered(loaded, duet, stems=True, bits=32, gain_db=gain_db)
    names = [name for name in side_car["files"] if name != "out.wav"]
    assert names == [
        "out.stems/channel-01-acoustic-grand-piano.wav",
        "out.stems/channel-02-acoustic-grand-piano.wav",
        "out.stems/channel-10-standard-kit.wav",
    ]
    stems = [
        soundfile.read(duet.with_name("out.stems") / Path(name).name, dtype="float32")[0] for name in names
    ]
    np.testing.assert_allclose(np.sum(stems, axis=0), mix, atol=1e-6)
    assert [level(stem[:, 1]) < 1e-6 for stem in stems] == [True, False, False]  # hard left
    assert all(level(stem) > 1e-4 for stem in stems)
    plain, _ = rendered(loaded, duet, "plain.wav", bits=32, gain_db=gain_db)
    np.testing.assert_allclose(mix, plain, atol=2e-6)


def test_stems_of_an_earlier_rendering_go(loaded: Player, duet: Path) -> None:
    rendered(loaded, duet, stems=True)
    mine = duet.with_name("out.stems") / "notes.txt"
    mine.write_text("not Neume's")
    rendered(loaded, duet, stems=True, streams=1)
    names = {path.name for path in mine.parent.iterdir()}
    assert names == {"channel-01+02+10-acoustic-grand-piano.wav", "notes.txt"}


def test_from_and_to(loaded: Player, tmp_path: Path) -> None:
    """The part is what the whole song has there, controllers and a note that sounds already included."""
    song = write_song(
        tmp_path / "s.mid",
        [control(10, 0), control(7, 60), *note(60, 0.1, 2.6), *note(64, 2.0, 2.4), *note(67, 3.0, 3.4)],
        length_s=4.0,
    )
    whole, _ = rendered(loaded, song, bits=32)
    part, side_car = rendered(loaded, song, bits=32, from_s=1.8, to_s=2.5, tail="exact")
    assert (len(part), side_car["duration_s"]) == (round(0.7 * RATE_HZ), 0.7)
    assert not part[:, 1].any()
    there = whole[round(1.8 * RATE_HZ) :][: len(part)]
    for start in range(0, len(part) - 4800, 4800):
        here, expected = part[start : start + 4800], there[start : start + 4800]
        assert db(level(here) / level(expected)) == pytest.approx(0.0, abs=1.5)
    assert db(level(part[:4800]) / level(whole[4800:9600])) < -3.0  # the first note is not struck again


def test_a_start_before_the_first_second_is_exact(loaded: Player, duet: Path) -> None:
    whole, _ = rendered(loaded, duet, bits=32, tail="exact")
    part, _ = rendered(loaded, duet, bits=32, tail="exact", from_s=0.37)
    np.testing.assert_allclose(part, whole[round(0.37 * RATE_HZ) :], atol=1e-7)


def test_tails(loaded: Player, duet: Path) -> None:
    exact, _ = rendered(loaded, duet, tail="exact")
    seconds, _ = rendered(loaded, duet, tail=0.1)
    auto, _ = rendered(loaded, duet, tail="auto")
    assert (len(exact), len(seconds)) == (RATE_HZ, round(1.1 * RATE_HZ))
    assert len(auto) > len(seconds)
    assert np.abs(auto[-round(0.29 * RATE_HZ) :]).max() <= 1e-4
    assert np.abs(auto[: -round(0.34 * RATE_HZ)][-512:]).max() > 1e-4
    assert np.abs(exact[-20:]).max() > 1e-3
    assert np.abs(seconds[-20:]).max() < 0.05 * np.abs(seconds[-2000:]).max()


def test_silence_after_the_last_note_belongs_to_the_song(loaded: Player, tmp_path: Path) -> None:
    song = write_duet(tmp_path / "s.mid", length_s=5.0)
    assert len(rendered(loaded, song)[0]) == 5 * RATE_HZ


def test_a_note_that_is_never_released_ends(loaded: Player, tmp_path: Path) -> None:
    song = write_song(tmp_path / "s.mid", [control(64, 127), *note(40, 0.1, 99.0)[:1]])
    audio, side_car = rendered(loaded, song)
    assert len(audio) < 3 * RATE_HZ
    assert side_car["warnings"] == []


@pytest.mark.parametrize("gain_db", [-30.0, 0.0, 30.0])
def test_gain_and_the_safety_limiter(loaded: Player, duet: Path, gain_db: float) -> None:
    plain, _ = rendered(loaded, duet, "plain.wav", bits=32, gain_db=-20.0, tail="exact")
    audio, side_car = rendered(loaded, duet, bits=32, gain_db=gain_db, tail="exact")
    assert np.abs(audio).max() <= 10 ** (-1 / 20) + 1e-6
    assert side_car["normalising_gain_db"] == 0.0
    if gain_db < 30:
        np.testing.assert_allclose(audio, plain * 10 ** ((gain_db + 20) / 20), atol=1e-6)
    else:
        assert np.abs(audio).max() > 0.88


def test_peak_normalisation(loaded: Player, duet: Path) -> None:
    plain, _ = rendered(loaded, duet, "plain.wav", bits=32, gain_db=-20.0, tail="exact")
    options = {"normalise": "peak", "ceiling_dbtp": -3.0, "stems": True, "tail": "exact", "gain_db": 30.0}
    audio, side_car = rendered(loaded, duet, bits=32, **options)
    assert side_car["true_peak_dbtp"] == pytest.approx(-3.0, abs=0.01)
    oversampled = soxr.resample(audio, RATE_HZ, 4 * RATE_HZ)
    assert db(np.abs(oversampled).max()) == pytest.approx(-3.0, abs=0.1)
    gain = np.sum(audio * plain) / np.sum(plain**2)
    np.testing.assert_allclose(audio, plain * gain, atol=1e-5)  # one gain throughout: no limiter
    stems = [soundfile.read(path)[0] for path in sorted(duet.with_name("out.stems").iterdir())]
    np.testing.assert_allclose(np.sum(stems, axis=0), audio, atol=1e-5)


def test_loudness_normalisation(loaded: Player, duet: Path) -> None:
    pyloudnorm = pytest.importorskip("pyloudnorm")
    audio, side_car = rendered(loaded, duet, bits=32, normalise="lufs", target_lufs=-30.0)
    assert side_car["loudness_lufs"] == pytest.approx(-30.0, abs=0.01)
    heard = pyloudnorm.Meter(RATE_HZ).integrated_loudness(
        audio[: len(audio) // 4800 * 4800].astype(np.float64)
    )
    assert heard == pytest.approx(-30.0, abs=0.05)
    assert side_car["warnings"] == []


def test_the_ceiling_limits_loudness_normalisation(loaded: Player, duet: Path) -> None:
    _, side_car = rendered(loaded, duet, normalise="lufs", target_lufs=0.0)
    assert side_car["true_peak_dbtp"] == pytest.approx(-1.0, abs=0.01)
    assert ["peaks reach the ceiling of -1 dBTP" in line for line in side_car["warnings"]] == [True]


def test_the_side_car_tells_how_it_was_made(loaded: Player, duet: Path) -> None:
    audio, side_car = rendered(loaded, duet, seed=3, steps=2)
    assert json.loads(side_car_path(duet.with_name("out.wav")).read_text()) == side_car
    recipe = side_car["recipe"]
    assert (recipe["seed"], recipe["steps"], recipe["bundle"]) == (3, 2, "tiny")
    assert recipe["bundle_sha256"] == loaded.bundle.digest
    assert set(side_car["providers"].values()) == {"CPUExecutionProvider"}
    assert side_car["duration_s"] == pytest.approx(len(audio) / RATE_HZ, abs=1e-6)
    assert side_car["true_peak_dbtp"] >= round(db(np.abs(audio).max()), 2) - 0.01
    assert side_car["times_real_time"] > 0
    assert rendered(loaded, duet)[1]["recipe"]["steps"] == 1  # the bundle's default, told as a number


def test_progress_reaches_the_end(loaded: Player, duet: Path) -> None:
    told: list[tuple[float, float]] = []
    render_file(duet, duet.with_name("out.wav"), loaded, lambda done, length: told.append((done, length)))
    assert told == sorted(told)
    assert told[-1] == (1.0, 1.0)
