"""The audition worker: renders clips in a process of its own, at the lowest priority, and ends when idle.

The engine starts it as `python -m neume.synth.audition.worker`, writes one line of JSON for each clip that it
wants, and gets a line of JSON with the clip's samples after it, or with what was wrong. It goes with the
engine, whatever it is doing.
"""

from __future__ import annotations

import contextlib
import json
import os
import queue
import signal
import sys
import threading
from typing import Any, BinaryIO, Final

from ..errors import NeumeError

IDLE_S: Final = 60.0  # a bundle that is loaded takes some 150 MB
NICE: Final = 15
FAULT: Final = "fault"
SAMPLES: Final = "samples"


def main() -> None:
    """Answer until nothing has been asked for `IDLE_S`, or the engine has ended."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the engine
    lines: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    answers = _own_stdout()
    _step_back()
    threading.Thread(target=_listen, args=(lines,), name="neume-engine-pipe", daemon=True).start()
    from .clips import ClipCache  # what takes long to import, when the engine is heard already
    from .rendering import ClipRenderer

    renderer = ClipRenderer(ClipCache())
    with contextlib.suppress(queue.Empty, BrokenPipeError):
        while True:
            _answer(answers, renderer, json.loads(lines.get(timeout=IDLE_S)))


def _answer(answers: BinaryIO, renderer: Any, asked: dict[str, Any]) -> None:
    head: dict[str, object]
    content = b""
    try:
        clip = renderer.clip(asked["bundle"], asked["program"], asked["rate_hz"])
        head, content = {SAMPLES: len(clip)}, clip.tobytes()
    except NeumeError as error:
        head = {FAULT: str(error)}
    except Exception as error:  # a fault of ours costs an audition, and no more
        head = {FAULT: f"the audition failed: {type(error).__name__}: {error}"}
    answers.write(json.dumps(head).encode() + b"\n" + content)
    answers.flush()


def _listen(lines: queue.SimpleQueue[bytes]) -> None:
    for line in sys.stdin.buffer:
        lines.put(line)
    os._exit(0)  # the engine has ended


def _own_stdout() -> BinaryIO:
    """Standard output for answers alone: what C libraries print there goes nowhere."""
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)
    return answers


def _step_back() -> None:
    """Whatever plays comes first. A thread started later inherits it."""
    if hasattr(os, "nice"):
        with contextlib.suppress(OSError):
            os.nice(NICE)


if __name__ == "__main__":
    main()
