"""Ten minutes of dense playing on a real audio server, with the panel open: no underrun, nothing that sticks.

By hand on an idle machine: `pytest -m slow -s tests/test_soak_jack.py`; NEUME_SOAK_S says how many seconds,
NEUME_SOAK_OPTIONS with which options the engine plays (`--margin-ms 10`).
"""

from __future__ import annotations

import contextlib
import os
import time

import numpy as np
import pytest
from control_rig import own_folders
from jack_server import INSTALLED, stage_server
from soak_hands import Keyboard
from soak_load import ProcessLoad
from soak_panel import SoakPanel, stage_table
from test_play_jack import Capture

from neume.synth.control.client import EngineClient
from neume.synth.control.commands import Quit
from neume.synth.control.errors import ControlError

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not INSTALLED, reason="jackd is not installed: apt-get install jackd2"),
]
NAME = "soak-jack"
SECONDS = float(os.environ.get("NEUME_SOAK_S", "600"))
SETTLING_S = 15.0
LISTEN_S = 1.0
FADED_S = 15.0  # a pad falls by 8.5 dB a second
TICKS_HZ = 55.0
GROWTH_KB = 10_000

folders = pytest.fixture(autouse=True)(own_folders)


@pytest.fixture
def panel(tmp_path):
    """It shows the sound of an engine of its own, with a part for each channel."""
    with stage_server(), SoakPanel(NAME, tmp_path / "panel.toml", "gm") as panel:
        try:
            panel.until(lambda state: state["playing"] and state["rack"] == "General MIDI")
            yield panel
        finally:
            with contextlib.suppress(ControlError), EngineClient.connect(NAME) as client:
                client.send(Quit())
                deadline_s = time.monotonic() + 10.0
                while client.alive and time.monotonic() < deadline_s:
                    time.sleep(0.05)


def heard_peak():
    with Capture() as capture:
        capture.connect()
        time.sleep(LISTEN_S)
        return float(np.abs(capture.audio()[0]).max())


def test_dense_playing_with_the_panel_open(panel, capsys):
    with Keyboard() as keyboard:
        began = panel.until(lambda state: any("Soak" in port for port in state["ports"]))
        load = ProcessLoad(panel=panel.process_id, engine=began["engine_process"])
        keyboard.play(SETTLING_S)
        panel.ask("begin")
        keyboard.play(SECONDS, load.sample)
        figures, end = panel.ask("end"), panel.ask("state")
        keyboard.play(0.5)
        peak = heard_peak()
        keyboard.let_go()
        with capsys.disabled():
            _tell(figures, end, load, keyboard)
        faded = panel.until(lambda state: not state["keys_down"] and not state["sounding"], FADED_S)
    assert faded["restarts"] == 0
    assert end["messages"] > 0.9 * keyboard.sent
    assert figures["underruns"] == 0, figures["told_underruns"]
    assert peak > 1e-3
    assert figures["ticks"] / figures["seconds"] > TICKS_HZ
    assert all(growth < GROWTH_KB for growth in load.growth_kb().values())


def _tell(figures, end, load, keyboard):
    seconds, blocks_ms = figures["seconds"], np.array(figures["blocks_ms"])
    print(f"\n{seconds:.0f} s on {end['device']}; {figures['latency']}; render thread {figures['priority']}")
    print(f"{keyboard.sent} messages sent, {end['messages']} come, {np.mean(keyboard.down):.0f} keys down")
    print("\n".join(stage_table(figures["windows_ms"])))
    if blocks_ms.size:
        told = ", ".join(f"{value:.2f}" for value in np.percentile(blocks_ms, (50, 99, 99.9, 100)))
        print(f"all {blocks_ms.size} blocks, {figures['unseen_blocks']} not seen: {told} ms")
    for name in ("underruns", "missing_frames", "blocks_left_out", "late_notes", "streams", "steps", "loads"):
        print(f"{name}: {figures[name]}")
    for underrun in figures["told_underruns"]:
        print(f"  {underrun}")
    rates = figures["ticks"] / seconds, figures["snapshots"] / seconds
    print("panel: {:.1f} ticks a second, {:.1f} snapshots".format(*rates))
    cores = ", ".join(f"{name} {share:.2f}" for name, share in load.cores().items())
    growth = ", ".join(f"{name} {kb:+.0f} kB" for name, kb in load.growth_kb().items())
    print(f"processors used: {cores}; memory, second quarter to last: {growth}")
