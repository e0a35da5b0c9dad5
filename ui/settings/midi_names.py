"""Which MIDI inputs are chosen, and by what names: parts of names, as the engine takes them. No widgets."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

ALSA_ADDRESS: Final = re.compile(r" \d+:\d+( #\d+)?$")  # "Keys:Keys MIDI 1 20:0": another after each plugging


def is_chosen(port: str, chosen: Sequence[str]) -> bool:
    """Whether the engine listens to this port; nothing chosen means all."""
    return not chosen or any(name.lower() in port.lower() for name in chosen)


def lasting_name(port: str, ports: Sequence[str]) -> str:
    """The part of a port's name that stays when it is plugged in again, where that is its own."""
    short = ALSA_ADDRESS.sub("", port)
    alone = sum(short.lower() in other.lower() for other in ports) <= 1
    return short if alone and short else port


def with_port(chosen: Sequence[str], port: str, ports: Sequence[str]) -> tuple[str, ...]:
    """What is chosen with this port, too."""
    if chosen and is_chosen(port, chosen):
        return tuple(chosen)
    return (*chosen, lasting_name(port, ports))


def without_port(chosen: Sequence[str], port: str, ports: Sequence[str]) -> tuple[str, ...]:
    """What is chosen without this port: every other port that was chosen still is. Empty if none is left,
    which the engine would take for all."""
    kept = [name for name in chosen if name.lower() not in port.lower()] if chosen else []
    others = [other for other in ports if other != port and is_chosen(other, chosen)]
    for other in others:
        if not kept or not is_chosen(other, kept):
            kept.append(lasting_name(other, ports))
    return tuple(kept)
