"""A rack played live on a paced clock: keys, knobs, presets and panic, as owner and performer see them."""

from __future__ import annotations

import time

import numpy as np
import pytest
import soundfile

from neume.synth.engine import EngineConfig
from neume.synth.errors import DeviceError, UsageError
from neume.synth.live import TICK_S, LiveRack
from neume.synth.live_settings import LiveSettings
from neume.synth.live_takes import rack_path
from neume.synth.rack.learn import Mapping
from neume.synth.rack.part import Part, Rack
from neume.synth.rack.preset_search import open_preset
from neume.synth.rack.preset_write import write_preset
from neume.synth.rack_rerender import chain_of
from neume.synth.takes import read_recipe, render_take

MARGIN_MS = 200.0  # other programs may be busy here
PIANO = Rack("piano", (Part("piano", program=0),))
KEY_DOWN, KEY_UP = bytes.fromhex("90 3c 64"), bytes.fromhex("80 3c 40")


class Listener:
    def __init__(self):
        self.heard = []

    def put(self, played, position):
        self.heard.append(played.copy())

    def peak(self):
        return float(np.abs(np.concatenate(self.heard)).max())


class Stage:
    """A live rack that plays for as long as a test wants."""

    def __init__(self, rack, **settings):
        self.said = []
        config = EngineConfig(steps=0, margin_ms=MARGIN_MS)
        chosen = LiveSettings(needs_device=False, streams=4, engine=config, **settings)
        self.live = LiveRack(rack, chosen, self.said.append)
        self.listener = Listener()
        self.live.takes.feed.add(self.listener)

    def __enter__(self):
        self.live.start()
        return self

    def __exit__(self, *_):
        self.live.stop()

    def press(self, message):
        self.live.keys.press(time.monotonic_ns(), message)

    def until(self, happened, patience_s=10.0):
        deadline = time.monotonic() + patience_s
        while not happened():
            assert time.monotonic() < deadline, "it did not come"
            self.live.tick()
            time.sleep(TICK_S)


@pytest.fixture(autouse=True)
def _no_server(monkeypatch):
    monkeypatch.setenv("JACK_DEFAULT_SERVER", "neume-none")
    monkeypatch.setenv("JACK_NO_START_SERVER", "1")


def test_a_key_of_the_panel_sounds_and_ends():
    with Stage(PIANO) as stage:
        stage.press(KEY_DOWN)
        stage.until(lambda: sum(stage.live.snapshot().sounding) == 1)
        stage.press(KEY_UP)
        stage.until(lambda: stage.live.chain.silent)
        assert stage.listener.peak() > 0.001
        now = stage.live.snapshot()
        assert (now.rack, now.device) == ("piano", "paced clock")
        assert now.steps == 0


def test_a_knob_is_learnt_and_turns_a_value():
    with Stage(PIANO) as stage:
        stage.live.learn("part.0.volume_db")
        stage.until(lambda: stage.live.snapshot().learning == "part.0.volume_db")
        stage.press(bytes.fromhex("b0 10 7f"))
        stage.until(lambda: stage.live.rack.mappings != ())
        (mapping,) = stage.live.rack.mappings
        assert (mapping.controller, mapping.target) == (16, "part.0.volume_db")
        for position in range(127, 40, -1):
            stage.press(bytes((0xB0, 0x10, position)))
        stage.until(lambda: stage.live.rack.parts[0].volume_db < -5.0)


def test_buttons_go_through_the_presets_and_panic():
    rack = Rack("piano", PIANO.parts, mappings=(Mapping(None, 20, "preset.next"), Mapping(None, 21, "panic")))
    with Stage(rack) as stage:
        stage.press(KEY_DOWN)
        stage.until(lambda: sum(stage.live.snapshot().sounding) == 1)
        stage.press(bytes.fromhex("b0 15 7f"))
        stage.until(lambda: stage.live.chain.silent)
        stage.press(bytes.fromhex("b0 14 7f"))
        stage.until(lambda: stage.live.rack.name != "piano")


def test_a_preset_comes_while_a_key_is_held():
    with Stage(open_preset("string-layer")) as stage:
        stage.press(KEY_DOWN)
        stage.until(lambda: sum(stage.live.snapshot().sounding) > 0)
        stage.live.load_preset("organ")
        stage.until(lambda: stage.live.snapshot().rack == stage.live.rack.name == "Organ")
        stage.press(KEY_UP)
        stage.until(lambda: stage.live.chain.silent)
        assert stage.said == ["preset Organ"]
        assert stage.live.snapshot().faults == ()


def test_values_outside_what_there_is_are_told():
    with Stage(PIANO) as stage:
        with pytest.raises(UsageError, match="names no value"):
            stage.live.set_value("part.7.volume_db", 0.0)
        with pytest.raises(UsageError, match="names nothing that a controller can turn"):
            stage.live.learn("colour")
        stage.live.set_value("part.0.volume_db", -6.0)
        assert stage.live.rack.parts[0].volume_db == -6.0


def test_a_bundle_that_is_not_there_is_told():
    with Stage(Rack("other", (Part("far", instrument="grand-tour"),))) as stage:
        (line,) = stage.said
        assert line.startswith("part 1 is silent: bundle grand-tour: not found in")
        assert stage.live.snapshot().faults == (line,)


def test_without_a_device_and_without_a_file_there_is_nothing_to_play_to():
    with pytest.raises(DeviceError, match=r"--record FILE\.wav"):
        LiveRack(PIANO, LiveSettings(streams=1), print)


def test_a_take_rendered_again_is_the_same_samples(tmp_path):
    """Everything live, effects and knobs too; the recording has 32 bits, so nothing is rounded."""
    target = tmp_path / "gig.wav"
    with Stage(open_preset("string-layer")) as stage:
        stage.until(lambda: stage.live.snapshot().played_frames > 20_000)
        stage.live.takes.start(target)
        stage.press(KEY_DOWN)
        stage.press(bytes.fromhex("e0 00 50"))
        stage.until(lambda: sum(stage.live.snapshot().sounding) > 0)
        stage.press(KEY_UP)
        stage.until(lambda: stage.live.chain.renderer.silent)
        finished = stage.live.takes.stop()
        undisturbed = stage.live.snapshot().blocks_left_out == 0
    assert finished.problem is None
    live, _ = soundfile.read(finished.audio, dtype="float32")
    assert np.abs(live).max() > 0.001
    again = np.concatenate(
        list(render_take(finished.midi, make_chain=chain_of(finished.midi, read_recipe(finished.midi))))
    )
    assert finished.recipe.exact == undisturbed
    if undisturbed:
        assert again.shape == live.shape
        assert np.abs(again - live).max() <= 2.0**-23, "to the last of 24 bits"


def test_a_take_of_another_rack_is_refused(tmp_path):
    target = tmp_path / "gig.wav"
    with Stage(PIANO) as stage:
        stage.live.takes.start(target)
        with pytest.raises(UsageError, match="is being recorded"):
            stage.live.takes.start(target)
        stage.press(KEY_DOWN)
        stage.until(lambda: stage.live.snapshot().played_frames > 30_000)
        finished = stage.live.takes.stop()
    write_preset(Rack("other", PIANO.parts), rack_path(target))
    with pytest.raises(UsageError, match=r"is not the rack that gig\.take\.mid was played with"):
        chain_of(finished.midi, read_recipe(finished.midi))
