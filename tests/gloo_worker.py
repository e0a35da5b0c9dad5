"""One rank of the data-parallel test: two steps, then its weights."""

from __future__ import annotations

import sys
from pathlib import Path

import torch
from test_training import spectrogram_task

from neume.models.loop import process_group, rank

torch.set_num_threads(1)
with process_group("cpu"):
    task = spectrogram_task(Path(sys.argv[1]))
    for step in range(2):
        task.step(step, 1e-3)
    torch.save(task.model.state_dict(), Path(sys.argv[2]) / f"rank{rank()}.pt")
