"""Another audio device while it plays: nothing is skipped, and one that cannot be had leaves the old one."""

from __future__ import annotations

import signal
import threading

import numpy as np
import pytest
from audio_rig import RATE_HZ, asynchronous_server, exists, heard, kill, ramp, remote, until
from jack_server import INSTALLED
from test_audio_process_faults import assert_whole, watched
from test_play_jack import Capture

from neume.synth.audio.launch import AudioProcess
from neume.synth.audio.remote_device import BUSY
from neume.synth.audio.watch import DeviceState
from neume.synth.errors import DeviceError, UsageError
from neume.synth.outlet import FADE_SAMPLES, Outlet
from neume.synth.ring import Ring
from neume.synth.sample_clock import SampleClock

needs_jack = pytest.mark.skipif(not INSTALLED, reason="jackd is not installed: apt-get install jackd2")


@pytest.fixture(scope="module")
def server():
    with asynchronous_server() as process:
        yield process


def nothing():
    pass


# --- the outlet


@pytest.mark.parametrize("block", [16, 64, 128, 500])
def test_an_outlet_that_rests_fades_takes_nothing_and_goes_on_where_it_was(block):
    ring = Ring(20_000)
    ring.write(np.full((20_000, 2), 0.5, np.float32))
    outlet = Outlet(ring, SampleClock(RATE_HZ), now_ns=lambda: 0)
    outlet.armed = True

    def played(blocks):
        out = np.zeros((blocks * block, 2), np.float32)
        for piece in np.split(out, blocks):
            outlet.fill(piece)
        return out[:, 0]

    steady = played(8)
    outlet.resting = True
    rested = played(1000 // block + 1)
    outlet.resting = False
    again = played(8)
    assert outlet.position == 16 * block == ring.taken
    assert (outlet.underruns, outlet.missing_frames) == (0, 0)
    assert rested[-1] == pytest.approx(0.0, abs=1e-6)
    steps = np.abs(np.diff(np.concatenate([steady, rested, again])))
    assert steps.max() < 2.0 * 0.5 / min(block, FADE_SAMPLES), "no click"
    assert again[-1] == 0.5


def test_an_outlet_that_was_never_armed_stays_silent():
    outlet = Outlet(Ring(100), SampleClock(RATE_HZ), now_ns=lambda: 0)
    outlet.resting = True
    out = np.ones((32, 2), np.float32)
    outlet.fill(out)
    assert not out.any()


# --- the device


@needs_jack
def test_another_block_while_it_plays_skips_nothing(server):
    with remote() as (device, line, listener), Capture() as capture:
        until(lambda: line.outlet.position > 5_000)
        before, told = device.process_id, []
        device.choose(None, None, 512, lambda: told.append(device.block_samples))
        assert told == [512], "known before it plays"
        assert (device.block_samples, device.device_block_samples, device.host_api) == (
            512,
            512,
            "JACK Audio Connection Kit",
        )
        assert device.process_id != before
        assert not exists(before)
        until(lambda: device.alive)
        capture.connect()
        assert np.median(np.diff(heard(capture, 0.1 * RATE_HZ))) == 1.0
        assert (line.outlet.underruns, line.outlet.missing_frames) == (0, 0)
    assert_whole(listener.audio())


@needs_jack
def test_a_device_is_opened_by_its_name_and_host_api(server):
    with remote(name="system, JACK Audio Connection Kit") as (device, line, _):
        assert (device.name, device.host_api) == ("system", "JACK Audio Connection Kit")
        until(lambda: line.outlet.position > 2_000)
        with pytest.raises(DeviceError, match=r"there are: .*system, JACK Audio Connection Kit"):
            device.choose("system, Core Audio", None, 128, nothing)


@needs_jack
@pytest.mark.parametrize(
    ("wanted", "error", "words"),
    [
        (("Steinway", None, 128), DeviceError, "no audio output device is called 'Steinway'; there are: "),
        ((None, 44_100, 128), DeviceError, "refuses 2 channels at 44100 Hz"),
        ((None, 1, 128), UsageError, "a device rate of 1 Hz; allowed are 8000 to 384000 Hz"),
        ((None, None, 8), UsageError, "audio blocks of 8 samples; allowed are 16 to 4096"),
    ],
)
def test_what_cannot_be_opened_leaves_the_old_one_playing(server, wanted, error, words):
    with remote() as (device, line, listener):
        until(lambda: line.outlet.position > 2_000)
        before = device.process_id
        with pytest.raises(error) as refusal:
            device.choose(*wanted, nothing)
        assert words in str(refusal.value)
        assert (device.process_id, device.block_samples, device.alive) == (before, 128, True)
        begin = line.outlet.position
        until(lambda: line.outlet.position > begin + 2_000)
    assert np.array_equal(listener.audio(), ramp(0, len(listener.audio()))), "not even a fade"


@needs_jack
def test_a_device_that_nobody_may_have_twice_is_let_go_first(server, monkeypatch):
    """No device of JACK's is one, so its first answer is forged; what follows is real."""
    opened, answers = AudioProcess.opened, []

    def busy_once(process):
        answers.append(process)
        if len(answers) == 1:
            raise DeviceError(f"audio device 'card' refuses: {BUSY}")
        return opened(process)

    with remote() as (device, line, listener):
        until(lambda: line.outlet.position > 2_000)
        monkeypatch.setattr(AudioProcess, "opened", busy_once)
        device.choose(None, None, 256, nothing)
        assert device.block_samples == 256
        begin = line.outlet.position
        until(lambda: device.alive and line.outlet.position > begin + 2_000)
    assert_whole(listener.audio())


@needs_jack
def test_a_device_that_nobody_may_have_at_all_brings_the_old_one_back(server, monkeypatch):
    opened, answers = AudioProcess.opened, []

    def busy_twice(process):
        answers.append(process)
        if len(answers) <= 2:
            raise DeviceError(f"audio device 'card' refuses: {BUSY}")
        return opened(process)

    with remote() as (device, line, listener):
        until(lambda: line.outlet.position > 2_000)
        monkeypatch.setattr(AudioProcess, "opened", busy_twice)
        with pytest.raises(DeviceError, match=BUSY):
            device.choose(None, None, 256, nothing)
        assert device.block_samples == 128
        begin = line.outlet.position
        until(lambda: device.alive and line.outlet.position > begin + 2_000)
    assert_whole(listener.audio())


@needs_jack
def test_a_choice_is_no_loss(server):
    with remote() as (device, line, listener), watched(device) as (watch, said):
        until(lambda: line.outlet.position > 2_000)
        for block_samples in (256, 64):
            watch.choose(None, None, block_samples, nothing)
            assert device.block_samples == block_samples
        begin = line.outlet.position
        until(lambda: line.outlet.position > begin + RATE_HZ // 2)
        assert (watch.losses, watch.state, said) == (0, DeviceState.PLAYING, [])
        watch.stop()
    assert_whole(listener.audio())


@needs_jack
def test_a_choice_replaces_one_that_hangs_and_is_kept_when_that_is_lost(server):
    with remote() as (device, line, listener):
        until(lambda: line.outlet.position > 2_000)
        kill(device.process_id, signal.SIGSTOP)
        until(lambda: not device.alive)
        device.choose(None, None, 256, nothing)
        assert device.alive
        with watched(device) as (watch, _):
            kill(device.process_id)
            until(lambda: watch.state is DeviceState.BACK and device.alive)
            assert (watch.losses, device.block_samples) == (1, 256)
            watch.stop()
    assert_whole(listener.audio(), period=256)


@needs_jack
def test_stopping_while_another_device_is_opened_gives_up_at_once(server):
    with remote() as (device, line, _):
        until(lambda: line.outlet.position > 1_000)
        refused, before = [], device.process_id

        def choose():
            try:
                device.choose(None, None, 256, nothing)
            except DeviceError as fault:
                refused.append(fault)

        choosing = threading.Thread(target=choose)
        choosing.start()
        until(lambda: device.process_id not in (before, None))
        kill(device.process_id, signal.SIGSTOP)
        device.stop()
        choosing.join(5.0)
        assert not choosing.is_alive()
        assert len(refused) == 1
