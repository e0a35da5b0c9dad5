"""The example package: a real one, with an effect and an instrument that keep the contract."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from plugin_factory import install_example

from neume.synth.effects.inserts import InsertChain
from neume.synth.effects.load import load_effect
from neume.synth.events import MidiEvent, NoteOff, NoteOn, Panic
from neume.synth.plugins import EFFECTS_GROUP, INSTRUMENTS_GROUP, load_plugin, plugin_faults, plugin_names

RATE_HZ = 48_000
BLOCK = 512


@pytest.fixture(autouse=True)
def _installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install_example(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)


def sines(block: int = BLOCK) -> Any:
    instrument = load_plugin(INSTRUMENTS_GROUP, "sines")()
    instrument.prepare(RATE_HZ, block)
    return instrument


def played(instrument: Any, events: list[MidiEvent], block: int, frames: int) -> np.ndarray:
    blocks = []
    for start in range(0, frames, block):
        due = [event for event in events if start <= event.frame < start + block]
        blocks.append(instrument.render(due, start))
    return np.concatenate(blocks)


def test_both_are_found() -> None:
    assert "tremolo" in plugin_names(EFFECTS_GROUP)
    assert "sines" in plugin_names(INSTRUMENTS_GROUP)
    assert not any("neume-example" in fault for fault in plugin_faults(EFFECTS_GROUP))


@pytest.mark.parametrize("block", [1, 255, 257, 4096])
def test_the_tremolo_is_the_same_in_blocks_of_any_size(block: int) -> None:
    audio = np.random.default_rng(0).uniform(-1, 1, (8192, 2)).astype(np.float32)
    outs = []
    for size in (BLOCK, block):
        effect = load_effect("tremolo")
        effect.prepare(RATE_HZ, size)
        effect.set("depth", 1.0)
        effect.set("speed_hz", 9.0)
        outs.append(np.concatenate([effect.process(audio[i : i + size]) for i in range(0, len(audio), size)]))
    assert np.array_equal(*outs)
    assert np.abs(outs[0]).max() < np.abs(audio).max()


def test_the_tremolo_plays_in_a_chain() -> None:
    class Insert:
        effect = "tremolo"
        values = {"depth": 1.0, "speed_hz": 5.0}  # noqa: RUF012
        bypassed = False

    chain = InsertChain(RATE_HZ, BLOCK, [Insert()])
    ones = np.ones((BLOCK, 2), np.float32)
    levels = np.concatenate([chain.process(ones) for _ in range(40)])[RATE_HZ // 50 :]
    assert chain.faults == ()
    assert levels.min() == pytest.approx(0.0, abs=1e-3)
    assert levels.max() == pytest.approx(1.0, abs=1e-3)


def test_a_note_sounds_from_its_frame_on_at_its_pitch() -> None:
    events: list[MidiEvent] = [NoteOn(700, 0, 69, 127), NoteOff(RATE_HZ // 2, 0, 69)]
    audio = played(sines(), events, BLOCK, RATE_HZ)
    assert not audio[:700].any()
    assert audio[702:710].all()
    spectrum = np.abs(np.fft.rfft(audio[1000 : 1000 + 19_200, 0]))
    assert spectrum.argmax() * RATE_HZ / 19_200 == pytest.approx(440.0, abs=2.5)
    assert not audio[RATE_HZ // 2 + RATE_HZ // 20 + BLOCK :].any()


@pytest.mark.parametrize("block", [1, 255, 256, 257, 4096])
def test_the_sines_are_the_same_in_blocks_of_any_size(block: int) -> None:
    events: list[MidiEvent] = [NoteOn(10, 0, 60, 100), NoteOn(300, 1, 67, 80), NoteOff(2000, 0, 60)]
    whole = played(sines(8192), events, 8192, 8192)
    again = played(sines(block), events, block, 8192)[:8192]
    np.testing.assert_allclose(again, whole, atol=1e-7)


def test_the_sines_go_on_from_a_state_and_stop_at_once() -> None:
    instrument = sines()
    instrument.render([NoteOn(0, 0, 60, 100)], 0)
    state = instrument.state()
    heard = instrument.render([], BLOCK)
    other = sines()
    other.restore(state)
    assert np.array_equal(other.render([], BLOCK), heard)
    assert heard.any()
    assert not other.render([Panic(2 * BLOCK)], 2 * BLOCK).any()
    instrument.reset()
    assert not instrument.render([], 2 * BLOCK).any()
