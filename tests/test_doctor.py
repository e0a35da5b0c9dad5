"""`neume doctor`: a line for everything that playing needs, what to do about it, and a true exit code."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from bundle_factory import write_bundle
from jack_server import INSTALLED, jack_server

from neume.synth import doctor_machine
from neume.synth.device_list import AudioOutput, DeviceList
from neume.synth.doctor import MOST_LATENCY_MS, diagnosis
from neume.synth.doctor_machine import load, memory_lock, power, realtime
from neume.synth.findings import Verdict
from neume.synth.providers import working_providers
from neume.synth.render_priority import TO_ALLOW

NEUME = str(Path(sys.executable).parent / "neume")
QUICK = AudioOutput(0, "stage box", "JACK", 2, 48_000, (48_000,), 2.7, True)
SLOW = AudioOutput(1, "television", "ALSA", 2, 48_000, (44_100, 48_000), MOST_LATENCY_MS + 1.0, True)
STAGE = DeviceList((QUICK,), ("ALSA", "JACK"), "PortAudio V19", None, ("stage piano",), "ALSA", None)


def by_topic(findings, topic):
    return [finding for finding in findings if finding.topic == topic]


def run(*arguments, **environment):
    return subprocess.run(
        [NEUME, "doctor", *arguments],
        capture_output=True,
        text=True,
        env={**os.environ, **environment},
        check=False,
        timeout=60,
    )


def test_on_a_stage_nothing_keeps_it_from_playing():
    findings = diagnosis(STAGE)
    assert not [finding for finding in findings if finding.verdict is Verdict.PROBLEM]
    topics = [finding.topic for finding in findings]
    wanted = (
        "Python",
        "libraries",
        "ONNX Runtime",
        "audio",
        "MIDI",
        "processors",
        "real time",
        "bundle",
        "files",
    )
    assert set(wanted) <= set(topics)
    assert all(bool(finding.advice) is (finding.verdict is not Verdict.OK) for finding in findings)
    assert all("\n" not in finding.text + finding.advice for finding in findings)


@pytest.mark.parametrize(
    ("devices", "topic", "verdict", "text"),
    [
        (STAGE, "audio", Verdict.OK, "default stage box (JACK), 2.7 ms, 48000 Hz"),
        (DeviceList((SLOW,)), "audio", Verdict.NOTE, "television"),
        (DeviceList(audio_problem="it hangs"), "audio", Verdict.PROBLEM, "it hangs"),
        (STAGE, "MIDI", Verdict.OK, "stage piano"),
        (DeviceList((QUICK,), midi_api="JACK"), "MIDI", Verdict.NOTE, "no inputs"),
        (DeviceList((QUICK,), midi_problem="no MIDI here"), "MIDI", Verdict.NOTE, "no MIDI here"),
    ],
)
def test_devices_are_judged(devices, topic, verdict, text):
    (finding,) = by_topic(diagnosis(devices), topic)
    assert finding.verdict is verdict
    assert text in finding.text


def test_a_broken_bundle_is_a_note_unless_it_is_the_default_one(tmp_path, monkeypatch):
    write_bundle(tmp_path / "tiny")
    (tmp_path / "bad").mkdir()
    monkeypatch.setenv("NEUME_BUNDLES", str(tmp_path))
    bundles = by_topic(diagnosis(STAGE), "bundle")
    assert [finding.verdict for finding in bundles if "bad" in finding.text] == [Verdict.NOTE]
    assert not [finding for finding in bundles if "tiny" in finding.text]
    (tmp_path / "neume-gm").mkdir()
    verdicts = [finding.verdict for finding in by_topic(diagnosis(STAGE), "bundle")]
    assert verdicts[0] is Verdict.PROBLEM


def test_a_broken_preset_is_named(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    (tmp_path / "neume" / "presets").mkdir(parents=True)
    (tmp_path / "neume" / "presets" / "mine.toml").write_text("no preset")
    broken = [finding for finding in by_topic(diagnosis(STAGE), "presets") if finding.advice]
    assert [finding.verdict for finding in broken] == [Verdict.NOTE]
    assert "mine.toml" in broken[0].text


@pytest.mark.parametrize(
    ("governor", "driver", "verdict"),
    [
        ("performance", "acpi-cpufreq", Verdict.OK),
        ("schedutil", "acpi-cpufreq", Verdict.OK),
        ("powersave", "acpi-cpufreq", Verdict.NOTE),
        ("powersave", "intel_pstate", Verdict.OK),
        (None, None, None),
    ],
)
def test_the_clock_of_the_processors(tmp_path, governor, driver, verdict):
    for number in range(2 if governor else 0):
        folder = tmp_path / f"cpu{number}" / "cpufreq"
        folder.mkdir(parents=True)
        (folder / "scaling_governor").write_text(f"{governor}\n")
        (folder / "scaling_driver").write_text(f"{driver}\n")
    assert [finding.verdict for finding in power(tmp_path)] == ([verdict] if verdict else [])


def test_the_machine_itself(monkeypatch):
    (busy,) = load()
    assert busy.verdict in (Verdict.OK, Verdict.NOTE)
    (allowed,) = realtime()
    assert allowed.verdict is Verdict.OK or allowed.advice == TO_ALLOW
    assert len(list(memory_lock())) == (1 if os.name == "posix" else 0)
    monkeypatch.setattr(doctor_machine, "processors", lambda: 1)
    assert next(load()).verdict is Verdict.NOTE


def test_a_provider_counts_only_if_it_runs_a_model():
    working, failing = working_providers()
    assert "CPUExecutionProvider" in working
    assert not set(working) & set(failing)
    assert all(failing.values())


@pytest.mark.skipif(not INSTALLED, reason="needs jackd")
def test_the_command_exits_with_0_where_it_can_play(tmp_path):
    with jack_server():
        done = run("--json")
    records = json.loads(done.stdout)
    assert done.returncode == 0, records
    assert {record["verdict"] for record in records} <= {"ok", "note"}
    assert all(set(record) == {"topic", "verdict", "text", "advice"} for record in records)


def test_the_command_exits_with_1_where_it_cannot():
    done = run(NEUME_BUNDLES="/nonexistent", JACK_DEFAULT_SERVER="there-is-none", JACK_NO_START_SERVER="1")
    has_problem = any(line.startswith("problem") for line in done.stdout.splitlines())
    assert done.returncode == (1 if has_problem else 0)
    assert "Traceback" not in done.stderr


def test_a_missing_library_is_a_finding_among_others(tmp_path):
    """An `onnxruntime` that cannot be imported takes nothing down but the models."""
    (tmp_path / "onnxruntime.py").write_text(
        "raise ImportError('libonnxruntime.so: cannot open shared object')"
    )
    done = run(PYTHONPATH=str(tmp_path))
    assert done.returncode == 1, done.stderr
    assert "Traceback" not in done.stderr
    assert any(line.startswith("problem  libraries: ") for line in done.stdout.splitlines())
    assert "files: presets in" in done.stdout
