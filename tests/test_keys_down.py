"""Keys and pedals that are down, and MIDI messages in words."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neume.synth.events import ControlChange, NoteOff, NoteOn, Panic, SystemReset
from neume.synth.keys_down import KeysDown
from neume.synth.midi_words import message_words

WORDS = {
    "90 3c 60": "note on C4 velocity 96, channel 1",
    "99 00 01": "note on C-1 velocity 1, channel 10",
    "9f 7f 7f": "note on G9 velocity 127, channel 16",
    "90 3c 00": "note off C4, channel 1",
    "81 46 40": "note off A#4, channel 2",
    "a0 3c 10": "pressure 16 on C4, channel 1",
    "b0 40 7f": "controller 64 at 127, channel 1",
    "c3 05": "program 6, channel 4",
    "d0 03": "pressure 3, channel 1",
    "e0 00 40": "pitch bend centred, channel 1",
    "e0 00 50": "pitch bend +2048, channel 1",
    "e0 00 00": "pitch bend -8192, channel 1",
    "f0 7e 7f 09 01 f7": "reset",
    "ff": "reset",
    "f0 00 20 33 f7": "system exclusive, 5 bytes",
    "f8": "message f8",
    "90 3c": "message 90 3c",
    "": "",
}


@pytest.mark.parametrize("message", WORDS)
def test_a_message_in_words(message):
    assert message_words(bytes.fromhex(message)) == WORDS[message]


@given(st.binary(max_size=20))
def test_any_bytes_have_words(message):
    assert len(message_words(message)) < 60


CHANNEL, KEY, VALUE = st.integers(0, 3), st.integers(58, 64), st.integers(0, 127)
EVENTS = st.one_of(
    st.builds(NoteOn, st.just(0), CHANNEL, KEY, st.integers(1, 127)),
    st.builds(NoteOff, st.just(0), CHANNEL, KEY),
    st.builds(ControlChange, st.just(0), CHANNEL, st.sampled_from([1, 64, 120, 121, 123]), VALUE),
    st.sampled_from([Panic(0), SystemReset(0)]),
)


@settings(deadline=None)
@given(st.lists(EVENTS, max_size=40))
def test_keys_and_pedal_are_those_of_a_plain_model(events):
    down, keys, pedals = KeysDown(), set(), {}
    for event in events:
        down.follow([event])
        match event:
            case NoteOn(channel=channel, key=key):
                keys.add((channel, key))
            case NoteOff(channel=channel, key=key):
                keys.discard((channel, key))
            case ControlChange(channel=channel, controller=64, value=value):
                pedals[channel] = value
            case ControlChange(channel=channel, controller=121):
                pedals[channel] = 0
            case ControlChange(channel=channel, controller=120 | 123):
                keys = {place for place in keys if place[0] != channel}
            case Panic() | SystemReset():
                keys, pedals = set(), {}
        assert down.keys == tuple(sorted(128 * channel + key for channel, key in keys))
        assert down.sustain == max(pedals.values(), default=0)
