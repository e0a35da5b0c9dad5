"""The reference: FluidSynth playing a SoundFont dry, driven by the same events as the model."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from neume.synth.events import ControlChange, MidiEvent, PolyPressure
from neume.synth.instruments.fluid import FluidSynth, find_soundfont

QUANTUM_SAMPLES: Final = 64  # FluidSynth takes events at the borders of its internal buffers
SETTLE_SAMPLES: Final = 4800  # in which voices that were told to stop do so
REFERENCE_GAIN: Final = 0.6
BANK_SELECT: Final = (0, 32)


@lru_cache(maxsize=4)
def soundfont_sha256(path: Path) -> str:
    """SHA-256 of the SoundFont, for manifests."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def snap(frame: int) -> int:
    """The buffer border nearest to a sample: where the reference really takes an event."""
    return (frame + QUANTUM_SAMPLES // 2) // QUANTUM_SAMPLES * QUANTUM_SAMPLES


class FluidReference:
    """One FluidSynth instance, dry and interpolated to 48 kHz. Not thread-safe."""

    def __init__(
        self, soundfont: str | Path | None = None, rate_hz: int = 48_000, gain: float = REFERENCE_GAIN
    ) -> None:
        self.soundfont = find_soundfont(soundfont)
        self._synth = FluidSynth(self.soundfont, rate_hz, gain)

    def close(self) -> None:
        self._synth.close()

    def render(self, events: Iterable[MidiEvent], samples: int) -> NDArray[np.float32]:
        """Play events (in order, frames from 0) from a fresh state; `(samples, 2)`, nominal [-1, 1].

        Bank selects are not part of the reference, and it has no key pressure: both are left out.
        """
        self._synth.silence()
        self._synth.fill(np.zeros((2, SETTLE_SAMPLES), np.float32), 0, SETTLE_SAMPLES)
        out = np.zeros((2, samples), np.float32)
        position = 0
        for event in events:
            target = min(snap(event.frame), samples)
            if target > position:
                self._synth.fill(out, position, target)
                position = target
            if not _left_out(event):
                self._synth.apply(event)
        self._synth.fill(out, position, samples)
        return out.T

    def render_mono(self, events: Iterable[MidiEvent], samples: int) -> NDArray[np.float32]:
        """As `render`, both sides averaged: `(samples,)`."""
        return np.asarray(self.render(events, samples).mean(axis=1), dtype=np.float32)


def _left_out(event: MidiEvent) -> bool:
    if isinstance(event, ControlChange):
        return event.controller in BANK_SELECT
    return isinstance(event, PolyPressure)
