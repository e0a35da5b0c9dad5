"""No stuck notes: whatever is pressed, left and lost, every NoteOn gets its NoteOff."""

from __future__ import annotations

import panel_rig  # noqa: F401 (first: it chooses the offscreen platform)

# isort: split
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from neume.synth.control.commands import ControlChange, NoteOff, NoteOn, PitchBend
from neume.ui.keys.hands import Hands

sources = st.sampled_from(("mouse", "finger 1", "finger 2", "z", "x"))
keys = st.one_of(st.none(), st.integers(57, 62), st.integers(125, 135))
velocities = st.integers(1, 127)


class Instrument:
    """What an engine makes of the commands: which notes sound, pedals and bends of each channel."""

    def __init__(self):
        self.sounding, self.controllers, self.bends = set(), {}, {}

    def play(self, command):
        match command:
            case NoteOn():
                note = (command.channel, command.key)
                assert note not in self.sounding, "struck twice"
                self.sounding.add(note)
            case NoteOff():
                self.sounding.remove((command.channel, command.key))
            case ControlChange():
                self.controllers[command.channel, command.controller] = command.value
            case PitchBend():
                self.bends[command.channel] = command.value


class Playing(RuleBasedStateMachine):
    def __init__(self):
        super().__init__()
        self.instrument = Instrument()
        self.hands = Hands(self.instrument.play)
        self.shown = set()
        self.hands.on_key = self.show

    def show(self, key):
        (self.shown.add if key in self.hands.keys else self.shown.discard)(key)

    @rule(source=sources, key=keys, velocity=velocities)
    def press(self, source, key, velocity):
        self.hands.press(source, key, velocity)

    @rule(source=sources, key=keys, velocity=velocities)
    def slide(self, source, key, velocity):
        self.hands.slide(source, key, velocity)

    @rule(source=sources)
    def release(self, source):
        self.hands.release(source)

    @rule(source=sources, down=st.booleans())
    def pedal(self, source, down):
        (self.hands.press_pedal if down else self.hands.release_pedal)(source)

    @rule(value=st.integers(-8192, 8191))
    def bend(self, value):
        self.hands.bend(value)

    @rule(value=st.integers(0, 127))
    def modulate(self, value):
        self.hands.modulate(value)

    @rule(channel=st.integers(0, 15))
    def choose_channel(self, channel):
        self.hands.choose_channel(channel)

    @rule()
    def change_octave(self):
        self.hands.release_keys()
        assert not self.instrument.sounding

    @rule()
    def leave(self):
        self.hands.release_all()
        assert not self.hands.busy
        assert not self.instrument.sounding
        assert all(not value for (_, number), value in self.instrument.controllers.items() if number == 64)
        assert not any(self.instrument.bends.values())

    @invariant()
    def what_sounds_is_what_is_held(self):
        assert self.instrument.sounding == {(self.hands.channel, key) for key in self.hands.keys}
        assert self.shown == set(self.hands.keys)

    @invariant()
    def nothing_stays_on_other_channels(self):
        others = [value for (channel, _), value in self.controllers if channel != self.hands.channel]
        assert not any(others)

    @property
    def controllers(self):
        return self.instrument.controllers.items()

    def teardown(self):
        self.hands.release_all()
        assert not self.instrument.sounding


TestPlaying = Playing.TestCase
