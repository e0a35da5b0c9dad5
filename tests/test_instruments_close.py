"""Instruments that are let go of: memory that Python does not free, closed once, and never heard again."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from neume.synth.errors import NeumeError
from neume.synth.events import NoteOn
from neume.synth.instruments.instrument import GuardedInstrument
from neume.synth.instruments.soundfont import SoundFontInstrument

RATE_HZ, BLOCK = 48_000, 512
LEAST_MB = 10.0  # of one FluidSynth with FluidR3 GM; 12.9 when this was written


class Loud:
    """An instrument that holds nothing."""

    name = "Loud"

    def prepare(self, rate_hz, block_samples):
        self._audio = np.ones((block_samples, 2), np.float32)

    def render(self, events, start_frame):
        return self._audio

    def reset(self): ...

    def state(self): ...

    def restore(self, state): ...


class Holding(Loud):
    """One that counts how often it is closed, and fails then if it is told to."""

    def __init__(self, failure=None):
        self.closed, self._failure = 0, failure

    def render(self, events, start_frame):
        assert not self.closed
        return super().render(events, start_frame)

    def reset(self):
        assert not self.closed

    def close(self):
        self.closed += 1
        if self._failure is not None:
            raise self._failure


def guarded(instrument):
    return GuardedInstrument(instrument, RATE_HZ, BLOCK)


def resident_mb():
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="memory is told by Linux")
def test_soundfonts_that_are_closed_give_their_memory_back():
    pytest.importorskip("fluidsynth", exc_type=ImportError)
    first = guarded(SoundFontInstrument())
    first.render([NoteOn(0, 0, 60, 100)], 0)
    first.close()
    before = resident_mb()
    for _ in range(6):
        player = guarded(SoundFontInstrument())
        assert player.render([NoteOn(0, 0, 60, 100)], 0).any()
        assert player.close() is None
    assert resident_mb() - before < 2 * LEAST_MB


@pytest.mark.parametrize("make", [SoundFontInstrument, Holding])
def test_closed_twice_is_closed_once_and_silent(make):
    if make is SoundFontInstrument:
        pytest.importorskip("fluidsynth", exc_type=ImportError)
    instrument = make()
    player = guarded(instrument)
    assert player.close() is None
    assert player.close() is None
    player.reset()
    assert not player.render([NoteOn(0, 0, 60, 100)], 0).any()
    assert player.fault is None
    if isinstance(instrument, Holding):
        assert instrument.closed == 1


def test_an_instrument_without_close_is_let_go_of_all_the_same():
    player = guarded(Loud())
    assert player.render([], 0).all()
    assert player.close() is None
    assert not player.render([], BLOCK).any()


@pytest.mark.parametrize("failure", [ValueError("two\nlines"), SystemExit(3), NeumeError("still busy")])
def test_a_close_that_fails_is_one_line(failure):
    line = guarded(Holding(failure)).close()
    assert line is not None
    assert line.startswith("instrument 'Loud' could not be closed: ")
    assert str(failure).split()[-1] in line
    assert "\n" not in line


def test_an_instrument_that_cannot_be_prepared_is_closed():
    class Unready(Holding):
        def prepare(self, rate_hz, block_samples):
            raise NeumeError("no samples")

    instrument = Unready()
    with pytest.raises(NeumeError, match="instrument 'Loud' cannot play: no samples"):
        guarded(instrument)
    assert instrument.closed == 1
