"""The stand-in: renders a block with the models, or without them by the fallback voice, and fades between.

Around the renderer, in a chain that has a fallback: `render_block` takes the place of the renderer's own, all
else (notes, mixer, inserts, tails) is the same for both. Whether the models play is `HandOver`'s to decide.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from .fallback_voice import FallbackVoice
from .notes import NoteTableState
from .plugins import failure_line
from .renderer import StreamEvent, StreamRenderer

Float32 = NDArray[np.float32]
FADE_SAMPLES: Final = 256  # from one to the other: 5.3 ms at 48 kHz
MEASURED_EVERY: Final = 8  # blocks: the level of the models, to match it
LEVEL_SHARE: Final = 0.3  # of a measurement in the level that is kept
LEVEL_RANGE_DB: Final = 18.0
HEARD: Final = 1e-8  # mean square below which no level is measured, -80 dB
_UP: Final = np.sin(np.arange(1, FADE_SAMPLES + 1) * (0.5 * np.pi / FADE_SAMPLES)).astype(np.float32)
_DOWN: Final = np.cos(np.arange(FADE_SAMPLES) * (0.5 * np.pi / FADE_SAMPLES)).astype(np.float32)


class StandIn:
    """Renders the blocks of one renderer. The render thread owns it.

    Until `plain` is set for the first time, true or not, it is the renderer and nothing else: what the models
    raise is raised. `level_db` is how much louder the models have been than the voice, stream by stream.
    `fault` is why the models have failed, until they work again.
    """

    def __init__(self, renderer: StreamRenderer) -> None:
        self._plain: bool | None = None
        self.fault: str | None = None
        self.voice = FallbackVoice(renderer.notes, renderer.rate_hz)
        self.level_db = np.zeros(len(renderer.notes), np.float32)
        self._renderer = renderer
        self._before: Mapping[int, NoteTableState] = {}  # tables as they were, where events have changed them
        self._events: Sequence[StreamEvent] = ()  # of the last block
        self._models_last: Float32 | None = None  # what the models made of the last block, if they made it
        self._next_frame = 0  # after the last block: past it, blocks have been left out
        self._plain_last = self._unrehearsed = False
        self._blocks = 0

    @property
    def plain(self) -> bool:
        """Whether the fallback voice plays, from the next block on."""
        return bool(self._plain)

    @plain.setter
    def plain(self, plain: bool) -> None:
        self._plain = plain

    @property
    def silent(self) -> bool:
        """Whether nothing sounds, by models or voice. What is left in models that fail is not waited for."""
        if self._plain_last and any(table.sounding for table in self._renderer.notes):
            return False
        return self._renderer.silent or (self._plain_last and self.fault is not None)

    def render_block(self, events: Sequence[StreamEvent]) -> Float32:
        """As `StreamRenderer.render_block`: `(streams, block_samples)`, late by the look-ahead."""
        if self._plain is None:
            return self._renderer.render_block(events)
        if self._plain:
            self._take(events)
            return self._without_models()
        try:
            audio = self._renderer.render_block(events)
        except Exception as failure:  # ONNX Runtime's errors have no base class of their own
            self.fault = f"the models have failed: {failure_line(failure)}"
            self._plain = True
            return self._without_models()  # the tables have the events: they come before the models
        if self._plain_last:
            self._fade_back(audio)
        else:
            self._match(audio)
        self._models_last, self._plain_last = audio, False
        self._next_frame = self._renderer.frame
        return audio

    def rehearse(self) -> bool:
        """Let the models make the block that the voice has just made, for nobody to hear.

        It shows whether they keep up, and their states know again what has been played. Returns whether they
        have not failed. Harmless if the voice has made none.
        """
        if not self._unrehearsed:
            return True
        self._unrehearsed = False
        renderer = self._renderer
        for stream, state in self._before.items():
            renderer.notes[stream].restore(state)
        renderer.frame -= renderer.block_samples
        try:
            renderer.render_block(self._events)
        except Exception as failure:
            self.fault = f"the models have failed: {failure_line(failure)}"
            renderer.frame += renderer.block_samples
            return False
        self.fault = None
        return True

    def _take(self, events: Sequence[StreamEvent]) -> None:
        """Take events into the note tables, and keep what is needed to take them once more."""
        notes, frame = self._renderer.notes, self._renderer.frame
        self._events, self._unrehearsed = events, True
        self._before = {stream: notes[stream].state() for stream in {stream for stream, _ in events}}
        for table in notes:
            table.retire(frame)
        for stream, event in events:
            notes[stream].apply(event)

    def _without_models(self) -> Float32:
        audio = self._voice_alone()
        if self._models_last is not None and self._renderer.frame == self._next_frame:
            audio[:, :FADE_SAMPLES] *= _UP[: audio.shape[1]]
            audio[:, :FADE_SAMPLES] += _echoed(self._models_last)
        self._models_last, self._plain_last = None, True
        self._renderer.frame += self._renderer.block_samples
        self._next_frame = self._renderer.frame
        return audio

    def _voice_alone(self) -> Float32:
        """The block by the voice, at the level of the models; it advances the voice alone."""
        begin = self._renderer.frame - self._renderer.lookahead_samples
        audio = self.voice.render(begin, self._renderer.block_samples)
        audio *= np.float32(10.0) ** (self.level_db[:, None] / np.float32(20.0))
        return audio

    def _fade_back(self, audio: Float32) -> None:
        """The models' block begins with what the voice would have played; `frame` is at its end."""
        self._renderer.frame -= self._renderer.block_samples
        voice = self._voice_alone()[:, :FADE_SAMPLES]
        self._renderer.frame += self._renderer.block_samples
        audio[:, :FADE_SAMPLES] *= _UP[: audio.shape[1]]
        audio[:, :FADE_SAMPLES] += voice * _DOWN[: audio.shape[1]]
        self.voice.reset()

    def _match(self, audio: Float32) -> None:
        """Follow how loud the models are, so that the voice can be as loud."""
        self._blocks += 1
        if self._blocks % MEASURED_EVERY:
            return
        own = self.voice.powers(self._renderer.frame - self._renderer.lookahead_samples)
        heard = np.einsum("ij,ij->i", audio, audio) / audio.shape[1]
        both = (own > HEARD) & (heard > HEARD)
        louder_db = 10.0 * np.log10(heard[both] / own[both])
        moved_db = (louder_db - self.level_db[both]) * LEVEL_SHARE
        self.level_db[both] = np.clip(self.level_db[both] + moved_db, -LEVEL_RANGE_DB, LEVEL_RANGE_DB)


def _echoed(audio: Float32) -> Float32:
    """What goes on after a block without a step: its end played backwards, fading out."""
    tail = audio[:, : -FADE_SAMPLES - 1 : -1]
    return np.asarray(tail * _DOWN[: tail.shape[1]], np.float32)
