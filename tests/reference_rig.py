"""Whether the reference can play here: FluidSynth and its SoundFont."""

from __future__ import annotations

import importlib.util

import pytest

from neume.synth.errors import NeumeError
from neume.synth.instruments.fluid import find_soundfont


def has_reference() -> bool:
    try:
        find_soundfont()
    except NeumeError:
        return False
    return importlib.util.find_spec("fluidsynth") is not None


needs_reference = pytest.mark.skipif(not has_reference(), reason="needs FluidSynth and FluidR3_GM.sf2")
