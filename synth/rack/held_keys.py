"""Which keys are down, and which notes each of them started: a released key releases just those.

Used by the router. Where a key's note went is written down when the key goes down, so nothing that changes in
between can leave it sounding.
"""

from __future__ import annotations

from collections import abc
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple, TypeAlias

Key: TypeAlias = tuple[int, int]  # channel and key number, as played


class Note(NamedTuple):
    """A note that a key started: on the channel `home` at `key`, for what is part number `part` by now."""

    home: int
    key: int
    part: int


class HeldKeys:
    """The keys that are down. Two of them may hold one note, which then ends with the second."""

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        self._notes: dict[Key, tuple[Note, ...]] = {}
        self._holders: dict[Key, int] = {}  # home and key of a note → number of keys that hold it

    def state(self) -> abc.Mapping[Key, tuple[Note, ...]]:
        return dict(self._notes)

    def restore(self, state: abc.Mapping[Key, tuple[Note, ...]]) -> None:
        self.clear()
        for key, notes in state.items():
            self.press(key, notes)

    def __len__(self) -> int:
        return len(self._notes)

    def notes_of(self, key: Key) -> tuple[Note, ...]:
        return self._notes.get(key, ())

    def press(self, key: Key, notes: Sequence[Note]) -> list[Note]:
        """Write down what a key starts. Pressed again without a release, it lets go of what it had started:
        returned are those notes that it does not start again and no other key holds."""
        earlier = self._notes.pop(key, ())
        if notes:
            self._notes[key] = tuple(notes)
            for home, number, _ in notes:
                self._holders[home, number] = self._holders.get((home, number), 0) + 1
        return self._let_go(earlier) if earlier else []

    def release(self, key: Key) -> list[Note]:
        """The notes that end with a key: those that no other key holds."""
        return self._let_go(self._notes.pop(key, ()))

    def release_channel(self, channel: int) -> list[Note]:
        """Release all keys of a channel."""
        keys = [key for key in self._notes if key[0] == channel]
        return [note for key in keys for note in self.release(key)]

    def settle(self, part_after: Callable[[Note], int | None]) -> list[Note]:
        """Renumber the parts; returns the notes that end by this, those for which `part_after` knows none."""
        ended: list[Note] = []
        for key, notes in list(self._notes.items()):
            parts = [part_after(note) for note in notes]
            pairs = list(zip(notes, parts, strict=True))
            ended += self._let_go(note for note, part in pairs if part is None)
            staying = tuple(Note(note.home, note.key, part) for note, part in pairs if part is not None)
            if staying:
                self._notes[key] = staying
            else:
                del self._notes[key]
        return ended

    def forget_homes(self, homes: abc.Collection[int]) -> None:
        """All notes of these channels have been ended by a message of their own."""
        for key, notes in list(self._notes.items()):
            if any(note.home in homes for note in notes):
                self.press(key, [note for note in notes if note.home not in homes])

    def _let_go(self, notes: Iterable[Note]) -> list[Note]:
        ended = []
        for note in notes:
            self._holders[note.home, note.key] -= 1
            if not self._holders[note.home, note.key]:
                del self._holders[note.home, note.key]
                ended.append(note)
        return ended
