"""An independent listener: basic-pitch's ONNX model hears notes, and an F1 score counts their onsets.

Only the model file is used (`pip install --no-deps basic-pitch`; what it declares would pull TensorFlow), and
ONNX Runtime runs it. Notes are picked as in `basic_pitch.note_creation.output_to_notes_polyphonic` of 0.4.0
(Bittner et al. 2022, Apache-2.0) with its default thresholds.
"""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Final

import numpy as np
import onnxruntime as ort
import soxr  # type: ignore[import-untyped]
from numpy.typing import NDArray

from neume.synth.stages import session_options

Float32 = NDArray[np.float32]
HeardNote = tuple[float, int]  # onset in seconds, MIDI key

VARIABLE: Final = "NEUME_TRANSCRIBER"
MODEL_FILE: Final = "saved_models/icassp_2022/nmp.onnx"
HOW_TO: Final = f"pip install --no-deps basic-pitch, or set {VARIABLE} to its nmp.onnx"
TOLERANCE_S: Final = 0.05

RATE_HZ: Final = 22_050
HOP: Final = 256
WINDOW: Final = 2 * RATE_HZ - HOP  # samples the model takes, 172 frames
WINDOW_FRAMES: Final = 172
OVERLAP: Final = 30  # frames, half of it cut from each end
LOWEST_KEY, HIGHEST_KEY = 21, 108
WINDOW_SHIFT_S: Final = (
    HOP / RATE_HZ * (WINDOW_FRAMES - WINDOW / HOP) + 0.0018
)  # basic-pitch's own correction
ONSET_THRESHOLD: Final = 0.5
FRAME_THRESHOLD: Final = 0.3
LEAST_FRAMES: Final = 11  # 127.7 ms
GAP_FRAMES: Final = 11
BATCH: Final = 4


def find_model() -> Path | None:
    """`NEUME_TRANSCRIBER`, or the model inside an installed basic-pitch (not imported); None without."""
    if chosen := os.environ.get(VARIABLE):
        return Path(chosen) if Path(chosen).is_file() else None
    found = importlib.util.find_spec("basic_pitch")
    for folder in (found.submodule_search_locations or ()) if found else ():
        if (Path(folder) / MODEL_FILE).is_file():
            return Path(folder) / MODEL_FILE
    return None


class Transcriber:
    """basic-pitch on one thread."""

    def __init__(self, model: Path) -> None:
        self._session = ort.InferenceSession(
            str(model), session_options(1), providers=["CPUExecutionProvider"]
        )

    def notes(self, audio: Float32, rate_hz: int = 48_000) -> list[HeardNote]:
        """The notes heard in mono audio `(samples,)`, in no order."""
        frames, onsets = self._posteriors(np.asarray(soxr.resample(audio, rate_hz, RATE_HZ), np.float32))
        starts = pick_notes(frames, onsets)
        return [(_seconds(frame), key + LOWEST_KEY) for frame, key in starts]

    def _posteriors(self, audio: Float32) -> tuple[Float32, Float32]:
        """Note and onset activation, each `(frames, 88)` in 0 to 1."""
        overlap = OVERLAP * HOP
        padded = np.concatenate([np.zeros(overlap // 2, np.float32), audio])
        starts = range(0, len(padded), WINDOW - overlap)
        windows = np.zeros((len(starts), WINDOW, 1), np.float32)
        for row, start in zip(windows, starts, strict=True):
            part = padded[start : start + WINDOW]
            row[: len(part), 0] = part
        names = ["StatefulPartitionedCall:1", "StatefulPartitionedCall:2"]
        pieces = [
            self._session.run(names, {"serving_default_input_2:0": windows[i : i + BATCH]})
            for i in range(0, len(windows), BATCH)
        ]
        length = len(audio) * (RATE_HZ // HOP) // RATE_HZ
        kept = slice(OVERLAP // 2, -OVERLAP // 2)
        note, onset = (
            np.concatenate(parts)[:, kept].reshape(-1, HIGHEST_KEY - LOWEST_KEY + 1)[:length]
            for parts in zip(*pieces, strict=True)
        )
        return note, onset


def _seconds(frame: int) -> float:
    return frame * HOP / RATE_HZ - WINDOW_SHIFT_S * (frame // WINDOW_FRAMES)


def pick_notes(frames: Float32, onsets: Float32) -> list[tuple[int, int]]:
    """(start frame, key above the lowest) of notes in the activations `(frames, 88)`: first from the peaks of
    the onsets, latest first, then from what energy is left."""
    if len(frames) < 3:
        return []
    strength = np.maximum(onsets, _rises(onsets, frames))
    peaks = np.zeros(strength.shape, np.bool_)
    peaks[1:-1] = (strength[1:-1] > strength[:-2]) & (strength[1:-1] > strength[2:])
    left = frames.astype(np.float64)
    notes: list[tuple[int, int]] = []
    for start, key in np.argwhere(peaks & (strength >= ONSET_THRESHOLD))[::-1]:
        end = _reach(left[:, key], int(start) + 1, len(left) - 1, 1)
        if end - start > LEAST_FRAMES:
            left[start:end, max(0, key - 1) : key + 2] = 0.0
            notes.append((int(start), int(key)))
    while left.max() > FRAME_THRESHOLD:
        middle, key = (int(i) for i in np.unravel_index(left.argmax(), left.shape))
        left[middle, key] = 0.0
        end = _reach(left[:, key], middle + 1, len(left) - 1, 1)
        start = _reach(left[:, key], middle - 1, 0, -1)
        far_end = min(end + GAP_FRAMES, len(left) - 1)
        left[max(1, start - GAP_FRAMES + 1) : far_end, max(0, key - 1) : key + 2] = 0.0
        if (end - 1) - (start + 1) > LEAST_FRAMES:
            notes.append((start + 1, key))
    return notes


def _rises(onsets: Float32, frames: Float32) -> Float32:
    """Onsets inferred from rises of the note activation over one and two frames, scaled like `onsets`."""
    rise = np.zeros_like(frames)
    rise[2:] = np.maximum(np.minimum(frames[2:] - frames[1:-1], frames[2:] - frames[:-2]), 0.0)
    return np.asarray(rise * (onsets.max() / max(float(rise.max()), 1e-9)), dtype=np.float32)


def _reach(activation: NDArray[np.float64], start: int, stop: int, step: int) -> int:
    """First index, going by `step`, from which the activation stays low for `GAP_FRAMES` or up to `stop`."""
    index, low = start, 0
    while index * step < stop * step and low < GAP_FRAMES:
        low = low + 1 if activation[index] < FRAME_THRESHOLD else 0
        index += step
    return index - step * low


def count_matches(heard: Iterable[HeardNote], played: Iterable[HeardNote]) -> int:
    """How many notes of the two lists pair up: same key, onsets within 50 ms, each note used once."""
    waiting: dict[int, list[float]] = {}
    for onset_s, key in sorted(played):
        waiting.setdefault(key, []).append(onset_s)
    matched = 0
    for onset_s, key in sorted(heard):
        queue = waiting.get(key, [])
        while queue and queue[0] < onset_s - TOLERANCE_S:
            queue.pop(0)
        if queue and queue[0] <= onset_s + TOLERANCE_S:
            queue.pop(0)
            matched += 1
    return matched


def f1_score(matched: int, heard: int, played: int) -> float:
    """2 matched / (heard + played), 0 to 1; NaN when nothing was heard or played."""
    return 2.0 * matched / (heard + played) if heard + played else float("nan")
