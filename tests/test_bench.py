"""`neume bench`: the stages sum up, the pace is kept, misses are counted, the machine is named."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
from bundle_factory import write_bundle

from neume.synth.bench import Load, run_bench, steady_performance
from neume.synth.block_timer import STAGES, BlockTimer
from neume.synth.bundle import open_bundle
from neume.synth.engine import EngineConfig
from neume.synth.errors import UsageError
from neume.synth.events import NoteOff, NoteOn

NEUME = str(Path(sys.executable).parent / "neume")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("bundles") / "tiny"
    write_bundle(folder)
    return folder


def test_the_timer_adds_up_laps_and_keeps_the_last_blocks():
    now_ns = 0

    def read():
        return now_ns

    timer = BlockTimer(blocks=3, now_ns=read)
    for block in range(5):
        timer.start()
        for stage, milliseconds in (("prepare", 1), ("denoiser", 2), ("denoiser", 3), ("mixer", block)):
            now_ns += milliseconds * 1_000_000
            timer.lap(stage)
        timer.stop()
    assert timer.blocks == 5
    expected = [[1, 0, 5, 0, 0, block, 6 + block] for block in (2, 3, 4)]
    assert np.array_equal(timer.times_ms(), np.array(expected, np.float32))
    times = timer.summary()
    assert (times["block"].p50_ms, times["block"].max_ms, times["denoiser"].p99_ms) == (9.0, 10.0, 5.0)
    assert BlockTimer().summary()["block"].max_ms == 0.0


def test_the_load_holds_the_notes_it_promises():
    performance = steady_performance(Load(seconds=3.0, streams=2, notes=10), 48_000)
    held, most = set(), 0
    for event in sorted(performance.events, key=lambda e: (e.frame, isinstance(e, NoteOn))):
        if isinstance(event, NoteOn):
            held.add((event.channel, event.key))
        elif isinstance(event, NoteOff):
            held.discard((event.channel, event.key))
        most = max(most, len(held))
    assert 18 <= most <= 20


def test_a_report_of_paced_blocks(folder):
    load = Load(seconds=1.0, streams=2, notes=4)
    report = run_bench(open_bundle(folder), load, EngineConfig(steps=2))
    assert report.blocks == pytest.approx(94, abs=30), "a second of blocks, not as many as fit into it"
    assert tuple(report.times) == STAGES
    for times in (report.times[stage] for stage in STAGES if stage != "guests"):
        assert 0.0 < times.p50_ms <= times.p99_ms <= times.p999_ms <= times.max_ms
    parts = sum(report.times[stage].p50_ms for stage in STAGES[:-1])
    assert 0.2 < parts / report.times["block"].p50_ms < 2.0, "medians of parts need not add up to the whole's"
    assert 0 <= report.misses <= report.blocks
    assert report.machine["provider"] == "CPUExecutionProvider"
    assert report.machine["onnxruntime"] == onnxruntime.__version__
    assert report.machine["cores"] >= 1
    assert report.latency.total_samples == 1280


def test_without_steps_the_denoiser_takes_nearly_nothing(folder):
    bundle = open_bundle(folder)
    p50_ms = {
        steps: run_bench(bundle, Load(seconds=0.5), EngineConfig(steps=steps)).times["denoiser"].p50_ms
        for steps in (0, 4)
    }
    assert p50_ms[0] < 0.5 * p50_ms[4]


@pytest.mark.parametrize("load", [Load(seconds=0), Load(notes=61), Load(streams=17), Load(streams=0)])
def test_loads_outside_their_range(folder, load):
    with pytest.raises(UsageError, match="allowed are"):
        run_bench(open_bundle(folder), load, EngineConfig())


def test_the_command_prints_text_and_json(folder):
    environment = {**os.environ, "NEUME_BUNDLES": str(folder.parent), "OMP_NUM_THREADS": "1"}
    command = [NEUME, "bench", "--bundle", "tiny", "--seconds", "0.3", "--streams", "2", "--block", "64"]
    text = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=60)
    assert text.returncode == 0, text.stderr
    assert all(stage in text.stdout for stage in STAGES)
    assert "misses" in text.stdout
    told = subprocess.run([*command, "--json"], capture_output=True, text=True, env=environment, timeout=60)
    report = json.loads(told.stdout)
    assert report["load"] == {"seconds": 0.3, "streams": 2, "notes": 8, "device_block_samples": 64}
    assert report["times"]["block"]["p99_ms"] > 0.0
    assert report["latency"]["total_ms"] == pytest.approx(24.0)
