"""Procedural parts of the development set: ladders, held scales, probes and performances of any program."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from neume.synth.events import DRUM_CHANNEL, ControlChange, MidiEvent, NoteOff, NoteOn, ProgramChange
from neume.synth.voices import DRUM_PROGRAM

from ..fluid import snap
from ..programs import key_range

RATE_HZ: Final = 48_000
LEAD_IN_S: Final = 0.1
TAIL_S: Final = 1.0
LADDER_VELOCITIES: Final = tuple(range(12, 128, 9))
LADDER_STEP_S: Final = 0.8
LADDER_HELD_S: Final = 0.35
SCALE_NOTES: Final = 6
SCALE_STEP_S: Final = 1.3
SCALE_HELD_S: Final = 1.0
SCALE_VELOCITY: Final = 90
PROBE_STEP_S: Final = 0.3
PROBE_NOTES: Final = 14
PROBE_DRUMS: Final = (36, 38, 42, 46, 49, 51, 41, 45, 48, 37, 39, 54, 56, 44)

PERFORMANCE_NOTES: Final = 40
PERFORMANCE_LENGTHS_S: Final = (0.1, 0.25, 0.55)
PERFORMANCE_SEED: Final = 4

Note = tuple[float, float, int, int]  # onset s, length s, key, velocity
Part = tuple[tuple[MidiEvent, ...], int]  # events on the reference's grid, and the samples to render


def velocity_ladder(program: int, seed: int = 1) -> Part:
    """One key in the middle of the range, every velocity of `LADDER_VELOCITIES` once, in mixed order."""
    low, high = key_range(program)
    order = np.random.default_rng([seed, program]).permutation(LADDER_VELOCITIES)
    key = (low + high) // 2
    notes = [(i * LADDER_STEP_S, LADDER_HELD_S, key, int(v)) for i, v in enumerate(order)]
    return part(program, notes)


def held_scale(program: int) -> Part:
    """Single notes of one second over the middle two thirds of the range."""
    low, high = key_range(program)
    margin = (high - low) // 6
    keys = np.linspace(low + margin, high - margin, SCALE_NOTES).round().astype(int)
    return part(
        program,
        [(i * SCALE_STEP_S, SCALE_HELD_S, int(key), SCALE_VELOCITY) for i, key in enumerate(keys)],
    )


def program_probe(program: int) -> Part:
    """Short and long, soft and loud notes over the whole range, then a chord; common drums twice."""
    if program == DRUM_PROGRAM:
        hits = [(i * PROBE_STEP_S / 2, 0.1, key, 60 + 55 * (i % 2)) for i, key in enumerate(PROBE_DRUMS * 2)]
        return part(program, hits)
    low, high = key_range(program)
    keys = np.linspace(low, high, PROBE_NOTES).round().astype(int)
    mixed = keys[(np.arange(PROBE_NOTES) * 5) % PROBE_NOTES]  # 5 and 14 share no factor: every key once
    notes: list[Note] = [
        (i * PROBE_STEP_S, (0.12, 0.28, 0.6)[i % 3], int(key), (45, 75, 100, 120)[i % 4])
        for i, key in enumerate(mixed)
    ]
    root = (low + high) // 2 - 4
    notes += [(PROBE_NOTES * PROBE_STEP_S, 0.8, root + step, 90) for step in (0, 4, 7)]
    return part(program, notes)


def performance(program: int, number: int) -> Part:
    """Notes of mixed keys, velocities and lengths, other ones with every number."""
    rng = np.random.default_rng([PERFORMANCE_SEED, program, number])
    low, high = (35, 81) if program == DRUM_PROGRAM else key_range(program)
    notes = [
        (
            index * PROBE_STEP_S,
            float(rng.choice(PERFORMANCE_LENGTHS_S)),
            int(rng.integers(low, high + 1)),
            int(rng.integers(40, 124)),
        )
        for index in range(PERFORMANCE_NOTES)
    ]
    return part(program, notes)


def part(program: int, notes: Sequence[Note]) -> Part:
    """Notes as events at full channel volume, after a lead-in and with a tail."""
    drums = program == DRUM_PROGRAM
    channel = DRUM_CHANNEL if drums else 0
    opening: list[MidiEvent] = [ControlChange(0, channel, 7, 127)]
    if not drums:
        opening.append(ProgramChange(0, channel, program))
    body: list[MidiEvent] = []
    for onset_s, length_s, key, velocity in notes:
        body.append(NoteOn(_frame(onset_s), channel, key, velocity))
        body.append(NoteOff(_frame(onset_s + length_s), channel, key))
    body.sort(key=lambda event: (event.frame, isinstance(event, NoteOn)))
    return (*opening, *body), body[-1].frame + int(TAIL_S * RATE_HZ)


def _frame(seconds: float) -> int:
    return snap(int((LEAD_IN_S + seconds) * RATE_HZ))
