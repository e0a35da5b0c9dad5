"""A choir of sines: one for each note, with a short attack and release.

A voice is a few numbers that never change but for the end of its note, and its sound depends on the frame
alone: so blocks of any size get the same sound, and a state is a tuple of voices.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar, Final

import numpy as np
from numpy.typing import NDArray

from neume.synth.events import MidiEvent, NoteOff, NoteOn, Panic, SystemReset

Float32 = NDArray[np.float32]

LEVEL: Final = 0.2
ATTACK_S: Final = 0.005
RELEASE_S: Final = 0.05
MOST_VOICES: Final = 64


@dataclass(frozen=True, slots=True)
class Voice:
    channel: int
    key: int
    gain: float
    onset_frame: int
    release_frame: int | None = None

    @property
    def frequency_hz(self) -> float:
        return float(440.0 * 2.0 ** ((self.key - 69) / 12))


class Sines:
    name: ClassVar = "Sines"

    def prepare(self, rate_hz: int, block_samples: int) -> None:
        self._rate_hz = rate_hz
        self._block_samples = block_samples
        self._voices: tuple[Voice, ...] = ()

    def render(self, events: Sequence[MidiEvent], start_frame: int) -> Float32:
        """The block from `start_frame` on, `(block_samples, 2)`; `events` are in order of their frames."""
        for event in events:
            self._apply(event, start_frame)
        frames = start_frame + np.arange(self._block_samples)
        mono = np.zeros(self._block_samples)
        for voice in self._voices:
            mono += self._sound(voice, frames)
        end_frame = start_frame + self._block_samples
        self._voices = tuple(voice for voice in self._voices if not self._faded(voice, end_frame))
        return np.repeat(mono.astype(np.float32)[:, None], 2, axis=1)

    def reset(self) -> None:
        self._voices = ()

    def state(self) -> tuple[Voice, ...]:
        return self._voices

    def restore(self, state: tuple[Voice, ...]) -> None:
        self._voices = state

    def _apply(self, event: MidiEvent, start_frame: int) -> None:
        """A late event takes effect at the block's start."""
        frame = max(event.frame, start_frame)
        if isinstance(event, Panic):
            self.reset()
        elif isinstance(event, SystemReset):
            self._voices = tuple(self._released(voice, frame) for voice in self._voices)
        elif isinstance(event, NoteOn | NoteOff):
            self._voices = tuple(
                self._released(voice, frame)
                if (voice.channel, voice.key) == (event.channel, event.key)
                else voice
                for voice in self._voices
            )
            if isinstance(event, NoteOn):
                gain = LEVEL * (event.velocity / 127.0) ** 2
                voice = Voice(event.channel, event.key, gain, frame)
                self._voices = (*self._voices, voice)[-MOST_VOICES:]

    def _released(self, voice: Voice, frame: int) -> Voice:
        return voice if voice.release_frame is not None else replace(voice, release_frame=frame)

    def _sound(self, voice: Voice, frames: NDArray[np.int64]) -> NDArray[np.float64]:
        age_s = (frames - voice.onset_frame) / self._rate_hz
        level = np.clip(age_s / ATTACK_S, 0.0, 1.0)
        if voice.release_frame is not None:
            released_s = (frames - voice.release_frame) / self._rate_hz
            level = level * np.clip(1.0 - released_s / RELEASE_S, 0.0, 1.0)
        return voice.gain * level * np.sin(2 * np.pi * voice.frequency_hz * age_s)

    def _faded(self, voice: Voice, frame: int) -> bool:
        end_s = RELEASE_S * self._rate_hz
        return voice.release_frame is not None and frame - voice.release_frame >= end_s
