"""Making an effect by its id, and checking that it is one before it comes near the audio."""

from __future__ import annotations

import math
from typing import Any, Final, cast

from ..plugins import EFFECTS_GROUP, FAILURES, PluginError, failure_line, load_plugin
from .effect import Effect

METHODS: Final = ("prepare", "process", "set", "reset", "state", "restore")
FIELDS: Final = ("id", "name", "unit", "minimum", "maximum", "default")


def load_effect(effect_id: str) -> Effect:
    """A new effect, not prepared yet. Raises PluginError with what is wrong with it."""
    make = load_plugin(EFFECTS_GROUP, effect_id)
    try:
        effect = make()
        faults = _faults(effect)
    except FAILURES as failure:
        raise PluginError(f"effect {effect_id!r} cannot be made: {failure_line(failure)}") from failure
    if faults:
        raise PluginError(f"effect {effect_id!r} breaks the contract: {'; '.join(faults)}")
    return cast(Effect, effect)


def _faults(effect: Any) -> list[str]:
    faults = [f"it has no method {name}" for name in METHODS if not callable(getattr(effect, name, None))]
    if not isinstance(getattr(effect, "name", None), str):
        faults.append("its name is no text")
    if "tail_s" not in dir(effect):
        faults.append("it has no tail_s")
    parameters = getattr(effect, "parameters", None)
    if not isinstance(parameters, tuple):
        return [*faults, "its parameters are no tuple"]
    for parameter in parameters:
        faults += _parameter_faults(parameter)
    ids = [getattr(parameter, "id", None) for parameter in parameters]
    if len(set(ids)) < len(ids):
        faults.append("two parameters have the same id")
    return faults


def _parameter_faults(parameter: Any) -> list[str]:
    lacking = [field for field in FIELDS if not hasattr(parameter, field)]
    if lacking:
        return [f"a parameter has no {', '.join(lacking)}"]
    low, value, high = parameter.minimum, parameter.default, parameter.maximum
    if not (math.isfinite(low) and math.isfinite(high) and low <= value <= high):
        return [
            f"parameter {parameter.id}: minimum <= default <= maximum does not hold, or one is not finite"
        ]
    return []
