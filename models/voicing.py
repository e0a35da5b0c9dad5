"""Measure a reference's voices: decay, release and tuning of single notes, for the bundle's voice table."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from neume.synth.events import DRUM_CHANNEL, ControlChange, MidiEvent, NoteOff, NoteOn, ProgramChange
from neume.synth.voices import DRUM_PROGRAM, KEYS, MAX_RATE_DB_PER_S, NEVER_S

from .fluid import FluidReference

RATE_HZ: Final = 48_000
LONG_HOLD_S: Final = 4.0  # to see a decay
LONGER_HOLD_S: Final = 10.0  # and whether it goes on
STEADY_DB_PER_S: Final = 0.5  # a slower fall in the last half of that is none
STEADY_DB: Final = -40.0  # a note that is quieter then, against its peak, has decayed
SHORT_HOLD_S: Final = 0.5  # to see a release while the note is still loud
TAIL_S: Final = 2.0
LATEST_PEAK_S: Final = 0.3  # a later maximum is beating, not the attack
MELODIC_ANCHORS: Final = tuple(range(12, 121, 4))
DRUM_ANCHORS: Final = tuple(range(27, 88))
ENVELOPE_SAMPLES: Final = 480
AUDIBLE_DB: Final = -75.0
MAX_DECAY_DB_PER_S: Final = 300.0  # faster drums would lose the quiet end of their tail
PARTIALS: Final = 6
TUNING_RANGE_CENTS: Final = 60.0
TUNING_FFT: Final = 1 << 19
NEAR: Final = 2.0 ** (-15.0 / 1200.0)  # a partial is looked for within 15 cents
SUBOCTAVE_DB: Final = -20.0  # partials between the harmonics this far below them are a stop of their own

COLUMNS: Final = ("keys", "decay_db_per_s", "release_db_per_s", "tuning_semitones", "settle_s")

VoiceRow = dict[str, list[float]]


def measure_voice(reference: FluidReference, program: int) -> VoiceRow:
    """The program's voice row as `VoiceTable.from_anchors` reads it (128: the drum kit)."""
    drums = program == DRUM_PROGRAM
    row: VoiceRow = {name: [] for name in COLUMNS}
    for key in DRUM_ANCHORS if drums else MELODIC_ANCHORS:
        audio = _single_note(reference, program, key, LONG_HOLD_S)
        decay = _decay(audio)
        release = _release(_single_note(reference, program, key, SHORT_HOLD_S), decay)
        tuning = strongest_partial(audio) - key if drums else _tuning_semitones(audio, key)
        settle = NEVER_S if drums or not is_steady(reference, program, key) else LONG_HOLD_S
        for name, value in zip(row, (key, decay, release, tuning, settle), strict=True):
            row[name].append(round(float(value), 3))
    return row


def _single_note(reference: FluidReference, program: int, key: int, hold_s: float) -> NDArray[np.float32]:
    channel = DRUM_CHANNEL if program == DRUM_PROGRAM else 0
    release = int(hold_s * RATE_HZ)
    events: list[MidiEvent] = [ControlChange(0, channel, 7, 127), NoteOn(0, channel, key, 100)]
    if channel != DRUM_CHANNEL:
        events.insert(0, ProgramChange(0, channel, program))
        events.append(NoteOff(release, channel, key))
    return reference.render_mono(events, release + int(TAIL_S * RATE_HZ))


def is_steady(reference: FluidReference, program: int, key: int) -> bool:
    """Whether a held note stops fading: a loop of the sound font's that sounds on for ever."""
    audio = _single_note(reference, program, key, LONGER_HOLD_S)
    seconds, level_db = _envelope_db(audio)
    late = (seconds >= LONGER_HOLD_S / 2) & (seconds < LONGER_HOLD_S)
    still_there = level_db[late].min() > level_db.max() + STEADY_DB
    return bool(still_there and -_slope(seconds[late], level_db[late]) < STEADY_DB_PER_S)


