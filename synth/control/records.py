"""Frozen dataclasses to the plain values of JSON and back, strictly, as their type hints say.

Beneath every line of the control link. A field may be a bool, an int, a finite float, a text, a `Path`, a
`Literal`, a tuple, a mapping from texts, another such dataclass, any of them or None, and `Annotated` with
rules. A value of another type, an unknown field, and a missing one that has no default are misfits.
"""

from __future__ import annotations

import dataclasses
import math
import reprlib
from collections.abc import Callable, Mapping
from dataclasses import MISSING, dataclass
from functools import cache
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, Final, Literal, Self, Union, get_args, get_origin, get_type_hints

from .rules import Rule

SHOWN_LONGEST: Final = 80  # characters of a refused value that are told


class Misfit(ValueError):
    """A plain value that its place does not take; `place` grows while the reader climbs out."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.place: list[str] = []

    def inside(self, name: str) -> Self:
        self.place.insert(0, name)
        return self

    def __str__(self) -> str:
        return " ".join(filter(None, (".".join(self.place), str(self.args[0]))))


@dataclass(frozen=True, slots=True)
class Form:
    """How one type travels: `read` raises Misfit; `write` is None for values that JSON takes as they are."""

    allowed: str
    read: Callable[[Any], Any]
    write: Callable[[Any], Any] | None = None

    def plain(self, value: Any) -> Any:
        return value if self.write is None else self.write(value)


def shown(value: object) -> str:
    """A value for an error's text, cut short."""
    text = reprlib.repr(value)
    return text if len(text) <= SHOWN_LONGEST else text[: SHOWN_LONGEST - 3] + "..."


def misfit(value: object, allowed: str) -> Misfit:
    return Misfit(f"is {shown(value)}; allowed: {allowed}")


@cache
def form_of(hint: Any) -> Form:
    """The form of a type hint. Raises TypeError for one that cannot travel: a fault of the program."""
    if hint in _SCALARS:
        return _SCALARS[hint]
    if dataclasses.is_dataclass(hint) and isinstance(hint, type):
        return _record(hint)
    build = _BUILDERS.get(get_origin(hint))
    if build is None:
        raise TypeError(f"{hint!r} is no type that can travel; see {__name__}")
    return build(hint)


def _exactly(kind: type, allowed: str) -> Form:
    def read(plain: Any) -> Any:
        if type(plain) is not kind:
            raise misfit(plain, allowed)
        return plain

    return Form(allowed, read)


def _finite() -> Form:
    allowed = "a finite number"

    def read(plain: Any) -> float:
        if type(plain) is not float and type(plain) is not int:
            raise misfit(plain, allowed)
        try:
            number = float(plain)
        except OverflowError:
            number = math.inf
        if not math.isfinite(number):
            raise misfit(plain, allowed)
        return number

    return Form(allowed, read)


def _path() -> Form:
    text = _exactly(str, "a path")
    return Form(text.allowed, lambda plain: Path(text.read(plain)), str)


def _literal(hint: Any) -> Form:
    choices = get_args(hint)
    allowed = ", ".join(str(choice) for choice in choices)

    def read(plain: Any) -> Any:
        if not any(type(plain) is type(choice) and plain == choice for choice in choices):
            raise misfit(plain, allowed)
        return plain

    return Form(allowed, read)


def _annotated(hint: Any) -> Form:
    base, *rules = get_args(hint)
    form = form_of(base)
    allowed = ", ".join([form.allowed, *map(str, rules)])

    def read(plain: Any) -> Any:
        try:
            value = form.read(plain)
        except Misfit as refusal:
            raise refusal if refusal.place else misfit(plain, allowed) from None
        if not all(rule.accepts(value) for rule in _rules(rules)):
            raise misfit(plain, allowed)
        return value

    return Form(allowed, read, form.write)


def _rules(rules: list[Any]) -> list[Rule]:
    return rules


