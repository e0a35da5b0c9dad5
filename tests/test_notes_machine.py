"""No stuck note, fixed memory: the note table against a simple model, under any sequence of events."""

from random import Random

import numpy as np
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from note_play import written

from neume.synth.conditioning import FEATURES
from neume.synth.events import (
    ControlChange,
    NoteOff,
    NoteOn,
    Panic,
    PitchBend,
    ProgramChange,
    SystemReset,
)
from neume.synth.notes import HELD, NoteTable
from neume.synth.voices import DRUM_PROGRAM, PROGRAMS, VoiceTable

EVERLASTING = {"keys": [0], "decay_db_per_s": [0.0], "release_db_per_s": [60.0], "tuning_semitones": [0.0]}
FADING = {**EVERLASTING, "decay_db_per_s": [30.0]}
VOICES = VoiceTable.from_anchors({**dict.fromkeys(range(PROGRAMS), EVERLASTING), DRUM_PROGRAM: FADING})
LONG_ENOUGH_FRAMES = 10 * 48_000

channels = st.sampled_from([0, 0, 0, 9])  # few, so that the events meet
keys = st.sampled_from([42, 46])
banks = st.sampled_from([0, 0, 0, 120, 121])
values = st.sampled_from([0, 63, 64, 127])
steps = st.integers(0, 40_000)


class Model:
    """Which melodic notes are held, and by what, written as a musician would say it."""

    def __init__(self):
        self.reset()

    def reset(self):
        self.notes = []  # [channel, key, key is down, caught by sostenuto]
        self.sustain, self.sostenuto, self.bank = {}, {}, {}
        self.drums = {9}

    def held(self):
        return sorted((channel, key) for channel, key, _, _ in self.notes)

    def note_on(self, channel, key):
        if channel not in self.drums:
            self.notes = [note for note in self.notes if note[:2] != [channel, key]]
            self.notes.append([channel, key, True, False])

    def keys_up(self, channel, which):
        for note in self.notes:
            if note[0] == channel and note[1] in which:
                note[2] = False
        self.let_go(channel)

    def let_go(self, channel):
        if not self.sustain.get(channel):
            self.notes = [note for note in self.notes if note[0] != channel or note[2] or note[3]]

    def pedal_sustain(self, channel, down):
        self.sustain[channel] = down
        self.let_go(channel)

    def pedal_sostenuto(self, channel, down):
        for note in self.notes:
            if note[0] == channel and down != bool(self.sostenuto.get(channel)):
                note[3] = down and note[2]
        self.sostenuto[channel] = down
        self.let_go(channel)

    def program(self, channel):
        bank = self.bank.get(channel, 0)
        drum = bank == 120 or (channel == 9 and bank != 121)
        (self.drums.add if drum else self.drums.discard)(channel)


