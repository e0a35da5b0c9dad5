"""Bundles changed while a rack is played live: no gap, no disturbance by a bad one, takes that know of it."""

from __future__ import annotations

import shutil
from dataclasses import replace

import numpy as np
import pytest
import soundfile
from rack_rig import manifest_of, write_named
from takes_rig import recipe
from test_live import KEY_DOWN, KEY_UP, Stage

from neume.synth.bundle import manifest_text
from neume.synth.errors import BundleError, UsageError
from neume.synth.manifest import Sampling
from neume.synth.rack.part import Part, Rack
from neume.synth.rack_rerender import chain_of
from neume.synth.takes import read_recipe, render_take
from neume.synth.takes.recipe import parse_recipe, recipe_text

HOME = Rack("home", (Part("home", program=0),))
LAYER = Rack("layer", (*HOME.parts, Part("other", instrument="other", pan=0.5)))


@pytest.fixture(autouse=True)
def root(tmp_path, monkeypatch):
    monkeypatch.setenv("JACK_DEFAULT_SERVER", "neume-none")
    monkeypatch.setenv("JACK_NO_START_SERVER", "1")
    root = tmp_path / "bundles"
    monkeypatch.setenv("NEUME_BUNDLES", str(root))
    write_named(root, "home")
    write_named(root, "other")
    return root


def again(take):
    pieces = render_take(take.midi, make_chain=chain_of(take.midi, read_recipe(take.midi)))
    return np.concatenate(list(pieces))


def recorded(stage, target):
    """A take of one key, from silence to silence."""
    stage.live.takes.start(target)
    stage.press(KEY_DOWN)
    stage.until(lambda: sum(stage.live.snapshot().sounding) > 0)
    stage.press(KEY_UP)
    stage.until(lambda: stage.live.chain.silent)
    return stage.live.takes.stop()


def sound_of(take):
    return soundfile.read(take.audio, dtype="float32")[0]


def test_a_bundle_comes_while_a_key_is_held(root):
    with Stage(HOME, bundle="home") as stage:
        stage.press(KEY_DOWN)
        stage.until(lambda: sum(stage.live.snapshot().sounding) == 1)
        stage.live.load_bundle("other")
        assert stage.said == ["bundle other 0.1.0"]
        stage.until(lambda: stage.live.chain.bundle.manifest.bundle.id == "other")
        assert sum(stage.live.snapshot().sounding) == 1, "it sounds on"
        stage.press(KEY_UP)
        stage.until(lambda: stage.live.chain.silent)
        stage.until(lambda: not stage.live.chain.departed)
        now = stage.live.snapshot()
        assert (now.underruns, now.blocks_left_out, now.faults) == (0, 0, ())


def test_a_bad_bundle_changes_nothing_and_is_told_with_all_its_faults(root):
    broken = write_named(root, "broken")
    for name in ("inverter.onnx", "card.md"):
        (broken / name).write_bytes(b"?")
    unlike = write_named(root, "unlike", lookahead_hops=0)
    with Stage(HOME, bundle="home") as stage:
        before = stage.live.chain.bundle
        for name, faults in ((str(broken), 2), ("unlike", 1), ("nowhere", 1)):
            with pytest.raises(BundleError) as told:
                stage.live.load_bundle(name)
            assert len(told.value.faults) == faults
        assert str(unlike) in str(told.value) or "nowhere" in str(told.value)
        stage.press(KEY_DOWN)
        stage.until(lambda: sum(stage.live.snapshot().sounding) == 1)
        assert stage.live.chain.bundle is before
        assert stage.live.bundle_title == "home 0.1.0"


def test_steps_go_with_the_bundle(root):
    write_named(root, "deep", sampling=Sampling((0, 1, 8), 8, "cosine"))
    with Stage(HOME, bundle="home") as stage:
        stage.live.set_steps(1)
        stage.live.load_bundle("deep")
        with pytest.raises(UsageError, match="bundle deep allows 0, 1, 8"):
            stage.live.set_steps(2)
        stage.until(lambda: stage.live.snapshot().steps == 8)


def test_takes_before_and_after_a_swap_are_exact_and_one_across_it_is_not(root, tmp_path):
    with Stage(LAYER, bundle="home") as stage:
        stage.live.set_steps(1)
        stage.until(lambda: stage.live.snapshot().played_frames > 20_000)
        first = recorded(stage, tmp_path / "first.wav")
        stage.live.takes.start(tmp_path / "across.wav")
        stage.press(KEY_DOWN)
        stage.until(lambda: sum(stage.live.snapshot().sounding) > 0)
        stage.live.load_bundle("other")
        stage.until(lambda: stage.live.chain.bundle.manifest.bundle.id == "other")
        stage.press(KEY_UP)
        stage.until(lambda: stage.live.chain.silent)
        across = stage.live.takes.stop()
        second = recorded(stage, tmp_path / "second.wav")
        undisturbed = stage.live.snapshot().blocks_left_out == 0
    assert not across.recipe.exact
    assert [take.recipe.bundle for take in (first, second)] == ["home", "other"]
    assert [len(take.recipe.others) for take in (first, second)] == [1, 0]
    for take in (first, second):
        assert take.recipe.exact == undisturbed
        if undisturbed:
            assert np.abs(sound_of(take)).max() > 0.001
            assert np.abs(again(take) - sound_of(take)).max() <= 2.0**-23, "to the last of 24 bits"


def test_a_take_of_several_bundles_is_refused_unless_all_are_there(root, tmp_path):
    with Stage(LAYER, bundle="home") as stage:
        take = recorded(stage, tmp_path / "take.wav")
    again(take)
    updated = manifest_of(root / "other")
    updated = replace(updated, bundle=replace(updated.bundle, version="0.2.0"))
    (root / "other" / "bundle.toml").write_text(manifest_text(updated), encoding="utf-8")
    with pytest.raises(
        UsageError, match=r"played with other 0\.1\.0 .*would be with other 0\.2\.0 .*bring back"
    ):
        again(take)
    shutil.rmtree(root / "other")
    with pytest.raises(UsageError, match="part 2 is silent: bundle other: not found"):
        again(take)


def test_a_take_whose_parts_would_come_to_other_streams_is_refused(root, tmp_path):
    with Stage(LAYER, bundle="home") as stage:
        take = recorded(stage, tmp_path / "take.wav")
    moved = replace(read_recipe(take.midi), stream_of=(1, 0, *range(2, 16)))
    with pytest.raises(UsageError, match="part 1 was on stream 1 and would be on 0"):
        list(render_take(take.midi, make_chain=lambda _, *player: chain_of(take.midi, moved)(moved, *player)))


@pytest.mark.parametrize("others", [("x",), ("other 0.1.0",), (f"other 0.1.0 {'g' * 64}",), ("a b c",) * 17])
def test_a_recipe_tells_other_bundles_with_their_hashes(others):
    told = (f"other 0.1.0 {'0' * 64}", f"third 2.0.0-rc.1 {'f' * 64}")
    assert parse_recipe(recipe_text(recipe(others=told))).others == told
    with pytest.raises(UsageError, match="others: "):
        recipe(others=others)
