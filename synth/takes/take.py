"""A take: one recording, started and stopped while playing, as an audio file and as MIDI.

    the device's thread ─▶ intake ──▶ writer's thread ─▶ a WAV file
    the render thread ──▶ history ──────────┘ └────────▶ a MIDI file, and beside it the rack

All are readable at every moment. They grow under unfinished names beside the target and get theirs at the
end. A full disk, a fault of it or `kill -9` ends the recording; what was recorded until then stays.
"""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..audio_file import CHANNELS
from ..errors import NeumeError
from .finished import RACK_SUFFIX, check_target, encode_flac, midi_path, rack_path, unfinished_path
from .growing_file import GrowingFile
from .growing_midi import GrowingMidi
from .growing_wav import GrowingWav
from .history import History
from .intake import Intake
from .periodic import Periodic
from .recipe import Recipe

Float32 = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class FinishedTake:
    """What there is of a take. `audio` and `midi` are None where there is nothing; `problem` is why something
    is missing, or still has its unfinished name."""

    audio: Path | None
    midi: Path | None
    recipe: Recipe | None
    problem: NeumeError | None


class Take:
    """One recording of what is played, from `start` to `finish`.

    Threads: a real-time thread calls `put`; a thread of its own writes; one owner, which may wait, calls
    `start` and `finish`, once each and in this order. A fault of the disk ends what it hits, audio, MIDI or
    rack; the others go on, so does the playing, and `problem` says why.
    """

    def __init__(
        self,
        target: Path,
        history: History,
        *,
        bits: int = 24,
        rack_text: Callable[[str], str] | None = None,
    ) -> None:
        """`target`: a WAV or FLAC file, which is replaced at the end. `bits`: 24, or 32 for floating point.
        `rack_text` gives the TOML of the rack that a recipe's `preset` names, on the writer's thread.

        Raises UsageError for another suffix or number of bits, OutputError for a file that cannot be made.
        """
        check_target(target, bits)
        recipe = history.recipe
        self._target, self._history, self._rate_hz = target, history, recipe.rate_hz
        self._lookahead, self._block_samples = recipe.lookahead_samples, recipe.block_samples
        self._wav = _unfinished_wav(target, recipe.rate_hz, bits)
        self._midi: GrowingMidi | None = None
        self._rack: GrowingFile | None = None
        self._rack_text = rack_text
        self._recipe: Recipe | None = None
        self._audio_fault: NeumeError | None = None
        self._midi_fault: NeumeError | None = None
        self._rack_fault: NeumeError | None = None
        self._intake: Intake | None = None
        self._piece = np.zeros((recipe.rate_hz, CHANNELS), np.float32)

    @property
    def seconds(self) -> float:
        """Length of what is in the audio file."""
        return self._wav.frames / self._rate_hz

    @property
    def lost_frames(self) -> int:
        """Frames that the disk was too slow for; they are silent."""
        return 0 if self._intake is None else self._intake.lost_frames

    @property
    def problem(self) -> NeumeError | None:
        return self._audio_fault or self._midi_fault or self._rack_fault

    def start(self, frame: int | None = None) -> None:
        """Record what the renderer makes from `frame` on; without it, from the block that it begins next."""
        self._frame = self._history.frame + self._block_samples if frame is None else frame
        self._intake = Intake(self._rate_hz, first=self._frame + self._lookahead)
        self._writer = Periodic(self._step, "neume-take")

    def put(self, played: Float32, position: int) -> None:
        """Take what is played, shape `(frames, 2)`, and where in the stream. Copies, and never waits."""
        if self._intake is not None:
            self._intake.put(played, position)

    def finish(self) -> FinishedTake:
        """End the take with the last frame that was put, and give the files their names.

        A FLAC file is made of the WAV file now, an hour in half a minute; where that fails, the WAV file
        stays as it is called.
        """
        if self._intake is not None:
            self._writer.close()
            self._step()
        if self._wav.frames or self._audio_fault is not None:
            midi = self._finished_midi()
            return FinishedTake(self._finished_audio(), midi, self._recipe, self.problem)
        growing = None if self._midi is None else self._midi.file
        for file in (self._wav.file, growing, self._rack):
            if file is not None:
                file.discard()
        return FinishedTake(None, None, None, self.problem)

    def _step(self) -> None:
        assert self._intake is not None
        begun = self._history.frame > self._frame - self._block_samples
        if begun and self._midi is None and self._midi_fault is None:
            self._open_midi()
        while count := self._intake.read(self._piece):
            if self._audio_fault is None:
                self._write_audio(self._piece[:count])
        if self._midi is not None and self._midi_fault is None:
            self._write_midi(self._intake.position)

    def _write_audio(self, piece: Float32) -> None:
        try:
            self._wav.write(piece)
        except NeumeError as fault:
            self._audio_fault = fault

    def _open_midi(self) -> None:
        """Before the first audio, and the rack before the MIDI: whatever is there can be rendered again."""
        try:
            opening = self._history.opening(self._frame)
            self._recipe, self._following = opening.recipe, opening.following
            path = self._wav.file.path.with_suffix(".mid")
            self._write_rack(opening.recipe, path.with_suffix(RACK_SUFFIX))
            self._midi = GrowingMidi(path, midi_path(self._target), opening.recipe)
            self._midi.write(opening.events, opening.recipe.start_frame)
        except NeumeError as fault:
            self._midi_fault = fault

    def _write_midi(self, position: int) -> None:
        """Bring the MIDI file up to a position of the stream."""
        assert self._midi is not None
        assert self._recipe is not None
        try:
            events, self._following = self._history.since(self._following, self._recipe.block_end(position))
            self._midi.write(events, position - self._lookahead)
        except NeumeError as fault:
            self._midi_fault = fault

    def _write_rack(self, recipe: Recipe, path: Path) -> None:
        """All of it: a rack does not grow."""
        if self._rack_text is None or not recipe.preset:
            return
        try:
            self._rack = GrowingFile(path, rack_path(self._target))
            self._rack.write_at(0, self._rack_text(recipe.preset).encode())
        except NeumeError as fault:
            self._rack_fault = fault

    def _finished_midi(self) -> Path | None:
        if self._midi is None or self._recipe is None:
            if self._rack is not None:
                self._rack.discard()
            return None
        file = self._midi.file
        try:
            self._recipe = self._history.closed(self._recipe, self._frame, self._wav.frames)
            self._midi.finish(self._recipe)
        except NeumeError as fault:
            self._midi_fault = self._midi_fault or fault
        rack = self._finished_rack()
        try:
            file.publish()
        except NeumeError as fault:
            self._midi_fault = self._midi_fault or fault
            return file.path
        if rack is not None:
            try:
                rack.publish()
            except NeumeError as fault:
                self._rack_fault = fault
        return file.target

    def _finished_rack(self) -> GrowingFile | None:
        """The whole file; one that found no room goes."""
        rack = self._rack
        if rack is not None and self._rack_fault is None:
            try:
                rack.finish()
            except NeumeError as fault:
                self._rack_fault = fault
        if rack is not None and self._rack_fault is not None:
            rack.discard()
            return None
        return rack

    def _finished_audio(self) -> Path | None:
        file = self._wav.file
        if not self._wav.frames:
            file.discard()
            return None
        try:
            file.finish()
        except NeumeError as fault:
            self._audio_fault = self._audio_fault or fault
        try:
            if self._target.suffix.lower() == ".flac":
                encode_flac(file.path, self._target, self._rate_hz)
                file.discard()
            else:
                file.publish()
            return self._target
        except NeumeError as fault:
            self._audio_fault = self._audio_fault or fault
            return file.path


def _unfinished_wav(target: Path, rate_hz: int, bits: int) -> GrowingWav:
    """A new file beside the target, with a number in its name where another take was left unfinished."""
    numbers = itertools.count(1)
    while True:
        path = unfinished_path(target, next(numbers))
        if not any(path.with_suffix(suffix).exists() for suffix in (".mid", RACK_SUFFIX)):
            with contextlib.suppress(FileExistsError):
                return GrowingWav(path, target, rate_hz, bits)
