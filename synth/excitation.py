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

from .stretch import Stretch
from .voices import DRUM_PROGRAM, KEYS

TABLE_SAMPLES: Final = 4096
TABLE_TOP_HZ: Final = 20_000.0
ONSET_RAMP_SAMPLES: Final = 48  # 1 ms: the attack itself is the network's to shape
HARMONIC_GAIN: Final = 0.25
NOISE_GAIN: Final = 0.25
OCTAVE_BELOW: Final = -6.0  # semitones: a tuning below this is an organ's low stop


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
def _flat_tables(rate_hz: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """The samples of all wavetables in one row, and the step from each sample to the next; organs behind."""
    tables = np.concatenate([wavetables(rate_hz), wavetables(rate_hz, organ=True)])
    return np.ravel(tables[:, :-1]), np.ravel(np.diff(tables, axis=1))


def warm_up(rate_hz: int) -> None:
    """Make the tables now: a first key must not wait for them, which takes 40 ms."""
    _flat_tables(rate_hz)


def write_excitation(stretch: Stretch, out: NDArray[np.float32]) -> None:
    """Write the hops of a stretch into `out`, `(hops, hop, 2)`: the harmonic signal, and the level of the
    noise one, which is still to be multiplied by `white_noise`. Advances the phases kept in the note table.
    """
    slots, hop, rate_hz = stretch.slots, out.shape[1], stretch.table.rate_hz
    envelope = _envelope(stretch, hop)
    pitch = slots["key"] + slots["tuning"] + stretch.bends
    previous = np.empty_like(pitch)
    previous[0] = np.where(np.isnan(slots["pitch"]), pitch[0], slots["pitch"])
    previous[1:] = pitch[:-1]
    phase, end_phase = _phase(stretch, _hz(previous), _hz(pitch), hop)
    organ = (slots["tuning"] < OCTAVE_BELOW) & (slots["program"] != DRUM_PROGRAM)
    tone = _tone(np.maximum(previous, pitch), organ, phase, rate_hz)
    tone *= envelope
    out[..., 0] = HARMONIC_GAIN * tone.sum(axis=1)
    envelope *= envelope
    out[..., 1] = NOISE_GAIN * np.sqrt(envelope.sum(axis=1))
    stretch.table.slots["phase"][stretch.index] = end_phase
    stretch.table.slots["pitch"][stretch.index] = pitch[-1]


def _envelope(stretch: Stretch, hop: int) -> NDArray[np.float32]:
    """Linear level of each note at each sample, `(hops, notes, hop)`: the voice table's and an onset ramp."""
    gains_db = stretch.of_channels("gain_db").astype(np.float32)
    levels = np.asarray(10.0 ** ((stretch.levels_db + gains_db) / 20.0), np.float32)
    start, step = levels[:-1], levels[1:] - levels[:-1]
    ramp = np.arange(1, hop + 1, dtype=np.float32) / hop
    envelope = np.asarray(start[..., None] + step[..., None] * ramp, np.float32)
    onset, begin = stretch.slots["onset"], int(stretch.borders[0])
    new = np.flatnonzero(onset > begin - ONSET_RAMP_SAMPLES)
    if new.size:  # a ramp is over within the first hop, or within the second if it began late in the first
        age = stretch.borders[:2, None, None][: stretch.hops] + np.arange(hop) - onset[new, None]
        envelope[:2, new] *= np.clip(age / ONSET_RAMP_SAMPLES, 0.0, 1.0).astype(np.float32)
    return envelope


def _hz(pitch: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(440.0 * 2.0 ** ((pitch - 69.0) / 12.0))


def _phase(
    stretch: Stretch, begin_hz: NDArray[np.float64], end_hz: NDArray[np.float64], hop: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Cycles of each note at each sample `(hops, notes, hop)`, and after the last one `(notes,)`.

    The frequency, `(hops, notes)`, glides in a straight line over a hop; the phase stands still until the
    onset.
    """
    slots, rate_hz = stretch.slots, stretch.table.rate_hz
    running = np.minimum(hop, stretch.borders[1:, None] - slots["onset"])  # samples of a hop that a note has
    glide_hz = end_hz - begin_hz
    advance = running * (begin_hz + glide_hz * (running / (2.0 * hop))) / rate_hz
    phases = np.empty((stretch.hops + 1, len(slots)))
    phases[0] = slots["phase"]
    for number, cycles in enumerate(advance):
        phases[number + 1] = (phases[number] + cycles) % 1.0
    step = np.arange(hop)
    if running[0].min() < hop:
        step = np.maximum(step - (hop - running[..., None]), 0)
    cycles = glide_hz[..., None] * (step / (2.0 * hop))
    cycles += begin_hz[..., None]
    cycles *= step
    cycles /= rate_hz
    cycles += phases[:-1, :, None]
    return cycles, phases[-1]


def _tone(
    pitch: NDArray[np.float64], organ: NDArray[np.bool_], phase: NDArray[np.float64], rate_hz: int
) -> NDArray[np.float32]:
    """The wavetable of each note's key, linearly interpolated at `phase` cycles, `(hops, notes, hop)`."""
    samples, steps = _flat_tables(rate_hz)
    key = np.minimum(np.maximum(np.ceil(pitch), 0), 127).astype(np.int64)
    row = (key + KEYS * organ) * TABLE_SAMPLES
    position = phase * TABLE_SAMPLES
    whole = np.floor(position)
    fraction = (position - whole).astype(np.float32)
    index = whole.astype(np.int64)
    index &= TABLE_SAMPLES - 1
    index += row[..., None]
    tone: NDArray[np.float32] = steps.take(index)
    tone *= fraction
    tone += samples.take(index)
    return tone
