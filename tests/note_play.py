"""What the tests of the note table share: playing events into it and looking at what sounds."""

import numpy as np

from neume.synth.conditioning import FEATURES, write_conditioning
from neume.synth.events import ControlChange
from neume.synth.notes import HELD
from neume.synth.stretch import sounding_stretch
from neume.synth.voices import VoiceTable

HOP = 256
SUSTAIN, SOSTENUTO, SOFT = 64, 66, 67
KICK, CLOSED_HAT, OPEN_HAT = 36, 42, 46
VOICES = VoiceTable.from_anchors({})


def play(table, *events):
    for event in events:
        table.apply(event)


def held(table):
    """Keys of the notes that are not released, in order of their slots."""
    slots = table.slots
    return [int(key) for key in slots["key"][slots["active"] & (slots["release"] == HELD)]]


def conditioning(table, frame_end):
    """The table's rows in use, by feature name."""
    out = np.zeros((len(table.slots), len(FEATURES)), np.float32)
    stretch = sounding_stretch(table, frame_end - HOP, HOP, 1)
    if stretch is not None:
        write_conditioning(stretch, out[None])
    return [dict(zip(FEATURES, row.tolist(), strict=True)) for row in out if row[0]]


def control(frame, number, value, channel=0):
    return ControlChange(frame, channel, number, value)
