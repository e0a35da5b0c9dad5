"""Lists of audio outputs and MIDI inputs: with a real JACK server, without any, and with one that hangs."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from jack_server import INSTALLED, jack_server

from neume.synth.device_list import LEAVING_S, AudioOutput, DeviceList, list_devices

NEUME = str(Path(sys.executable).parent / "neume")
NO_SERVER = {"JACK_DEFAULT_SERVER": "there-is-none", "JACK_NO_START_SERVER": "1"}
PATIENT_S = 40.0  # other programs may be busy here
needs_jack = pytest.mark.skipif(not INSTALLED, reason="needs jackd")


def run(*arguments):
    return subprocess.run([NEUME, *arguments], capture_output=True, text=True, check=False, timeout=60)


@needs_jack
def test_a_server_that_runs_is_listed_and_not_held_up():
    with jack_server(rate_hz=44_100, period_frames=256):
        for _ in range(2):  # a client that had just vanished would hold up the second one
            begin_s = time.monotonic()
            found = list_devices(PATIENT_S)
            (output,) = [output for output in found.audio_outputs if "JACK" in output.host_api]
            assert output == AudioOutput(
                number=output.number,
                name="system",
                host_api="JACK Audio Connection Kit",
                channels=2,
                default_rate_hz=44_100,
                rates_hz=(44_100,),
                latency_ms=pytest.approx(1000 * 256 / 44_100, abs=0.01),
                default=output.default,
            )
            assert found.audio_problem is None
            assert output.host_api in found.host_apis
            assert found.portaudio.startswith("PortAudio")
            assert (found.midi_api, found.midi_problem) in (("JACK", None), ("ALSA", None))
        assert time.monotonic() - begin_s < PATIENT_S / 2


@needs_jack
def test_a_server_that_hangs_costs_no_more_than_the_limit():
    with jack_server() as server:
        os.kill(server.pid, signal.SIGSTOP)
        try:
            begin_s = time.monotonic()
            found = list_devices(2.0)
            took_s = time.monotonic() - begin_s
        finally:
            os.kill(server.pid, signal.SIGCONT)
    assert took_s < 2.0 + 2 * LEAVING_S + 3.0
    assert found.audio_outputs == ()
    assert "has not answered for 2 s" in found.audio_problem


def test_without_a_server_the_reason_is_told(monkeypatch):
    for name, value in NO_SERVER.items():
        monkeypatch.setenv(name, value)
    found = list_devices(PATIENT_S)
    assert bool(found.audio_outputs) is (found.audio_problem is None)
    assert found.midi_inputs == () or found.midi_problem is None
    assert found == DeviceList(**{name: getattr(found, name) for name in DeviceList.__slots__})


def test_a_process_that_cannot_even_begin_is_told(monkeypatch):
    monkeypatch.setenv("PYTHONHOME", "/nonexistent")
    found = list_devices(PATIENT_S)
    assert found.audio_problem == "the process that asks the audio system has ended without an answer"
    assert found.midi_problem == "the process that asks the MIDI system has ended without an answer"


@needs_jack
def test_the_command_lists_for_people_and_for_programs():
    with jack_server():
        text, listed = run("devices"), run("devices", "--json")
    assert (text.returncode, listed.returncode) == (0, 0)
    assert "JACK Audio Connection Kit: system, 2 channels, 48 kHz, latency 2.7 ms" in text.stdout
    assert "MIDI inputs" in text.stdout
    record = json.loads(listed.stdout)
    assert set(record) == set(DeviceList.__slots__)
    assert [output["name"] for output in record["audio_outputs"] if "JACK" in output["host_api"]] == [
        "system"
    ]


def test_the_command_says_why_there_is_nothing(monkeypatch):
    for name, value in NO_SERVER.items():
        monkeypatch.setenv(name, value)
    done = run("devices")
    if done.returncode:  # a machine with a sound card or a sequencer has something to list
        assert done.returncode == 1
        assert "neume: there is no audio output device" in done.stderr
    assert "Traceback" not in done.stderr
