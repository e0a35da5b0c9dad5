"""Which keys sound from elsewhere: MIDI inputs, the transport and other clients, not our own hands."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

ECHO_S: Final = 0.25  # for so long after a key went up here, the engine may still tell that it is down


class Incoming:
    """Notes are 128 * channel + key, as in `EngineSnapshot.keys_down`. Belongs to one thread."""

    def __init__(self) -> None:
        self._let_go_s: dict[int, float] = {}

    def let_go(self, note: int, now_s: float) -> None:
        """A note of our own has ended."""
        self._let_go_s[note] = now_s

    def among(self, keys_down: Iterable[int], own: frozenset[int], now_s: float) -> tuple[int, ...]:
        """The notes that are down and neither ours nor the echo of one that was."""
        if self._let_go_s:
            self._let_go_s = {note: at_s for note, at_s in self._let_go_s.items() if now_s - at_s < ECHO_S}
        return tuple(note for note in keys_down if note not in own and note not in self._let_go_s)
