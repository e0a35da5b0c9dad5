"""The live engine: constant delay to the sample, underruns that fade and heal, live = offline, no leaks."""

from __future__ import annotations

import gc
import sys
import threading
import time

import mido
import numpy as np
import pytest
from engine_rig import NOTE_OFF, RATE_HZ, HandDevice, Rig
from tiny_songs import control, note, write_duet, write_loud_bundle, write_song

from neume.synth.arrangement import arrange, live_arrangement
from neume.synth.bundle import open_bundle
from neume.synth.capacity import _largest, affordable_streams
from neume.synth.engine import Engine, EngineConfig, make_chain
from neume.synth.errors import DeviceError, UsageError
from neume.synth.midi_file import read_performance
from neume.synth.mixer import Mixer
from neume.synth.outlet import FADE_SAMPLES
from neume.synth.paced_device import PacedDevice
from neume.synth.render_options import RenderOptions
from neume.synth.renderer import StreamRenderer
from neume.synth.song_render import SongRender, span_of
from neume.synth.stages import load_stages

MEAN_ONLY = EngineConfig(steps=0)


@pytest.fixture(scope="module")
def player(tmp_path_factory):
    folder = tmp_path_factory.mktemp("bundles") / "tiny"
    write_loud_bundle(folder)
    bundle = open_bundle(folder)
    return bundle, load_stages(bundle)


def first_sound(audio, begin=0):
    """The first frame from `begin` on that is not silent."""
    return begin + int(np.flatnonzero(np.abs(audio[begin:]).max(axis=1) > 0)[0])


def live(player, device=None, config=MEAN_ONLY):
    return Rig(*player, device or HandDevice(), config)


