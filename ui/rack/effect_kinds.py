"""What kinds of effects there are, and what can be turned on each: facts that the panel gets without running
an effect's code. `effect_catalogue` keeps them."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

from neume.synth.manifest import Parameter
from neume.synth.plugins import EFFECTS_GROUP, PluginError, list_plugins
from neume.synth.rack.targets import PARAMETER_ID

MAX_PARAMETERS: Final = 64
MAX_ANSWER: Final = 65_536  # characters that a probe may say of one effect
MAX_WORD, MAX_FAULT = 60, 400


@dataclass(frozen=True, slots=True)
class EffectKind:
    """One effect that is installed. `parameters` None: it has not been asked yet."""

    id: str
    name: str
    package: str
    parameters: tuple[Parameter, ...] | None = None
    faults: tuple[str, ...] = ()
    built_in: bool = False


def list_kinds() -> dict[str, EffectKind]:
    """All of them by id, from the metadata of packages; nothing is imported."""
    kinds: dict[str, EffectKind] = {}
    for plugin in list_plugins(EFFECTS_GROUP):
        if plugin.id not in kinds or not plugin.faults:
            kinds[plugin.id] = EffectKind(
                plugin.id,
                spoken_name(plugin.id),
                plugin.package,
                faults=plugin.faults,
                built_in=plugin.built_in,
            )
    return kinds


def spoken_name(effect_id: str) -> str:
    """`tape-echo` → `Tape echo`: until a name is known."""
    return effect_id.replace("-", " ").replace("_", " ").capitalize()


def answer_line(name: str, parameters: tuple[Parameter, ...]) -> str:
    """What a probe says of an effect, for `read_answer`."""
    return json.dumps({"name": name, "parameters": [asdict(parameter) for parameter in parameters]})


def fault_line(reason: str) -> str:
    """What a probe says of an effect that cannot be asked."""
    return json.dumps({"fault": reason})


def read_answer(line: str, effect_id: str) -> tuple[str, tuple[Parameter, ...]]:
    """Name and parameters from a probe's answer, which a stranger's code may have written: all is checked.

    Raises PluginError with what is wrong.
    """
    try:
        if len(line) > MAX_ANSWER:
            raise ValueError(f"more than {MAX_ANSWER} characters")
        answer = json.loads(line)
        if "fault" in answer:
            raise PluginError(_word(answer["fault"], MAX_FAULT))
        rows = answer["parameters"]
        if not isinstance(rows, list) or len(rows) > MAX_PARAMETERS:
            raise ValueError(f"not a list of at most {MAX_PARAMETERS} parameters")
        return _word(answer["name"]), tuple(_parameter(row) for row in rows)
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise PluginError(f"effect {effect_id!r} tells nothing of itself: {error}") from None


def _parameter(row: Mapping[str, Any]) -> Parameter:
    if not PARAMETER_ID.fullmatch(row["id"]):
        raise ValueError(f"{row['id']!r} is no parameter's id")
    low, high, default = (_number(row[key]) for key in ("minimum", "maximum", "default"))
    if not low <= default <= high:
        raise ValueError(f"{row['id']}: {default:g} is not from {low:g} to {high:g}")
    return Parameter(row["id"], _word(row["name"]), _word(row["unit"]), low, high, default)


def _number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ValueError(f"{value!r} is no number")
    return float(value)


def _word(value: object, longest: int = MAX_WORD) -> str:
    if not isinstance(value, str):
        raise ValueError(f"{value!r} is no text")
    return " ".join(value.split())[:longest]
