"""The excitation of the inverter: a harmonic and a noise signal built from the notes that sound.

Mel frames cannot tell the inverter a pitch to a few cents, nor an onset to a sample; this signal does. Each
note adds a band-limited tone at its bent pitch and some white noise, both starting on its very onset sample
and fading as the voice table says; the inverter's network shapes their short-time spectra.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from .pitches import Glide, advance_pitches
from .stretch import Stretch

TABLE_SAMPLES: Final = 4096
TABLE_TOP_HZ: Final = 20_000.0
ONSET_RAMP_SAMPLES: Final = 48  # 1 ms: the attack itself is the network's to shape
HARMONIC_GAIN: Final = 0.25
NOISE_GAIN: Final = 0.25


@lru_cache(maxsize=4)
def wavetables(rate_hz: int, *, organ: bool = False) -> NDArray[np.float32]:
    """One period per MIDI key with harmonics up to 20 kHz, unit RMS; shape `(128, TABLE_SAMPLES + 1)`.

    Harmonic amplitudes fall as 1 / sqrt(k); Schroeder phases (1970) keep the waveform's envelope flat, so
    that every short window sees energy at all harmonics. The last sample repeats the first, for
    interpolation. `organ`: an octave lower than its key, a stop sounds its own fundamental and twelfth
    (16' and 5 1/3') beside the key's harmonics, which are the even ones.
    """
    tables = np.empty((128, TABLE_SAMPLES + 1), np.float32)
    top_hz = min(TABLE_TOP_HZ, 0.45 * rate_hz)
    for key in range(128):
        count = int(np.clip(top_hz / (440.0 * 2.0 ** ((key + 0.5 - 69) / 12)), 1, TABLE_SAMPLES // 4))
        k = np.arange(1, count + 1)
        spectrum = np.zeros(TABLE_SAMPLES // 2 + 1, np.complex128)
        heard = (k % 2 == 0) | (k <= 3) if organ else True
        spectrum[1 : count + 1] = heard * k**-0.5 * np.exp(-1j * np.pi * k * (k - 1) / count)
        wave = np.fft.irfft(spectrum, TABLE_SAMPLES)
        wave /= np.sqrt(np.mean(wave**2))
        tables[key, :-1] = wave
        tables[key, -1] = wave[0]
    return tables


@lru_cache(maxsize=2)
def _flat_tables(rate_hz: int) -> NDArray[np.float32]:
    """The samples of all wavetables in one row; organs behind."""
    return np.ravel(np.concatenate([wavetables(rate_hz), wavetables(rate_hz, organ=True)]))


def warm_up(rate_hz: int) -> None:
    """Make the tables now: a first key must not wait for them, which takes 40 ms."""
    _flat_tables(rate_hz)


def write_excitation(stretch: Stretch, out: NDArray[np.float32]) -> None:
    """Write the hops of a stretch into `out`, `(streams, hops, hop, 2)`, or without `streams` for a single
    one: the harmonic signal, and the level of the noise one, which is still to be multiplied by
    `white_noise`. Advances pitches and phases kept in the note tables. Hand over zeros.
    """
    hop, out = out.shape[-2], out.reshape(-1, *out.shape[-3:])
    tones = _tones(stretch, advance_pitches(stretch), hop)
    envelope = _envelopes(stretch, hop)
    tones *= envelope
    envelope *= envelope
    harmonic, noise = out[..., 0], out[..., 1]
    for stream, notes in stretch.chord.parts:
        harmonic[stream] = np.add.reduce(tones[notes], axis=0)
        noise[stream] = np.add.reduce(envelope[notes], axis=0)
    harmonic *= HARMONIC_GAIN
    np.sqrt(noise, out=noise)
    noise *= NOISE_GAIN


def _envelopes(stretch: Stretch, hop: int) -> NDArray[np.float32]:
    """Linear level of each note at each sample, `(notes, hops, hop)`: the voice table's and an onset ramp."""
    chord, begin = stretch.chord, stretch.borders[0]
    levels = 10.0 ** ((stretch.levels_db + chord.gain_db.astype(np.float32)) / 20.0)
    envelope = chord.ensemble.scratch.array("envelope", (len(chord), stretch.hops, hop), np.float32)
    np.multiply((levels[1:] - levels[:-1]).T[..., None], _ramp(hop), out=envelope)
    envelope += levels[:-1].T[..., None]
    if chord.latest_onset > begin - ONSET_RAMP_SAMPLES:
        # a ramp is over within the first hop, or within the second if it began late in the first
        new = (chord.onset > begin - ONSET_RAMP_SAMPLES).nonzero()[0]
        age = stretch.borders[:2, None][: stretch.hops] + _steps(hop) - chord.onset[new, None, None]
        envelope[new, :2] *= np.minimum(np.maximum(age / ONSET_RAMP_SAMPLES, 0.0), 1.0).astype(np.float32)
    return envelope


