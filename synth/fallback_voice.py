"""The fallback voice: a plain additive synthesizer for blocks that the models come too late for.

Beside the renderer: it plays the same note tables, all streams at once, in less than a millisecond. A
note is at most `PARTIALS` sines at its bent pitch, a drum half a sine and half noise; both follow velocity,
pedals, volume, expression and the voice table's decay and release.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from .fallback_tones import DRUM_TONE, PARTIALS, attack_samples, tone_spectra
from .hop_kernel import levels_db, vibratos
from .notes import NoteTable
from .voices import DRUM_PROGRAM, KEYS

Float32 = NDArray[np.float32]
Notes = NDArray[np.void]  # of the fields of `NOTE`
REFERENCE_DB: Final = -24.0  # RMS of a note of velocity 127; median of neume-gm's programs, C3 to C5
FADE_SAMPLES: Final = 128  # of a note that is gone: after a panic, or when another note has taken its slot
TOP_SHARE: Final = 0.45  # of the sample rate: partials above are left out
CHUNK: Final = 32  # notes that are added up together: more, and they leave the processor's cache
DRUM_NOISE: Final = np.float32(np.sqrt(1.0 - DRUM_TONE))
IDLE: Final = -1

NOTE = np.dtype(
    [
        ("oscillator", np.int64),  # its number
        ("identity", np.int64),  # of the note that the oscillator plays, `IDLE` for none
        ("program", np.int64),
        ("phase", np.float64),  # at the block's begin, in cycles from 0 to 1
        ("pitch", np.float64, 2),  # at the block's begin and end, in semitones
        ("level", np.float32, 2),  # at the block's begin and end, linear RMS, attack left out
    ]
)


@dataclass(frozen=True, slots=True)
class VoiceState:
    """A copy of everything that decides the next block; `random` is the noise generator's state."""

    oscillators: Notes
    random: dict[str, object]


