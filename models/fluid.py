"""The reference: FluidSynth playing a SoundFont dry, driven by the same events as the model."""

from __future__ import annotations

import ctypes
import hashlib
import os
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from neume.synth.errors import NeumeError
from neume.synth.events import (
    ChannelPressure,
    ControlChange,
    MidiEvent,
    NoteOff,
    NoteOn,
    Panic,
    PitchBend,
    PolyPressure,
    ProgramChange,
    SystemReset,
)

QUANTUM_SAMPLES: Final = 64  # FluidSynth takes events at the borders of its internal buffers
SETTLE_SAMPLES: Final = 4800  # in which voices that were told to stop do so
REFERENCE_GAIN: Final = 0.6
SOUNDFONT_NAME: Final = "FluidR3_GM.sf2"
_SEARCH: Final = ("/usr/share/sounds/sf2", "/usr/share/soundfonts", "/usr/local/share/soundfonts")
BANK_SELECT: Final = (0, 32)


def find_soundfont(path: str | Path | None = None) -> Path:
    """The SoundFont asked for, `NEUME_SOUNDFONT`, or FluidR3 GM where distributions install it."""
    chosen = path or os.environ.get("NEUME_SOUNDFONT")
    candidates = [Path(chosen)] if chosen else [Path(folder) / SOUNDFONT_NAME for folder in _SEARCH]
    for candidate in candidates:
        if candidate.is_file():
            return candidate
    raise NeumeError(
        f"no SoundFont at {', '.join(map(str, candidates))}: "
        "install Debian's fluid-soundfont-gm or set NEUME_SOUNDFONT to a .sf2 file"
    )


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
        try:
            import fluidsynth
        except ImportError as error:
            raise NeumeError(
                f"FluidSynth is not available ({error}): install Debian's libfluidsynth3 and neume[soundfont]"
            ) from error
        self.soundfont = find_soundfont(soundfont)
        self._synth = fluidsynth.Synth(gain=gain, samplerate=rate_hz, channels=16)
        for setting in ("synth.reverb.active", "synth.chorus.active"):
            self._synth.setting(setting, 0)
        if self._synth.sfload(str(self.soundfont), update_midi_preset=1) < 0:
            raise NeumeError(f"{self.soundfont}: FluidSynth cannot read it as a SoundFont")
        self._write_float = fluidsynth.cfunc(
            "fluid_synth_write_float",
            ctypes.c_int,
            ("synth", ctypes.c_void_p, 1),
            ("len", ctypes.c_int, 1),
            ("lout", ctypes.c_void_p, 1),
            ("loff", ctypes.c_int, 1),
            ("lincr", ctypes.c_int, 1),
            ("rout", ctypes.c_void_p, 1),
            ("roff", ctypes.c_int, 1),
            ("rincr", ctypes.c_int, 1),
        )
        self._pressure = fluidsynth.cfunc(
            "fluid_synth_channel_pressure",
            ctypes.c_int,
            ("synth", ctypes.c_void_p, 1),
            ("chan", ctypes.c_int, 1),
            ("val", ctypes.c_int, 1),
        )

    def close(self) -> None:
        self._synth.delete()

    def render(self, events: Iterable[MidiEvent], samples: int) -> NDArray[np.float32]:
        """Play events (in order, frames from 0) from a fresh state; `(samples, 2)`, nominal [-1, 1]."""
        self._silence()
        out = np.zeros((2, samples), np.float32)
        position = 0
        for event in events:
            target = min(snap(event.frame), samples)
            if target > position:
                self._fill(out, position, target)
                position = target
            self._apply(event)
        self._fill(out, position, samples)
        return out.T

    def render_mono(self, events: Iterable[MidiEvent], samples: int) -> NDArray[np.float32]:
        """As `render`, both sides averaged: `(samples,)`."""
        return np.asarray(self.render(events, samples).mean(axis=1), dtype=np.float32)

    def _silence(self) -> None:
        """Everything back to its default and every voice ended: a reset alone lets them ring."""
        self._synth.system_reset()
        self._synth.program_reset()
        for channel in range(16):
            self._synth.all_sounds_off(channel)
        rest = np.zeros((2, SETTLE_SAMPLES), np.float32)
        self._fill(rest, 0, SETTLE_SAMPLES)

    def _fill(self, out: NDArray[np.float32], start: int, end: int) -> None:
        if end > start:
            left, right = (out[side, start:].ctypes.data for side in (0, 1))
            self._write_float(self._synth.synth, end - start, left, 0, 1, right, 0, 1)

    def _apply(self, event: MidiEvent) -> None:
        synth = self._synth
        match event:
            case NoteOn():
                synth.noteon(event.channel, event.key, event.velocity)
            case NoteOff():
                synth.noteoff(event.channel, event.key)
            case ControlChange() if event.controller not in BANK_SELECT:
                synth.cc(event.channel, event.controller, event.value)
            case ProgramChange():
                synth.program_change(event.channel, event.program)
            case PitchBend():
                synth.pitch_bend(event.channel, event.value)
            case ChannelPressure():
                self._pressure(synth.synth, event.channel, event.value)
            case SystemReset() | Panic():
                synth.system_reset()
                synth.program_reset()
                for channel in range(16):
                    synth.all_sounds_off(channel)
            case ControlChange() | PolyPressure():
                pass  # banks are not part of the reference; FluidR3 ignores key pressure
