"""What every built-in effect promises: the same samples in any blocks, no latency, no clicks, no dregs."""

from __future__ import annotations

import numpy as np
import pytest
from effect_rig import BLOCK, BUILT_IN, RATE_HZ, impulse, in_blocks, noise, prepared, roughness, tone
from hypothesis import given, settings
from hypothesis import strategies as st

from neume.synth.effects.effect import Parameter
from neume.synth.errors import UsageError

ALL_PARAMETERS = [(effect_id, p) for effect_id, made in BUILT_IN.items() for p in made().parameters]
NAMES = [f"{effect_id}-{parameter.id}" for effect_id, parameter in ALL_PARAMETERS]
RINGING = {
    "chorus": {"mix": 1.0},
    "delay": {"mix": 1.0, "left_ms": 20.0, "right_ms": 31.0, "feedback": 0.6, "cross": 0.3},
    "equaliser": {"low_db": 18.0, "mid_db": -18.0, "high_db": 18.0},
    "reverb": {"mix": 1.0, "size_s": 0.2, "predelay_ms": 5.0},
}
UNCHANGED = {"chorus": {"mix": 0.0}, "delay": {"mix": 0.0}, "equaliser": {}, "reverb": {"mix": 0.0}}


def every_knob(effect_id: str, first: int, distance: int) -> list[tuple[int, str, float]]:
    """Each parameter moved to both ends of its range, one move after another."""
    parameters = BUILT_IN[effect_id]().parameters
    places = [(p.id, value) for p in parameters for value in (p.maximum, p.minimum, p.default)]
    return [(first + distance * index, *place) for index, place in enumerate(places)]


@pytest.mark.parametrize("effect_id", BUILT_IN)
@pytest.mark.parametrize("block", [1, 255, 256, 257, 4096, 100_000])
def test_blocks_of_any_size_make_the_same_samples(effect_id: str, block: int) -> None:
    """While knobs move, some of them again on their way; with a silence inside that effects sleep through."""
    samples = 3_000 if block == 1 else 90_000
    audio = noise(samples)
    audio[20_000:70_000] = 0.0
    moves = every_knob(effect_id, 100, 211 if block == 1 else 1_777)
    knobs = RINGING[effect_id]
    whole = in_blocks(prepared(effect_id, knobs), audio, BLOCK, moves)
    again = in_blocks(prepared(effect_id, knobs), audio, block, moves)
    assert np.array_equal(again, whole)


@settings(max_examples=25, deadline=None)
@given(st.sampled_from(list(BUILT_IN)), st.lists(st.integers(0, 700), min_size=1, max_size=12), st.data())
def test_any_cut_makes_the_same_samples(effect_id: str, sizes: list[int], data: st.DataObject) -> None:
    audio = noise(sum(sizes))
    audio[np.arange(len(audio)) % 900 > data.draw(st.integers(0, 900))] = 0.0
    cut, whole = prepared(effect_id, RINGING[effect_id]), prepared(effect_id, RINGING[effect_id])
    pieces = np.split(audio, np.cumsum(sizes)[:-1])
    assert np.array_equal(np.concatenate([cut.process(piece) for piece in pieces]), whole.process(audio))


@pytest.mark.parametrize("effect_id", BUILT_IN)
def test_it_goes_on_from_a_state_sample_for_sample(effect_id: str) -> None:
    audio, moves = noise(30_000), every_knob(effect_id, 100, 701)
    effect, other = prepared(effect_id, RINGING[effect_id]), prepared(effect_id)
    in_blocks(effect, audio[:5_000], BLOCK, [move for move in moves if move[0] < 5_000])
    state = effect.state()
    rest = [(at - 5_000, *move) for at, *move in moves if at >= 5_000]
    heard = in_blocks(effect, audio[5_000:], BLOCK, rest)
    for _ in range(2):
        other.restore(state)
        assert np.array_equal(in_blocks(other, audio[5_000:], 300, rest), heard)


@pytest.mark.parametrize("effect_id", BUILT_IN)
def test_with_nothing_to_do_the_sound_passes_bit_for_bit(effect_id: str) -> None:
    audio = noise(5_000)
    assert np.array_equal(in_blocks(prepared(effect_id, UNCHANGED[effect_id]), audio), audio)


@pytest.mark.parametrize("effect_id", BUILT_IN)
def test_there_is_no_latency(effect_id: str) -> None:
    made = prepared(effect_id).process(impulse(BLOCK))
    assert made[0].all()
    assert np.abs(made).argmax() < 2


@pytest.mark.parametrize(("effect_id", "parameter"), ALL_PARAMETERS, ids=NAMES)
def test_no_knob_clicks(effect_id: str, parameter: Parameter) -> None:
    """A tone, the knob thrown from end to end and back: nothing bends more than a fade of 10 ms may."""
    effect = prepared(effect_id, {**RINGING[effect_id], parameter.id: parameter.minimum})
    third = RATE_HZ // 2
    moves = [(third, parameter.id, parameter.maximum), (2 * third, parameter.id, parameter.minimum)]
    made = in_blocks(effect, tone(3 * third), BLOCK, moves)
    assert np.abs(made).max() > 0.05
    assert roughness(made) < 0.005 * np.abs(made).max()


