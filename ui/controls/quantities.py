"""The table of quantities: every value of a rack that a control turns, and the parameters of effects."""

from __future__ import annotations

import math
from typing import Final

from neume.synth.manifest import Parameter
from neume.synth.rack.ranges import (
    FIXED_VELOCITY,
    INSERT_VALUE,
    MASTER_GAIN_DB,
    PART_INTEGERS,
    PART_NUMBERS,
)

from .quantity import Quantity
from .tapers import FADER, LINEAR, LOGARITHMIC
from .wordings import Hertz, Note, Pan, Plain, Wording

STEPS: Final = 50  # arrow keys from end to end, about
WIDE: Final = 20.0  # a range of such a ratio is heard in ratios
KEY: Final = Quantity(*PART_INTEGERS["low_key"], default=0, wording=Note(), big=12, whole=True)
VELOCITY: Final = Quantity(*PART_INTEGERS["low_velocity"], default=1, wording=Plain(decimals=0), whole=True)


def _level(limits: tuple[float, float]) -> Quantity:
    """Of a fader."""
    return Quantity(*limits, default=0.0, wording=Plain("dB", signed=True), taper=FADER, step=0.5, detent=0.0)


QUANTITIES: Final[dict[str, Quantity]] = {
    "gain_db": _level(MASTER_GAIN_DB),
    "volume_db": _level(PART_NUMBERS["volume_db"]),
    "pan": Quantity(
        *PART_NUMBERS["pan"], default=0.0, wording=Pan(), step=0.05, big=5, centre=0.0, detent=0.0
    ),
    "transpose_semitones": Quantity(
        *PART_INTEGERS["transpose_semitones"],
        default=0,
        wording=Plain("st", decimals=0, signed=True),
        big=12,
        whole=True,
        centre=0,
    ),
    "low_key": KEY,
    "high_key": Quantity(KEY.low, KEY.high, default=127, wording=Note(), big=12, whole=True),
    "low_velocity": VELOCITY,
    "high_velocity": Quantity(VELOCITY.low, VELOCITY.high, default=127, wording=VELOCITY.wording, whole=True),
    "fixed_velocity": Quantity(*FIXED_VELOCITY, default=100, wording=VELOCITY.wording, whole=True),
}
SWITCH: Final = Quantity(0.0, 1.0, default=0.0, wording=Plain(decimals=0), whole=True)


def parameter_quantity(parameter: Parameter) -> Quantity:
    """Of an effect's or a bundle's parameter, by its unit and range."""
    low, high, default = parameter.minimum, parameter.maximum, parameter.default
    if low == high:
        high = low + 1.0  # nothing to turn, but something to show
    ratios = low > 0.0 and high / low >= WIDE
    centred = low < 0.0 < high
    return Quantity(
        low,
        high,
        default,
        wording=_wording(parameter.unit, low, high),
        taper=LOGARITHMIC if ratios else LINEAR,
        step=_step(low, high),
        centre=0.0 if centred else None,
        detent=0.0 if centred else None,
    )


def unknown_quantity(value: float) -> Quantity:
    """Of a parameter whose effect is not known: any number that a preset may hold."""
    return Quantity(*INSERT_VALUE, default=value, wording=Plain(decimals=3))


def _wording(unit: str, low: float, high: float) -> Wording:
    if unit == "Hz":
        return Hertz()
    if unit == "" and low >= -1.0 and high <= 1.0:
        return Plain("%", decimals=0, signed=low < 0.0, scale=100.0)
    if unit == "dB":
        return Plain(unit, signed=low < 0.0 < high)
    span = high - low
    decimals = 0 if span >= 500 else 1 if span >= 20 else 2
    return Plain(unit, decimals=decimals, signed=low < 0.0 < high)


def _step(low: float, high: float) -> float:
    """About a fiftieth of the way, as a round number: 1, 2 or 5 times a power of ten."""
    wanted = (high - low) / STEPS
    power = 10.0 ** math.floor(math.log10(wanted))
    return min((1.0, 2.0, 5.0, 10.0), key=lambda digit: abs(digit * power - wanted)) * power
