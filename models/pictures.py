"""Pictures of training: reference and generated spectrograms side by side, and loss curves."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray


def spectrogram_pairs(
    path: Path, wanted: Sequence[NDArray[np.float32]], made: Sequence[NDArray[np.float32]], title: str = ""
) -> None:
    """One column an example, reference above, generated below: `(frames, mels)` natural-log mel each."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(4.0 * len(wanted), 5.0), layout="constrained")
    axes = figure.subplots(2, len(wanted), squeeze=False)
    for column, pair in enumerate(zip(wanted, made, strict=True)):
        for row, mel in enumerate(pair):
            axes[row, column].imshow(
                np.asarray(mel, np.float32).T, origin="lower", aspect="auto", vmin=-9.2, vmax=0.0
            )
            axes[row, column].set_xticks([])
            axes[row, column].set_ylabel(("reference", "generated")[row])
    if title:
        figure.suptitle(title)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=60)


def loss_curves(log: Path, path: Path) -> None:
    """Every figure of a run's log against its steps, one panel each."""
    from matplotlib.figure import Figure

    rows = [json.loads(line) for line in log.read_text().splitlines()]
    names = sorted({name for row in rows for name in row} - {"step", "seconds"})
    figure = Figure(figsize=(4.0 * len(names), 3.0), layout="constrained")
    for axis, name in zip(np.ravel(figure.subplots(1, len(names), squeeze=False)), names, strict=True):
        axis.plot([r["step"] for r in rows if name in r], [r[name] for r in rows if name in r], lw=0.7)
        axis.set_title(name)
    figure.savefig(path, dpi=60)
