"""Recordings of known notes, made from decaying tones, and the MIDI files that go with them."""

from __future__ import annotations

from pathlib import Path

import mido
import numpy as np
import soundfile
from tiny_songs import note, write_song

ONSETS_S = (0.25, 0.75, 1.0, 1.625, 2.0, 2.25, 2.875, 3.5, 4.0, 4.375, 5.0, 5.25, 5.875, 6.25, 7.0, 7.5, 8.0)
KEYS = (60, 64, 67, 72, 55, 62, 69, 65, 57, 71, 60, 64, 67, 72, 55, 62, 69)


def tones(seconds: float, late_s: float = 0.0, rate_hz: int = 44_100, attack_s: float = 0.002) -> np.ndarray:
    """The notes that begin in `seconds`, `late_s` after their time, `(samples,)`."""
    audio = np.zeros(round(seconds * rate_hz))
    t = np.arange(rate_hz) / rate_hz
    for onset_s, key in zip(ONSETS_S, KEYS, strict=True):
        start = round((onset_s + late_s) * rate_hz)
        hz = 440.0 * 2.0 ** ((key - 69) / 12)
        tone = sum(np.sin(2 * np.pi * hz * k * t) / k for k in range(1, 9))
        tone = 0.1 * tone * np.minimum(t / attack_s, 1.0) * np.exp(-4.0 * t)
        end = min(len(audio), start + len(tone))
        if start < end:
            audio[start:end] += tone[: end - start]
    return audio


def write_pair(
    folder: Path,
    name: str,
    seconds: float = 4.5,
    late_s: float = 0.0,
    program: int = 24,
    rate_hz: int = 44_100,
) -> None:
    """`name.mid` and a stereo `name.wav`."""
    played = [o for o in ONSETS_S if o < seconds]
    notes = [m for o, key in zip(played, KEYS, strict=False) for m in note(key, o, o + 0.4)]
    head = mido.Message("program_change", program=program, time=0.0)
    write_song(folder / f"{name}.mid", [head, *notes], length_s=seconds + 0.5)
    audio = tones(seconds, late_s, rate_hz)
    soundfile.write(folder / f"{name}.wav", np.stack([1.5 * audio, 0.5 * audio], 1), rate_hz, "FLOAT")
