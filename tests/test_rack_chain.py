"""The rack's chain: what its parts play, guests beside streams, inserts, racks changed while notes sound."""

from __future__ import annotations

import numpy as np
import pytest
from rack_rig import BLOCK, LOOKAHEAD, Rig

from neume.synth.arrangement import live_arrangement
from neume.synth.bundle import DEFAULT_BUNDLE, open_named
from neume.synth.chain import Chain
from neume.synth.events import ControlChange, NoteOff, NoteOn, Panic
from neume.synth.instruments.instrument import GuardedInstrument
from neume.synth.rack.part import Insert, Part, Rack, with_part
from neume.synth.stages import load_stages

PIANO = Rack("piano", (Part("piano", program=0),))
REVERB = Insert("reverb", {"mix": 1.0, "size_s": 2.0})


@pytest.fixture(scope="module")
def player():
    bundle = open_named(DEFAULT_BUNDLE)
    return bundle, load_stages(bundle)


class Clicks:
    """A guest that sounds one sample for each key, at the very sample."""

    name = "clicks"

    def prepare(self, rate_hz, block_samples):
        self.block_samples = block_samples

    def render(self, events, start_frame):
        out = np.zeros((self.block_samples, 2), np.float32)
        for event in events:
            if isinstance(event, NoteOn):
                if event.key == 13:
                    raise ValueError("thirteen")
                out[event.frame - start_frame] = 0.5
        return out

    def reset(self): ...

    def state(self): ...

    def restore(self, state): ...


@pytest.fixture
def clicks(monkeypatch):
    """Every plug-in is one that clicks."""
    monkeypatch.setattr("neume.synth.rack_loading.load_plugin", lambda group, name: Clicks)


def test_one_part_sounds_as_its_channel_does(player):
    events = (NoteOn(300, 0, 60, 90), NoteOn(2000, 0, 64, 70), NoteOff(9000, 0, 60))
    made = Rig(player, PIANO).play(40, *events)
    chain, plain, waiting = Chain(*player, live_arrangement(), steps=2), [], list(events)
    for _ in range(40):
        now = [event for event in waiting if event.frame < chain.frame + BLOCK]
        waiting = waiting[len(now) :]
        plain.append(chain.make_block(now))
    assert np.abs(made).max() > 1e-4
    np.testing.assert_allclose(made, np.concatenate(plain), atol=5e-6)


def test_a_guest_sounds_together_with_the_streams(player, clicks):
    rack = Rack("guest", (Part("guest", instrument="plugin:clicks", pan=-1.0),))
    made = Rig(player, rack).play(4, NoteOn(700, 3, 60, 90))
    assert list(np.flatnonzero(made[:, 0])) == [700 + LOOKAHEAD]
    assert made[700 + LOOKAHEAD].tolist() == [0.5, 0.0]


def test_a_failing_guest_is_silenced_and_named_and_the_rest_plays(player, clicks):
    parts = (Part("guest", instrument="plugin:clicks"), Part("piano", program=0))
    rig = Rig(player, Rack("two", parts))
    made = rig.play(20, NoteOn(100, 0, 13, 90), NoteOn(6000, 0, 60, 90))
    (fault,) = rig.chain.faults
    assert "'clicks' is silent from now on: ValueError: thirteen" in fault
    assert np.abs(made[6400:]).max() > 1e-4


def test_what_a_guest_may_not_give():
    class Wrong(Clicks):
        def render(self, events, start_frame):
            return self.given

    for given, told in (
        (np.zeros((3, 2), np.float32), "gave (3, 2), not (512, 2)"),
        (np.zeros((512, 2)), "gave float64, not float32"),
        (np.full((512, 2), np.nan, np.float32), "not finite"),
        ([0.0], "gave list"),
    ):
        guest = Wrong()
        guest.given = given
        guarded = GuardedInstrument(guest, 48_000, BLOCK)
        assert not guarded.render([], 0).any()
        assert told in guarded.fault


def test_an_instrument_that_is_not_there_leaves_its_part_silent(player):
    parts = (Part("gone", instrument="plugin:gone"), Part("piano", program=0))
    rig = Rig(player, Rack("gone", parts))
    (problem,) = rig.problems
    assert problem.startswith("part 1 is silent: there is no 'gone' in neume.instruments")
    assert np.abs(rig.play(20, NoteOn(100, 0, 60, 90))).max() > 1e-4


def test_a_held_note_sounds_on_while_the_rack_around_it_changes(player):
    rig = Rig(player, PIANO)
    before = rig.play(20, NoteOn(100, 0, 60, 90))
    rig.change(Rack("more", (*PIANO.parts, Part("strings", program=48, volume_db=-6.0))))
    after = rig.play(20)
    steady = np.abs(np.diff(before[4000:], axis=0)).max()
    assert np.abs(after[:2048]).max() > 1e-4
    assert np.abs(np.diff(after, axis=0)).max() < 3.0 * steady, "no click"
    rig.play(1, NoteOff(rig.chain.frame, 0, 60))
    rig.play(400)
    assert rig.chain.silent


@pytest.mark.parametrize("streams", [16, 2, 1])
def test_parts_that_change_streams_or_instruments_leave_no_note_behind(player, clicks, streams):
    four = Rack("four", tuple(Part(f"part {i}", program=i) for i in range(4)))
    rig = Rig(player, four, streams)
    rig.play(10, ControlChange(0, 0, 64, 127), NoteOn(100, 0, 60, 90))
    rig.change(with_part(four, 1, Part("guest", instrument="plugin:clicks")))
    rig.play(10, NoteOn(rig.chain.frame, 0, 64, 90))
    rig.change(PIANO)
    rig.play(10, NoteOff(rig.chain.frame, 0, 60), NoteOff(rig.chain.frame, 0, 64))
    rig.play(10, ControlChange(rig.chain.frame, 0, 64, 0))
    rig.play(600)
    assert rig.chain.silent
    assert sum(rig.chain.sounding) == 0


def test_mute_and_volume_come_without_a_click(player):
    rig = Rig(player, PIANO)
    loud = rig.play(30, NoteOn(100, 0, 60, 90))[8192:]
    rig.change(with_part(PIANO, 0, Part("piano", program=0, volume_db=-12.0)))
    quiet = rig.play(30)
    assert np.abs(np.diff(quiet, axis=0)).max() <= 1.5 * np.abs(np.diff(loud, axis=0)).max()
    ratio_db = 20 * np.log10(np.abs(quiet[4096:]).mean() / np.abs(loud).mean())
    assert -20.0 < ratio_db < -9.0, "12 dB, and what the note has decayed"


@pytest.mark.parametrize("place", ["part", "master"])
def test_inserts_ring_on_and_panic_ends_them(player, place):
    inserts = (REVERB,)
    rack = (
        Rack("wet", (Part("piano", program=0, inserts=inserts),))
        if place == "part"
        else Rack("wet", PIANO.parts, inserts=inserts)
    )
    rig = Rig(player, rack)
    rig.play(30, NoteOn(100, 0, 60, 110), NoteOff(9000, 0, 60))
    rig.play(40)
    assert np.abs(rig.play(2)).max() > 1e-5, "the reverb rings"
    rig.play(1, Panic(rig.chain.frame))
    rig.play(4)
    assert not rig.play(20).any()


def test_pan_of_part_and_channel_add_up(player):
    left = Rack("left", (Part("piano", program=0, pan=-0.5),))
    made = Rig(player, left).play(20, ControlChange(0, 0, 10, 0), NoteOn(100, 0, 60, 90))
    assert np.abs(made[:, 1]).max() < 1e-6 < np.abs(made[:, 0]).max()
