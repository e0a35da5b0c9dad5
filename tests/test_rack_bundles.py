"""Several bundles in one rack: side by side, within the streams that there are, kept while needed."""

from __future__ import annotations

import shutil
from dataclasses import replace

import numpy as np
import pytest
from rack_rig import Rig, manifest_of, opened, peak, write_named

from neume.synth.bundle import manifest_text
from neume.synth.events import ControlChange, NoteOff, NoteOn, Panic
from neume.synth.manifest import Sampling
from neume.synth.rack.part import Part, Rack
from neume.synth.rack_sections import matched_steps
from neume.synth.shedding import Load

FIRST, SECOND = frozenset([0]), frozenset([1])
HERE, THERE = Part("here", program=0, channels=FIRST), Part("there", program=0, channels=SECOND)
OTHER = replace(THERE, instrument="other", pan=0.5)
BOTH = Rack("both", (HERE, OTHER))
LOW = (NoteOn(300, 0, 48, 90), ControlChange(3000, 0, 10, 20), NoteOff(9000, 0, 48))
HIGH = (NoteOn(900, 1, 72, 90), ControlChange(2000, 1, 64, 127), NoteOff(9000, 1, 72))


@pytest.fixture
def root(tmp_path, monkeypatch):
    """Where bundles are installed: the default one, and one that parts name."""
    monkeypatch.setenv("NEUME_BUNDLES", str(tmp_path))
    write_named(tmp_path, "home")
    write_named(tmp_path, "other")
    return tmp_path


@pytest.fixture
def home(root):
    return opened(root / "home")


# --- side by side


def test_two_bundles_play_as_each_does_alone(root, home):
    """Notes, controllers, pedals, noise and gains: the same samples but for the rounding of their sum."""
    together = Rig(home, BOTH).play(60, *LOW, *HIGH)
    alone = Rack("both", (HERE, replace(OTHER, instrument="")))
    low = Rig(home, alone).play(60, *LOW)
    high = Rig(opened(root / "other"), alone).play(60, *HIGH)
    assert min(peak(low), peak(high)) > 0.01
    np.testing.assert_allclose(together, low + high, atol=2e-6)


def test_no_two_bundles_draw_the_same_noise(home):
    """Streams are numbered through all bundles, so the same note on both is not the same sound twice."""
    rig = Rig(home, BOTH)
    assert rig.chain.arrangement.stream_of[:2] == (0, 1)
    same = Rack("both", (HERE, replace(THERE, instrument="other")))
    loud = Rig(home, same).play(40, NoteOn(300, 0, 48, 90), NoteOn(300, 1, 48, 90))
    once = Rig(home, same).play(40, NoteOn(300, 0, 48, 90))
    assert peak(loud - 2 * once) > 0.01


def test_the_default_bundle_may_be_named(home):
    named = Rack("named", (HERE, replace(THERE, instrument="home", bundle_version="0.1.0")))
    first, second = Rig(home, named).loader.ready(named)[0].sections
    assert first is second


def test_a_bundle_of_other_blocks_plays_along(root, home):
    write_named(root, "longer", block_hops=4)
    rack = Rack("both", (HERE, replace(OTHER, instrument="longer")))
    rig = Rig(home, rack)
    assert rig.problems == ()
    assert peak(rig.play(20, *HIGH)) > 0.01


def test_steps_of_other_bundles_follow_those_of_the_default_one(root, home):
    deep = Sampling((0, 1, 4, 8), 4, "cosine")
    write_named(root, "deep", sampling=deep)
    rig = Rig(home, Rack("both", (HERE, replace(OTHER, instrument="deep"))), steps=1)
    other = rig.loader.ready(rig.chain.rack)[0].sections[1].renderer
    assert other.steps == 4
    for steps, wanted in ((2, 8), (4, 8), (0, 0), (1, 4)):
        rig.chain.set_load(Load(steps))
        assert (rig.chain.renderer.steps, other.steps) == (steps, wanted)
    assert matched_steps(1, deep, Sampling((0, 1, 2, 4), 4, "cosine")) == 2


# --- streams


