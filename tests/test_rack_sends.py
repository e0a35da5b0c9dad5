"""CC91 and CC93 through a rack: how much of each part goes into its reverbs and choruses."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import soundfile
from effect_rig import roughness
from hypothesis import given, settings
from hypothesis import strategies as st
from rack_rig import BLOCK, Rig, opened, peak, write_named

from neume.synth.channels import NEUTRAL_SEND, Channels, member_channel
from neume.synth.effects.sends import SENDS, Sends
from neume.synth.events import ControlChange, MidiEvent, NoteOff, NoteOn, SystemReset
from neume.synth.live_takes import LiveTakes
from neume.synth.mixer import Strip
from neume.synth.rack.part import Insert, Part, Rack
from neume.synth.rack_mixer import GuestBlock, RackMixer, RowLevels
from neume.synth.rack_rerender import chain_of
from neume.synth.takes import render_take

RATE_HZ = 48_000
REVERB, CHORUS = 91, 93
ROWS, SAMPLES = 3, 600
GAINS = np.array([[0.3, 0.1], [0.2, 0.2], [0.0, 0.4]], np.float32)


# --- a channel


def test_a_channel_sends_as_much_as_ever_until_it_says_otherwise() -> None:
    channels = Channels()
    assert channels[3].send_depths == (1.0, 1.0)
    channels[3].control(REVERB, 80)
    channels[3].control(CHORUS, 0)
    assert channels[3].send_depths == (2.0, 0.0)
    channels[member_channel(3, 5)].control(REVERB, 1)
    assert channels[member_channel(3, 5)].send_depths == (2.0, 0.0), "a member sends as its home does"
    channels[3].control(121, 0)
    assert channels[3].send_depths == (2.0, 0.0), "RP-015 leaves them alone"
    channels.reset()
    assert channels[3].send_depths == (1.0, 1.0)


# --- the mixer


class Spy:
    """Inserts that note what they are sent; they turn the sound round, so that being passed is seen."""

    tail_s = 0.0

    def __init__(self) -> None:
        self.passed: list[np.ndarray] = []
        self.sent: list[dict[str, np.ndarray] | None] = []

    def process(self, audio: np.ndarray, sends: Sends | None = None) -> np.ndarray:
        self.passed.append(audio.copy())
        self.sent.append(None if sends is None else {key: send.of(audio) for key, send in sends.items()})
        return -audio

    def reset(self) -> None: ...

    def heard(self, effect_id: str) -> np.ndarray:
        """What an effect of that id would have made its wet sound of."""
        blocks = zip(self.passed, self.sent, strict=True)
        return np.concatenate([passed if sent is None else sent[effect_id] for passed, sent in blocks])


def levels(depths: np.ndarray) -> RowLevels:
    return RowLevels(GAINS, depths, depths.min(axis=0))


def mixed(blocks: int, depths, guest_depths=(1.0, 1.0), inserts=False, cut=SAMPLES) -> tuple[RackMixer, Spy]:
    """`blocks` of noise through a mixer: three streams and a guest, from neutral depths to these."""
    mixer, master = RackMixer(ROWS, RATE_HZ), Spy()
    mixer.master_inserts = master
    if inserts:
        mixer.inserts, mixer.guest_inserts = {1: Spy()}, {5: Spy()}
    mixer.mix(np.zeros((ROWS, 1), np.float32), levels(np.ones((ROWS, 2), np.float32)), {}, 0.5)
    master.passed, master.sent = [], []
    for number in range(blocks):
        audio, guest = sources(number)
        asked = np.asarray(depths, np.float32)
        for begin in range(0, SAMPLES, cut):
            block = GuestBlock(guest[begin : begin + cut], Strip(), np.array(guest_depths, np.float32))
            mixer.mix(audio[:, begin : begin + cut], levels(asked), {5: block}, 0.5)
    return mixer, master


def sources(number: int) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(number)
    audio = 0.1 * random.standard_normal((ROWS, SAMPLES)).astype(np.float32)
    return audio, 0.1 * random.standard_normal((SAMPLES, 2)).astype(np.float32)


@pytest.mark.parametrize("inserts", [False, True])
def test_while_all_is_neutral_nothing_is_sent_apart(inserts) -> None:
    mixer, master = mixed(3, np.ones((ROWS, 2)), inserts=inserts)
    assert master.sent == [None] * 3
    if inserts:
        assert set(mixer.inserts[1].sent) == set(mixer.guest_inserts[5].sent) == {None}


DEPTHS = st.integers(0, 127).map(lambda value: value / NEUTRAL_SEND)


@settings(deadline=None, max_examples=25)
@given(
    st.lists(st.tuples(DEPTHS, DEPTHS), min_size=ROWS, max_size=ROWS),
    st.tuples(DEPTHS, DEPTHS),
    st.booleans(),
    st.sampled_from([7, 128, 599, 600]),
)
def test_each_part_goes_in_as_deep_as_it_asks(depths, guest_depths, inserts, cut) -> None:
    """Whatever the length of the blocks, once the depths stand: after the first block, they have arrived."""
    _, master = mixed(2, np.array(depths), guest_depths, inserts, cut)
    audio, guest = sources(1)
    turned = [1, -1 if inserts else 1, 1]
    for column, effect_id in enumerate(SENDS):
        wanted = (-1 if inserts else 1) * guest_depths[column] * guest
        for row in range(ROWS):
            wanted = wanted + turned[row] * depths[row][column] * audio[row][:, None] * GAINS[row]
        np.testing.assert_allclose(master.heard(effect_id)[-SAMPLES:], 0.5 * wanted, atol=2e-6)


def test_own_inserts_get_what_their_part_sends() -> None:
    depths = np.array([[1.0, 1.0], [0.5, 3.0], [1.0, 1.0]])
    mixer, _ = mixed(2, depths, (0.0, 2.0), inserts=True)
    own, guest = mixer.inserts[1], mixer.guest_inserts[5]
    passed = np.concatenate(own.passed)[-SAMPLES:]
    np.testing.assert_allclose(own.heard("reverb")[-SAMPLES:], 0.5 * passed, rtol=1e-6)
    np.testing.assert_allclose(own.heard("chorus")[-SAMPLES:], 3.0 * passed, rtol=1e-6)
    assert not guest.heard("reverb")[-SAMPLES:].any()
    np.testing.assert_allclose(guest.heard("chorus")[-SAMPLES:], 2.0 * guest.passed[-1], rtol=1e-6)


def test_who_sends_nothing_leaves_nothing_whatever_stands_before_the_effect() -> None:
    """The effects before a reverb may have made anything of the mix: a dry part is not in what it gets."""
    mixer, seen = RackMixer(ROWS, RATE_HZ), []

    class Scrambled(Spy):
        def process(self, audio, sends=None):
            seen.append(sends["reverb"].of(np.full_like(audio, 7.0)))
            return audio

    mixer.master_inserts = Scrambled()
    audio = np.zeros((ROWS, SAMPLES), np.float32)
    audio[1] = 0.5
    dry_middle = np.array([[1.0, 1.0], [0.0, 1.0], [2.0, 1.0]], np.float32)
    for _ in range(2):
        mixer.mix(audio, levels(dry_middle), {}, 1.0)
    assert not seen[-1].any()


@pytest.mark.parametrize("inserts", [False, True])
def test_a_depth_that_moves_makes_no_step(inserts) -> None:
    """On steady sound, what is sent runs in lines from the old depth to the new one, and back again."""
    steps = [1.0, 3.0, 3.0, 0.0, 1.0, 1.0]
    mixer, master = RackMixer(ROWS, RATE_HZ), Spy()
    mixer.master_inserts = master
    mixer.inserts = {1: Spy()} if inserts else {}
    audio = np.full((ROWS, SAMPLES), 0.2, np.float32)
    guest = np.full((SAMPLES, 2), 0.1, np.float32)
    for depth in [1.0, *steps]:
        depths = np.ones((ROWS, 2), np.float32)
        depths[1] = depth
        block = GuestBlock(guest, Strip(), np.array([depth, 1.0], np.float32))
        mixer.mix(audio, levels(depths), {5: block}, 1.0)
    assert master.sent[0] is None
    assert master.sent[-1] is None, "neutral again"
    for effect_id in SENDS:
        heard = master.heard(effect_id)[SAMPLES:]
        assert np.abs(np.diff(heard, axis=0)).max() < 1.5 * 3.0 * 0.3 / SAMPLES


# --- a rack


WET = (Insert("reverb", {"mix": 1.0, "size_s": 0.2}),)
ONE = Rack("one", (Part("a", channels=frozenset({0})),), inserts=WET)
TWO = Rack(
    "two",
    (
        Part("a", channels=frozenset({0}), inserts=(Insert("chorus", {"mix": 0.6}),)),
        Part("b", channels=frozenset({1}), pan=0.4),
    ),
    inserts=(Insert("chorus"), Insert("reverb", {"size_s": 0.5})),
)
NOTES = [NoteOn(600, 0, 60, 100), NoteOn(900, 1, 64, 100), NoteOff(9_000, 0, 60)]


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    return opened(write_named(tmp_path_factory.mktemp("bundles"), "home"))


def told(value: int, frame: int = 0, channels=(0, 1)) -> list[MidiEvent]:
    return [ControlChange(frame, channel, number, value) for channel in channels for number in (91, 93)]


@pytest.mark.parametrize("rack", [ONE, TWO])
def test_the_neutral_value_changes_not_a_bit(home, rack) -> None:
    plain = Rig(home, rack).play(30, *NOTES)
    assert peak(plain) > 0.01
    assert np.array_equal(Rig(home, rack).play(30, *told(NEUTRAL_SEND), *NOTES), plain)


def test_a_reset_makes_it_neutral_again(home) -> None:
    plain = Rig(home, TWO).play(30, SystemReset(0), *NOTES)
    assert np.array_equal(Rig(home, TWO).play(30, *told(127), SystemReset(0), *NOTES), plain)


def test_nothing_sent_into_an_all_wet_reverb_is_silence(home) -> None:
    assert not Rig(home, ONE).play(30, *told(0), *NOTES).any()
    assert peak(Rig(home, ONE).play(30, *told(10), *NOTES)) > 0.0


def test_more_sent_is_louder_by_as_much(home) -> None:
    quiet, loud = (Rig(home, ONE).play(30, *told(value), *NOTES) for value in (10, 20))
    np.testing.assert_allclose(2 * quiet, loud, atol=1e-6)


def test_parts_on_one_stream_send_their_mean(home) -> None:
    parts = tuple(Part(str(channel), channels=frozenset({channel})) for channel in (0, 1))
    rack = Rack("merged", parts, inserts=WET)
    apart = [*told(20, channels=[0]), *told(60, channels=[1])]
    merged = Rig(home, rack, streams=1).play(30, *apart, *NOTES)
    np.testing.assert_allclose(merged, Rig(home, rack, streams=1).play(30, *NOTES), atol=1e-6)


def test_what_rings_on_of_a_part_that_is_gone_sends_what_it_did(home) -> None:
    """And its part, should it come back, is asked anew."""
    rig = Rig(home, Rack("two", (*ONE.parts, Part("b", channels=frozenset({1}))), inserts=WET))
    rig.play(8, *told(0), NoteOn(600, 1, 64, 100))
    rig.change(ONE)
    assert not rig.play(4).any()


def test_turning_it_does_not_click(home) -> None:
    """Thrown to and fro every few blocks: no rougher than at the same sound's ends."""
    moves = [event for block in range(4, 40, 3) for event in told(127 * (block % 2), block * BLOCK + 100)]
    for rack in (ONE, TWO):
        still, loud = Rig(home, rack).play(40, *NOTES), Rig(home, rack).play(40, *told(127), *NOTES)
        moved = Rig(home, rack).play(40, *moves, *NOTES)
        assert roughness(moved) < 1.5 * max(roughness(still), roughness(loud))