class Playing(RuleBasedStateMachine):
    """Any events in any order. With few slots notes are given up, so only then the model may know of more."""

    @initialize(slots=st.sampled_from([64, 64, 3, 1]))
    def begin(self, slots):
        self.table = NoteTable(slots, VOICES)
        self.memory = self.table.slots
        self.model = Model()
        self.frame = 0
        self.given_up = False

    @rule(step=steps)
    def time_passes(self, step):
        self.frame += step
        self.table.retire(self.frame)

    @rule(channel=channels, key=keys, velocity=st.integers(1, 127))
    def key_down(self, channel, key, velocity):
        self.given_up |= self.table.sounding == len(self.table.slots)
        self.table.apply(NoteOn(self.frame, channel, key, velocity))
        self.model.note_on(channel, key)
        self.frame += 1
        slots = self.table.slots
        newest = slots["active"] & (slots["onset"] == self.frame - 1) & (slots["release"] == HELD)
        assert ((slots["channel"] == channel) & (slots["key"] == key) & newest).any()

    @rule(channel=channels, key=keys)
    def key_up(self, channel, key):
        self.table.apply(NoteOff(self.frame, channel, key))
        self.model.keys_up(channel, {key})

    @rule(channel=channels, value=values)
    def sustain(self, channel, value):
        self.table.apply(ControlChange(self.frame, channel, 64, value))
        self.model.pedal_sustain(channel, value >= 64)

    @rule(channel=channels, value=values)
    def sostenuto(self, channel, value):
        self.table.apply(ControlChange(self.frame, channel, 66, value))
        self.model.pedal_sostenuto(channel, value >= 64)

    @rule(channel=channels, number=st.sampled_from([121, 121, 121, 120, 123, 124, 125, 126, 127]))
    def channel_mode(self, channel, number):
        self.table.apply(ControlChange(self.frame, channel, number, 0))
        if number == 120:
            self.model.notes = [note for note in self.model.notes if note[0] != channel]
        elif number == 121:
            self.model.pedal_sustain(channel, False)
            self.model.pedal_sostenuto(channel, False)
        else:
            self.model.keys_up(channel, range(128))

    @rule(channel=channels, bank=banks, program=st.integers(0, 127))
    def choose_program(self, channel, bank, program):
        self.table.apply(ControlChange(self.frame, channel, 0, bank))
        self.table.apply(ProgramChange(self.frame, channel, program))
        self.model.bank[channel] = bank
        self.model.program(channel)

    @rule(
        channel=channels,
        number=st.integers(0, 127).filter(lambda n: n not in (0, 64, 66) and n < 120),
        value=st.integers(0, 127),
        bend=st.integers(-8192, 8191),
    )
    def other_controllers(self, channel, number, value, bend):
        self.table.apply(ControlChange(self.frame, channel, number, value))
        self.table.apply(PitchBend(self.frame, channel, bend))

    @rule(what=st.sampled_from([*["save"] * 8, "reset", "panic"]))
    def everything(self, what):
        if what == "reset":
            self.table.apply(SystemReset(self.frame))
            self.model.reset()
        elif what == "panic":
            self.table.apply(Panic(self.frame))
            assert self.table.sounding == 0
            self.model.notes, self.model.sustain, self.model.sostenuto = [], {}, {}
        else:
            state = self.table.state()
            self.table.reset()
            self.table.restore(state)

    @invariant()
    def what_is_held_is_what_the_model_holds(self):
        held = self.held()
        if self.given_up:
            assert set(held) <= set(self.model.held())
        else:
            assert held == self.model.held()

    @invariant()
    def memory_is_fixed(self):
        assert self.table.slots is self.memory

    @invariant()
    def the_conditioning_is_finite_and_in_range(self):
        out = written(self.table, (), self.frame, 1)[0][0]
        assert np.isfinite(out).all()
        rows = out[out[:, 0] == 1]
        assert len(rows) == self.table.sounding
        assert (rows[:, FEATURES.index("age_samples")] >= 1).all()
        released = rows[:, FEATURES.index("release_age_samples")]
        assert (released[released != -1] >= 1).all()

    def held(self):
        """Channel and key of every melodic note that is not released, sorted."""
        slots = self.table.slots
        held = slots[slots["active"] & (slots["release"] == HELD) & (slots["program"] != DRUM_PROGRAM)]
        return sorted(zip(held["channel"].tolist(), held["key"].tolist(), strict=True))

    def teardown(self):
        """Whatever was played: with all keys and pedals up, all notes are released and fade away."""
        if not hasattr(self, "table"):
            return
        for channel in range(16):
            for key in range(128):
                self.table.apply(NoteOff(self.frame, channel, key))
            for pedal in (64, 66):
                self.table.apply(ControlChange(self.frame, channel, pedal, 0))
        assert self.held() == []
        self.table.retire(self.frame + LONG_ENOUGH_FRAMES)
        assert self.table.sounding == 0


TestPlaying = Playing.TestCase
TestPlaying.settings = settings(max_examples=60, stateful_step_count=50, deadline=None)


@pytest.mark.parametrize("seed", range(4))
def test_a_long_performance(seed):
    """The same machine played for thousands of steps, mostly on keys and pedals: rare meetings happen."""
    random = Random(seed)
    playing = Playing()
    playing.begin(slots=64)
    for _ in range(3000):
        channel, key, value = random.choice((0, 0, 9)), random.choice((42, 46)), random.choice((0, 127))
        match random.choices(range(8), weights=(30, 30, 15, 15, 3, 3, 1, 20))[0]:
            case 0:
                playing.key_down(channel=channel, key=key, velocity=100)
            case 1:
                playing.key_up(channel=channel, key=key)
            case 2:
                playing.sustain(channel=channel, value=value)
            case 3:
                playing.sostenuto(channel=channel, value=value)
            case 4:
                playing.channel_mode(channel=channel, number=random.choice((120, 121, 121, 121, 123)))
            case 5:
                playing.choose_program(channel=channel, bank=random.choice((0, 0, 120, 121)), program=0)
            case 6:
                playing.everything(what=random.choice(("reset", "panic", "save")))
            case 7:
                playing.time_passes(step=random.randrange(20_000))
        playing.what_is_held_is_what_the_model_holds()
    assert not playing.given_up
    playing.teardown()