def _optional(hint: Any) -> Form:
    kinds = [kind for kind in get_args(hint) if kind is not type(None)]
    if len(kinds) != 1:
        raise TypeError(f"{hint!r} is a choice of types; only one type or None can travel")
    form = form_of(kinds[0])
    allowed = f"{form.allowed}, or null"

    def read(plain: Any) -> Any:
        try:
            return None if plain is None else form.read(plain)
        except Misfit as refusal:
            raise refusal if refusal.place else misfit(plain, allowed) from None

    write = form.write
    return Form(allowed, read, None if write is None else lambda v: None if v is None else write(v))


def _tuple(hint: Any) -> Form:
    kinds = get_args(hint)
    endless = len(kinds) == 2 and kinds[1] is Ellipsis
    forms = [form_of(kind) for kind in (kinds[:1] if endless else kinds)]
    allowed = f"a list, each entry {forms[0].allowed}" if endless else f"a list of {len(forms)} entries"

    def read(plain: Any) -> tuple[Any, ...]:
        if not isinstance(plain, list | tuple) or not (endless or len(plain) == len(forms)):
            raise misfit(plain, allowed)
        return tuple(_entry(form, str(place), entry) for place, (form, entry) in enumerate(pairs(plain)))

    def pairs(entries: Any) -> Any:
        return ((forms[0], entry) for entry in entries) if endless else zip(forms, entries, strict=True)

    if all(form.write is None for form in forms):
        return Form(allowed, read)
    return Form(allowed, read, lambda value: [form.plain(entry) for form, entry in pairs(value)])


def _mapping(hint: Any) -> Form:
    key, kind = get_args(hint)
    if key is not str:
        raise TypeError(f"{hint!r}: only mappings from texts can travel")
    form = form_of(kind)
    allowed = f"an object, each entry {form.allowed}"

    def read(plain: Any) -> dict[str, Any]:
        if type(plain) is not dict:
            raise misfit(plain, allowed)
        return {name: _entry(form, shown(name), entry) for name, entry in plain.items()}

    return Form(allowed, read, lambda value: {name: form.plain(entry) for name, entry in value.items()})


def _record(cls: type) -> Form:
    hints = get_type_hints(cls, include_extras=True)
    fields = dataclasses.fields(cls)
    forms = {field.name: form_of(hints[field.name]) for field in fields}
    needed = {f.name for f in fields if f.default is MISSING and f.default_factory is MISSING}
    allowed = f"an object with {', '.join(forms)}" if forms else "an object without fields"
    writers = [(name, form.write) for name, form in forms.items()]

    def read(plain: Any) -> Any:
        if type(plain) is not dict:
            raise misfit(plain, allowed)
        for name in sorted(plain.keys() - forms.keys()):
            raise Misfit(f"has no field {shown(name)}; allowed: {', '.join(forms) or 'none'}")
        for name in sorted(needed - plain.keys()):
            raise Misfit(f"is missing; allowed: {forms[name].allowed}").inside(name)
        return cls(**{name: _entry(forms[name], name, entry) for name, entry in plain.items()})

    def write(value: Any) -> dict[str, Any]:
        return {
            name: getattr(value, name) if turn is None else turn(getattr(value, name))
            for name, turn in writers
        }

    return Form(allowed, read, write)


def _entry(form: Form, name: str, plain: Any) -> Any:
    try:
        return form.read(plain)
    except Misfit as refusal:
        raise refusal.inside(name) from None


_SCALARS: Final[dict[Any, Form]] = {
    bool: _exactly(bool, "true or false"),
    int: _exactly(int, "a whole number"),
    float: _finite(),
    str: _exactly(str, "a text"),
    Path: _path(),
}
_BUILDERS: Final[dict[Any, Callable[[Any], Form]]] = {
    Annotated: _annotated,
    Literal: _literal,
    Union: _optional,
    UnionType: _optional,
    tuple: _tuple,
    Mapping: _mapping,
    dict: _mapping,
}