class FallbackVoice:
    """Plays note tables additively. The render thread owns it.

    `oscillators` is its state, a structured array with one entry for each slot of each table, as they stand
    at the end of the last block: there `phase`, and the second `pitch` and `level`, are what goes on.
    """

    def __init__(self, tables: Sequence[NoteTable], rate_hz: int, seed: int = 0) -> None:
        self._tables, self._rate_hz = tuple(tables), rate_hz
        self._slots = len(self._tables[0].slots)
        self._spectra, self._attacks = tone_spectra(), attack_samples(rate_hz)
        self._random = np.random.Generator(np.random.SFC64(seed))
        self.oscillators = np.zeros(len(self._tables) * self._slots, NOTE)
        self.oscillators["oscillator"] = np.arange(len(self.oscillators))
        first = self._tables[0]
        vibratos(first.slots, first.standing(), 0, rate_hz)  # machine code is made now
        levels_db(first.slots, 0, rate_hz)
        self.reset()

    def reset(self) -> None:
        """As if nothing had sounded: notes of the next block begin where they are by then."""
        self.oscillators["identity"] = IDLE

    def state(self) -> VoiceState:
        return VoiceState(self.oscillators.copy(), dict(self._random.bit_generator.state))

    def restore(self, state: VoiceState) -> None:
        self.oscillators[:] = state.oscillators
        self._random.bit_generator.state = state.random

    def powers(self, frame: int) -> Float32:
        """Mean square that each stream's notes would have at `frame`, `(streams,)`."""
        notes = self._sounding(frame, frame)
        levels = notes["level"][:, 1].astype(np.float64)
        return np.bincount(self._streams(notes), levels**2, len(self._tables)).astype(np.float32)

    def render(self, begin: int, samples: int) -> Float32:
        """The sound of the tables' notes from sample `begin` on, `(streams, samples)`.

        All events of these samples are in the tables already, later ones too if there are any. Controllers
        glide over the block to where they stand.
        """
        here = self._sounding(begin, begin + samples)
        gone = self._gone(here)
        notes = np.concatenate([here, gone]) if gone.size else here
        staying = np.arange(len(notes)) < len(here)
        streams = np.zeros((len(self._tables), samples), np.float32)
        noise = DRUM_NOISE * self._random.standard_normal(samples, np.float32)
        for first in range(0, len(notes), CHUNK):
            part = slice(first, first + CHUNK)
            waves = self._tones(notes[part], begin, samples)
            waves[notes["program"][part] == DRUM_PROGRAM] += noise
            waves *= self._envelopes(notes[part], staying[part], begin, samples)
            members = self._streams(notes[part]) == np.arange(len(streams))[:, None]
            streams += members.astype(np.float32) @ waves
        self.oscillators["identity"] = IDLE
        self.oscillators[here["oscillator"]] = notes[staying]
        return streams

    def _streams(self, notes: Notes) -> NDArray[np.int64]:
        return np.asarray(notes["oscillator"] // self._slots)

    def _sounding(self, begin: int, end: int) -> Notes:
        """The tables' notes, each going on from its oscillator; one that has none yet begins where it is."""
        used = [np.flatnonzero(table.slots["active"]) for table in self._tables]
        slots = picked([(t.slots, chosen) for t, chosen in zip(self._tables, used, strict=True)])
        notes = np.zeros(len(slots), NOTE)
        notes["oscillator"] = np.concatenate([s * self._slots + chosen for s, chosen in enumerate(used)])
        notes["identity"] = slots["onset"] * KEYS + slots["key"]
        notes["program"] = slots["program"]
        bend, gains_db, wheel = self._channels(notes, slots)
        borders_db = [levels_db(slots, frame, self._rate_hz) + gains_db for frame in (begin, end)]
        notes["level"] = 10.0 ** ((np.column_stack(borders_db) + REFERENCE_DB) / 20.0)
        notes["pitch"] = (slots["key"] + slots["tuning"] + bend)[:, None]
        if wheel.any() or slots["pressure"].any():
            notes["pitch"] += self._vibrato(slots, used, end)[:, None]
        before = picked([(self.oscillators, notes["oscillator"])])
        known = before["identity"] == notes["identity"]
        notes["phase"][known] = before["phase"][known]
        for name in ("pitch", "level"):
            notes[name][known, 0] = before[name][known, 1]
        return notes

    def _channels(self, notes: Notes, slots: NDArray[np.void]) -> NDArray[np.float64]:
        """What its channel does to each note, `(3, notes)`: bend in semitones, gain in dB, and how far wheel
        and pressure are up."""
        places = list(zip(self._streams(notes).tolist(), slots["channel"].tolist(), strict=True))
        states = {place: self._tables[place[0]].channels[place[1]] for place in {*places}}
        told = {
            place: (state.bend_semitones, state.gain_db, state.modulation + state.pressure)
            for place, state in states.items()
        }
        return np.array([told[place] for place in places]).reshape(-1, 3).T

    def _vibrato(
        self, slots: NDArray[np.void], used: Sequence[NDArray[np.int64]], frame: int
    ) -> NDArray[np.float64]:
        """Offset of each note's pitch at a frame, in semitones."""
        moved, first = np.zeros(len(slots)), 0
        for table, chosen in zip(self._tables, used, strict=True):
            if chosen.size:
                mine = slice(first, first + len(chosen))
                moved[mine] = vibratos(slots[mine], table.standing(), frame, self._rate_hz)
                first = mine.stop
        return moved

    def _gone(self, here: Notes) -> Notes:
        """What sounded in the last block and is in no table any more."""
        playing = np.full(len(self.oscillators), IDLE)
        playing[here["oscillator"]] = here["identity"]
        before = self.oscillators["identity"]
        gone: Notes = self.oscillators[(before != IDLE) & (before != playing)]
        for name in ("pitch", "level"):
            gone[name][:, 0] = gone[name][:, 1]
        return gone

    def _tones(self, notes: Notes, begin: int, samples: int) -> Float32:
        """Each note at its full level, `(notes, samples)`; moves its phase on to the block's end.

        The pitch glides in a straight line of Hz; the phase stands still until the onset.
        """
        first, last = 440.0 * 2.0 ** ((notes["pitch"].T - 69.0) / 12.0)
        wait = np.clip(notes["identity"] // KEYS - begin, 0, samples)
        glide = (last - first) / (2.0 * samples)
        step = np.arange(samples, dtype=np.float32)[None]
        if wait.any():
            step = np.maximum(step - wait[:, None].astype(np.float32), np.float32(0.0))
        cycles = step * (glide[:, None] / self._rate_hz).astype(np.float32)
        cycles += (first[:, None] / self._rate_hz).astype(np.float32)
        cycles *= step
        cycles += notes["phase"][:, None].astype(np.float32)
        length = samples - wait
        notes["phase"] = (notes["phase"] + (first + glide * length) * length / self._rate_hz) % 1.0
        top_hz = np.maximum(first, last)[:, None] * np.arange(1, PARTIALS + 1)
        heard = top_hz < TOP_SHARE * self._rate_hz
        return sine_sums(cycles, np.where(heard, self._spectra[notes["program"]], np.float32(0.0)))

    def _envelopes(self, notes: Notes, staying: NDArray[np.bool_], begin: int, samples: int) -> Float32:
        """Level of each note at each sample, attack and farewell included, `(notes, samples)`."""
        start, end = notes["level"].T
        way = np.arange(1, samples + 1, dtype=np.float32) / np.float32(samples)
        levels: Float32 = (end - start)[:, None] * way
        levels += start[:, None]
        onset, attack = notes["identity"] // KEYS, self._attacks[notes["program"]]
        rising = np.flatnonzero(onset + attack > begin)
        if rising.size:
            age = begin + np.arange(samples) - onset[rising, None]
            levels[rising] *= np.clip(age / attack[rising, None], 0.0, 1.0).astype(np.float32)
        if not staying.all():
            levels[~staying] *= np.clip(1.0 - np.arange(samples) / FADE_SAMPLES, 0.0, 1.0).astype(np.float32)
        return levels


def picked(wanted: Sequence[tuple[NDArray[np.void], NDArray[np.int64]]]) -> NDArray[np.void]:
    """The records at the indices given with each array, in a row, copied as bytes: field by field, it would
    take most of a block's time."""
    kind = wanted[0][0].dtype
    as_bytes = np.dtype((np.void, kind.itemsize))
    return np.concatenate([records.view(as_bytes)[index] for records, index in wanted]).view(kind)


def sine_sums(cycles: Float32, amplitudes: Float32) -> Float32:
    """Sums of the partials 1, 2, ... of tones: `cycles` `(tones, samples)`, `amplitudes` `(tones, partials)`,
    two partials or more → `(tones, samples)`.

    Clenshaw's recurrence (1955) for sine series: one sine and one cosine, whatever the number of partials.
    """
    angle = cycles - np.floor(cycles)
    angle *= np.float32(2.0 * np.pi)
    twice = np.cos(angle)
    twice *= np.float32(2.0)
    sine = np.sin(angle, out=angle)
    product = np.empty_like(angle)
    before = np.empty_like(angle)
    before[:] = amplitudes[:, -1, None]
    last = twice * before
    last += amplitudes[:, -2, None]
    for partial in reversed(range(amplitudes.shape[1] - 2)):
        np.multiply(twice, last, out=product)
        np.subtract(product, before, out=before)
        before += amplitudes[:, partial, None]
        last, before = before, last
    last *= sine
    return last
