"""A stream's notes written out hop by hop, as rows of conditioning and as excitation: the compiled loops.

Between the note table and the models. Called through `hops.play_hops`, which splits time at the events.
"""

from __future__ import annotations

import math
from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from .compiled import compiled

Float32 = NDArray[np.float32]
Float64 = NDArray[np.float64]
Slot: TypeAlias = Any  # an element of `NoteTable.slots`

HELD: Final = -1  # release frame of a note that has not been released
SILENT_DB: Final = -90.0  # a voice this far below the loudest is over
TABLE_SAMPLES: Final = 4096  # of a wavetable's period; a power of two
KEYS: Final = 128
ONSET_RAMP_SAMPLES: Final = 48  # 1 ms: the attack itself is the network's to shape
HARMONIC_GAIN: Final = np.float32(0.25)
NOISE_GAIN: Final = np.float32(0.25)
OCTAVE_BELOW: Final = -6.0  # semitones: a tuning below this is an organ's low stop
VIBRATO_HZ: Final = 8.176  # SoundFont 2.04, section 8.1.3: the default of freqVibLFO
VIBRATO_SEMITONES: Final = 0.5  # of wheel and pressure each, at full (the same, 8.4.2 and 8.4.3)
BEND, GAIN_DB, MODULATION, PRESSURE, SUSTAIN = 0, 1, 2, 3, 4  # columns of `NoteTable.standing`


@compiled
def level_db(slot: Slot, frame: int, rate_hz: int) -> float:
    """A note's estimated level below the loudest note at a frame: velocity, which counts 40 log10(v / 127)
    (SoundFont 2.04, section 8.4.1), decay and release."""
    fall: float = slot.decay_db_per_s * (min(max(frame - slot.onset, 0), slot.settle) / rate_hz)
    if slot.release != HELD:
        fall += slot.release_db_per_s * (max(frame - slot.release, 0) / rate_hz)
    return 40.0 * math.log10(max(slot.velocity, 1.0) / 127.0) - fall


@compiled
def levels_db(slots: NDArray[np.void], frame: int, rate_hz: int) -> Float32:
    """`level_db` of each slot, `(slots,)`."""
    levels = np.empty(len(slots), np.float32)
    for place in range(len(slots)):
        levels[place] = level_db(slots[place], frame, rate_hz)
    return levels


@compiled
def retire(slots: NDArray[np.void], frame: int, rate_hz: int) -> None:
    """Free the slots whose notes have faded below hearing by `frame`."""
    for place in range(len(slots)):
        if slots[place].active and level_db(slots[place], frame, rate_hz) < SILENT_DB:
            slots[place].active = False


@compiled
def vibrato_semitones(slot: Slot, told: Float64, frame: int, rate_hz: int) -> float:
    """How far wheel and pressure take a note's pitch: a triangle that rises from 0 with the note's begin, as
    deep as they, each 0 to 1, are up together."""
    depth: float = told[MODULATION] + max(told[PRESSURE], slot.pressure)
    if depth == 0.0:
        return depth
    cycles: float = (frame - slot.onset) * (VIBRATO_HZ / rate_hz) + 0.25
    return VIBRATO_SEMITONES * depth * (1.0 - abs(4.0 * (cycles - math.floor(cycles)) - 2.0))


@compiled
def vibratos(slots: NDArray[np.void], standing: Float64, frame: int, rate_hz: int) -> Float64:
    """`vibrato_semitones` of each slot, `(slots,)`."""
    offsets = np.empty(len(slots))
    for place in range(len(slots)):
        slot = slots[place]
        offsets[place] = vibrato_semitones(slot, standing[slot.channel], frame, rate_hz)
    return offsets


@compiled
def write_hops(
    slots: NDArray[np.void],
    standing: Float64,
    tables: Float32,
    begin: int,
    rate_hz: int,
    conditioning: Float32,
    excitation: Float32,
    sounding: NDArray[np.bool_],
) -> int:
    """Write the hops from sample `begin` on, in which no event comes; returns how many slots are used.

    `slots` and `standing` `(channels, 5)` are the note table's, `tables` `excitation.flat_tables`. Of each
    hop: `conditioning` `(hops, slots, features)`, as it stands at its end; `excitation` `(hops, hop, 2)`, the
    harmonic signal and the level of the noise, which is still to be multiplied by noise; `sounding`
    `(hops,)`, whether there is any note. Hand over zeros: what is silent is not written. Notes that have
    faded give their slots back; pitches and phases go on in the slots.
    """
    hops, hop = excitation.shape[0], excitation.shape[1]
    tone, power = np.empty(hop, np.float32), np.empty(hop, np.float32)
    used = 0
    for number in range(hops):
        start = begin + number * hop
        tone[:] = np.float32(0.0)
        power[:] = np.float32(0.0)
        for place in range(len(slots)):
            slot = slots[place]
            if not slot.active:
                continue
            if level_db(slot, start, rate_hz) < SILENT_DB:
                slots[place].active = False
                continue
            used = max(used, place + 1)
            sounding[number] = True
            told = standing[slot.channel]
            bend = told[BEND] + vibrato_semitones(slot, told, start + hop, rate_hz)
            _write_row(slot, told, start + hop, rate_hz, bend, conditioning[number, place])
            _add_note(slots, place, told[GAIN_DB], start, rate_hz, bend, tables, tone, power)
        if sounding[number]:
            for sample in range(hop):
                excitation[number, sample, 0] = tone[sample] * HARMONIC_GAIN
                excitation[number, sample, 1] = np.sqrt(power[sample]) * NOISE_GAIN
    return used


