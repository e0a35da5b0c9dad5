"""What tests of the transport share: songs of random events, and a rack's ear that follows what is held."""

from __future__ import annotations

from hypothesis import strategies as st

from neume.synth.events import (
    ControlChange,
    NoteOff,
    NoteOn,
    Panic,
    PitchBend,
    ProgramChange,
    SystemReset,
)
from neume.synth.midi_file import Performance
from neume.synth.rack.part import Part, Rack
from neume.synth.rack.router import Router
from neume.synth.transport.song import packed

RATE_HZ = 48_000
BLOCK = 512
LENGTH = 24 * BLOCK + 77
PEDALS = (64, 66, 67)

frames = st.integers(0, LENGTH + 300)  # events beyond the end are in files too
channels = st.sampled_from([0, 1, 9])
keys = st.integers(60, 63)
presses = st.builds(NoteOn, frames, channels, keys, st.integers(1, 127))
releases = st.builds(NoteOff, frames, channels, keys)
numbers = st.sampled_from([7, 10, 64, 66, 67, 0, 32, 98, 99, 100, 101, 6, 38, 120, 121, 123])
controls = st.builds(ControlChange, frames, channels, numbers, st.sampled_from([0, 2, 64, 127]))
programs = st.builds(ProgramChange, frames, channels, st.integers(0, 127))
bends = st.builds(PitchBend, frames, channels, st.sampled_from([-8192, 0, 77, 8191]))
happenings = st.one_of(presses, presses, releases, controls, controls, programs, bends)


def performance(events, length=LENGTH):
    ordered = tuple(sorted(events, key=lambda event: event.frame))
    return Performance(ordered, length, ("",), (), "song.mid")


def song(*events, length=LENGTH):
    return packed(performance(events, length))


songs = st.lists(happenings, max_size=60).map(lambda events: song(*events))


class Ear:
    """What a keyboard of sixteen channels knows: keys down, pedals, bends. Events must come in order."""

    def __init__(self):
        self.keys, self.pedals, self.bends = set(), {}, {}

    def hear(self, events):
        for event in events:
            match event:
                case NoteOn():
                    self.keys.add((event.channel, event.key))
                case NoteOff():
                    self.keys.discard((event.channel, event.key))
                case ControlChange(controller=120 | 123 | 124 | 125 | 126 | 127):
                    self.keys = {key for key in self.keys if key[0] != event.channel}
                case ControlChange(controller=121):
                    self.bends.pop(event.channel, None)
                    for pedal in PEDALS:
                        self.pedals.pop((event.channel, pedal), None)
                case ControlChange(controller=controller) if controller in PEDALS:
                    self._note(self.pedals, (event.channel, controller), event.value)
                case PitchBend():
                    self._note(self.bends, event.channel, event.value)
                case SystemReset() | Panic():
                    self.__init__()

    @property
    def holds_nothing(self):
        return not (self.keys or self.pedals or self.bends)

    @staticmethod
    def _note(values, place, value):
        values.pop(place, None)
        if value:
            values[place] = value


def standing(events):
    """How a rack that follows programs stands after these events: what each of its parts would be told."""
    router = Router(Rack("all", tuple(Part("", channels=frozenset((n,))) for n in range(16))))
    router.route(events)
    state = router.state().memory
    said = {place: value for place, value in state.said.items() if place[1] not in (*PEDALS, 128, 129)}
    addressed = {channel: at for channel, at in state.addresses.items() if at[1:] != (127, 127)}
    return {place: value for place, value in said.items() if value != default(place[1])}, addressed


def default(controller):
    from neume.synth.rack.standing import DEFAULTS

    return DEFAULTS.get(controller, 0)
