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

from .noise import white_noise
from .notes import NoteTable, slot_levels_db
from .voices import DRUM_PROGRAM, KEYS

TABLE_SAMPLES: Final = 4096
TABLE_TOP_HZ: Final = 20_000.0
ONSET_RAMP_SAMPLES: Final = 48  # 1 ms: the attack itself is the network's to shape
HARMONIC_GAIN: Final = 0.25
NOISE_GAIN: Final = 0.25
OCTAVE_BELOW: Final = -6.0  # semitones: a tuning below this is an organ's low stop
VIBRATO_RATE_HZ: Final = 5.5
VIBRATO_DEPTH_SEMITONES: Final = 0.5  # at full modulation (SoundFont 2.04, section 8.4.2: 50 cents)


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


def write_excitation(
    notes: NoteTable, hop_start: int, noise_key: tuple[int, int], out: NDArray[np.float32]
) -> None:
    """Write one hop into `out`, shape `(hop, 2)`: harmonic, noise. Advances the phases kept in `notes`.

    Call once a hop, after the hop's events. `noise_key` is (seed, stream); the noise of a hop depends on
    nothing else but `hop_start`.
    """
    active = np.flatnonzero(notes.slots["active"])
    if not active.size:
        out[:] = 0.0
        return
    hop, slots = out.shape[0], notes.slots[active]
    envelope = _envelope(notes, slots, hop_start, hop)
    pitch = _pitch(notes, slots, hop_start + hop)
    previous = np.where(np.isnan(slots["pitch"]), pitch, slots["pitch"])
    phase, end_phase = _phase(slots, _hz(previous), _hz(pitch), hop_start, hop, notes.rate_hz)
    organ = (slots["tuning"] < OCTAVE_BELOW) & (slots["program"] != DRUM_PROGRAM)
    tone = _tone(np.maximum(previous, pitch), organ, phase, notes.rate_hz)

    out[:, 0] = HARMONIC_GAIN * (tone * envelope).sum(axis=0)
    out[:, 1] = NOISE_GAIN * np.sqrt((envelope**2).sum(axis=0)) * white_noise(*noise_key, hop_start, hop)
    notes.slots["phase"][active] = end_phase % 1.0
    notes.slots["pitch"][active] = pitch


def _envelope(notes: NoteTable, slots: NDArray[np.void], hop_start: int, hop: int) -> NDArray[np.float32]:
    """Linear level of each note at each sample, `(notes, hop)`: the voice table's, with an onset ramp."""
    channels = slots["channel"].tolist()
    gain_db = {channel: notes.channels[channel].gain_db for channel in set(channels)}
    gains = np.array([gain_db[channel] for channel in channels], np.float32)
    ends = np.array([[hop_start], [hop_start + hop]])
    start, end = 10.0 ** ((slot_levels_db(slots, ends, notes.rate_hz) + gains) / 20.0)
    ramp = np.arange(1, hop + 1, dtype=np.float32) / hop
    envelope: NDArray[np.float32] = start[:, None] + (end - start)[:, None] * ramp
    new = np.flatnonzero(slots["onset"] > hop_start - ONSET_RAMP_SAMPLES)
    if new.size:
        age = np.arange(hop_start, hop_start + hop) - slots["onset"][new, None]
        envelope[new] *= np.clip(age / ONSET_RAMP_SAMPLES, 0.0, 1.0).astype(np.float32)
    return envelope


def _pitch(notes: NoteTable, slots: NDArray[np.void], hop_end: int) -> NDArray[np.float64]:
    """Pitch of each note at the end of the hop, in MIDI keys: tuning, bend and vibrato are in it."""
    channels = slots["channel"].tolist()
    states = {channel: notes.channels[channel] for channel in set(channels)}
    bend = np.array([states[channel].bend_semitones for channel in channels])
    pitch: NDArray[np.float64] = slots["key"] + slots["tuning"] + bend
    if any(state.modulation for state in states.values()):
        depth = np.array([states[c].modulation / 127.0 * VIBRATO_DEPTH_SEMITONES for c in channels])
        age_s = (hop_end - slots["onset"]) / notes.rate_hz
        pitch = pitch + depth * np.sin(2 * np.pi * VIBRATO_RATE_HZ * age_s)
    return pitch


def _hz(pitch: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(440.0 * 2.0 ** ((pitch - 69.0) / 12.0))


def _phase(
    slots: NDArray[np.void],
    begin_hz: NDArray[np.float64],
    end_hz: NDArray[np.float64],
    hop_start: int,
    hop: int,
    rate_hz: int,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Cycles of each note at each sample `(notes, hop)`, and at the next hop's first one `(notes,)`.

    The frequency glides in a straight line over the hop; the phase stands still until the onset.
    """
    running = np.minimum(hop, hop_start + hop - slots["onset"])  # samples of this hop that the note has
    if (running == hop).all():
        step = np.arange(hop)[None, :]
    else:
        step = np.maximum(np.arange(hop)[None, :] - (hop - running[:, None]), 0)
    glide_hz = end_hz - begin_hz
    cycles = glide_hz[:, None] * (step / (2.0 * hop))
    cycles += begin_hz[:, None]
    cycles *= step
    cycles /= rate_hz
    cycles += slots["phase"][:, None]
    advance = running * (begin_hz + glide_hz * (running / (2.0 * hop))) / rate_hz
    return cycles, slots["phase"] + advance


def _tone(
    pitch: NDArray[np.float64], organ: NDArray[np.bool_], phase: NDArray[np.float64], rate_hz: int
) -> NDArray[np.float32]:
    """The wavetable of each note's key read at `phase` cycles, `(notes, hop)`, linearly interpolated."""
    samples, steps = _flat_tables(rate_hz)
    row = (np.clip(np.ceil(pitch), 0, 127).astype(np.int64) + KEYS * organ) * TABLE_SAMPLES
    position = phase * TABLE_SAMPLES
    whole = np.floor(position)
    fraction = (position - whole).astype(np.float32)
    index = whole.astype(np.int64)
    index &= TABLE_SAMPLES - 1
    index += row[:, None]
    tone: NDArray[np.float32] = steps.take(index)
    tone *= fraction
    tone += samples.take(index)
    return tone
