"""Playing effects in blocks of any size, with knobs moved at given samples."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from neume.synth.effects.chorus import Chorus
from neume.synth.effects.delay import Delay
from neume.synth.effects.effect import Effect
from neume.synth.effects.equaliser import Equaliser
from neume.synth.effects.reverb import Reverb

RATE_HZ = 48_000
BLOCK = 512
BUILT_IN: dict[str, type[Effect]] = {
    "chorus": Chorus,
    "delay": Delay,
    "equaliser": Equaliser,
    "reverb": Reverb,
}


def prepared(effect_id: str, values: Mapping[str, float] | None = None, rate_hz: int = RATE_HZ) -> Effect:
    effect = BUILT_IN[effect_id]()
    effect.prepare(rate_hz, BLOCK)
    for parameter_id, value in (values or {}).items():
        effect.set(parameter_id, value)
    return effect


def in_blocks(
    effect: Effect, audio: np.ndarray, block: int = BLOCK, moves: Sequence[tuple[int, str, float]] = ()
) -> np.ndarray:
    """`moves` are (sample, parameter, value) in order; a block ends where one is due."""
    made, begin, due = [audio[:0]], 0, list(moves)
    while begin < len(audio):
        while due and due[0][0] <= begin:
            effect.set(*due.pop(0)[1:])
        end = min(begin + block, len(audio), *(move[0] for move in due[:1]))
        made.append(effect.process(audio[begin:end]))
        begin = end
    return np.concatenate(made)


def noise(samples: int, seed: int = 0, level: float = 0.2) -> np.ndarray:
    return (level * np.random.default_rng(seed).standard_normal((samples, 2))).astype(np.float32)


def impulse(samples: int, side: slice = slice(None)) -> np.ndarray:
    """One sample of 1 on both sides, or on one."""
    audio = np.zeros((samples, 2), np.float32)
    audio[0, side] = 1.0
    return audio


def tone(samples: int, hz: float = 200.0, level: float = 0.5) -> np.ndarray:
    """On both sides alike, with a soft start."""
    time_s = np.arange(samples) / RATE_HZ
    wave = level * np.sin(2 * np.pi * hz * time_s) * np.clip(time_s / 0.02, 0.0, 1.0)
    return np.repeat(wave.astype(np.float32)[:, None], 2, axis=1)


def roughness(audio: np.ndarray) -> float:
    """The largest bend between samples: a step of x bends by x, one of 200 Hz by 0.0007 of its level."""
    return float(np.abs(np.diff(audio, n=2, axis=0)).max())
