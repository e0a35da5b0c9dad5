"""A live rack as a panel needs it: told in full, and its device and inputs changed while it plays."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import numpy as np
import pytest
from audio_rig import asynchronous_server, heard
from jack_server import INSTALLED
from test_live import KEY_DOWN, KEY_UP, PIANO, Stage
from test_midi_in import keyboard
from test_play_jack import Capture
from tiny_songs import write_loud_bundle

from neume.synth.block_timer import BlockTimer
from neume.synth.control.messages import MESSAGES, read_message
from neume.synth.engine_snapshot import PortActivity
from neume.synth.errors import DeviceError, UsageError
from neume.synth.rack.part import Part, Rack
from neume.synth.rack.preset_search import open_preset

needs_jack = pytest.mark.skipif(not INSTALLED, reason="jackd is not installed: apt-get install jackd2")
RATE_HZ = 48_000
SUSTAIN_HALF = bytes.fromhex("b0 40 46")
LOW, HIGH = Part("low", program=0, high_key=59), Part("high", program=40, low_key=60)


@pytest.fixture(autouse=True)
def _alone(monkeypatch, tmp_path):
    monkeypatch.setenv("JACK_DEFAULT_SERVER", "neume-none")
    monkeypatch.setenv("JACK_NO_START_SERVER", "1")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@pytest.fixture(scope="module")
def bundle(tmp_path_factory):
    folder = tmp_path_factory.mktemp("bundles") / "tiny"
    write_loud_bundle(folder)
    return str(folder)


def test_a_snapshot_tells_all_that_a_panel_shows(bundle):
    with Stage(Rack("split", (LOW, HIGH)), bundle=bundle, preset="split") as stage:
        stage.press(KEY_DOWN)
        stage.press(SUSTAIN_HALF)
        stage.until(lambda: stage.live.snapshot().parts[1].peak > 1e-4)
        now = stage.live.snapshot()
        low, high = now.parts
        assert (low.program, low.notes, low.peak) == (0, 0, 0.0)
        assert (high.program, high.notes, high.rms > 0.0) == (40, 1, True)
        assert low.stream != high.stream
        assert (now.keys_down, now.sustain) == ((60,), 0x46)
        assert (now.rack, now.rack_revision, now.preset) == ("split", 1, "split")
        assert now.bundle == stage.live.bundle_title
        assert now.provider == "CPUExecutionProvider"
        assert now.chosen_steps == now.steps == 0 in now.allowed_steps
        assert now.device_facts.name == now.device == "paced clock"
        assert (now.device_facts.rate_hz, now.device_facts.block_samples) == (RATE_HZ, 128)
        assert len(now.recent_ms) == 16
        assert min(now.recent_ms) > 0.0
        assert read_message(MESSAGES.line(now)[:-1]) == now
        stage.press(KEY_UP)
        stage.until(lambda: stage.live.snapshot().keys_down == ())


def test_every_change_of_the_rack_has_another_number(bundle):
    with Stage(PIANO, bundle=bundle) as stage:
        seen = [stage.live.snapshot().rack_revision]

        def changed():
            seen.append(stage.live.snapshot().rack_revision)
            return seen[-1] > seen[-2]

        stage.live.set_value("part.0.volume_db", -6.0)
        assert changed()
        stage.live.load_preset("organ")
        assert changed()
        stage.live.learn("gain_db")
        stage.until(lambda: stage.live.snapshot().learning == "gain_db")
        stage.press(bytes.fromhex("b0 10 7f"))
        stage.until(lambda: stage.live.rack.mappings != ())
        assert changed()
        assert not changed(), "only changes have"


def test_a_rack_and_its_presets_name_change_at_once(bundle):
    """A panel that saw one without the other would save over the wrong preset."""
    with Stage(open_preset("orchestra"), bundle=bundle, preset="orchestra") as stage:
        names = {open_preset(name).name: name for name in ("orchestra", "organ")}
        seen, looking = [], threading.Event()

        def look():
            while not looking.is_set():
                seen.append(stage.live.snapshot())

        eye = threading.Thread(target=look)
        eye.start()
        for target in ("preset.next", "preset.previous") * 10:
            stage.live.set_value(target, 1.0)
        looking.set()
        eye.join()
        assert {now.preset for now in seen} <= {"orchestra", "organ"}
        assert all(names[now.rack] == now.preset for now in seen)
        revisions = {now.rack_revision: now.preset for now in seen}
        assert all(revisions[now.rack_revision] == now.preset for now in seen)


def test_merged_parts_share_the_level_of_their_stream(bundle):
    parts = tuple(Part(str(number), program=0, channels=frozenset((number,))) for number in range(6))
    with Stage(Rack("six", parts), bundle=bundle) as stage:
        assert {part.stream for part in stage.live.snapshot().parts} == {0, 1, 2, 3}
        for number in range(6):
            stage.press(bytes((0x90 | number, 60, 100)))
        stage.until(lambda: all(part.notes == 1 and part.peak > 1e-4 for part in stage.live.snapshot().parts))
        levels = {}
        for part in stage.live.snapshot().parts:
            levels.setdefault(part.stream, set()).add((part.peak, part.rms))
        assert all(len(level) == 1 for level in levels.values())


def test_a_recording_is_told_while_it_grows(bundle, tmp_path):
    with Stage(PIANO, bundle=bundle, remembers=True) as stage:
        assert stage.live.snapshot().recording is None
        assert stage.live.snapshot().remembered_s == 0.0
        stage.live.record(tmp_path / "gig.wav")
        stage.press(KEY_DOWN)
        stage.until(lambda: stage.live.snapshot().remembered_s > 0.2)
        now = stage.live.snapshot().recording
        assert (Path(now.path), now.problem) == (tmp_path / "gig.wav", None)
        assert 0.2 < now.seconds < 60.0
        assert stage.live.end_recording().audio == tmp_path / "gig.wav"
        assert stage.live.snapshot().recording is None


def test_counters_begin_anew_when_they_are_reset(bundle):
    with Stage(PIANO, bundle=bundle) as stage:
        stage.live.engine.render.between_blocks(lambda: time.sleep(0.6))
        stage.until(lambda: stage.live.snapshot().underrun is not None)
        stage.until(lambda: stage.live.snapshot().blocks_left_out > 0)
        before = stage.live.snapshot()
        assert min(before.underruns, before.missing_frames) > 0
        stage.live.engine.reset_counters()
        now = stage.live.snapshot()
        assert now.blocks >= before.blocks, "blocks are what recent times are told of"
        assert now.underruns < before.underruns or now.missing_frames < before.missing_frames
        assert now.blocks_left_out < before.blocks_left_out
        played = now.played_frames
        stage.until(lambda: stage.live.snapshot().played_frames > played + RATE_HZ // 4)
        assert stage.live.engine.outlet.underruns >= before.underruns


def test_a_timer_that_forgets_tells_of_later_blocks_only():
    times = iter(range(0, 10_000_000_000, 1_000_000))
    timer = BlockTimer(4, lambda: next(times))
    for _ in range(6):
        timer.start()
        timer.stop()
    assert timer.recent_ms(16) == (1.0,) * 4
    timer.forget()
    assert (timer.blocks, len(timer.times_ms()), timer.summary()["block"].max_ms) == (6, 0, 0.0)
    timer.start()
    timer.lap("mixer")
    timer.stop()
    assert timer.summary()["block"].p50_ms == 2.0
    assert timer.recent_ms(2) == (1.0, 2.0)


# --- devices


@needs_jack
def test_another_block_changes_the_delay_and_the_rack_plays_on(bundle):
    with asynchronous_server(), Stage(PIANO, bundle=bundle) as stage:
        live = stage.live
        stage.press(KEY_DOWN)
        stage.until(lambda: live.snapshot().meters.master_peak > 1e-4)
        before = live.snapshot()
        live.set_audio(None, None, 1024)
        now = live.snapshot()
        assert now.latency.device_samples - before.latency.device_samples == pytest.approx(896, abs=900)
        assert now.latency.ring_samples - before.latency.ring_samples == 1024 - 128
        assert (now.device_facts.block_samples, now.device_facts.rate_hz) == (1024, RATE_HZ)
        assert now.device_facts.host_api.startswith("JACK")
        assert stage.said[-1] == f"audio device {now.device}; latency {now.latency}"
        assert now.device_state == "playing"
        with Capture() as capture:
            capture.connect()
            stage.press(KEY_DOWN)  # the first one may have faded by now
            assert np.abs(heard(capture, 0.05 * RATE_HZ)).max() > 0.0
        live.set_audio(None, None, None)
        assert live.snapshot().latency == before.latency
        stage.until(lambda: live.engine.ring.readable <= before.latency.ring_target_samples)
        assert sum(live.snapshot().sounding) >= 1  # the first press may ring on


@needs_jack
def test_a_device_that_cannot_be_opened_is_answered_and_the_old_one_plays(bundle):
    with asynchronous_server(), Stage(PIANO, bundle=bundle) as stage:
        before = stage.live.snapshot()
        with pytest.raises(DeviceError, match="no audio output device is called 'Steinway'; there are: "):
            stage.live.set_audio("Steinway", None, None)
        with pytest.raises(UsageError, match="allowed are 16 to 4096"):
            stage.live.set_audio(None, None, 8192)
        now = stage.live.snapshot()
        assert (now.device_facts, now.latency, now.device_state) == (
            before.device_facts,
            before.latency,
            "playing",
        )


@needs_jack
def test_a_device_is_taken_where_there_was_none(bundle):
    with Stage(PIANO, bundle=bundle, device_may_come=True) as stage:
        stage.press(KEY_DOWN)
        stage.until(lambda: stage.live.snapshot().meters.master_peak > 1e-4)
        assert stage.live.snapshot().device == "paced clock"
        with pytest.raises(DeviceError, match="there is no audio output device"):
            stage.live.set_audio(None, None, None)
        begin = stage.live.snapshot().played_frames
        stage.until(lambda: stage.live.snapshot().played_frames > begin + RATE_HZ // 10)
        with asynchronous_server(), Capture() as capture:
            stage.live.set_audio(None, None, None)
            assert stage.live.snapshot().device_facts.host_api.startswith("JACK")
            capture.connect()
            stage.press(KEY_DOWN)  # the first one may have faded by now
            assert np.abs(heard(capture, 0.05 * RATE_HZ)).max() > 0.0
            stage.live.stop()


def test_without_a_device_and_without_a_wish_for_one_a_choice_is_refused(bundle):
    with (
        Stage(PIANO, bundle=bundle) as stage,
        pytest.raises(UsageError, match="connect one and start it again"),
    ):
        stage.live.set_audio(None, None, None)


# --- MIDI inputs


@needs_jack
def test_other_inputs_while_it_plays_let_go_of_those_that_leave(bundle):
    with (
        asynchronous_server(),
        keyboard("Piano") as piano,
        keyboard("Organ") as organ,
        Stage(PIANO, bundle=bundle, midi_in=("piano",)) as stage,
    ):
        live = stage.live
        assert live.snapshot().midi_available == ("Piano:keys", "Organ:keys")
        piano.send_message(KEY_DOWN)
        stage.until(lambda: live.snapshot().keys_down == (60,))
        first = PortActivity("Piano:keys", 1, "note on C4 velocity 100, channel 1")
        assert live.snapshot().ports[0] == first
        live.set_midi(["organ"])
        assert live.snapshot().midi_ports == ("Organ:keys",)
        stage.until(lambda: live.snapshot().keys_down == ())
        organ.send_message(bytes.fromhex("91 30 7f"))
        stage.until(lambda: live.snapshot().keys_down == (128 + 0x30,))
        live.set_midi(["harp"])
        assert live.snapshot().midi_missing == ("harp",)
        stage.until(lambda: live.snapshot().keys_down == ())
        live.set_midi([])
        assert set(live.snapshot().midi_ports) == {"Piano:keys", "Organ:keys"}
        assert [port.name for port in live.snapshot().ports][-1] == "Neume"
