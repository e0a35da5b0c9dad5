"""The SoundFont instrument behind the door for plug-ins, with the real FluidSynth."""

from __future__ import annotations

import numpy as np
import pytest

from neume.synth.errors import NeumeError
from neume.synth.events import NoteOff, NoteOn, ProgramChange
from neume.synth.instruments.instrument import GuardedInstrument
from neume.synth.plugins import INSTRUMENTS_GROUP, load_plugin

BLOCK = 512


def soundfont():
    pytest.importorskip("fluidsynth", exc_type=ImportError)
    return GuardedInstrument(load_plugin(INSTRUMENTS_GROUP, "soundfont")(), 48_000, BLOCK)


def play(instrument, blocks, *events):
    parts = []
    for block in range(blocks):
        begin = block * BLOCK
        parts.append(instrument.render([e for e in events if begin <= e.frame < begin + BLOCK], begin))
    return np.concatenate(parts)


def test_it_plays_at_the_right_time_and_falls_silent():
    instrument = soundfont()
    events = (ProgramChange(0, 0, 56), NoteOn(2048, 0, 69, 100), NoteOff(20_000, 0, 69))
    audio = play(instrument, 150, *events)
    first = int(np.flatnonzero(np.abs(audio).max(axis=1) > 1e-4)[0])
    assert 2048 <= first < 2048 + 960
    spectrum = np.abs(np.fft.rfft(audio[8192:16384, 0] * np.hanning(8192)))
    partial = spectrum.argmax() * 48_000 / 8192 / 440
    assert partial == pytest.approx(round(partial), abs=0.02), "a partial of the A that was played"
    assert np.abs(audio[-BLOCK:]).max() < 1e-3
    assert instrument.fault is None


def test_reset_ends_what_sounds():
    instrument = soundfont()
    play(instrument, 20, NoteOn(0, 0, 60, 127))
    instrument.reset()
    assert np.abs(play(instrument, 40)[-BLOCK:]).max() < 1e-3


def test_a_soundfont_that_is_missing_or_broken_is_one_line(monkeypatch, tmp_path):
    pytest.importorskip("fluidsynth", exc_type=ImportError)
    monkeypatch.setenv("NEUME_SOUNDFONT", str(tmp_path / "none.sf2"))
    with pytest.raises(NeumeError, match=r"'SoundFont' cannot play: no SoundFont at .*none\.sf2"):
        soundfont()
    broken = tmp_path / "broken.sf2"
    broken.write_bytes(b"RIFF of nothing")
    monkeypatch.setenv("NEUME_SOUNDFONT", str(broken))
    with pytest.raises(NeumeError, match="FluidSynth cannot read it as a SoundFont"):
        soundfont()
