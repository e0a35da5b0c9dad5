"""The waveform on the control link: without gaps, bounded, refused if it is none; and the longest rack."""

from __future__ import annotations

import itertools
import json

import control_rig
import numpy as np
import pytest
from control_rig import RATE_HZ, running, until
from hypothesis import given, settings
from hypothesis import strategies as st

from neume.synth.control.client import MAX_CHUNKS, EngineClient
from neume.synth.control.commands import LONGEST_RACK, SetRack, Subscribe
from neume.synth.control.errors import ControlError
from neume.synth.control.messages import MESSAGES, Reply, read_message
from neume.synth.control.snapshots import MAX_WAVE_FRAMES, WaveChunk, wave_samples
from neume.synth.control.wave_log import KEPT_FRAMES, SPARED_FRAMES, WaveLog

folders = pytest.fixture(autouse=True)(control_rig.own_folders)


@settings(deadline=None)
@given(st.integers(0, 2**53), st.integers(0, 3_000), st.sampled_from([8_000, 48_000]), st.integers(0, 2**32))
def test_a_waveform_comes_back_as_mono_of_16_bits(first, count, rate_hz, seed):
    block = np.random.default_rng(seed).uniform(-1.0, 1.0, (count, 2)).astype(np.float32)
    line = MESSAGES.line(WaveChunk.of(first, rate_hz, wave_samples(block)))
    chunk = read_message(line[:-1])
    assert (chunk.first_frame, chunk.next_frame, chunk.rate_hz) == (first, first + count, rate_hz)
    samples = chunk.samples()
    assert (samples.dtype, samples.shape) == (np.float32, (count,))
    assert np.abs(samples - block.mean(axis=1)).max(initial=0.0) <= 0.5 / 32_767 + 1e-7


def test_whatever_is_played_stays_within_full_scale():
    loud = np.array([[9.0, 9.0], [-9.0, -9.0], [1.0, 1.0], [-1.0, -1.0]], np.float32)
    assert WaveChunk.of(0, RATE_HZ, wave_samples(loud)).samples().tolist() == [1.0, -1.0, 1.0, -1.0]
    lowest = WaveChunk.of(0, RATE_HZ, np.array([-32_768], np.int16))
    assert lowest.samples().tolist() == [-1.0]


@pytest.mark.parametrize("text", ["?", "AAA?", "AA==", "AAA", "AAAAA=="])
def test_a_broken_waveform_is_refused(text):
    line = json.dumps({"kind": "waves", "first_frame": 0, "rate_hz": RATE_HZ, "int16": text})
    with pytest.raises(ControlError, match="wave"):
        read_message(line.encode()).samples()


def test_a_waveform_without_measure_is_refused():
    with pytest.raises(ControlError, match="up to 16384 samples"):
        WaveChunk.of(0, RATE_HZ, np.zeros(MAX_WAVE_FRAMES + 1, np.int16))
    chunk = {"kind": "waves", "first_frame": 0, "rate_hz": RATE_HZ, "int16": "A" * 100_000}
    with pytest.raises(ControlError, match=r"at most \d+ long"):
        read_message(json.dumps(chunk).encode())
    with pytest.raises(ControlError, match="rate_hz is 1"):
        read_message(json.dumps(chunk | {"rate_hz": 1, "int16": ""}).encode())


@pytest.mark.parametrize("block", [1, 255, 512, SPARED_FRAMES])
def test_the_log_tells_the_newest_samples_that_are_asked_for(block):
    log, sound = WaveLog(RATE_HZ), np.arange(3 * KEPT_FRAMES) % 30_011
    assert log.since(0) is None
    for begin in range(0, len(sound) - block, block):
        piece = np.repeat(sound[begin : begin + block, None], 2, axis=1)
        log.put((piece / 32_767).astype(np.float32))
    assert log.since(log.written) is None
    for first in (log.written - 1, log.written - 700, 0):
        chunk = log.since(first)
        assert chunk.next_frame == log.written
        assert chunk.first_frame == max(first, log.written - MAX_WAVE_FRAMES)
        expected = sound[chunk.first_frame : chunk.next_frame]
        assert np.array_equal(np.rint(chunk.samples() * 32_767), expected)


def test_a_subscriber_gets_the_waveform_without_gaps_if_it_wants_it():
    with running() as (server, _), EngineClient.connect("rig") as client:
        client.send(Subscribe(60.0, mel=True))
        next(client.snapshots())
        assert client.take_waves() == []
        client.send(Subscribe(60.0, mel=True, wave=True))
        chunks = []
        until(lambda: chunks.extend(client.take_waves()) or sum(len(c.samples()) for c in chunks) > 20_000)
        assert {chunk.rate_hz for chunk in chunks} == {RATE_HZ}
        assert all(a.next_frame == b.first_frame for a, b in itertools.pairwise(chunks))
        sound = np.concatenate([chunk.samples() for chunk in chunks])
        frames = np.arange(chunks[0].first_frame, chunks[-1].next_frame)
        assert np.abs(sound - frames // 512 % 9 / 10).max() < 1e-4
        assert client.take_mels(), "both, if both are wanted"
        assert server.failure is None


def test_a_client_that_takes_nothing_keeps_a_bounded_number(monkeypatch):
    with running(), EngineClient.connect("rig") as client:
        assert client._waves.maxlen == MAX_CHUNKS


@pytest.mark.parametrize("sign", ["x", "\n", "\U0001f3b9"])
def test_a_reply_as_long_as_the_longest_rack_comes_whole(sign):
    text = sign * LONGEST_RACK
    with running(), EngineClient.connect("rig") as client:
        client.send(Subscribe(60.0, mel=True, wave=True))
        assert client.send(SetRack(text)) == Reply(1, True, text), "the rig's owner says what it was sent"