class Steady:
    """A guest that sounds always."""

    name = "steady"

    def prepare(self, rate_hz, block_samples):
        self.block = np.full((block_samples, 2), 0.25, np.float32)

    def render(self, events, start_frame):
        return self.block

    def reset(self): ...

    def state(self): ...

    def restore(self, state): ...


def test_a_guest_sends_what_its_part_asks_for(home, monkeypatch) -> None:
    monkeypatch.setattr("neume.synth.rack_loading.load_plugin", lambda group, name: Steady)
    guest = replace(ONE.parts[0], instrument="plugin:steady")
    for rack in (replace(ONE, parts=(guest,)), Rack("own", (replace(guest, inserts=WET),))):
        heard = Rig(home, rack).play(8)
        assert heard.any()
        assert not Rig(home, rack).play(8, *told(0)).any()
        np.testing.assert_allclose(Rig(home, rack).play(8, *told(20)), heard / 2, atol=1e-6)


def test_a_part_that_has_another_instrument_now_sends_as_before(home, monkeypatch) -> None:
    monkeypatch.setattr("neume.synth.rack_loading.load_plugin", lambda group, name: Steady)
    rig = Rig(home, ONE)
    rig.play(2, *told(0))
    rig.change(replace(ONE, parts=(replace(ONE.parts[0], instrument="plugin:steady"),)))
    assert not rig.play(8).any()


@pytest.mark.parametrize("begin", [0, 20])
def test_a_take_rendered_again_is_the_same_samples(home, tmp_path, begin) -> None:
    """With sends that stood before the take began, and move in it."""
    bundle, _ = home
    rig = Rig(home, TWO, streams=2)
    takes = LiveTakes(rig.chain, remembers=False)
    events = [*told(100), *NOTES, *told(5, 30_000, [0]), *told(NEUTRAL_SEND, 40_000), *told(70, 50_000, [1])]
    for block in range(150):
        if block == begin:
            takes.start(tmp_path / "gig.wav", frame=block * BLOCK)
        due = [event for event in events if event.frame // BLOCK == block]
        takes.heard(due)
        takes.feed.put(rig.chain.make_block(due))
    finished = takes.stop()
    takes.close()
    live, _ = soundfile.read(finished.audio, dtype="float32")
    assert peak(live) > 0.01
    make_chain = chain_of(finished.midi, finished.recipe)
    again = np.concatenate(list(render_take(finished.midi, bundle.folder, make_chain=make_chain)))
    assert np.abs(again - live).max() <= 2.0**-23, "to the last of 24 bits"
