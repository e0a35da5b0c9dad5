"""Short texts for what a part hears."""

from __future__ import annotations

from collections.abc import Iterable

from neume.synth.rack.part import OMNI


def channels_text(channels: frozenset[int], omni: str) -> str:
    """`3`, `1-4`, `1, 3, 10`: counted from 1 as musicians do; `omni` for all sixteen."""
    if channels == OMNI:
        return omni
    return ", ".join(
        f"{low + 1}" if low == high else f"{low + 1}\N{EN DASH}{high + 1}" for low, high in runs(channels)
    )


def runs(numbers: Iterable[int]) -> list[tuple[int, int]]:
    """Numbers that follow each other, as first and last; two alone are not worth a dash."""
    found: list[tuple[int, int]] = []
    for number in sorted(numbers):
        if found and number == found[-1][1] + 1:
            found[-1] = (found[-1][0], number)
        else:
            found.append((number, number))
    return [
        piece for low, high in found for piece in (_pair(low, high) if high == low + 1 else [(low, high)])
    ]


def _pair(low: int, high: int) -> list[tuple[int, int]]:
    return [(low, low), (high, high)]
