"""Asks effects what they have to turn, in a process of its own that `effect_catalogue` starts.

    python -m neume.ui.rack.effect_probe ID ...

One line for each: an answer, or why there is none. Effects are imported here and nowhere in the panel: a
stranger's code, and libraries that take seconds; whatever happens, the panel goes on.
"""

from __future__ import annotations

import contextlib
import io
import sys
from collections.abc import Sequence

from neume.synth.effects.load import load_effect
from neume.synth.errors import NeumeError

from .effect_kinds import answer_line, fault_line


def main(effect_ids: Sequence[str]) -> None:
    """Print the answers, in the order of the ids."""
    for effect_id in effect_ids:
        print(_answer(effect_id), flush=True)


def _answer(effect_id: str) -> str:
    try:
        with contextlib.redirect_stdout(io.StringIO()):  # the answer is all that is printed
            effect = load_effect(effect_id)
            return answer_line(effect.name, effect.parameters)
    except NeumeError as error:
        return fault_line(str(error))


if __name__ == "__main__":
    main(sys.argv[1:])
