"""Live input where something is missing: the server, the library, all of MIDI."""

import contextlib
import os
import subprocess
import sys

import pytest
from jack_server import INSTALLED, jack_server

from neume.synth import midi_backend, midi_in
from neume.synth.errors import DeviceError
from neume.synth.midi_backend import list_ports
from neume.synth.midi_in import ASK_ANYWAY_POLLS, MidiInput

needs_jack = pytest.mark.skipif(not INSTALLED, reason="jackd is not installed: apt-get install jackd2")


@needs_jack
def test_after_the_server_has_gone_closing_still_releases_what_is_held():
    """In a process of its own: JACK's library does not forget a server that is gone, nor its ports."""
    with jack_server() as server, keyboard_process() as ready:
        ready()
        code = (
            "import os, signal, sys, time\n"
            "from neume.synth.midi_in import MidiInput\n"
            "midi = MidiInput()\n"
            "print(midi.ports)\n"
            "messages = []\n"
            "while not messages: messages = midi.drain()\n"
            "os.kill(int(sys.argv[1]), signal.SIGTERM)\n"
            "time.sleep(0.3)\n"
            "midi.poll()\n"
            "midi.close()\n"
            "print(midi.ports, midi.drain()[-1][1].hex())\n"
        )
        command = [sys.executable, "-c", code, str(server.pid)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)
        assert done.stdout.splitlines() == ["('Piano:keys',)", "() 803c40"], done.stderr
        assert done.returncode == 0


@contextlib.contextmanager
def keyboard_process():
    """A process that presses and repeats one key for ever. Gives a function that waits until it does."""
    code = (
        "import rtmidi, time\n"
        "output = rtmidi.MidiOut(rtmidi.API_UNIX_JACK, 'Piano')\n"
        "output.open_virtual_port('keys')\n"
        "print('ready', flush=True)\n"
        "while True:\n"
        "    output.send_message([0x90, 60, 100]); time.sleep(0.05)\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    try:
        yield process.stdout.readline
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def run_without(environment, code):
    """Run code in a process whose surroundings lack something; its output and error lines."""
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout.splitlines(), done.stderr


NO_PORTS = (
    "from neume.synth.midi_in import MidiInput\n"
    "midi = MidiInput(['piano'])\n"
    "print(midi.problem)\n"
    "midi.poll()\n"
    "print(midi.ports, midi.missing, midi.drain())\n"
    "midi.close()\n"
)


@pytest.mark.skipif(os.path.exists("/dev/snd/seq"), reason="this machine has ALSA MIDI")
def test_without_any_midi_system_there_is_one_clear_line():
    lines, errors = run_without({"JACK_DEFAULT_SERVER": "neume-none", "JACK_NO_START_SERVER": "1"}, NO_PORTS)
    assert "no MIDI system answers" in lines[0]
    assert lines[1:] == ["() ('piano',) []"]
    assert errors == ""  # the C libraries are quiet too


def test_without_the_library_there_is_one_clear_line(tmp_path):
    (tmp_path / "rtmidi.py").write_text("raise ImportError('libjack.so.0: cannot open shared object file')\n")
    lines, errors = run_without({"PYTHONPATH": str(tmp_path)}, NO_PORTS)
    assert "python-rtmidi cannot be loaded (libjack.so.0" in lines[0]
    assert lines[1:] == ["() ('piano',) []"]
    assert errors == ""


@pytest.mark.skipif(os.path.exists("/dev/snd/seq"), reason="this machine has ALSA MIDI")
def test_listing_ports_says_why_there_are_none(monkeypatch):
    monkeypatch.setenv("JACK_DEFAULT_SERVER", "neume-none")
    with pytest.raises(DeviceError, match="no MIDI system answers"):
        list_ports()


def test_where_nothing_answers_it_is_hardly_asked_for(monkeypatch, tmp_path):
    """Asking takes milliseconds, in which the render thread cannot run: once a second is too often."""
    asked = []

    class Absent:
        def __init__(self):
            asked.append(True)
            raise DeviceError("nothing answers")

    monkeypatch.setattr(midi_in, "MidiBackend", Absent)
    monkeypatch.setattr(midi_backend, "ALSA_DEVICE", str(tmp_path / "seq"))
    monkeypatch.setattr(midi_backend, "SERVER_FILES", tmp_path)
    monkeypatch.setattr(sys, "platform", "linux")
    (tmp_path / "jack_db-0").touch()
    midi = MidiInput()
    assert midi.problem == "nothing answers"
    for _ in range(3 * ASK_ANYWAY_POLLS):
        midi.poll()
    assert len(asked) == 4
    (tmp_path / "jack_default_0_0").touch()
    midi.poll()
    midi.poll()
    assert len(asked) == 6
