"""Another default bundle while a chain plays: what sounds is left alone, new notes begin in the new one."""

from __future__ import annotations

import shutil
from dataclasses import replace

import numpy as np
import pytest
from rack_rig import BLOCK, Rig, opened, peak, write_named

from neume.synth.events import ControlChange, NoteOff, NoteOn, Panic
from neume.synth.manifest import Sampling
from neume.synth.rack.part import Part, Rack

FIRST, SECOND = frozenset([0]), frozenset([1])
HERE, THERE = Part("here", program=0, channels=FIRST), Part("there", program=0, channels=SECOND)
LOW = (NoteOn(300, 0, 48, 90), ControlChange(3000, 0, 10, 20), NoteOff(9000, 0, 48))


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


def test_a_swap_leaves_what_sounds_alone_and_begins_new_notes_in_the_new_bundle(root, home):
    """Held keys and pedals included: until a new note comes, not a sample differs."""
    write_named(root, "home-2", sampling=Sampling((0, 1, 2), 2, "cosine"))
    rack = Rack("one", (HERE,))
    keys = (
        NoteOn(100, 0, 60, 90),
        ControlChange(200, 0, 64, 127),
        NoteOn(300, 0, 64, 90),
        NoteOff(400, 0, 64),
    )
    later = (
        NoteOff(30 * BLOCK, 0, 60),
        ControlChange(40 * BLOCK, 0, 64, 0),
        ControlChange(35 * BLOCK, 0, 10, 9),
    )
    whole = Rig(home, rack).play(60, *keys, *later)
    rig = Rig(home, rack)
    first = rig.play(20, *keys)
    old = rig.chain.renderer
    rig.swap(root / "home-2")
    rest = rig.play(40, *later)
    assert np.array_equal(np.concatenate([first, rest]), whole)
    assert rig.chain.renderer is not old
    assert rig.chain.renderer.frame == 60 * BLOCK
    assert (rig.chain.bundle.manifest.bundle.id, rig.chain.renderer.steps) == ("home-2", 2)
    rig.play(2, NoteOn(rig.frame, 0, 67, 90))
    assert rig.chain.renderer.notes[0].sounding == 1
    rig.play(1, NoteOff(rig.frame, 0, 67))
    rig.play_until_silent()
    rig.play(1)
    assert [section.renderer for section in rig.chain.departed] == [old]


def test_after_a_swap_it_plays_as_a_chain_that_began_with_that_bundle(root, home):
    rig = Rig(home, Rack("one", (HERE,)), steps=1)
    rig.play(10, *LOW[:1])
    rig.play(1, Panic(rig.frame))
    rig.swap(root / "other")
    rig.play(40)
    start = rig.frame
    fresh = Rig(opened(root / "other"), Rack("one", (HERE,)), steps=1)
    fresh.chain.renderer.frame = start
    phrase = (NoteOn(start + 300, 0, 48, 90), NoteOff(start + 5000, 0, 48))
    assert np.array_equal(rig.play(40, *phrase), fresh.play(40, *phrase))


def test_an_update_of_the_same_bundle_is_a_swap_and_parts_that_name_it_follow(root, home):
    rack = Rack("two", (HERE, replace(THERE, instrument="home")))
    rig = Rig(home, rack)
    assert rig.loader.candidate("home") is rig.loader.default
    shutil.rmtree(root / "home")
    write_named(root, "home", "0.2.0")
    rig.swap(root / "home")
    sections = rig.loader.ready(rack)[0].sections
    assert [section.version for section in sections] == ["0.2.0", "0.2.0"]


def test_a_part_that_names_the_old_default_keeps_it(root, home):
    rig = Rig(home, Rack("two", (HERE, replace(THERE, instrument="home"))))
    before = rig.loader.default
    rig.play(5, NoteOn(100, 1, 60, 90))
    shutil.rmtree(root / "home")
    rig.swap(root / "other")
    ready, problems = rig.loader.ready(rig.chain.rack)
    assert problems == ()
    assert ready.sections == (rig.loader.default, before)
    assert peak(rig.play(5)) > 0.01
