"""One place of an insert chain: an effect, how much of it is heard, and the guard around it."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeVar

import numpy as np

from ..errors import NeumeError, UsageError
from ..plugins import FAILURES, failure_line
from .builtin import SIDES, BuiltInEffect
from .effect import Effect, Float32, Parameter, held
from .glide import GLIDE_S, Glide, GlideState
from .sends import Sends

LONGEST_TAIL_S: Final = 60.0
WAY_S: Final = 2 * GLIDE_S  # from out to in: first the effect gets the sound, then it is heard
OUT: Final = np.zeros((1, 1), np.float32)
IN: Final = np.ones((1, 1), np.float32)

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class SlotState:
    way: GlideState
    values: dict[str, float]
    effect: Any


class InsertSlot:
    """An effect that fades in and out, and is passed by from its first mistake on.

    A mistake is an exception, a block of another shape or type, or a value that is not finite.

    Threads: made on the thread that changes the chain. Then the render thread owns it; any thread may read
    `faults` and `muted`.
    """

    def __init__(
        self, effect_id: str, load: Callable[[str], Effect], rate_hz: int, block_samples: int
    ) -> None:
        self.effect_id = effect_id
        self.muted = False
        self._failure: tuple[str, ...] = ()
        self._refused: tuple[str, ...] = ()  # values
        self._rate_hz = rate_hz
        self._way = Glide(OUT, rate_hz, WAY_S)
        self._last: Float32 | None = None  # the last frame that left, None where it left as it came
        self._step = Glide(np.zeros((SIDES, 1), np.float32), rate_hz)  # left over from a failure
        self._leaving = False
        self._effect = self._made(load, block_samples)
        self._parameters = {p.id: p for p in self._effect.parameters} if self._effect else {}
        self._values = {p.id: p.default for p in self._parameters.values()}

    @property
    def faults(self) -> tuple[str, ...]:
        return self._failure + self._refused

    @property
    def gone(self) -> bool:
        """Whether it has been told to leave and is not heard any more."""
        return self._leaving and not self._step.moving and (self.muted or not self._way.moving)

    @property
    def tail_s(self) -> float:
        effect = self._playing
        if effect is None:
            return 0.0
        tail = self._guarded("tail_s", lambda: float(effect.tail_s))
        return LONGEST_TAIL_S if tail is None or math.isnan(tail) else min(LONGEST_TAIL_S, max(0.0, tail))

    def aim(self, values: Mapping[str, float], bypassed: bool, *, at_once: bool) -> None:
        """Move to `values`, with defaults for those that are not given, and fade in or out."""
        self._refused = ()
        for parameter in self._parameters.values():
            self.set(parameter.id, values.get(parameter.id, parameter.default))
        for name in values:
            if name not in self._parameters:
                self.set(name, values[name])
        self._way.to(OUT if bypassed else IN)
        if at_once:
            self._way.clear()

    def set(self, parameter_id: str, value: float) -> None:
        """Move one parameter; a value outside its range is held to it."""
        effect = self._playing
        if effect is None:
            return
        try:
            wanted = held(self._parameter(parameter_id), value)
        except UsageError as refusal:
            if str(refusal) not in self._refused:
                self._refused += (str(refusal),)
            return
        if wanted != self._values[parameter_id]:
            self._values[parameter_id] = wanted
            self._guarded("set", lambda: effect.set(parameter_id, wanted))

    def leave(self) -> None:
        self._leaving = True
        self._way.to(OUT)

    def process(self, audio: Float32, sends: Sends | None = None) -> Float32:
        """The next block, `(samples, 2)`, at least one sample. Of `sends`, a built-in effect is given what
        is for it; others make their wet sound of `audio`."""
        if self._silent and not self.muted:
            self._last = None
            return audio
        sent = self._sent(audio, sends) if sends else None
        made = self._faded(audio, sent) if self._way.moving else self._heard(audio, sent)
        if made is None:
            return self._passed_by(audio)
        self._last = made[-1].copy()
        return made

    def reset(self) -> None:
        """Silence the effect at once."""
        self._step.clear()
        effect = self._playing
        if effect is not None:
            self._guarded("reset", effect.reset)

    def state(self) -> SlotState:
        effect = self._playing
        saved = self._guarded("state", effect.state) if effect is not None else None
        return SlotState(self._way.state(), dict(self._values), saved)

    def restore(self, state: SlotState) -> None:
        self._way.restore(state.way)
        effect = self._playing
        if effect is not None:
            self._values = dict(state.values)
            self._guarded("restore", lambda: effect.restore(state.effect))

    @property
    def _playing(self) -> Effect | None:
        return None if self.muted else self._effect

    @property
    def _silent(self) -> bool:
        return not self._way.moving and not self._way.value.any()

    def _made(self, load: Callable[[str], Effect], block_samples: int) -> Effect | None:
        try:
            effect = load(self.effect_id)
        except NeumeError as fault:
            self._mute(str(fault))
            return None
        self._guarded("prepare", lambda: effect.prepare(self._rate_hz, block_samples))
        return effect

    def _sent(self, audio: Float32, sends: Sends) -> Float32 | None:
        send = sends.get(self.effect_id) if isinstance(self._effect, BuiltInEffect) else None
        return None if send is None else send.of(audio)

    def _faded(self, audio: Float32, sent: Float32 | None) -> Float32 | None:
        """A block on the way in or out. An effect that began in the midst of a sound would echo its edge."""
        way = self._way.take(len(audio)).T
        given = np.minimum(2 * way, 1)
        made = self._heard(audio * given, None if sent is None else sent * given)
        if self._silent:
            self.reset()
        return None if made is None else audio + (made - audio) * np.maximum(2 * way - 1, 0)

    def _heard(self, audio: Float32, sent: Float32 | None) -> Float32 | None:
        """What the effect makes of a block, None if it is muted, perhaps just now."""
        effect = self._playing
        if effect is None:
            return None
        given = audio.view()
        given.flags.writeable = False
        if sent is not None and isinstance(effect, BuiltInEffect):
            made = self._guarded("process", lambda: effect.process(given, sent))
        else:
            made = self._guarded("process", lambda: effect.process(given))
        if self.muted:
            return None
        if not isinstance(made, np.ndarray) or made.shape != audio.shape or made.dtype != np.float32:
            came = f"{made.dtype} {made.shape}" if isinstance(made, np.ndarray) else type(made).__name__
            self._mute(f"process returned {came} instead of float32 {audio.shape}")
            return None
        if not np.isfinite(made).all():
            self._mute("process returned values that are not finite")
            return None
        return made if made.flags.writeable else made.copy()  # what it was given, perhaps

    def _passed_by(self, audio: Float32) -> Float32:
        """As it came; right after a failure, the step from the effect's last frame fades away on top."""
        if self._last is not None:
            self._step = Glide((self._last - audio[0])[:, None], self._rate_hz)
            self._step.to(np.zeros((SIDES, 1), np.float32))
            self._last = None
        return audio + self._step.take(len(audio)).T if self._step.moving else audio

    def _parameter(self, parameter_id: str) -> Parameter:
        if parameter_id not in self._parameters:
            known = ", ".join(self._parameters) or "none"
            raise UsageError(f"there is no parameter {parameter_id!r}; there are {known}")
        return self._parameters[parameter_id]

    def _guarded(self, what: str, act: Callable[[], Result]) -> Result | None:
        try:
            return act()
        except FAILURES as failure:
            self._mute(f"{what} failed: {failure_line(failure)}")
            return None

    def _mute(self, reason: str) -> None:
        self._failure = (reason,)
        self.muted = True
