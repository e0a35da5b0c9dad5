"""Fit where in its period each note's excitation begins, so that its pulses come when the reference's do.

The last step of an export, with the finished inverter. Its filters are minimum-phase: they keep the place
of the excitation's pulses, and a low note is heard to begin with the first strong one, up to 20 ms after its
key.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from neume.synth.bundle import Bundle
from neume.synth.events import MidiEvent, NoteOff, NoteOn, ProgramChange
from neume.synth.manifest import Program
from neume.synth.stages import load_stages
from neume.synth.voices import DRUM_PROGRAM

from .evaluate.onset_timing import HOP_SAMPLES, onset_strength
from .evaluate.players import Player, inverter_player, soundfont_player
from .evaluate.sliding import cosines
from .fluid import FluidReference

RATE_HZ: Final = 48_000
KEY_DOWN, KEY_UP, END = 6_400, 16_000, 18_400  # samples
VELOCITY: Final = 100
LONG_PERIOD: Final = 240  # samples: pulses further apart than 5 ms are heard one by one
PULSES: Final = slice(KEY_DOWN - 1_920, KEY_DOWN + 3_840)  # where the rise of single pulses is compared,
WAVES: Final = slice(KEY_DOWN + 480, KEY_DOWN + 4_800)  # and where waveforms are

Float32 = NDArray[np.float32]


def with_phases(bundle: Bundle, soundfont: Path) -> Bundle:
    """The bundle with the phases of its own inverter against the SoundFont that it was trained on."""
    stages = load_stages(bundle)
    made = inverter_player(bundle, stages, FluidReference(soundfont))
    reference = soundfont_player(FluidReference(soundfont))
    programs = tuple(_fitted(program, made, reference) for program in bundle.manifest.programs)
    return replace(bundle, manifest=replace(bundle.manifest, programs=programs))


def _fitted(program: Program, made: Player, reference: Player) -> Program:
    voice = program.voice
    if voice is None or program.number == DRUM_PROGRAM:  # a drum has no pitch to speak of
        return program
    phases = [
        round(phase_cycles(program.number, key, tuning, made, reference), 3)
        for key, tuning in zip(voice.keys, voice.tuning_semitones, strict=True)
    ]
    return replace(program, voice=replace(voice, phase_cycles=tuple(phases)))


def phase_cycles(program: int, key: int, tuning_semitones: float, made: Player, reference: Player) -> float:
    """The phase from 0 to 1 that a note's excitation, which begins at 0 for `made`, ought to begin at."""
    events: list[MidiEvent] = [
        ProgramChange(0, 0, program),
        NoteOn(KEY_DOWN, 0, key, VELOCITY),
        NoteOff(KEY_UP, 0, key),
    ]
    period = RATE_HZ / (440.0 * 2.0 ** ((key + tuning_semitones - 69) / 12.0))
    late = lateness_samples(made(events, END), reference(events, END), period)
    return late / period % 1.0


def lateness_samples(made: Float32, reference: Float32, period: float) -> float:
    """How much later than the reference's the pulses of the made note come, within half a period."""
    if period > LONG_PERIOD:
        reach = round(period / 2 / HOP_SAMPLES) * HOP_SAMPLES
        wide = onset_strength(made[PULSES.start - reach : PULSES.stop + reach])
        score = cosines(wide, onset_strength(reference[PULSES]))
        return float(score.argmax() * HOP_SAMPLES - reach)
    reach = round(period / 2)
    wide = made[WAVES.start - reach : WAVES.stop + reach].astype(np.float64)
    return float(cosines(wide, reference[WAVES].astype(np.float64)).argmax() - reach)
