"""The contract of a plug-in instrument, and the guard that keeps a bad one from stopping the rest.

A rack's part plays a bundle or one of these. Built-in and installed instruments come through the same door,
the entry points `neume.instruments`: a callable without arguments that makes an `Instrument`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from ..errors import NeumeError
from ..events import MidiEvent
from ..plugins import FAILURES, failure_line
from .members import MembersAtHome

Float32 = NDArray[np.float32]


class Instrument(Protocol):
    """Plays one part. Made without arguments, prepared once before anything else is called.

    One that holds what Python does not free by itself has a `close` too, see `Closing`. One with an attribute
    `bends_keys` that is true hears `KeyBend` among its events, if MPE is on.

    Threads: `prepare` runs on any thread before the first block; everything else on the render thread, where
    nothing may wait, read files or take longer than a small part of a block.
    """

    @property
    def name(self) -> str:
        """What the panel calls it."""
        ...

    def prepare(self, rate_hz: int, block_samples: int) -> None:
        """Get ready for blocks of exactly `block_samples` samples. Raises `NeumeError` if it cannot."""
        ...

    def render(self, events: Sequence[MidiEvent], start_frame: int) -> Float32:
        """The block from sample `start_frame` on: `(block_samples, 2)` float32, finite, nominal [-1, 1].

        `events` are in order of their frames, none past the block's end; one from before its start (it came
        late) takes effect at the start.
        """
        ...

    def reset(self) -> None:
        """Silence everything at once, tails too."""
        ...

    def state(self) -> Any:
        """What the next block depends on, as a copy; None where that cannot be saved."""
        ...

    def restore(self, state: Any) -> None:
        """Go on from a `state` of the same instrument at the same rate."""
        ...


@runtime_checkable
class Closing(Protocol):
    """What an instrument may have beside the rest of its contract."""

    def close(self) -> None:
        """Give back memory and files. Called once, last of all, also after a `prepare` that failed, on a
        thread that may wait."""
        ...


class GuardedInstrument:
    """An instrument that is silenced and named, instead of ending the performance, when it fails.

    Threads: the render thread calls `render` and `reset`; the owner's thread calls `close` once the render
    thread calls nothing any more; any thread may read `fault`.
    """

    def __init__(self, instrument: Instrument, rate_hz: int, block_samples: int) -> None:
        """Prepares the instrument; raises `NeumeError` in one line if that fails."""
        self.name = str(instrument.name)
        self.fault: str | None = None
        self._instrument = instrument
        self._closed = False
        self._members = MembersAtHome(bends_keys=False)
        self._silence = np.zeros((block_samples, 2), np.float32)
        try:
            instrument.prepare(rate_hz, block_samples)
            self._members = MembersAtHome(bends_keys=bool(getattr(instrument, "bends_keys", False)))
        except FAILURES as error:
            self.close()
            raise NeumeError(f"instrument {self.name!r} cannot play: {_reason(error)}") from error

    def render(self, events: Sequence[MidiEvent], start_frame: int) -> Float32:
        """As `Instrument.render`; silence from the first failure on, and once it is closed."""
        if self.fault is not None or self._closed:
            return self._silence
        try:
            heard: Any = self._members.heard(events)
            audio = self._instrument.render(heard, start_frame)
            fault = self._fault_of(audio)
        except FAILURES as error:
            fault = _reason(error)
        if fault is not None:
            self.fault = f"instrument {self.name!r} is silent from now on: {fault}"
            return self._silence
        return audio

    def reset(self) -> None:
        if self._closed:
            return
        self._members.reset()
        try:
            self._instrument.reset()
        except FAILURES as error:
            self.fault = f"instrument {self.name!r} is silent from now on: {_reason(error)}"

    def close(self) -> str | None:
        """Let the instrument give back what it holds, if it can. Returns a line for the user if that failed,
        and never raises. Harmless if it is closed already."""
        if self._closed:
            return None
        self._closed = True
        try:
            if isinstance(self._instrument, Closing):
                self._instrument.close()
        except FAILURES as error:
            return f"instrument {self.name!r} could not be closed: {_reason(error)}"
        return None

    def _fault_of(self, audio: object) -> str | None:
        if not isinstance(audio, np.ndarray) or audio.shape != self._silence.shape:
            return f"gave {getattr(audio, 'shape', type(audio).__name__)}, not {self._silence.shape}"
        if audio.dtype != np.float32:
            return f"gave {audio.dtype}, not float32"
        return None if np.isfinite(audio).all() else "gave values that are not finite"


def _reason(error: BaseException) -> str:
    return " ".join(str(error).split())[:200] if isinstance(error, NeumeError) else failure_line(error)
