"""Who holds which key: mouse, fingers and the computer keyboard's keys become notes, and none gets stuck.

piano, computer keys, wheels, pedal ─▶ Hands ─ NoteOn, NoteOff, … ─▶ EngineModel.post
"""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable
from typing import Final

from neume.synth.control.commands import ControlChange, NoteOff, NoteOn, PitchBend, PlayedCommand

MODULATION: Final = 1  # MIDI controllers
SUSTAIN: Final = 64
KEYS: Final = 128


class Hands:
    """Belongs to the panel's thread. Every command is posted within the call that causes it.

    A source is whatever can hold one key: the mouse, one finger, one key of the computer keyboard. A key that
    several hold sounds until the last lets go. `on_key` hears of every key that goes down or up here,
    `on_pedal` and `on_bend` of the pedal and of a bend that is not the wheel's own doing.
    """

    def __init__(self, post: Callable[[PlayedCommand], object], channel: int = 0) -> None:
        self.on_key: Callable[[int], object] = _nobody
        self.on_pedal: Callable[[bool], object] = _nobody
        self.on_bend: Callable[[int], object] = _nobody
        self._post, self._channel = post, channel
        self._keys: dict[Hashable, int | None] = {}  # by source; None: it holds on, but beside the keys
        self._pedals: set[Hashable] = set()
        self._bend = self._modulation = 0

    @property
    def channel(self) -> int:
        return self._channel

    @property
    def keys(self) -> frozenset[int]:
        """The keys that are down."""
        return frozenset(key for key in self._keys.values() if key is not None)

    @property
    def pedal_down(self) -> bool:
        return bool(self._pedals)

    @property
    def busy(self) -> bool:
        """Whether anything is held that would stay if nobody let go."""
        return bool(self._keys or self._pedals or self._bend)

    def holds(self, source: Hashable) -> bool:
        return source in self._keys or source in self._pedals

    def press(self, source: Hashable, key: int | None, velocity: int) -> None:
        """`source` goes down on `key` and off what it held; None, or no MIDI key, plays nothing yet."""
        if source in self._keys:
            self.release(source)
        if key is not None and not 0 <= key < KEYS:
            key = None
        sounding = key in self.keys
        self._keys[source] = key
        if key is not None and not sounding:
            self._post(NoteOn(key=key, velocity=velocity, channel=self._channel))
            self.on_key(key)

    def slide(self, source: Hashable, key: int | None, velocity: int) -> None:
        """`source`, which is down, has moved to `key`: the keys of a glissando."""
        if source in self._keys and self._keys[source] != key:
            self.press(source, key, velocity)

    def release(self, source: Hashable, stamp_ns: int | None = None) -> None:
        """`source` goes up, or went at `stamp_ns` of the monotonic clock. One that holds nothing changes
        nothing."""
        key = self._keys.pop(source, None)
        if key is not None and key not in self._keys.values():
            self._post(NoteOff(key=key, channel=self._channel, stamp_ns=stamp_ns or time.monotonic_ns()))
            self.on_key(key)

    def press_pedal(self, source: Hashable) -> None:
        self._pedals.add(source)
        if len(self._pedals) == 1:
            self._tell_pedal(127)

    def release_pedal(self, source: Hashable) -> None:
        if source in self._pedals:
            self._pedals.remove(source)
            if not self._pedals:
                self._tell_pedal(0)

    def bend(self, value: int) -> None:
        """The pitch-bend wheel, -8192 to 8191."""
        if value != self._bend:
            self._bend = value
            self._post(PitchBend(value=value, channel=self._channel))

    def modulate(self, value: int) -> None:
        """The modulation wheel, 0 to 127. It stays where it is, so nothing lets go of it."""
        if value != self._modulation:
            self._modulation = value
            self._post(ControlChange(controller=MODULATION, value=value, channel=self._channel))

    def release_keys(self) -> None:
        self.release_where(lambda _source: True)

    def release_where(self, chosen: Callable[[Hashable], bool]) -> None:
        """Let go of the keys that such sources hold."""
        for source in [source for source in self._keys if chosen(source)]:
            self.release(source)

    def release_all(self) -> None:
        """Let go of the keys, the pedal and the bend."""
        self.release_keys()
        for source in list(self._pedals):
            self.release_pedal(source)
        if self._bend:
            self.bend(0)
            self.on_bend(0)

    def choose_channel(self, channel: int) -> None:
        """Play on another channel, 0 to 15. Nothing stays behind on the one of before."""
        if channel == self._channel:
            return
        self.release_all()
        modulation = self._modulation
        self.modulate(0)
        self._channel = channel
        self.modulate(modulation)

    def greet(self) -> None:
        """Another engine has come: tell it what stays as it is."""
        if self._modulation:
            self._post(ControlChange(controller=MODULATION, value=self._modulation, channel=self._channel))

    def _tell_pedal(self, value: int) -> None:
        self._post(ControlChange(controller=SUSTAIN, value=value, channel=self._channel))
        self.on_pedal(value > 0)


def _nobody(_value: int) -> None:
    """Hears what nobody wants to hear."""
