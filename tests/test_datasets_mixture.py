"""Drawing crops from several sets: shares by temperature, stateless, and one set exactly as ever."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from neume.models.batches import StemSet, audio_batch, token_batch
from neume.models.stems import Stem
from neume.synth.conditioning import FEATURES
from neume.synth.errors import NeumeError
from neume.synth.mel import MelSpec

SPEC = MelSpec()
FRAMES = 40
SIZES = {"large": 27, "small": 3}


def write_stem(folder: Path, number: int, mark: int) -> None:
    """A stem in which one note sounds in every frame but the first ten; `mark` is its key."""
    rng = np.random.default_rng([mark, number])
    tokens = np.zeros((FRAMES - 10, len(FEATURES)), np.float32)
    tokens[:, FEATURES.index("key")] = mark
    Stem(
        audio=rng.integers(-9000, 9000, (FRAMES, 256)).astype(np.int16),
        excitation=rng.standard_normal((FRAMES, 256, 2)).astype(np.float16),
        mel=rng.uniform(-9, 0, (FRAMES, SPEC.mels)).astype(np.float16),
        tokens=tokens,
        offsets=np.concatenate([np.zeros(10, np.int64), np.arange(FRAMES - 9)]),
    ).save(folder / f"{number:06d}")


@pytest.fixture(scope="module")
def roots(tmp_path_factory) -> list[Path]:
    folder = tmp_path_factory.mktemp("sets")
    for mark, (name, size) in enumerate(SIZES.items()):
        for number in range(size):
            write_stem(folder / name, number, 60 + mark)
    return [folder / name for name in SIZES]


def drawn_as_ever(stems: list[Stem], seed: tuple[int, ...], size: int, frames: int):
    """Stem, first frame and level of each crop, as training drew them before there were mixtures."""
    rng = np.random.default_rng(seed)
    for _ in range(size):
        for _ in range(4):
            index = int(rng.integers(len(stems)))
            start = int(rng.integers(0, len(stems[index].mel) - frames + 1))
            if np.count_nonzero(np.diff(stems[index].offsets[start : start + frames + 1])) > frames // 4:
                break
        yield index, start, rng.uniform(-18.0, 0.0) if rng.random() < 0.5 else 0.0


@pytest.mark.parametrize(("count", "temperature"), [(1, 1.0), (1, 3.0), (2, 1.0)])
def test_plain_sets_are_drawn_as_ever(roots, count, temperature):
    """One set at any temperature, and several at temperature 1: runs from before go on as they began."""
    stems = StemSet.open(roots[:count], temperature)
    assert [folder.parent.name for folder in stems.folders] == [n for n in SIZES for _ in range(SIZES[n])][
        : len(stems.folders)
    ]
    loaded = [stems.stem(index) for index in range(len(stems.folders))]
    for step in range(5):
        audio = audio_batch(stems, (1, 0, step), 6, 16, SPEC)
        tokens = token_batch(stems, (1, 0, step), 6, 16, SPEC)
        for row, (index, start, gain_db) in enumerate(drawn_as_ever(loaded, (1, 0, step), 6, 16)):
            part, gain = slice(start, start + 16), np.float32(10.0 ** (gain_db / 20.0))
            assert np.array_equal(
                audio.audio[row], loaded[index].audio[part].astype(np.float32) * (gain / 16_384.0)
            )
            assert np.array_equal(
                audio.excitation[row], loaded[index].excitation[part].astype(np.float32) * gain
            )
            shift = np.float32(gain_db * np.log(10.0) / 20.0)
            mel = np.maximum(loaded[index].mel[part].astype(np.float32) + shift, SPEC.log_floor)
            assert np.array_equal(tokens.mel[row], mel)


def test_shares_follow_the_size_to_the_power_of_one_over_the_temperature(roots):
    assert StemSet.open(roots, 1.0).shares == pytest.approx([0.9, 0.1])
    assert StemSet.open(roots, 2.0).shares == pytest.approx([0.75, 0.25])
    assert StemSet.open(roots, 100.0).shares == pytest.approx([0.5, 0.5], abs=0.01)
    assert StemSet.open(roots[::-1], 2.0).names == ("large", "small"), "the order of --data does not matter"


@pytest.mark.parametrize(("temperature", "share"), [(1.0, 0.1), (2.0, 0.25), (3.0, 0.3248)])
def test_crops_come_from_the_sets_in_their_shares(roots, temperature, share):
    stems = StemSet.open(roots, temperature)
    rng = np.random.default_rng(5)
    drawn = np.array([stems.set_of(stems.draw(rng)) for _ in range(6000)])
    assert drawn.mean() == pytest.approx(share, abs=0.02)
    seen = {stems.draw(rng) for _ in range(3000)}
    assert seen == set(range(30)), "every stem of every set is drawn"


def test_a_batch_tells_where_its_crops_came_from_and_is_decided_by_its_seed(roots):
    stems = StemSet.open(roots, 2.0)
    batch, again = (token_batch(stems, (1, 0, 7), 32, 16, SPEC) for _ in range(2))
    assert np.array_equal(batch.mel, again.mel)
    assert np.array_equal(batch.sets, audio_batch(stems, (1, 0, 7), 32, 16, SPEC).sets)
    assert set(batch.sets) == {0, 1}
    keys = batch.tokens[:, FEATURES.index("key")] - 60
    assert np.array_equal(keys, batch.sets[batch.frame_of_pair // 16])
    assert not np.array_equal(batch.sets, token_batch(stems, (1, 0, 8), 32, 16, SPEC).sets)


@pytest.mark.parametrize("temperature", [0.0, 0.9, -1.0, float("nan"), float("inf")])
def test_impossible_temperatures_are_refused(roots, temperature):
    with pytest.raises(NeumeError, match="temperature"):
        StemSet.open(roots, temperature)
