"""All that an engine needs for auditions: their voice, the tap that keeps them out of takes, their thread."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from ..events import MidiEvent, Panic
from ..takes import Feed
from .auditions import AuditionRequest, Auditions
from .clean_tap import CleanTap
from .voice import AuditionVoice

Hear = Callable[[Sequence[MidiEvent]], None]


class AuditionsBeside:
    """`tap` stands before the takes' feed, `voice.mix` behind the chain.

    Threads: the render thread calls `voice.mix` and `heard`, the tap's thread `tap.put`, any thread the rest.
    """

    def __init__(self, rate_hz: int, feed: Feed, default_bundle: Callable[[], Path]) -> None:
        self.tap = CleanTap(feed)
        self.voice = AuditionVoice(self.tap.keep)
        self._auditions = Auditions(self.voice, rate_hz)
        self._default_bundle = default_bundle

    def ask(
        self,
        program: int | None,
        bundle: str | None,
        done: Callable[[], None],
        failed: Callable[[str], None],
    ) -> None:
        """Let a program of a bundle, the default one if None, be heard; no program ends what is.

        `done` is called when it begins, `failed` with a line if it does not: one of them, on any thread.
        """
        if program is None:
            self._auditions.end()
            done()
            return
        name = str(self._default_bundle().resolve()) if bundle is None else bundle
        self._auditions.ask(AuditionRequest(program, name, done, failed))

    def heard(self, events: Sequence[MidiEvent]) -> None:
        """What is played in this block: a panic silences an audition too."""
        if any(isinstance(event, Panic) for event in events):
            self.voice.end()

    def close(self) -> None:
        self._auditions.close()


def all_hear(*listeners: Hear) -> Hear:
    """What tells each block's events to several listeners, in their order."""

    def hear(events: Sequence[MidiEvent]) -> None:
        for listener in listeners:
            listener(events)

    return hear