def _envelope_db(audio: NDArray[np.float32]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Times in seconds and RMS levels in dB of 10 ms blocks."""
    blocks = audio[: len(audio) // ENVELOPE_SAMPLES * ENVELOPE_SAMPLES].reshape(-1, ENVELOPE_SAMPLES)
    level_db = 20.0 * np.log10(np.sqrt((blocks.astype(np.float64) ** 2).mean(axis=1)) + 1e-7)
    return np.arange(len(level_db)) * ENVELOPE_SAMPLES / RATE_HZ, level_db


def _decay(audio: NDArray[np.float32]) -> float:
    """Fall of the held note in dB a second, from its attack's peak on."""
    seconds, level_db = _envelope_db(audio)
    peak_s = min(seconds[level_db.argmax()], LATEST_PEAK_S)
    held = (seconds < LONG_HOLD_S) & (seconds >= peak_s) & (level_db > level_db.max() + AUDIBLE_DB)
    return float(np.clip(-_slope(seconds[held], level_db[held]), 0.0, MAX_DECAY_DB_PER_S))


def _release(audio: NDArray[np.float32], decay_db_per_s: float) -> float:
    """Further fall after the release in dB a second."""
    seconds, level_db = _envelope_db(audio)
    audible = max(AUDIBLE_DB, level_db.max() + AUDIBLE_DB)
    tail = (seconds >= SHORT_HOLD_S + 0.01) & (level_db > audible)
    return max(1.0, -_slope(seconds[tail], level_db[tail]) - decay_db_per_s)


def _slope(seconds: NDArray[np.float64], level_db: NDArray[np.float64]) -> float:
    if len(seconds) < 3:
        return -MAX_RATE_DB_PER_S / 4
    return float(np.polyfit(seconds, level_db, 1)[0])


def _spectrum(audio: NDArray[np.float32], start_s: float, end_s: float) -> NDArray[np.float64]:
    part = audio[int(start_s * RATE_HZ) : int(end_s * RATE_HZ)].astype(np.float64)
    return np.abs(np.fft.rfft(part * np.hanning(len(part)), TUNING_FFT))


def tuning_cents(audio: NDArray[np.float32], key: int, start_s: float = 0.1, end_s: float = 1.6) -> float:
    """Deviation of a held note from its key, in cents: the best harmonic comb within ±60 cents."""
    spectrum = _spectrum(audio, start_s, end_s)
    cents = np.arange(-TUNING_RANGE_CENTS, TUNING_RANGE_CENTS + 0.25, 0.25)
    fundamental_hz = 440.0 * 2.0 ** ((key - 69) / 12.0 + cents / 1200.0)
    score = np.zeros(len(cents))
    for partial in range(1, PARTIALS + 1):
        position = fundamental_hz * partial * TUNING_FFT / RATE_HZ
        if position[-1] >= len(spectrum) - 1:
            break
        score += np.interp(position, np.arange(len(spectrum)), spectrum)
    if score.max() <= 4.0 * np.median(score) * 0.5:
        return 0.0  # no comb stands out: noise, bells and effects stay at their key
    return float(cents[score.argmax()])


def _tuning_semitones(audio: NDArray[np.float32], key: int) -> float:
    """Deviation of a held note from its key; an octave lower where it has partials between the key's own."""
    cents = tuning_cents(audio, key)
    power = _spectrum(audio, 0.1, 1.1) ** 2
    fundamental = 440.0 * 2.0 ** ((key - 69 + cents / 100.0) / 12.0) * TUNING_FFT / RATE_HZ

    def strongest(partials: tuple[float, ...]) -> float:
        places = [fundamental * partial for partial in partials]
        return max(float(power[int(p * NEAR) - 8 : int(p / NEAR) + 9].max(initial=0.0)) for p in places)

    between_db = 10.0 * np.log10((strongest((0.5, 1.5, 2.5)) + 1e-20) / (strongest((1, 2, 3)) + 1e-20))
    return cents / 100.0 - (12.0 if between_db > SUBOCTAVE_DB else 0.0)


def strongest_partial(audio: NDArray[np.float32]) -> float:
    """MIDI key number (fractional) of a drum's strongest partial between 30 Hz and 2 kHz."""
    spectrum = _spectrum(audio, 0.0, 0.4)
    hz = np.arange(len(spectrum)) * RATE_HZ / TUNING_FFT
    inside = (hz > 30.0) & (hz < 2000.0)
    peak_hz = float(hz[inside][spectrum[inside].argmax()])
    return float(np.clip(69.0 + 12.0 * np.log2(peak_hz / 440.0), 0, KEYS - 1))
