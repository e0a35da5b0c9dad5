"""Insert chains for tests: effects that behave and effects that do not."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from effect_rig import BLOCK, BUILT_IN, RATE_HZ

from neume.synth.effects.effect import Effect, Parameter
from neume.synth.effects.inserts import InsertChain
from neume.synth.plugins import PluginError

AMOUNT = Parameter("amount", "Amount", "", 0.0, 2.0, 1.0)


@dataclass(frozen=True)
class Insert:
    effect: str
    values: Mapping[str, float] = field(default_factory=dict)
    bypassed: bool = False


class Gain:
    """A well-behaved effect without smoothing; its subclasses below are not well-behaved."""

    name = "Gain"
    parameters = (AMOUNT,)
    tail_s: Any = 0.5

    def prepare(self, rate_hz: int, block_samples: int) -> None:
        self.amount, self.blocks = 1.0, 0

    def process(self, audio: np.ndarray) -> Any:
        self.blocks += 1
        return audio * np.float32(self.amount)

    def set(self, parameter_id: str, value: float) -> None:
        self.amount = value

    def reset(self) -> None:
        self.blocks = 0

    def state(self) -> Any:
        return self.amount, self.blocks

    def restore(self, state: Any) -> None:
        self.amount, self.blocks = state


class FailsLater(Gain):
    """Inverts for two blocks, then makes a mistake of the given kind."""

    mistake: Callable[[np.ndarray], Any]

    def process(self, audio: np.ndarray) -> Any:
        self.blocks += 1
        return -audio if self.blocks <= 2 else type(self).mistake(audio)


def raising(_audio: np.ndarray) -> Any:
    raise ZeroDivisionError("no\nway")


def scribbling(audio: np.ndarray) -> Any:
    audio[:] = 0.0
    return audio


def with_one(value: float) -> Callable[[np.ndarray], Any]:
    def make(audio: np.ndarray) -> Any:
        made = audio.copy()
        made[-1, 1] = value
        return made

    return make


MISTAKES: dict[str, tuple[Callable[[np.ndarray], Any], str]] = {
    "raises": (raising, "process failed: ZeroDivisionError: no way"),
    "exits": (lambda audio: exit(), "process failed: SystemExit"),
    "scribbles": (scribbling, "process failed: ValueError: assignment destination is read-only"),
    "nothing": (lambda audio: None, "process returned NoneType instead of float32 (512, 2)"),
    "short": (lambda audio: audio[1:], "process returned float32 (511, 2) instead of float32 (512, 2)"),
    "mono": (lambda audio: audio[:, 0], "process returned float32 (512,) instead of float32 (512, 2)"),
    "double": (lambda audio: audio * 1.0e0 + np.zeros(2), "process returned float64 (512, 2) instead of"),
    "nan": (with_one(np.nan), "process returned values that are not finite"),
    "infinite": (with_one(-np.inf), "process returned values that are not finite"),
}


def load(effect_id: str) -> Effect:
    if effect_id in MISTAKES:
        return type("Fails", (FailsLater,), {"mistake": MISTAKES[effect_id][0]})()
    if effect_id == "gain":
        return Gain()
    if effect_id in BUILT_IN:
        return BUILT_IN[effect_id]()
    raise PluginError(f"there is no {effect_id!r}")


def chain(*inserts: Insert) -> InsertChain:
    return InsertChain(RATE_HZ, BLOCK, inserts, load)


def play(inserts: InsertChain, audio: np.ndarray, block: int = BLOCK) -> np.ndarray:
    return np.concatenate([inserts.process(audio[i : i + block]) for i in range(0, len(audio), block)])
