"""The golden performance of a bundle: what it sounded like when it was made, and whether it still does."""

from __future__ import annotations

import io
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import numpy as np
import soundfile  # type: ignore[import-untyped]
from numpy.typing import NDArray

from .bundle import Bundle
from .errors import MidiFileError
from .midi_file import read_performance
from .renderer import StreamRenderer
from .stages import Stages

MAX_GOLDEN_S: Final = 60.0  # it is rendered in one piece, whoever made the bundle


def render_golden(bundle: Bundle, stages: Stages) -> NDArray[np.float32]:
    """The bundle's golden MIDI, all channels in one stream, look-ahead removed: `(samples,)` mono."""
    golden = bundle.manifest.golden
    with TemporaryDirectory() as folder:  # the checked bytes are played, not what lies on disk by now
        path = Path(folder) / "golden.mid"
        path.write_bytes(bundle.files[golden.midi])
        performance = read_performance(path)
    length_s = performance.duration_frames / bundle.manifest.mel.rate_hz
    if length_s > MAX_GOLDEN_S:
        raise MidiFileError(f"{golden.midi} lasts {length_s:.0f} s, at most {MAX_GOLDEN_S:g} s are allowed")
    renderer = StreamRenderer(bundle, stages, 1, steps=golden.steps, seed=golden.seed)
    blocks = -(-(performance.duration_frames + renderer.lookahead_samples) // renderer.block_samples)
    audio = renderer.render_blocks([(0, event) for event in performance.events], blocks)
    return audio[0, renderer.lookahead_samples :]


def golden_faults(bundle: Bundle, stages: Stages) -> list[str]:
    """What is wrong with how the bundle plays its golden performance here, at most one line."""
    golden = bundle.manifest.golden
    try:
        residual_db = golden_residual_db(bundle, stages)
    except (MidiFileError, soundfile.SoundFileError) as error:
        return [f"golden: cannot be read: {error}"]
    if residual_db <= golden.tolerance_db:
        return []
    return [
        f"golden: {golden.midi} sounds {residual_db:.0f} dB different from {golden.audio}, "
        f"allowed are {golden.tolerance_db:g} dB: other models, or an ONNX Runtime that computes differently"
    ]


def golden_residual_db(bundle: Bundle, stages: Stages) -> float:
    """Level of the difference between a rendering made now and the golden audio, relative to the latter."""
    made = render_golden(bundle, stages)
    stream = io.BytesIO(bundle.files[bundle.manifest.golden.audio])
    wanted, _ = soundfile.read(stream, frames=len(made) + 1, dtype="float32")
    if wanted.shape != made.shape:
        return float("inf")
    difference = float(np.sum((made.astype(np.float64) - wanted) ** 2))
    return float(
        10.0 * np.log10((difference + 1e-20) / (float(np.sum(wanted.astype(np.float64) ** 2)) + 1e-20))
    )
