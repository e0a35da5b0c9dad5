"""The ranges of all that a rack holds: what the preset reader allows and what a knob spans."""

from __future__ import annotations

from typing import Final

from ..events import CHANNELS
from ..voices import DRUM_PROGRAM

SCHEMA: Final = 1  # of the preset files
PARTS: Final = CHANNELS  # a part owns the MIDI channel of its own number
MAX_INSERTS: Final = 8  # of a part, and of the master
MAX_INSERT_VALUES: Final = 64
MAX_MAPPINGS: Final = 128

PART_INTEGERS: Final[dict[str, tuple[int, int]]] = {
    "program": (0, DRUM_PROGRAM),
    "low_key": (0, 127),
    "high_key": (0, 127),
    "low_velocity": (1, 127),
    "high_velocity": (1, 127),
    "transpose_semitones": (-48, 48),
}
PART_NUMBERS: Final[dict[str, tuple[float, float]]] = {"volume_db": (-60.0, 12.0), "pan": (-1.0, 1.0)}
PART_FLAGS: Final = ("muted", "soloed")
FIXED_VELOCITY: Final = (1, 127)
MASTER_GAIN_DB: Final = (-60.0, 12.0)
INSERT_VALUE: Final = (-1e9, 1e9)  # the effect knows the range of its own parameter
