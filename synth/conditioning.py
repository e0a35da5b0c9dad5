"""Conditioning: the note table written as the numbers that the spectrogram stage reads, one row a slot.

Third link of the chain. The layout is part of a bundle's contract: `FEATURES` names the columns in order.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from .notes import HELD, NoteTable, slot_levels_db

FEATURES: Final = (
    "active",  # 1 for a slot in use; a slot that is not has zeros everywhere
    "program",  # 0 to 127; 128 is the drum kit
    "key",  # 0 to 127
    "bend_semitones",
    "velocity",  # 1 to 127
    "age_samples",  # from the onset to the end of the frame, at least 1
    "release_age_samples",  # from the release to the end of the frame; -1 while held
    "gain_db",  # channel volume and expression
    "modulation",  # 0 to 1
    "pressure",  # 0 to 1, the larger of channel and key pressure
    "sustain",  # 0 to 1, pedal position
    "level_db",  # the voice table's estimate: velocity, decay and release, without gain
)


def write_conditioning(notes: NoteTable, frame_end: int, out: NDArray[np.float32]) -> None:
    """Write the table as it stands at sample `frame_end` into `out`, shape `(slots, len(FEATURES))`."""
    out[:] = 0.0
    active = np.flatnonzero(notes.slots["active"])
    if not active.size:
        return
    slots = notes.slots[active]
    rows = np.empty((active.size, len(FEATURES)), np.float32)
    channels = _channel_features(notes, slots["channel"].tolist())
    columns = (
        1.0,
        slots["program"],
        slots["key"],
        channels[:, 0],
        slots["velocity"],
        frame_end - slots["onset"],
        np.where(slots["release"] == HELD, -1, frame_end - slots["release"]),
        channels[:, 1],
        channels[:, 2],
        np.maximum(channels[:, 3], slots["pressure"]),
        channels[:, 4],
        slot_levels_db(slots, frame_end, notes.rate_hz),
    )
    for number, column in enumerate(columns):
        rows[:, number] = column
    out[active] = rows


def _channel_features(notes: NoteTable, channels: Sequence[int]) -> NDArray[np.float32]:
    """Bend, gain, modulation, pressure and sustain of each note's channel, `(notes, 5)`."""
    features = {}
    for channel in set(channels):
        state = notes.channels[channel]
        controllers = (state.modulation / 127.0, state.pressure / 127.0, state.sustain / 127.0)
        features[channel] = (state.bend_semitones, state.gain_db, *controllers)
    return np.array([features[channel] for channel in channels], np.float32)
