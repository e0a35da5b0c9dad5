"""The engine as a service: a real engine process that is told what to do over the control link."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import control_rig
import numpy as np
import pytest

from neume.synth.block_timer import STAGES
from neume.synth.control.client import EngineClient
from neume.synth.control.commands import (
    GetRack,
    KeepLast,
    Learn,
    LoadBundle,
    LoadPreset,
    NoteOff,
    NoteOn,
    Panic,
    Quit,
    RecordStart,
    RecordStop,
    ResetCounters,
    SavePreset,
    SaveTrace,
    SetAudio,
    SetMidi,
    SetRack,
    SetSteps,
    SetValue,
    Subscribe,
)
from neume.synth.control.rack_told import read_told
from neume.synth.rack.part import Part, Rack
from neume.synth.rack.preset_write import preset_text

NEUME = str(Path(sys.executable).parent / "neume")
PATIENCE_S = 30.0

folders = pytest.fixture(autouse=True)(control_rig.own_folders)


@pytest.fixture
def client(monkeypatch, tmp_path):
    monkeypatch.setenv("JACK_DEFAULT_SERVER", "neume-none")
    monkeypatch.setenv("JACK_NO_START_SERVER", "1")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    command = [NEUME, "engine", "--name", "service", "--silent", "--streams", "2", "--preset", "string-layer"]
    engine = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    try:
        with EngineClient.connect("service", PATIENCE_S) as client:
            client.engine = engine
            yield client
    finally:
        engine.kill()
        engine.communicate()


def until(client, happened):
    deadline = time.monotonic() + PATIENCE_S
    while client.latest is None or not happened(client.latest):
        assert time.monotonic() < deadline, client.latest
        time.sleep(0.02)


def refused(client, command):
    reply = client.send(command)
    assert not reply.done
    return reply.text


def test_a_panel_plays_changes_and_ends_an_engine(client, tmp_path):
    client.post(Subscribe(30.0, mel=True))
    client.post(NoteOn(part=0, key=60, velocity=100))
    until(client, lambda now: sum(now.sounding) == 2)
    assert client.latest.rack.startswith("Piano")
    until(client, lambda now: now.meters.master_peak > 0.001)
    assert client.send(LoadPreset("organ")).text == "Organ"
    until(client, lambda now: now.rack == "Organ")
    assert client.send(SetValue("part.0.volume_db", -3.0)).done
    assert client.send(SetSteps(0)).done
    until(client, lambda now: now.steps == 0)
    mine = Rack("mine", (Part("flute", program=73),))
    assert client.send(SetRack(preset_text(mine))).done
    until(client, lambda now: now.rack == "mine")
    saved = Path(client.send(SavePreset("my-flute")).text)
    assert saved.is_file()
    client.post(NoteOff(part=0, key=60))
    assert client.send(RecordStart(tmp_path / "gig.wav")).done
    client.post(NoteOn(channel=0, key=72, velocity=100))
    until(client, lambda now: sum(now.sounding) >= 1)
    client.post(Panic())
    until(client, lambda now: sum(now.sounding) == 0)
    assert client.take_mels(), "frames of what was played"
    until(client, lambda now: now.recording is not None and now.recording.seconds > 0.5)
    assert client.send(RecordStop()).text == str(tmp_path / "gig.wav")
    assert {path.name for path in tmp_path.glob("gig.*")} == {"gig.wav", "gig.take.mid", "gig.take.toml"}
    assert client.send(KeepLast(tmp_path / "last.flac")).done
    trace = tmp_path / "trace.csv"
    assert client.send(SaveTrace(trace)).text == str(trace)
    assert trace.read_text().splitlines()[0] == ",".join(STAGES)
    assert np.loadtxt(trace, delimiter=",", skiprows=1).shape[1] == len(STAGES)
    assert client.send(Quit()).done
    assert client.engine.wait(PATIENCE_S) == 0


def test_what_cannot_be_is_told_and_the_engine_plays_on(client, tmp_path):
    assert "names no value of the rack" in refused(client, SetValue("part.9.volume_db", 0.0))
    assert "names nothing that a controller can turn" in refused(client, Learn("colour"))
    assert "steps = 3" in refused(client, SetSteps(3))
    assert "the rack sent" in refused(client, SetRack("parts = 3"))
    assert "not found" in refused(client, LoadPreset("no-such-preset"))
    assert "nothing has sounded in the last 30 minutes" in refused(client, KeepLast(tmp_path / "last.wav"))
    assert refused(client, RecordStop()) == "nothing is being recorded"
    assert "audio output" in refused(client, SetAudio("Steinway")), "there is none here"
    assert "not found" in refused(client, LoadBundle("no-such-bundle"))
    unwritable = tmp_path / "none" / "trace.csv"
    assert "cannot be written: No such file or directory" in refused(client, SaveTrace(unwritable))
    client.post(Subscribe(30.0))
    client.post(NoteOn(part=0, key=60, velocity=100))
    until(client, lambda now: sum(now.sounding) == 2)


def test_a_panel_asks_for_the_rack_whenever_it_is_another(client):
    client.post(Subscribe(60.0, wave=True))
    until(client, lambda now: now.rack_revision > 0)
    first = client.latest
    told = read_told(client.send(GetRack()).text)
    assert (told.rack.name, len(told.rack.parts)) == (first.rack, len(first.parts))
    assert (told.preset, told.revision) == (first.preset, first.rack_revision)
    text = preset_text(told.rack)
    assert client.send(SetRack(text, "mine")).done
    until(client, lambda now: now.rack_revision != first.rack_revision)
    sent = read_told(client.send(GetRack()).text)
    assert (sent.rack, sent.preset) == (told.rack, "mine"), "it is what was sent"
    assert sent.revision > told.revision
    assert client.send(SetValue("part.0.volume_db", -3.0)).done
    changed = read_told(client.send(GetRack()).text).rack
    assert changed.parts[0].volume_db == -3.0
    assert client.send(SetMidi(("harp",))).done
    until(client, lambda now: now.midi_missing == ("harp",))
    assert client.send(SetMidi()).done
    until(client, lambda now: now.midi_missing == ())
    client.post(NoteOn(part=0, key=60, velocity=127))
    until(client, lambda now: now.keys_down != () and now.meters.master_peak > 0.001)
    client.take_waves()
    control_rig.until(lambda: any(np.abs(c.samples()).max(initial=0) > 0.001 for c in client.take_waves()))
    assert client.send(ResetCounters()).done
    assert client.send(SavePreset("again")).done
    until(client, lambda now: now.preset == "again")
    assert client.send(SetRack(text)).done
    until(client, lambda now: (now.rack, now.preset) == (first.rack, "again"))
    assert client.send(SetRack(text, name="orchestra")).done
    assert client.send(SetValue("preset.next", 1.0)).done
    until(client, lambda now: now.preset == "organ")
    assert client.send(SetRack(text, name="")).done
    until(client, lambda now: (now.rack, now.preset) == (first.rack, ""))
    assert client.latest.bundle.startswith("neume-gm ")


def test_one_name_has_one_engine(client):
    second = subprocess.run(
        [NEUME, "engine", "--name", "service", "--silent"], capture_output=True, text=True, timeout=PATIENCE_S
    )
    assert second.returncode == 1
    assert "service" in second.stderr
    assert len(second.stderr.splitlines()) == 1
    assert client.alive
