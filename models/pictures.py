"""Pictures of training and for cards: reference and generated spectrograms side by side, and loss curves."""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from neume.synth.errors import NeumeError
from neume.synth.mel import MelSpec

CARD_PICTURE_BYTES: Final = 60_000  # at most
CARD_COLOURS: Final = (32, 24, 16, 12, 8)  # noise packs badly: fewer colours where it takes too much
CARD_INCHES: Final = (6.4, 2.4)  # at 100 dots; the panel shows pictures up to 640 pixels wide
TICKS_HZ: Final = (100, 500, 1_000, 2_000, 5_000, 10_000)


def require_matplotlib() -> None:
    """Raises `NeumeError` where nothing can be drawn, before hours of work depend on it."""
    try:
        import matplotlib  # noqa: F401
    except ImportError as error:
        raise NeumeError(f"pictures need matplotlib ({error}): pip install neume[eval]") from error


def card_picture(wanted: NDArray[np.float32], made: NDArray[np.float32], spec: MelSpec) -> bytes:
    """A PNG of two natural-log mels `(frames, mels)`, reference left and generated right, for a card.

    At most `CARD_PICTURE_BYTES` long; the colours reach from the floor to the reference's loudest band.
    """
    from matplotlib.figure import Figure
    from PIL import Image

    figure = Figure(figsize=CARD_INCHES, dpi=100, layout="constrained")
    seconds = len(wanted) / spec.frames_per_second
    bands = [float(np.interp(hz, spec.centres_hz, np.arange(spec.mels))) for hz in TICKS_HZ]
    loudest = max(float(wanted.max()), spec.log_floor + 1.0)
    axes = figure.subplots(1, 2, sharey=True)
    for axis, mel, title in zip(axes, (wanted, made), ("reference", "generated"), strict=True):
        reach = (0.0, seconds, -0.5, spec.mels - 0.5)
        axis.imshow(mel.T, origin="lower", aspect="auto", vmin=spec.log_floor, vmax=loudest, extent=reach)
        axis.set_title(title, fontsize=8)
        axis.set_xlabel("s", fontsize=8)
        axis.set_yticks(bands, [f"{hz / 1000:g} kHz" for hz in TICKS_HZ])
        axis.tick_params(labelsize=7)
    drawn = io.BytesIO()
    figure.savefig(drawn, format="png")
    for colours in CARD_COLOURS:
        packed = io.BytesIO()
        picture = Image.open(drawn).convert("RGB")
        picture.quantize(colours, dither=Image.Dither.NONE).save(packed, "PNG", optimize=True)
        if packed.tell() <= CARD_PICTURE_BYTES:
            break
    assert packed.tell() <= CARD_PICTURE_BYTES, "a few colours always fit in so few pixels"
    return packed.getvalue()


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
