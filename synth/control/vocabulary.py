"""The lines of the control link: kinds of records as JSON objects, one a line, and back.

A line is UTF-8 and says its `kind` beside the fields of its record; a command may carry the number of a
request, which its reply repeats. `COMMANDS` go to the engine, the `messages` come from it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final, NoReturn, get_args

from .commands import Command
from .errors import ControlError
from .records import Misfit, form_of, shown

MAX_LINE_BYTES: Final = 1_048_576  # the longest rack fits, even if every character of it is escaped
KIND: Final = "kind"
_ENCODER: Final = json.JSONEncoder(allow_nan=False, check_circular=False, separators=(",", ":"))


class Vocabulary:
    """The kinds of records that one direction speaks: `kinds[kind]` is the record's class."""

    def __init__(self, kinds: Mapping[str, type]) -> None:
        self._forms = {kind: form_of(cls) for kind, cls in kinds.items()}
        self._kinds = {cls: kind for kind, cls in kinds.items()}

    def line(self, record: Any, **extra: int) -> bytes:
        """The record's line, with its end. Raises ControlError for one that the other side would refuse."""
        kind = self._kinds[type(record)]
        plain = self._forms[kind].plain(record)
        try:
            text = _ENCODER.encode({KIND: kind, **plain, **extra})
        except (ValueError, TypeError) as error:
            self.record(kind, plain)  # says which value it is
            raise ControlError(f"{kind}: {error}") from error
        line = text.encode("ascii") + b"\n"
        if len(line) > MAX_LINE_BYTES:
            raise ControlError(f"{kind} takes {len(line)} bytes; allowed: {MAX_LINE_BYTES}")
        return line

    def read(self, heard: dict[str, Any]) -> Any:
        """The record of a line's object. Raises ControlError: what came, what is allowed."""
        plain = dict(heard)
        kind = plain.pop(KIND, None)
        if not isinstance(kind, str) or kind not in self._forms:
            raise ControlError(f"kind is {shown(kind)}; allowed: {', '.join(self._forms)}")
        return self.record(kind, plain)

    def record(self, kind: str, plain: dict[str, Any]) -> Any:
        """The record of that kind with plain values for its fields."""
        try:
            return self._forms[kind].read(plain)
        except Misfit as misfit:
            raise ControlError(f"{kind} {misfit}") from None


def json_object(line: bytes) -> dict[str, Any]:
    """The JSON object of one line. Raises ControlError for anything else, NaN and repeated keys included."""
    try:
        heard = json.loads(line.decode("utf-8"), parse_constant=_refuse, object_pairs_hook=_object)
    except (ValueError, RecursionError) as error:
        raise ControlError(f"the line {shown(line)} is no JSON: {str(error)[:100]}") from None
    if not isinstance(heard, dict):
        raise ControlError(f"the line is {shown(heard)}; allowed: a JSON object with a kind")
    return heard


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not a number that JSON knows")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) < len(pairs):
        raise ValueError("a key is there twice")
    return made


COMMANDS: Final = Vocabulary({cls.kind: cls for cls in get_args(Command)})