# The excitation is silent on the onset itself and audible one sample later.
@pytest.mark.parametrize("stamp", [2000.0, 2047.9, 2048.1, 2111.5, 2175.99, 2176.0, 2303.0, 2559.7, 2560.3])
@pytest.mark.parametrize(("block", "latency"), [(128, 0), (128, 300), (96, 17), (1024, 0)])
def test_a_key_sounds_at_its_stamp_plus_d(player, block, latency, stamp):
    with live(player, HandDevice(block, latency)) as rig:
        keyboard = rig.listen()
        rig.begin()
        keyboard.press(rig.ns_at(stamp))
        rig.turn(7000 // block)
        reaches_the_ear = first_sound(rig.audio()) - 1 + latency
        assert abs(reaches_the_ear - (stamp + rig.engine.latency.total_samples)) <= 0.5
        assert (rig.engine.render.late_notes, rig.engine.outlet.underruns) == (0, 0)


def test_a_margin_delays_by_exactly_itself(player):
    onsets = []
    for margin_ms in (0.0, 10.0):
        with live(player, config=EngineConfig(steps=0, margin_ms=margin_ms)) as rig:
            keyboard = rig.listen()
            rig.begin()
            keyboard.press(rig.ns_at(1000))
            rig.turn(40)
            onsets.append(first_sound(rig.audio()))
    assert onsets[1] - onsets[0] == 480


def test_a_short_note_between_two_blocks_sounds_and_ends(player):
    with live(player) as rig:
        keyboard = rig.listen()
        rig.begin()
        keyboard.press(rig.ns_at(1000))
        keyboard.press(rig.ns_at(1003), NOTE_OFF)
        rig.turn(30)
        assert rig.engine.snapshot().sounding[0] == 1
        rig.turn(400)
        assert sum(rig.engine.snapshot().sounding) == 0
        assert np.abs(rig.audio()[-128:]).max() == 0.0


@pytest.mark.parametrize("stalled_callbacks", [12, 40, 800])
def test_an_underrun_fades_counts_and_heals(player, stalled_callbacks):
    with live(player) as rig:
        keyboard = rig.listen()
        rig.begin()
        keyboard.press(rig.ns_at(500))
        rig.turn(60)
        begin = rig.engine.outlet.position
        rig.turn(stalled_callbacks, rendering=False)
        dry = rig.engine.ring.written
        rig.turn(60)
        audio, now = rig.audio(), rig.engine.snapshot()
        assert now.underruns == 1
        assert 0 < now.missing_frames < stalled_callbacks * 128 + 4 * 512
        assert np.abs(audio[dry + FADE_SAMPLES : begin + stalled_callbacks * 128]).max() == 0.0
        assert np.abs(audio[-2000:]).max() > 0.01, "the held note is heard again"
        fade = audio[dry - 1 : dry + FADE_SAMPLES]
        assert np.abs(np.diff(fade, axis=0)).max() <= np.abs(fade[0]).max() / FADE_SAMPLES + 1e-6
        # A key afterwards has the same delay as one before.
        keyboard.press(rig.ns_at(rig.engine.outlet.position), b"\x80\x3c\x40")
        rig.turn(800)
        stamp = rig.engine.outlet.position + 77
        keyboard.press(rig.ns_at(stamp))
        rig.turn(40)
        onset = first_sound(rig.audio(), begin=stamp)
        assert onset - 1 == stamp + rig.engine.latency.total_samples
        assert rig.engine.snapshot().underruns == 1


def test_notes_of_a_stall_are_not_stuck(player):
    with live(player) as rig:
        keyboard = rig.listen()
        rig.begin()
        keyboard.press(rig.ns_at(500))
        rig.turn(60)
        keyboard.press(rig.ns_at(rig.engine.outlet.position + 4000), NOTE_OFF)
        rig.turn(400, rendering=False)
        rig.turn(500)
        assert rig.engine.snapshot().blocks_left_out > 50
        assert sum(rig.engine.snapshot().sounding) == 0


@pytest.mark.parametrize("block", [100, 128, 1024])
def test_live_and_offline_are_the_same_samples(player, tmp_path, block):
    performance = read_performance(write_duet(tmp_path / "duet.mid"), RATE_HZ)
    arrangement = arrange(performance)
    renderer = StreamRenderer(*player, arrangement.streams, steps=2, seed=9)
    span = span_of(performance, RenderOptions(), RATE_HZ)
    mixer = Mixer(arrangement.streams, RATE_HZ)
    offline = np.concatenate(list(SongRender(renderer, performance, arrangement, span, mixer)))
    with Rig(*player, HandDevice(block), EngineConfig(steps=2, seed=9), arrangement) as rig:
        rig.engine.play(performance)
        rig.begin()
        rig.turn(len(offline) // block + 1)
        heard = rig.audio()[rig.engine.latency.lookahead_samples :]
        length = min(len(heard), len(offline))
        assert length > len(offline) - 512
        assert np.array_equal(heard[:length], offline[:length])
        assert np.abs(heard).max() > 0.01


def test_a_file_that_ends_with_held_keys_finishes(player, tmp_path):
    song = write_song(tmp_path / "held.mid", [note(60, 0.1, 9.0)[0], control(64, 127)], length_s=0.5)
    with Rig(*player, HandDevice(), arrangement=arrange(read_performance(song))) as rig:
        rig.engine.play(read_performance(song))
        rig.begin()
        while not rig.engine.finished and len(rig.heard) < 3000:
            rig.turn(10)
        assert 0.5 < rig.engine.snapshot().played_s < 5.0


def test_on_a_paced_device_nothing_is_left_behind(player, tmp_path):
    performance = read_performance(write_duet(tmp_path / "duet.mid"), RATE_HZ)
    threads, interval = set(threading.enumerate()), sys.getswitchinterval()
    config = EngineConfig(steps=1, margin_ms=200.0)  # other programs may be busy here
    chain = make_chain(*player, arrange(performance), config)
    with Engine(chain, PacedDevice(RATE_HZ, 128), config) as engine:
        engine.play(performance)
        begin_s = time.monotonic()
        engine.start()
        assert gc.get_freeze_count() > 0
        while not engine.finished:
            engine.check()
            assert time.monotonic() - begin_s < 20.0
            time.sleep(0.02)
    took_s, now = time.monotonic() - begin_s, engine.snapshot()
    assert set(threading.enumerate()) == threads
    assert (sys.getswitchinterval(), gc.get_freeze_count()) == (interval, 0)
    assert now.played_s > 1.0
    assert abs(took_s - now.played_s) < 3.0, "the paced device keeps real time"
    assert now.blocks * 512 == pytest.approx(now.played_frames, abs=48_000)
    assert 0.0 < now.times["spectrogram"].p50_ms < now.times["block"].p50_ms <= now.times["block"].max_ms


def test_a_failing_renderer_is_told_and_the_device_goes_on_silently(player):
    class Broken:
        ended = False

        def take(self, end_frame):
            if end_frame > 8 * 512:
                raise RuntimeError("broken on purpose")
            return []

        def close(self):
            pass

    chain = make_chain(*player, live_arrangement(), EngineConfig())
    with Engine(chain, PacedDevice(RATE_HZ, 128)) as engine:
        engine._sources.append(Broken())
        engine.start()
        deadline = time.monotonic() + 10.0
        while engine.render.failure is None and time.monotonic() < deadline:
            time.sleep(0.01)
        with pytest.raises(RuntimeError, match="on purpose"):
            engine.check()
        assert engine.device.alive


def test_streams_are_halved_until_they_fit(player):
    tried = []

    def fits(streams):
        tried.append(streams)
        return streams <= 3

    assert (_largest(12, fits), tried) == (3, [12, 6, 3])
    assert _largest(5, lambda _: False) == 1
    assert affordable_streams(*player, 1) == 1
    assert 1 <= affordable_streams(*player, 16, steps=1) <= 16


def test_settings_that_do_not_fit_are_one_clear_line(player):
    device = HandDevice()
    device.rate_hz = 44_100
    with pytest.raises(DeviceError, match=r"hand plays at 44100 Hz.*48000 Hz"):
        Engine(make_chain(*player, live_arrangement(), EngineConfig()), device)
    with pytest.raises(UsageError, match="steps = 3"):
        make_chain(*player, live_arrangement(), EngineConfig(steps=3))


def test_notes_on_all_channels_are_placed_in_order(player):
    """A note-off stamped a hair after its note-on never overtakes it, whatever the clock reads."""
    with live(player) as rig:
        keyboard = rig.listen()
        rig.begin()
        for channel in range(16):
            keyboard.press(rig.ns_at(1000) + channel, bytes((0x90 | channel, 60, 100)))
            keyboard.press(rig.ns_at(1000) + channel, bytes((0x80 | channel, 60, 64)))
        keyboard.press(rig.ns_at(1001), mido.Message("sysex", data=[1, 2, 3]).bin())
        rig.turn(900)
        assert sum(rig.engine.snapshot().sounding) == 0
