"""The second built-in instrument: a SoundFont played by FluidSynth, to hear beside a bundle."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ..channels import Channels
from ..errors import NeumeError
from ..events import ControlChange, Panic, ProgramChange, SystemReset
from .fluid import FluidSynth, find_soundfont
from .members import GuestEvent, KeyBend

GAIN: Final = 0.6  # of FluidSynth; what bundles are trained at, so that both are as loud


class SoundFontInstrument:
    """FluidR3 GM, or the file that `NEUME_SOUNDFONT` names. An `Instrument`; its state cannot be saved."""

    bends_keys: Final = True

    def __init__(self) -> None:
        self.name = "SoundFont"
        self._synth: FluidSynth | None = None

    def prepare(self, rate_hz: int, block_samples: int) -> None:
        soundfont = find_soundfont()
        self.name = f"SoundFont {soundfont.stem}"
        self._channels = Channels()
        self._synth = FluidSynth(soundfont, rate_hz, GAIN)
        self._block = np.zeros((2, block_samples), np.float32)

    def render(self, events: Sequence[GuestEvent], start_frame: int) -> NDArray[np.float32]:
        synth, samples = self._ready(), self._block.shape[1]
        position = 0
        for event in events:
            target = min(max(event.frame - start_frame, position), samples)
            synth.fill(self._block, position, target)
            position = target
            self._apply(event)
        synth.fill(self._block, position, samples)
        return np.ascontiguousarray(self._block.T)

    def reset(self) -> None:
        self._ready().hush()

    def close(self) -> None:
        """Harmless if it is closed, or was never prepared."""
        synth, self._synth = self._synth, None
        if synth is not None:
            synth.close()

    def state(self) -> None:
        """FluidSynth does not show its voices."""

    def restore(self, state: None) -> None:
        raise NeumeError("a SoundFont's voices cannot be restored: start it anew")

    def _apply(self, event: GuestEvent) -> None:
        """Banks wait for their program: FluidSynth knows neither GM 2's banks nor drums beside channel 10."""
        synth = self._ready()
        match event:
            case KeyBend():
                synth.bend_key(event.channel, event.key, event.semitones)
            case ControlChange(controller=0 | 32):
                self._channels[event.channel].control(event.controller, event.value)
            case ProgramChange():
                state = self._channels[event.channel]
                state.select_program(event.program)
                synth.select(event.channel, event.program, state.drum)
            case Panic():
                synth.hush()
            case SystemReset():
                self._channels.reset()
                synth.apply(event)
            case _:
                synth.apply(event)

    def _ready(self) -> FluidSynth:
        assert self._synth is not None, "prepare comes first, and close last"
        return self._synth