@pytest.mark.parametrize(("streams", "used"), [(16, 6), (4, 4), (3, 3), (2, 2), (1, 2)])
def test_all_bundles_share_the_streams_that_there_are(home, streams, used):
    """A bundle has at least one stream, even if there are more bundles than streams."""
    parts = [replace(HERE, channels=frozenset([n]), instrument=("", "other")[n % 2]) for n in range(6)]
    rig = Rig(home, Rack("six", tuple(parts)), streams)
    assigned = rig.chain.arrangement.stream_of[:6]
    assert len(set(assigned)) == used
    assert not set(assigned[::2]) & set(assigned[1::2]), "bundles never share one"
    assert peak(rig.play(20, NoteOn(100, 5, 60, 90))) > 0.01
    assert sum(rig.chain.sounding) == 1


def test_a_chain_that_grows_keeps_what_sounds(home):
    """One stream, then a second bundle: the first one's renderer is replaced by one with more streams."""
    rig = Rig(home, Rack("one", (replace(OTHER, instrument=""),)), streams=1)
    rig.play(10, NoteOn(100, 1, 60, 90))
    rig.change(Rack("two", (replace(OTHER, channels=SECOND), replace(HERE, channels=SECOND))))
    assert peak(rig.play(10, NoteOn(rig.frame, 1, 64, 90))) > 0.01
    rig.play(1, NoteOff(rig.frame, 1, 60), NoteOff(rig.frame, 1, 64))
    rig.play_until_silent()


# --- changes


def test_a_part_that_changes_its_bundle_starts_over_and_rings_out(home):
    rig = Rig(home, Rack("one", (HERE,)))
    before = rig.play(20, NoteOn(100, 0, 60, 90))
    rig.change(Rack("one", (replace(HERE, instrument="other"),)))
    after = rig.play(20)
    steady = np.abs(np.diff(before[4000:], axis=0)).max()
    assert peak(after[:1024]) > 0.01, "it rings"
    assert np.abs(np.diff(after, axis=0)).max() < 2.0 * steady, "no click"
    rig.play_until_silent()
    rig.play(1)
    rig.play(10, NoteOn(rig.frame, 0, 60, 90), NoteOff(rig.frame + 2000, 0, 60))
    rig.play_until_silent()


def test_a_bundle_is_kept_for_one_rack_more_and_then_let_go(root, home):
    rig = Rig(home, BOTH)
    used = rig.loader.ready(BOTH)[0].sections[1]
    rig.change(Rack("one", (HERE,)))
    assert rig.loader.ready(BOTH)[0].sections[1] is used
    rig.change(Rack("one", (HERE,)))
    rig.change(Rack("one", (HERE,)))
    rig.play(1)
    assert list(rig.chain.departed) == [used]
    assert rig.loader.let_go(rig.chain.departed) == ()
    assert not rig.chain.departed
    assert rig.loader.ready(BOTH)[0].sections[1] is not used


def test_a_section_that_rings_is_not_let_go_and_may_come_back(home):
    rig = Rig(home, BOTH)
    rig.play(10, NoteOn(100, 1, 60, 90))
    rig.change(Rack("one", (HERE,)))
    rig.play(2)
    assert not rig.chain.departed
    assert rig.chain.sounding[1] == 1
    rig.change(BOTH)
    rig.play(5, NoteOff(rig.frame, 1, 60))
    rig.play_until_silent()
    assert not rig.chain.departed


def test_a_folder_that_goes_while_its_bundle_plays_does_not_disturb(root, home):
    rig, untouched = Rig(home, BOTH), Rig(home, BOTH)
    expected = untouched.play(40, *LOW, *HIGH)
    first = rig.play(10, *LOW, *HIGH)
    shutil.rmtree(root / "other")
    (root / "home" / "inverter.onnx").write_bytes(b"overwritten")
    rig.change(BOTH)
    rest = rig.play(30, *(event for event in (*LOW, *HIGH) if event.frame >= rig.frame))
    assert rig.problems == ()
    assert np.array_equal(np.concatenate([first, rest]), expected)


def test_panic_reaches_what_rings_in_a_section_that_was_left(home):
    rig = Rig(home, BOTH)
    rig.play(10, NoteOn(100, 1, 60, 90), ControlChange(100, 1, 64, 127))
    rig.change(Rack("one", (HERE,)))
    rig.play(1, Panic(rig.frame))
    rig.play(4)
    assert sum(rig.chain.sounding) == 0
    assert not rig.play(2).any()


def test_manifests_of_the_rig_are_what_they_say(root):
    """The rig writes what the reader reads."""
    manifest = manifest_of(root / "other")
    assert manifest.bundle.id == "other"
    assert manifest_text(manifest) == (root / "other" / "bundle.toml").read_text(encoding="utf-8")
