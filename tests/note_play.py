"""What the tests of the note table share: playing events into it and looking at what sounds."""

import numpy as np

from neume.synth.conditioning import FEATURES
from neume.synth.events import ControlChange
from neume.synth.hops import play_hops
from neume.synth.notes import HELD
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
    out = written(table, (), frame_end - HOP, 1)[0][0]
    return [dict(zip(FEATURES, row.tolist(), strict=True)) for row in out if row[0]]


def written(table, events, start, hops):
    """Conditioning, excitation and whether anything sounds, of hops in a row."""
    conditioning = np.zeros((hops, len(table.slots), len(FEATURES)), np.float32)
    excitation, sounding = np.zeros((hops, HOP, 2), np.float32), np.zeros(hops, np.bool_)
    play_hops(table, events, start, conditioning, excitation, sounding)
    return conditioning, excitation, sounding


def control(frame, number, value, channel=0):
    return ControlChange(frame, channel, number, value)