@pytest.mark.parametrize("effect_id", BUILT_IN)
def test_reset_silences_the_tail_and_keeps_the_knobs(effect_id: str) -> None:
    effect = prepared(effect_id, RINGING[effect_id])
    in_blocks(effect, noise(9_000))
    effect.reset()
    assert not effect.process(np.zeros((BLOCK, 2), np.float32)).any()
    fresh = prepared(effect_id, RINGING[effect_id])
    audio = noise(5_000, seed=2)
    assert np.array_equal(in_blocks(effect, audio), in_blocks(fresh, audio))


@pytest.mark.parametrize("effect_id", BUILT_IN)
def test_the_tail_ends_when_it_says_and_then_is_nothing(effect_id: str) -> None:
    effect = prepared(effect_id, RINGING[effect_id])
    loud = np.abs(in_blocks(effect, noise(RATE_HZ // 2))).max()
    tail = in_blocks(effect, np.zeros((int(2.5 * effect.tail_s * RATE_HZ) + 2_000, 2), np.float32))
    assert np.abs(tail[int(effect.tail_s * RATE_HZ) :]).max() < 1e-5 * loud
    assert not tail[-200:].any()
    assert not any(array.any() for array in arrays_of(effect) if array.size > 64)


@pytest.mark.parametrize("effect_id", BUILT_IN)
def test_no_denormals_while_it_rings_out(effect_id: str) -> None:
    effect = prepared(effect_id, RINGING[effect_id])
    effect.process(impulse(BLOCK))
    for _ in range(int(2.2 * effect.tail_s * RATE_HZ / BLOCK) + 2):
        effect.process(np.zeros((BLOCK, 2), np.float32))
        for array in arrays_of(effect):
            small = np.abs(array[array != 0])
            assert small.min(initial=1.0) >= np.finfo(array.dtype).tiny


def arrays_of(effect: object) -> list[np.ndarray]:
    """The floating point arrays in an effect's state."""
    found, left = [], [effect.state()]
    while left:
        item = left.pop()
        if isinstance(item, np.ndarray) and np.issubdtype(item.dtype, np.floating):
            found.append(item)
        elif isinstance(item, tuple | list):
            left += item
        elif hasattr(item, "__slots__"):
            left += [getattr(item, name) for name in item.__slots__]
    return found


@pytest.mark.parametrize("effect_id", BUILT_IN)
def test_extremes_stay_finite_and_bounded(effect_id: str) -> None:
    """Full-scale noise for ten seconds with every knob at its upper end, then at its lower one."""
    effect = BUILT_IN[effect_id]()
    for end in ("maximum", "minimum"):
        effect.prepare(RATE_HZ, BLOCK)
        for parameter in effect.parameters:
            effect.set(parameter.id, getattr(parameter, end))
        made = in_blocks(effect, noise(10 * RATE_HZ, level=1.0))
        assert np.isfinite(made).all()
        assert np.abs(made).max() < 200.0


@pytest.mark.parametrize("effect_id", BUILT_IN)
@pytest.mark.parametrize("rate_hz", [8_000, 44_100, 96_000, 192_000])
def test_other_rates(effect_id: str, rate_hz: int) -> None:
    made = in_blocks(prepared(effect_id, RINGING[effect_id], rate_hz), noise(rate_hz // 4))
    assert np.isfinite(made).all()
    assert made[rate_hz // 5 :].any()


@pytest.mark.parametrize("effect_id", BUILT_IN)
def test_shapes_types_and_the_input_are_respected(effect_id: str) -> None:
    effect = prepared(effect_id, RINGING[effect_id])
    audio = noise(BLOCK)
    audio.flags.writeable = False
    for samples in (0, 1, BLOCK):
        made = effect.process(audio[:samples])
        assert (made.shape, made.dtype) == ((samples, 2), np.float32)
        assert made.flags.writeable
        assert not np.shares_memory(made, audio)


@pytest.mark.parametrize(("effect_id", "parameter"), ALL_PARAMETERS, ids=NAMES)
def test_values_outside_the_range_are_held_to_it(effect_id: str, parameter: Parameter) -> None:
    assert parameter.minimum <= parameter.default <= parameter.maximum
    audio = noise(3_000)
    far, near = prepared(effect_id), prepared(effect_id)
    far.set(parameter.id, parameter.maximum + 1e9)
    near.set(parameter.id, parameter.maximum)
    assert np.array_equal(in_blocks(far, audio), in_blocks(near, audio))
    for value in (np.nan, np.inf):
        with pytest.raises(UsageError, match=f"{parameter.id} = .*; allowed are {parameter.minimum:g} to"):
            far.set(parameter.id, value)


@pytest.mark.parametrize("effect_id", BUILT_IN)
def test_a_parameter_that_is_not_there(effect_id: str) -> None:
    with pytest.raises(UsageError, match="has no 'colour'; it has "):
        prepared(effect_id).set("colour", 1.0)
