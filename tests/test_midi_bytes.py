"""Raw MIDI messages become events; everything else becomes None."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neume.synth.events import (
    ChannelPressure,
    ControlChange,
    NoteOff,
    NoteOn,
    PitchBend,
    PolyPressure,
    ProgramChange,
    SystemReset,
)
from neume.synth.midi_bytes import parse_message

FRAME = 77

MEANT = [
    ("90 3c 64", NoteOn(FRAME, 0, 60, 100)),
    ("9f 7f 01", NoteOn(FRAME, 15, 127, 1)),
    ("90 3c 00", NoteOff(FRAME, 0, 60)),  # velocity 0
    ("83 3c 40", NoteOff(FRAME, 3, 60)),
    ("a1 3c 10", PolyPressure(FRAME, 1, 60, 16)),
    ("b2 40 7f", ControlChange(FRAME, 2, 64, 127)),
    ("c9 10", ProgramChange(FRAME, 9, 16)),
    ("d0 05", ChannelPressure(FRAME, 0, 5)),
    ("e0 00 00", PitchBend(FRAME, 0, -8192)),
    ("e0 00 40", PitchBend(FRAME, 0, 0)),
    ("e0 7f 7f", PitchBend(FRAME, 0, 8191)),
    ("e0 01 40", PitchBend(FRAME, 0, 1)),  # least significant byte first
    ("ff", SystemReset(FRAME)),
    ("f0 7e 7f 09 01 f7", SystemReset(FRAME)),  # GM on, to all devices
    ("f0 7e 10 09 01 f7", SystemReset(FRAME)),  # GM on, to one
    ("f0 7e 7f 09 02 f7", SystemReset(FRAME)),  # GM off
    ("f0 7e 7f 09 03 f7", SystemReset(FRAME)),  # GM 2 on
    ("f0 41 10 42 12 40 00 7f 00 41 f7", SystemReset(FRAME)),  # GS reset
    ("f0 41 10 42 12 00 00 7f 00 01 f7", SystemReset(FRAME)),  # GS mode 1
    ("f0 43 10 4c 00 00 7e 00 f7", SystemReset(FRAME)),  # XG on
    ("f0 43 10 4c 00 00 7f 00 f7", SystemReset(FRAME)),  # XG all parameter reset
]

MEANINGLESS = [
    "",
    "90",
    "90 3c",
    "90 3c 64 00",  # a byte too many
    "90 3c 80",  # data byte above 127
    "90 ff 64",
    "3c 64",  # no status byte
    "c0",
    "c0 01 02",
    "e0 00",
    "f0",
    "f0 f7",
    "f0 7e 7f 09 01",  # no end
    "f0 7e ff 09 01 f7",  # a device number that is none
    "f0 7e 7f 09 04 f7",  # GM, but no reset
    "f0 7f 7f 04 01 00 40 f7",  # master volume
    "f0 41 10 42 12 40 00 7f 01 40 f7",  # GS, other value
    "f8",  # clock
    "fe",  # active sensing
    "f2 00 00",
    "f4",
]


@pytest.mark.parametrize(("message", "event"), MEANT)
def test_messages_with_a_meaning(message, event):
    assert parse_message(bytes.fromhex(message), FRAME) == event


@pytest.mark.parametrize("message", MEANINGLESS)
def test_messages_without_one(message):
    assert parse_message(bytes.fromhex(message), FRAME) is None


@given(st.binary(max_size=12), st.integers(0, 2**40))
def test_any_bytes_give_an_event_in_range_or_nothing(message, frame):
    event = parse_message(message, frame)
    if event is None:
        return
    assert event.frame == frame
    assert 0 <= event.channel < 16
    for name in ("key", "velocity", "controller", "program"):
        assert 0 <= getattr(event, name, 0) <= 127
    assert -8192 <= getattr(event, "value", 0) <= 8191
