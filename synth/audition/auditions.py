"""Auditions as the engine's owner asks for them: the newest one is rendered or found, and then heard.

A thread of its own waits for the worker, so that nobody else does.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ..bundle.search import find_bundle
from ..errors import BundleError, NeumeError, UsageError
from ..manifest import MANIFEST_NAME
from .clips import ClipCache, ClipKey, Float32
from .voice import AuditionVoice, Clip
from .workshop import Workshop

BEGIN_S: Final = 5.0  # a block takes milliseconds, an engine that is being loaded longer
MAX_MANIFEST_BYTES: Final = 1 << 20
REPLACED: Final = "another audition was asked for before this one began"
ENDED: Final = "the audition was ended before it began"


@dataclass(frozen=True, slots=True, eq=False)
class AuditionRequest:
    """What is to be heard, and whom to tell: that it sounds, or why it does not. One of the two is called
    once, on any thread."""

    program: int
    bundle: str
    done: Callable[[], None]
    failed: Callable[[str], None]


class Auditions:
    """Threads: any calls `ask`, `end` and `close`. A thread of its own serves the newest request."""

    def __init__(self, voice: AuditionVoice, rate_hz: int, cache: ClipCache | None = None) -> None:
        self.workshop = Workshop()
        self._voice, self._rate_hz = voice, rate_hz
        self._cache = cache or ClipCache()
        self._wanted: AuditionRequest | None = None  # guarded by the condition
        self._closing = False
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._run, name="neume-auditions", daemon=True)
        self._thread.start()

    def ask(self, request: AuditionRequest) -> None:
        """Let it be heard as soon as there is a clip of it, in place of any other one."""
        self._exchange(request, REPLACED)

    def end(self) -> None:
        """Let nothing be heard any more."""
        self._exchange(None, ENDED)
        self._voice.end()

    def close(self) -> None:
        self._closing = True
        self.end()
        self.workshop.stop()
        self._thread.join()
        self.workshop.close()

    def _exchange(self, request: AuditionRequest | None, reason: str) -> None:
        with self._changed:
            before, self._wanted = self._wanted, request
            self._changed.notify()
        if before is not None:
            before.failed(reason)

    def _run(self) -> None:
        while not self._closing:
            with self._changed:
                self._changed.wait_for(lambda: self._wanted is not None or self._closing)
                request = self._wanted
            if request is not None:
                self._serve(request)

    def _serve(self, request: AuditionRequest) -> None:
        try:
            clip = Clip(self._clip(request))
        except NeumeError as error:
            self._answer(request, str(error))
            return
        with self._changed:
            if self._wanted is request:  # under the lock, so that an `end` comes before or after
                self._voice.play(clip)
        begun = clip.begun.wait(BEGIN_S) if self._wanted is request else False
        self._answer(request, None if begun else "the engine makes no sound at the moment")

    def _answer(self, request: AuditionRequest, fault: str | None) -> None:
        """Tell what came of a request, unless it has been told that another came."""
        with self._changed:
            if self._wanted is not request:
                return
            self._wanted = None
        if fault is None:
            request.done()
        else:
            request.failed(fault)

    def _clip(self, request: AuditionRequest) -> Float32:
        key = ClipKey(_digest(find_bundle(request.bundle)), request.program, self._rate_hz)
        known = self._cache.load(key)
        if known is not None:
            return known
        return self.workshop.render(request.bundle, request.program, self._rate_hz)


def _digest(folder: Path) -> str:
    """Of the bundle's manifest, which holds the hashes of its files. Whether it is good, the worker finds."""
    try:
        with (folder / MANIFEST_NAME).open("rb") as file:
            content = file.read(MAX_MANIFEST_BYTES + 1)
    except OSError as error:
        raise BundleError(str(folder), [f"{MANIFEST_NAME}: {error.strerror or error}"]) from None
    if len(content) > MAX_MANIFEST_BYTES:
        raise UsageError(f"{folder / MANIFEST_NAME} is longer than {MAX_MANIFEST_BYTES} bytes")
    return hashlib.sha256(content).hexdigest()