@compiled
def _write_row(slot: Slot, told: Float64, end: int, rate_hz: int, bend: float, row: Float32) -> None:
    """The columns of `conditioning.FEATURES`, in their order."""
    row[0] = 1.0
    row[1] = slot.program
    row[2] = slot.key
    row[3] = bend
    row[4] = slot.velocity
    row[5] = min(end - slot.onset, slot.settle)
    row[6] = -1.0 if slot.release == HELD else end - slot.release
    row[7] = told[GAIN_DB]
    row[8] = told[MODULATION]
    row[9] = max(told[PRESSURE], slot.pressure)
    row[10] = told[SUSTAIN]
    row[11] = level_db(slot, end, rate_hz)


@compiled
def _add_note(
    slots: NDArray[np.void],
    place: int,
    gain_db: float,
    start: int,
    rate_hz: int,
    bend: float,
    tables: Float32,
    tone: Float32,
    power: Float32,
) -> None:
    """Add one note's hop to the harmonic signal and to the power of the noise; move pitch and phase on.

    The pitch glides in a straight line of Hz from where the last hop left it, the level in a straight line
    from border to border.
    """
    slot, hop = slots[place], len(tone)
    after = slot.key + slot.tuning + bend
    before = after if math.isnan(slot.pitch) else slot.pitch
    hz, after_hz = 440.0 * 2.0 ** ((before - 69.0) / 12.0), 440.0 * 2.0 ** ((after - 69.0) / 12.0)
    glide = (after_hz - hz) / (2.0 * hop)
    row = min(max(math.ceil(max(before, after)), 0), KEYS - 1)  # the highest key that it touches
    if slot.tuning < OCTAVE_BELOW and not slot.drum:
        row += KEYS
    first = np.float32(10.0 ** ((level_db(slot, start, rate_hz) + gain_db) / 20.0))
    last = np.float32(10.0 ** ((level_db(slot, start + hop, rate_hz) + gain_db) / 20.0))
    table = tables[row * (TABLE_SAMPLES + 1) : (row + 1) * (TABLE_SAMPLES + 1)]
    age, scale = start - slot.onset, TABLE_SAMPLES / rate_hz
    at, speed, bent = slot.phase * TABLE_SAMPLES, hz * scale, glide * scale
    if age >= ONSET_RAMP_SAMPLES:
        _add_steady(table, at, speed, bent, first, last, tone, power)
    else:
        _add_begun(table, at, speed, bent, age, first, last, tone, power)
    running = hop + min(age, 0)  # samples of the hop that the note has
    phase = slot.phase + (hz + glide * running) * running / rate_hz
    slots[place].phase = phase - math.floor(phase)
    slots[place].pitch = after


@compiled
def _add_steady(
    table: Float32,
    place: float,
    speed: float,
    glide: float,
    first: np.float32,
    last: np.float32,
    tone: Float32,
    power: Float32,
) -> None:
    """A note that has begun before: from `place` in its wavetable on, in table samples and table samples a
    sample, linearly interpolated; its level runs from `first` to `last`."""
    step = (last - first) / np.float32(len(tone))
    for sample in range(len(tone)):
        at = place + (speed + glide * sample) * sample
        whole = np.int64(at)
        here = table[whole & (TABLE_SAMPLES - 1)]
        there = table[(whole & (TABLE_SAMPLES - 1)) + 1]
        level = first + step * np.float32(sample + 1)
        tone[sample] += level * (here + np.float32(at - whole) * (there - here))
        power[sample] += level * level


@compiled
def _add_begun(
    table: Float32,
    place: float,
    speed: float,
    glide: float,
    age: int,
    first: np.float32,
    last: np.float32,
    tone: Float32,
    power: Float32,
) -> None:
    """A note that begins in this hop, `-age` samples from its begin, or has not risen yet: its phase stands
    still until then, and its level rises from 0."""
    step = (last - first) / np.float32(len(tone))
    for sample in range(max(0, -age), len(tone)):
        run = sample + min(age, 0)
        at = place + (speed + glide * run) * run
        whole = np.int64(at)
        here = table[whole & (TABLE_SAMPLES - 1)]
        there = table[(whole & (TABLE_SAMPLES - 1)) + 1]
        risen = np.float32(min((sample + age) / ONSET_RAMP_SAMPLES, 1.0))
        level = (first + step * np.float32(sample + 1)) * risen
        tone[sample] += level * (here + np.float32(at - whole) * (there - here))
        power[sample] += level * level
