"""MPE as it is heard: the renderer's pitches, live as offline, plug-ins, and takes rendered again."""

from __future__ import annotations

import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from takes_rig import recipe
from test_mpe import PIANO, Playing, performances, racks, rpn
from tiny_songs import write_duet, write_loud_bundle

from neume.synth.bundle import open_bundle
from neume.synth.channels import member_channel
from neume.synth.events import (
    CHANNELS,
    ChannelPressure,
    ControlChange,
    NoteOff,
    NoteOn,
    PitchBend,
    PolyPressure,
    ProgramChange,
    SystemReset,
)
from neume.synth.instruments.instrument import GuardedInstrument
from neume.synth.instruments.members import KeyBend, MembersAtHome
from neume.synth.instruments.soundfont import SoundFontInstrument
from neume.synth.live import LiveRack
from neume.synth.live_settings import LiveSettings
from neume.synth.live_takes import LiveTakes
from neume.synth.part_activity import parts_activity
from neume.synth.rack.part import Part, Rack
from neume.synth.rack.router import Router
from neume.synth.rack_chain import RackChain
from neume.synth.rack_loading import RackLoader
from neume.synth.rack_rerender import chain_of
from neume.synth.renderer import StreamRenderer
from neume.synth.stages import load_stages
from neume.synth.takes import render_take
from neume.synth.takes.chase import Chase
from neume.synth.takes.recipe import parse_recipe, recipe_text

RATE_HZ, BLOCK = 48_000, 512
SAME_KEY = [
    NoteOn(100, 1, 60, 100),
    NoteOn(700, 2, 60, 100),
    PitchBend(2000, 1, 4096),
    ChannelPressure(2100, 2, 90),
    PitchBend(2500, 0, -8192),
    PitchBend(2600, 2, -700),
    NoteOn(3000, 3, 72, 100),
    NoteOff(9000, 1, 60),
    PitchBend(9500, 3, 512),
]
BLOCKS = 24


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    folder = tmp_path_factory.mktemp("bundles") / "tiny"
    write_loud_bundle(folder)
    bundle = open_bundle(folder)
    return bundle, load_stages(bundle)


def routed(events, *, mpe=True):
    """What a rack of one part makes of events, block by block, by stream."""
    router = Router(PIANO)
    if mpe:
        router.hear_mpe()
    blocks = [router.initial_events(0)]
    for block in range(BLOCKS):
        due = [event for event in events if block * BLOCK <= event.frame < (block + 1) * BLOCK]
        blocks.append(router.route(due))
    blocks[0:2] = [blocks[0] + blocks[1]]
    return blocks


# --- the renderer


def test_the_excitation_sounds_each_note_at_its_own_pitch(tiny):
    renderer = StreamRenderer(*tiny, 1, steps=0)
    for block in routed(SAME_KEY):
        renderer.render_block(block)
    slots = renderer.notes[0].slots
    pitches = {int(slot["channel"]): float(slot["pitch"] - slot["tuning"]) for slot in slots[slots["active"]]}
    assert pitches[member_channel(0, 2)] == pytest.approx(60 - 2 - 700 / 8192 * 48, abs=0.6)  # with vibrato
    assert pitches[member_channel(0, 3)] == pytest.approx(72 - 2 + 3, abs=1e-4)
    if member_channel(0, 1) in pitches:
        assert pitches[member_channel(0, 1)] == pytest.approx(60 - 2 + 24, abs=1e-4)


@pytest.mark.parametrize("steps", [0, 2])
def test_live_and_offline_are_the_same_samples(tiny, steps):
    live, offline = (StreamRenderer(*tiny, 1, steps=steps, seed=3) for _ in range(2))
    blocks = routed(SAME_KEY)
    heard = np.concatenate([live.render_block(block) for block in blocks], axis=1)
    whole = offline.render_blocks([event for block in blocks for event in block], BLOCKS)
    assert np.abs(heard).max() > 0.001
    assert np.array_equal(heard, whole)
    other = StreamRenderer(*tiny, 1, steps=steps, seed=3)
    plain = [event for block in routed(SAME_KEY, mpe=False) for event in block]
    assert not np.array_equal(other.render_blocks(plain, BLOCKS), whole), "MPE is heard"