def _advance_phases(stretch: Stretch, glide: Glide, hop: int) -> NDArray[np.float64]:
    """Each note's phase at the begin of each hop, in cycles, `(notes, hops)`; the one at the end is kept."""
    chord, kept = stretch.chord, stretch.chord.ensemble.slots["phase"]
    running = np.minimum(stretch.borders[1:] - chord.onset[:, None], hop)  # samples of a hop that a note has
    advance = _cycles(glide.hz, glide.change_hz, running, hop) / chord.ensemble.rate_hz
    phases = np.empty((len(chord), stretch.hops))
    phase = kept[chord.index]
    for number in range(stretch.hops):
        phases[:, number] = phase
        phase += advance[:, number]
        phase -= np.floor(phase)
    kept[chord.index] = phase
    return phases


def _positions(stretch: Stretch, glide: Glide, hop: int) -> NDArray[np.float64]:
    """Where in its wavetable each note is at each sample, in table samples, whole periods not taken off:
    `(notes, hops, hop)`. Advances the phases; a phase stands still until the onset.
    """
    chord, begin, step = stretch.chord, stretch.borders[0], _steps(hop)
    hz = glide.hz[..., None]
    change_hz = None if glide.change_hz is None else glide.change_hz[..., None]
    phases = _advance_phases(stretch, glide, hop)[..., None]
    phases *= TABLE_SAMPLES  # a power of two: exact, here and below
    cycles = _cycles(hz, change_hz, step, hop)
    cycles /= chord.ensemble.rate_hz
    cycles *= TABLE_SAMPLES
    positions = chord.ensemble.scratch.array("positions", (len(chord), stretch.hops, hop), np.float64)
    np.add(cycles, phases, out=positions)
    if chord.latest_onset > begin:
        new = (chord.onset > begin).nonzero()[0]
        step = np.maximum(step - (chord.onset[new, None] - begin), 0.0)
        change_hz = None if change_hz is None else change_hz[new, 0]
        cycles = _cycles(hz[new, 0], change_hz, step, hop) / chord.ensemble.rate_hz
        positions[new, 0] = cycles * TABLE_SAMPLES + phases[new, 0]
    return positions


def _cycles(
    hz: NDArray[np.float64], change_hz: NDArray[np.float64] | None, samples: NDArray[np.float64], hop: int
) -> NDArray[np.float64]:
    """What a note goes through in so many samples from a hop's begin, in cycles times the sample rate: its
    frequency glides in a straight line over the hop."""
    if change_hz is not None:
        hz = change_hz * (samples / (2.0 * hop)) + hz
    return np.asarray(hz * samples)


def _tones(stretch: Stretch, glide: Glide, hop: int) -> NDArray[np.float32]:
    """Each note's wavetable, linearly interpolated, `(notes, hops, hop)`. Advances the phases.

    What has been used up is written over: memory that the last block did not touch is slow.
    """
    positions = _positions(stretch, glide, hop)
    scratch, shape = stretch.chord.ensemble.scratch, positions.shape
    tables = _flat_tables(stretch.chord.ensemble.rate_hz)
    narrow = scratch.array("narrow", shape, np.int32)  # converted and masked much faster than int64
    narrow[:] = positions  # rounded down: none is negative
    positions -= narrow
    fraction = scratch.array("fraction", shape, np.float32)
    fraction[:] = positions
    narrow &= TABLE_SAMPLES - 1
    narrow += (glide.rows * (TABLE_SAMPLES + 1))[..., None]
    index = scratch.array("positions", shape, np.int64)
    index[:] = narrow
    sample = tables.take(index, out=scratch.array("sample", shape, np.float32), mode="wrap")
    tones = tables[1:].take(index, out=scratch.array("narrow", shape, np.float32), mode="wrap")
    tones -= sample
    tones *= fraction
    tones += sample
    return tones


@lru_cache(maxsize=4)
def _steps(hop: int) -> NDArray[np.float64]:
    """The samples of a hop, from 0 on."""
    return np.arange(float(hop))


@lru_cache(maxsize=4)
def _ramp(hop: int) -> NDArray[np.float32]:
    """From a hop's begin to its end, which is 1."""
    return np.asarray(np.arange(1, hop + 1, dtype=np.float32) / hop, np.float32)
