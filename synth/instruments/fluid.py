"""FluidSynth, dry, driven by our events: a voice of the rack, and the reference that models learn from.

The library is optional: `neume[soundfont]` and the system's libfluidsynth.
"""

from __future__ import annotations

import ctypes
import os
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ..errors import NeumeError
from ..events import (
    CHANNELS,
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
from ..rack.standing import LIFTED_BY_PANIC

SOUNDFONT_NAME: Final = "FluidR3_GM.sf2"
VARIABLE: Final = "NEUME_SOUNDFONT"
DRUM_BANK: Final = 128  # of a SoundFont (2.04, section 7.2)
TUNING_BANK: Final = 0
_SEARCH: Final = ("/usr/share/sounds/sf2", "/usr/share/soundfonts", "/usr/local/share/soundfonts")


def find_soundfont(path: str | Path | None = None) -> Path:
    """The SoundFont asked for, `NEUME_SOUNDFONT`, or FluidR3 GM where distributions install it."""
    chosen = path or os.environ.get(VARIABLE)
    candidates = [Path(chosen)] if chosen else [Path(folder) / SOUNDFONT_NAME for folder in _SEARCH]
    for candidate in candidates:
        if candidate.is_file():
            return candidate
    raise NeumeError(
        f"no SoundFont at {', '.join(map(str, candidates))}: "
        f"install Debian's fluid-soundfont-gm or set {VARIABLE} to a .sf2 file"
    )


class FluidSynth:
    """One synthesizer with one SoundFont, without reverb and chorus. Not thread-safe.

    Its memory, some 13 MB, is the library's: nothing but `close` gives it back.
    """

    def __init__(self, soundfont: Path, rate_hz: int, gain: float) -> None:
        """Raises `NeumeError` where the library or the SoundFont is missing or unreadable."""
        try:
            import fluidsynth  # type: ignore[import-untyped]
        except ImportError as error:
            raise NeumeError(
                f"FluidSynth is not available ({error}): install Debian's libfluidsynth3 and neume[soundfont]"
            ) from error
        self._synth = fluidsynth.Synth(gain=gain, samplerate=rate_hz, channels=CHANNELS)
        for setting in ("synth.reverb.active", "synth.chorus.active"):
            self._synth.setting(setting, 0)
        self._soundfont = self._synth.sfload(str(soundfont), update_midi_preset=1)
        if self._soundfont < 0:
            self._synth.delete()
            raise NeumeError(f"{soundfont}: FluidSynth cannot read it as a SoundFont")
        handle, integer = ("synth", ctypes.c_void_p, 1), ctypes.c_int
        buffer = [(name, kind, 1) for side in "lr" for name, kind in _side(side)]
        self._write_float: Any = fluidsynth.cfunc(
            "fluid_synth_write_float", integer, handle, ("len", integer, 1), *buffer
        )
        channel = ("chan", integer, 1)
        self._pressure: Any = fluidsynth.cfunc(
            "fluid_synth_channel_pressure", integer, handle, channel, ("val", integer, 1)
        )
        self._key_pressure: Any = fluidsynth.cfunc(
            "fluid_synth_key_pressure", integer, handle, channel, ("key", integer, 1), ("val", integer, 1)
        )

        self._tune_notes: Any = fluidsynth.cfunc(
            "fluid_synth_tune_notes", integer, handle, *((name, kind, 1) for name, kind in _TUNING)
        )
        self._activate_tuning: Any = fluidsynth.fluid_synth_activate_tuning
        self._tuned: set[int] = set()  # channels that have a tuning of their own

    def close(self) -> None:
        """Once: nothing may be called afterwards."""
        self._synth.delete()

    def fill(self, out: NDArray[np.float32], start: int, end: int) -> None:
        """Write the next samples into `out[:, start:end]`, `(2, samples)` float32 with contiguous rows."""
        if end > start:
            left, right = (out[side, start:].ctypes.data for side in (0, 1))
            self._write_float(self._synth.synth, end - start, left, 0, 1, right, 0, 1)

    def silence(self) -> None:
        """Everything back to its default, and all voices told to stop: a reset alone lets them ring."""
        self._synth.system_reset()
        self._synth.program_reset()
        self._tuned.clear()
        for channel in range(CHANNELS):
            self._synth.all_sounds_off(channel)

    def hush(self) -> None:
        """End all voices and lift the pedals; programs and controllers stay."""
        for channel in range(CHANNELS):
            for pedal in LIFTED_BY_PANIC:
                self._synth.cc(channel, pedal, 0)
            self._synth.all_sounds_off(channel)

    def select(self, channel: int, program: int, drums: bool) -> None:
        """A General MIDI program, or a kit, on any channel, whatever the file's banks are; the first kit if
        there is no such one."""
        bank = DRUM_BANK if drums else 0
        if self._synth.program_select(channel, self._soundfont, bank, program) < 0:
            self._synth.program_select(channel, self._soundfont, bank, 0)

    def bend_key(self, channel: int, key: int, semitones: float) -> None:
        """Move one key of a channel, notes that sound too, beside the channel's bend."""
        pitch_cents = ctypes.c_double(100.0 * (key + semitones))
        tuning = TUNING_BANK, channel  # a channel's tuning has its number as a program
        self._tune_notes(
            self._synth.synth, *tuning, 1, ctypes.byref(ctypes.c_int(key)), ctypes.byref(pitch_cents), 1
        )
        if channel not in self._tuned:
            self._tuned.add(channel)
            self._activate_tuning(self._synth.synth, channel, *tuning, 1)

    def apply(self, event: MidiEvent) -> None:
        """Act on an event at the next internal buffer of 64 samples."""
        synth = self._synth
        match event:
            case NoteOn():
                synth.noteon(event.channel, event.key, event.velocity)
            case NoteOff():
                synth.noteoff(event.channel, event.key)
            case ControlChange():
                synth.cc(event.channel, event.controller, event.value)
            case ProgramChange():
                synth.program_change(event.channel, event.program)
            case PitchBend():
                synth.pitch_bend(event.channel, event.value)
            case ChannelPressure():
                self._pressure(synth.synth, event.channel, event.value)
            case PolyPressure():
                self._key_pressure(synth.synth, event.channel, event.key, event.value)
            case SystemReset() | Panic():
                self.silence()


_TUNING: Final = (  # arguments of `fluid_synth_tune_notes`
    ("tuning_bank", ctypes.c_int),
    ("tuning_prog", ctypes.c_int),
    ("len", ctypes.c_int),
    ("key", ctypes.c_void_p),
    ("pitch", ctypes.c_void_p),
    ("apply", ctypes.c_int),
)


def _side(side: str) -> tuple[tuple[str, Any], ...]:
    """A side's buffer, offset and step among the arguments of `fluid_synth_write_float`."""
    return (f"{side}out", ctypes.c_void_p), (f"{side}off", ctypes.c_int), (f"{side}incr", ctypes.c_int)
