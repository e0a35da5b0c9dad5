"""The rack that an engine plays as the text of a reply, with the preset and the revision that go with it.

A snapshot and a reply are of two moments: put together, they would tell of a rack under another's name.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Final

from ..rack.played import PlayedRack
from ..rack.preset_read import parse_preset
from ..rack.preset_write import preset_text
from .commands import LONGEST_RACK, RackText
from .errors import ControlError
from .messages import MAX_REQUEST
from .rules import Between
from .vocabulary import Vocabulary, json_object


@dataclass(frozen=True, slots=True)
class RackTold:
    """`rack` is the TOML text of a preset."""

    revision: Annotated[int, Between(0, MAX_REQUEST)]
    preset: str
    rack: RackText


_TOLD: Final = Vocabulary({"rack": RackTold})


def told_text(played: PlayedRack) -> str:
    """Raises ControlError for a rack whose text is too long to be read."""
    rack = preset_text(played.rack)
    if len(rack) > LONGEST_RACK:
        raise ControlError(f"the rack's text has {len(rack)} characters; told are {LONGEST_RACK}")
    return _TOLD.line(RackTold(played.revision, played.preset, rack)).decode("ascii")


def read_told(text: str) -> PlayedRack:
    """Raises ControlError for a text that `told_text` does not make, PresetError for a rack that is none."""
    told = _TOLD.read(json_object(text.encode("utf-8")))
    return PlayedRack(parse_preset(told.rack, "the engine's rack"), told.preset, told.revision)