def test_vibrato_is_the_same_live_and_offline(tiny):
    """Pitches that no short number holds, at the borders of blocks too."""
    events = [NoteOn(100, 0, 60, 100), ControlChange(900, 0, 1, 77), PolyPressure(2100, 0, 60, 31)]
    live, offline = (StreamRenderer(*tiny, 1, steps=0) for _ in range(2))
    blocks = [[(0, event) for event in events if event.frame // BLOCK == block] for block in range(BLOCKS)]
    heard = np.concatenate([live.render_block(block) for block in blocks], axis=1)
    assert np.array_equal(heard, offline.render_blocks([(0, event) for event in events], BLOCKS))


def test_a_renderer_goes_on_from_a_state_with_members(tiny):
    blocks = routed(SAME_KEY)
    one, other = (StreamRenderer(*tiny, 1, steps=0) for _ in range(2))
    for block in blocks[: BLOCKS // 2]:
        one.render_block(block)
    other.restore(one.state())
    for block in blocks[BLOCKS // 2 :]:
        assert np.array_equal(one.render_block(block), other.render_block(block))


# --- plug-ins


class Recorder:
    """A plug-in that knows nothing of MPE, and which keys it holds."""

    name = "Recorder"

    def __init__(self):
        self.heard, self.held = [], set()

    def prepare(self, rate_hz, block_samples):
        self._silence = np.zeros((block_samples, 2), np.float32)

    def render(self, events, start_frame):
        for event in events:
            self.heard.append(event)
            match event:
                case NoteOn():
                    self.held.add((event.channel, event.key))
                case NoteOff():
                    self.held.discard((event.channel, event.key))
                case ControlChange(controller=120 | 123) | SystemReset():
                    self.held.clear()
        return self._silence

    def reset(self):
        self.held.clear()

    def state(self): ...

    def restore(self, state): ...


@settings(max_examples=100, deadline=None)
@given(racks, performances)
def test_a_plug_in_that_knows_no_mpe_hears_plain_notes_that_end(rack, events):
    recorder, playing = Recorder(), Playing(rack)
    guest = GuardedInstrument(recorder, RATE_HZ, BLOCK)
    up = [NoteOff(1, channel, key) for channel in range(CHANNELS) for key in (60, 67)]
    for batch in (events, up):
        guest.render([event for part, event in playing.router.route(batch) if part == 0], 0)
    assert guest.fault is None
    assert all(not isinstance(event, KeyBend) and event.channel == 0 for event in recorder.heard)
    assert not recorder.held


def test_what_a_plug_in_hears_of_a_zone():
    one, other = member_channel(0, 1), member_channel(0, 2)
    events = [
        NoteOn(0, one, 60, 90),
        PitchBend(1, one, 1024),
        NoteOn(2, other, 60, 80),
        ChannelPressure(3, one, 70),
        NoteOff(4, one, 60),
        NoteOff(5, other, 60),
        NoteOn(6, 0, 60, 70),
    ]
    plain = [NoteOn(0, 0, 60, 90), NoteOn(2, 0, 60, 80), PolyPressure(3, 0, 60, 70), NoteOff(5, 0, 60)]
    plain += events[-1:]
    assert list(MembersAtHome(bends_keys=False).heard(events)) == plain
    assert list(MembersAtHome(bends_keys=True).heard(events)) == [
        plain[0],
        KeyBend(1, 0, 60, 6.0),
        KeyBend(2, 0, 60, 0.0),
        *plain[1:],
    ]
    ordinary = events[-1:]
    assert MembersAtHome(bends_keys=True).heard(ordinary) is ordinary


def test_a_soundfont_bends_each_note_by_itself():
    pytest.importorskip("fluidsynth", exc_type=ImportError)
    guest = GuardedInstrument(SoundFontInstrument(), RATE_HZ, BLOCK)
    note, frame = member_channel(0, 3), 0

    def hz(*events):
        """The lowest strong partial half a second after these."""
        nonlocal frame
        blocks = []
        for block in range(60):
            blocks.append(guest.render(events if block == 0 else (), frame))
            frame += BLOCK
        heard = np.concatenate(blocks)[-16_384:, 0]
        spectrum = np.abs(np.fft.rfft(heard * np.hanning(len(heard)), 2**18))
        return spectrum.argmax() * RATE_HZ / 2**18

    flute = hz(ProgramChange(0, 0, 73), NoteOn(0, note, 69, 100))
    assert flute == pytest.approx(440, rel=0.01)
    assert hz(PitchBend(0, note, 2048)) == pytest.approx(880, rel=0.01), "an octave, of 48 semitones"
    assert hz(PitchBend(0, 0, 8191)) == pytest.approx(880 * 2 ** (2 / 12), rel=0.01)
    assert hz(PitchBend(0, 0, 0), NoteOff(0, note, 69), NoteOn(0, 0, 69, 100)) == pytest.approx(440, rel=0.01)
    assert guest.fault is None
    guest.close()


# --- takes


def test_a_recipe_tells_whether_mpe_was_heard():
    for mpe in (False, True):
        used = recipe(mpe=mpe)
        assert parse_recipe(recipe_text(used)) == used
    earlier = recipe_text(recipe()).replace(',"mpe":0', "")
    assert parse_recipe(earlier) == recipe(), "takes of before know of none"


def concert():
    """Zones and ranges set long before, two phrases with bends and pressures, and a silence between them."""
    events = [replace(event, frame=50) for event in (*rpn(15, 6, 4), *rpn(13, 0, 12))]
    for begin in (5 * BLOCK + 33, 300 * BLOCK + 77):
        for member, key in ((1, 60), (2, 60), (13, 72)):
            events += [PitchBend(begin, member, 100 * member), NoteOn(begin + member, member, key, 110)]
            events += [PitchBend(begin + 400 * step, member, 30 * step * member) for step in range(1, 20)]
            events += [ChannelPressure(begin + 3000, member, 80), NoteOff(begin + 9000, member, key)]
        events += [PitchBend(begin + 5000, 0, 4000), PitchBend(begin + 9500, 0, 0)]
    return sorted(events, key=lambda event: event.frame)


@pytest.mark.parametrize("begin", [0, 20, 250])
def test_a_take_rendered_again_is_the_same_samples(tiny, tmp_path, begin):
    """Begun at once, amid the first phrase, or in the silence after it, when all has been said."""
    bundle, stages = tiny
    rack = Rack("zones", (Part("low", channels=frozenset({0})), Part("high", channels=frozenset({15}))))
    ready, _ = RackLoader(bundle, stages, 2, seed=5).ready(rack)
    chain = RackChain(ready, steps=2)
    chain.router.hear_mpe()
    takes = LiveTakes(chain, remembers=False)
    events = concert()
    for block in range(360):
        if block == begin:
            takes.start(tmp_path / "gig.wav", frame=block * BLOCK)
        due = [event for event in events if event.frame // BLOCK == block]
        takes.heard(due)
        takes.feed.put(chain.make_block(due))
    finished = takes.stop()
    takes.close()
    assert (finished.problem, finished.recipe.mpe, finished.recipe.exact) == (None, True, True)
    live, _ = soundfile.read(finished.audio, dtype="float32")
    assert np.abs(live[-50 * BLOCK :]).max() > 0.001
    make_chain = chain_of(finished.midi, finished.recipe)
    again = np.concatenate(list(render_take(finished.midi, bundle.folder, make_chain=make_chain)))
    assert again.shape == live.shape
    assert np.abs(again - live).max() <= 2.0**-23, "to the last of 24 bits"


def test_zones_and_ranges_are_what_a_take_begins_with():
    """The events that a take is opened with set zones, ranges and touches as they were."""
    events = [*rpn(15, 6, 4), *rpn(12, 0, 24), *rpn(0, 0, 7, 50), PitchBend(0, 12, 3000)]
    events += [ChannelPressure(0, 3, 44), ControlChange(0, 13, 74, 9), PitchBend(0, 2, -5)]
    played, chased, chase = Playing(), Playing(), Chase()
    for event in events:
        chase.follow(event)
    played.hear(*events)
    chased.hear(*chase.controllers(0))
    state, again = played.router.state().mpe, chased.router.state().mpe
    assert (again.zones, again.touches) == (state.zones, state.touches)
    notes = [NoteOn(1, channel, 60, 90) for channel in range(CHANNELS)]
    assert played.router.route(notes) == chased.router.route(notes)


def test_the_notes_of_members_are_their_parts(tiny):
    """What a panel shows for a part, whose note table has them on channels of their own."""
    ready, _ = RackLoader(*tiny, 2).ready(Rack("two", (Part("a"), Part("b", channels=frozenset({5})))))
    chain = RackChain(ready, steps=0)
    chain.router.hear_mpe()
    chain.make_block([*rpn(0, 6, 4), NoteOn(0, 1, 60, 90), NoteOn(0, 2, 60, 90), NoteOn(0, 5, 67, 90)])
    told = parts_activity(chain.rack, chain.seats, chain.meters, ())
    assert [part.notes for part in told] == [3, 1]


# --- the switch


@pytest.mark.parametrize("mpe", [False, True])
def test_the_switch_reaches_router_and_takes(monkeypatch, mpe):
    monkeypatch.setenv("JACK_DEFAULT_SERVER", "neume-none")
    monkeypatch.setenv("JACK_NO_START_SERVER", "1")
    live = LiveRack(PIANO, LiveSettings(needs_device=False, streams=1, mpe=mpe), print)
    try:
        live.start()
        live.keys.press(time.monotonic_ns(), bytes.fromhex("93 3c 64"))
        until = time.monotonic() + 10
        while not sum(live.snapshot().sounding) and time.monotonic() < until:
            time.sleep(0.02)
        slots = live.chain.renderer.notes[0].slots
        assert slots["channel"][slots["active"]].tolist() == [member_channel(0, 3) if mpe else 0]
        assert live.takes._history.recipe.mpe == mpe
    finally:
        live.stop()


def test_a_file_needs_a_rack_for_mpe(tmp_path):
    write_duet(tmp_path / "duet.mid")
    neume = str(Path(sys.executable).parent / "neume")
    done = subprocess.run(
        [neume, "play", "duet.mid", "--mpe"], capture_output=True, text=True, timeout=30, cwd=tmp_path
    )
    assert done.returncode == 2
    assert done.stderr.startswith("neume: --mpe is heard by a rack")
