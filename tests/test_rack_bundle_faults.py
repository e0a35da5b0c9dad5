"""Bundles that a rack names and that cannot be had: their parts are silent and named, and the rest plays."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from rack_rig import Rig, opened, peak, write_named

from neume.synth.events import ControlChange, NoteOff, NoteOn
from neume.synth.rack.part import Part, Rack, with_part
from neume.synth.rack_bundles import MOST_BUNDLES

FIRST, SECOND = frozenset([0]), frozenset([1])
HERE, THERE = Part("here", program=0, channels=FIRST), Part("there", program=0, channels=SECOND)
OTHER = replace(THERE, instrument="other", pan=0.5)


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


def unlike_folder(root):
    """A bundle that is good, but not for this engine."""
    write_named(root, "unlike", lookahead_hops=0)
    return "bundle 'unlike' has a look-ahead of 0 hops, allowed are 1: to play it, start Neume with --bundle"


def broken_folder(root):
    folder = write_named(root, "broken")
    for name in ("inverter.onnx", "denoiser.onnx", "spectrogram.onnx", "card.md"):
        (folder / name).write_bytes(b"?")
    return f"bundle {folder}: spectrogram.onnx: its SHA-256 is"


def newer_folder(root):
    write_named(root, "newer", "2.0.0")
    return "bundle 'newer' is version 2.0.0, the rack asks for 1.0.0: install that one"


FAULTS = {
    "none": lambda root: "bundle none: not found in",
    "broken": broken_folder,
    "unlike": unlike_folder,
    "newer": newer_folder,
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_part_whose_bundle_cannot_be_had_is_silent_and_named_and_the_rest_plays(root, home, name):
    told = FAULTS[name](root)
    bad = replace(OTHER, instrument=name, bundle_version="1.0.0" if name == "newer" else "")
    rig = Rig(home, Rack("three", (HERE, bad, THERE)))
    (line,) = rig.problems
    assert line.startswith(f"part 2 is silent: {told}")
    assert "\n" not in line
    assert len(line) < 600
    silent = rig.play(10, NoteOn(100, 1, 60, 90), NoteOff(200, 1, 60))
    alone = Rig(home, Rack("two", (HERE, THERE)))
    np.testing.assert_allclose(silent, alone.play(10, NoteOn(100, 1, 60, 90), NoteOff(200, 1, 60)), atol=1e-6)
    rig.change(with_part(rig.chain.rack, 1, replace(bad, volume_db=-6.0)))
    assert rig.problems == (line,), "it is told as long as it is so"


def test_what_is_missing_is_looked_for_again_when_a_preset_is_loaded(root, home):
    rack = Rack("late", (HERE, replace(OTHER, instrument="late")))
    rig = Rig(home, rack)
    rig.play(5, ControlChange(100, 1, 10, 0))
    write_named(root, "late")
    rig.change(rack)
    assert rig.problems != (), "a knob that turns does not look for it"
    rig.loader.try_again()
    rig.change(rack)
    assert rig.problems == ()
    made = rig.play(20, NoteOn(rig.frame, 1, 60, 90))
    assert peak(made[:, 0]) > 2 * peak(made[:, 1]) > 0.0, "what its channel said before is not forgotten"


def test_a_rack_cannot_fill_the_memory_with_bundles(root, home):
    names = [f"bundle-{number}" for number in range(MOST_BUNDLES)]
    for name in names:
        write_named(root, name)
    rig = Rig(home, Rack("many", (HERE, *(replace(OTHER, instrument=name) for name in names))))
    (line,) = rig.problems
    told = f"part {MOST_BUNDLES + 1} is silent: bundle 'bundle-{MOST_BUNDLES - 1}' is one too many"
    assert line.startswith(told)
    rig.change(Rack("fewer", (HERE, replace(OTHER, instrument=names[-1]))))
    assert rig.problems == ()


def test_a_name_that_is_a_path_is_not_followed(home, tmp_path):
    rig = Rig(home, Rack("path", (replace(HERE, instrument=f"{tmp_path}/other"),)))
    assert "is not a bundle's name" in rig.problems[0]
