"""`--block` and `--streams` of the commands that play: their limits, told before anything is opened."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import get_args

import pytest

from neume.synth.cli_play import DEVICE_BLOCK, LOW_LATENCY_BLOCK, chosen_block, device_block, stream_count
from neume.synth.control.commands import BlockSamples

NEUME = str(Path(sys.executable).parent / "neume")
LIMITS = get_args(BlockSamples)[1]


COMMANDS = [("play", "--demo"), ("engine", "--silent", "--name", "block")]


@pytest.mark.parametrize("command", COMMANDS)
def test_a_block_of_no_samples_is_one_line(command, tmp_path):
    done = subprocess.run(
        [NEUME, *command, "--block", "0"], capture_output=True, text=True, timeout=30, cwd=tmp_path
    )
    told = f"neume: --block 0: allowed are {LIMITS.low} to {LIMITS.high} samples\n"
    assert (done.returncode, done.stderr) == (2, told)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("streams", ["0", "17"])
def test_streams_that_no_rack_has_are_one_line(command, streams, tmp_path):
    done = subprocess.run(
        [NEUME, *command, "--streams", streams], capture_output=True, text=True, timeout=30, cwd=tmp_path
    )
    told = f"neume: --streams {streams}: allowed are 1 to 16\n"
    assert (done.returncode, done.stderr) == (2, told)
    assert not list(tmp_path.iterdir())


def test_what_is_allowed_passes():
    assert [stream_count(streams) for streams in (None, 1, 16)] == [None, 1, 16]
    for block in (None, LIMITS.low, DEVICE_BLOCK, LOW_LATENCY_BLOCK, LIMITS.high):
        assert device_block(block) == block


def test_low_latency_asks_for_shorter_device_blocks_unless_told_otherwise():
    assert [chosen_block(None, low) for low in (False, True)] == [DEVICE_BLOCK, LOW_LATENCY_BLOCK]
    assert [chosen_block(256, low) for low in (False, True)] == [256, 256]
