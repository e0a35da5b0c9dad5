"""Procedural performances: they cover pitches, velocities, lengths, densities, pedal and bend evenly."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np

from neume.synth.events import (
    DRUM_CHANNEL,
    ChannelPressure,
    ControlChange,
    MidiEvent,
    NoteOff,
    NoteOn,
    PitchBend,
    ProgramChange,
)
from neume.synth.voices import DRUM_PROGRAM

from .fluid import snap
from .programs import key_range

RATE_HZ: Final = 48_000
TAIL_S: Final = 1.5  # of silence-to-be at the end, so that releases are heard whole
PEDAL_SHARE: Final = 0.3
BEND_SHARE: Final = 0.2
EXPRESSION_SHARE: Final = 0.2
VIBRATO_SHARE: Final = 0.12
WIDE_SHARE: Final = 0.2  # of stems whose keys go an octave beyond what is normally played
COMMON_DRUMS: Final = (
    35,
    36,
    37,
    38,
    39,
    40,
    41,
    42,
    43,
    44,
    45,
    46,
    47,
    48,
    49,
    50,
    51,
    52,
    53,
    54,
    55,
    56,
    57,
    59,
)
UNPEDALLED: Final = frozenset(range(16, 24)) | frozenset(range(56, 80))  # organs, brass, reeds, pipes
# Programs whose reference does not move with the wheel (measured: a held A4 with CC1 at 127 against 0).
STIFF: Final = frozenset(
    (4, 14, 15, 28, 31, 35, 43, 44, 46, 47, 50, 51, 78, 88, 90, 95, 96, 99, 103, 104, 106, 107)
) | frozenset(range(111, 128))

Note = tuple[float, float, int, int]  # onset s, length s, key, velocity
Style = Callable[[np.random.Generator, float, tuple[int, int]], list[Note]]


def procedural_events(rng: np.random.Generator, program: int, seconds: float) -> list[MidiEvent]:
    """One channel's events for a program (128: drums), frames from 0 on the reference's grid."""
    channel = DRUM_CHANNEL if program == DRUM_PROGRAM else 0
    span_s = seconds - TAIL_S
    styles: tuple[Style, ...] = (
        (_drums,) if program == DRUM_PROGRAM else (_melody, _melody, _chords, _scatter, _held)
    )
    notes = styles[rng.integers(len(styles))](rng, span_s, _keys(rng, program))
    events: list[MidiEvent] = [ControlChange(0, channel, 7, 127)]
    if program != DRUM_PROGRAM:
        events.append(ProgramChange(0, channel, program))
    for onset_s, length_s, key, velocity in notes:
        start = _frame(onset_s)
        end = max(start + 64, _frame(min(onset_s + length_s, span_s)))
        events += [NoteOn(start, channel, key, velocity), NoteOff(end, channel, key)]
    if program != DRUM_PROGRAM:
        if rng.random() < PEDAL_SHARE and program not in UNPEDALLED:
            events += _pedal(rng, channel, span_s)
        if rng.random() < BEND_SHARE:
            events += _bends(rng, channel, span_s)
        if rng.random() < VIBRATO_SHARE and program not in STIFF:
            events += _vibrato(rng, channel, span_s)
    if rng.random() < EXPRESSION_SHARE:
        events += _expression(rng, channel, span_s)
    return sorted(events, key=_order)


def _keys(rng: np.random.Generator, program: int) -> tuple[int, int]:
    low, high = key_range(program)
    if program != DRUM_PROGRAM and rng.random() < WIDE_SHARE:
        return max(low - 12, 12), min(high + 12, 115)
    return low, high


def _order(event: MidiEvent) -> tuple[int, bool]:
    return event.frame, isinstance(event, NoteOn)


def _frame(seconds: float) -> int:
    return snap(int(seconds * RATE_HZ))


def _velocities(rng: np.random.Generator, count: int) -> np.ndarray:
    """Around a centre with a spread, both drawn once: from one flat level to the whole range."""
    centre, spread = rng.uniform(25, 115), rng.choice([0.0, 8.0, 18.0, 40.0])
    return np.clip(np.round(rng.normal(centre, spread, count)), 1, 127).astype(int)


def _keys_within(rng: np.random.Generator, keys: tuple[int, int], width: int) -> tuple[int, int]:
    low = int(rng.integers(keys[0], max(keys[0] + 1, keys[1] - width + 1)))
    return low, min(keys[1], low + width)


def _melody(rng: np.random.Generator, span_s: float, keys: tuple[int, int]) -> list[Note]:
    low, high = _keys_within(rng, keys, int(rng.integers(7, 30)))
    pace_s, legato = float(np.exp(rng.uniform(np.log(0.09), np.log(0.9)))), rng.uniform(0.3, 1.15)
    notes: list[Note] = []
    time_s, key = float(rng.uniform(0.02, 0.4)), int(rng.integers(low, high + 1))
    velocities = iter(_velocities(rng, 400))
    while time_s < span_s:
        step_s = pace_s * float(rng.choice([0.5, 1.0, 1.0, 1.0, 1.5, 2.0, 3.0]))
        if rng.random() > 0.12:
            notes.append((time_s, step_s * legato, key, int(next(velocities))))
        key = int(np.clip(key + rng.integers(-7, 8), low, high))
        time_s += step_s * float(rng.uniform(0.97, 1.03))
    return notes


def _chords(rng: np.random.Generator, span_s: float, keys: tuple[int, int]) -> list[Note]:
    low, high = _keys_within(rng, keys, int(rng.integers(14, 40)))
    pace_s, legato = float(np.exp(rng.uniform(np.log(0.25), np.log(2.0)))), rng.uniform(0.4, 1.1)
    notes: list[Note] = []
    time_s = float(rng.uniform(0.02, 0.4))
    while time_s < span_s:
        size = int(min(rng.integers(2, 6), high - low))
        strum_s = float(rng.choice([0.0, 0.004, 0.02]))
        chord = np.sort(rng.choice(np.arange(low, high + 1), size, replace=False))
        for index, (key, velocity) in enumerate(zip(chord, _velocities(rng, size), strict=True)):
            notes.append((time_s + index * strum_s, pace_s * legato, int(key), int(velocity)))
        time_s += pace_s * float(rng.choice([0.5, 1.0, 1.0, 2.0]))
    return notes


def _scatter(rng: np.random.Generator, span_s: float, keys: tuple[int, int]) -> list[Note]:
    """Independent notes of every key, velocity and length."""
    count = int(span_s * rng.uniform(1.0, 5.0))
    onsets = rng.uniform(0.02, span_s - 0.1, count)
    lengths = np.exp(rng.uniform(np.log(0.03), np.log(3.0), count))
    chosen, velocities = rng.integers(keys[0], keys[1] + 1, count), rng.integers(1, 128, count)
    return [
        (float(o), float(n), int(k), int(v))
        for o, n, k, v in zip(onsets, lengths, chosen, velocities, strict=True)
    ]


def _held(rng: np.random.Generator, span_s: float, keys: tuple[int, int]) -> list[Note]:
    """Few long notes, one after another."""
    count = int(rng.integers(2, 6))
    each_s = span_s / count
    chosen, velocities = rng.integers(keys[0], keys[1] + 1, count), rng.integers(20, 128, count)
    return [
        (i * each_s + 0.05, each_s * float(rng.uniform(0.6, 0.98)), int(chosen[i]), int(velocities[i]))
        for i in range(count)
    ]


def _drums(rng: np.random.Generator, span_s: float, keys: tuple[int, int]) -> list[Note]:
    """A looping groove on a few drums with ghost notes, or single hits anywhere in the kit."""
    notes: list[Note] = []
    if rng.random() < 0.35:
        time_s = 0.05
        while time_s < span_s:
            key = int(rng.integers(keys[0], keys[1] + 1))
            notes.append((time_s, 0.1, key, int(rng.integers(10, 128))))
            time_s += float(np.exp(rng.uniform(np.log(0.1), np.log(1.2))))
        return notes
    step_s = float(rng.uniform(0.09, 0.3))
    for key in rng.choice(COMMON_DRUMS, int(rng.integers(2, 7)), replace=False):
        pattern = rng.random(16) < rng.uniform(0.1, 0.6)
        for step in range(int(span_s / step_s)):
            if pattern[step % 16]:
                velocity = int(np.clip(rng.normal(85, 25), 5, 127))
                notes.append((0.03 + step * step_s + float(rng.uniform(0, 0.008)), 0.1, int(key), velocity))
    return notes


def _pedal(rng: np.random.Generator, channel: int, span_s: float) -> list[MidiEvent]:
    events: list[MidiEvent] = []
    time_s = float(rng.uniform(0.0, 1.0))
    while time_s < span_s - 0.3:
        up_s = min(time_s + float(rng.uniform(0.4, 3.0)), span_s)
        events += [
            ControlChange(_frame(time_s), channel, 64, 127),
            ControlChange(_frame(up_s), channel, 64, 0),
        ]
        time_s = up_s + float(rng.uniform(0.05, 0.6))
    return events


def _bends(rng: np.random.Generator, channel: int, span_s: float) -> list[MidiEvent]:
    """Pitch gestures within a range of 2 or 12 semitones, one value every 10 ms while one lasts."""
    semitones = int(rng.choice([2, 2, 12]))
    events: list[MidiEvent] = [
        ControlChange(0, channel, controller, value)
        for controller, value in ((101, 0), (100, 0), (6, semitones), (38, 0), (101, 127), (100, 127))
    ]
    time_s = float(rng.uniform(0.2, 1.5))
    while time_s < span_s:
        length_s, depth = float(rng.uniform(0.1, 1.0)), float(rng.uniform(-1, 1))
        for step in range(int(length_s / 0.01)):
            shape = np.sin(np.pi * step * 0.01 / length_s)
            events.append(PitchBend(_frame(time_s + step * 0.01), channel, int(depth * shape * 8191)))
        events.append(PitchBend(_frame(time_s + length_s), channel, 0))
        time_s += length_s + float(rng.uniform(0.3, 2.0))
    return events


def _expression(rng: np.random.Generator, channel: int, span_s: float) -> list[MidiEvent]:
    """A swell or fade on CC11, one value every 50 ms."""
    times = np.arange(0.0, span_s, 0.05)
    values = np.interp(times, np.linspace(0, span_s, 5), rng.uniform(40, 127, 5)).astype(int)
    return [ControlChange(_frame(float(t)), channel, 11, int(v)) for t, v in zip(times, values, strict=True)]


def _vibrato(rng: np.random.Generator, channel: int, span_s: float) -> list[MidiEvent]:
    """Modulation or channel pressure that comes and goes, one value every 50 ms."""
    times = np.arange(0.0, span_s, 0.05)
    depth = np.maximum(rng.uniform(-60, 127, 7), 0.0)
    values = np.interp(times, np.linspace(0, span_s, 7), depth).astype(int)
    wheel = rng.random() < 0.5
    return [
        ControlChange(_frame(float(t)), channel, 1, int(v))
        if wheel
        else ChannelPressure(_frame(float(t)), channel, int(v))
        for t, v in zip(times, values, strict=True)
    ]
