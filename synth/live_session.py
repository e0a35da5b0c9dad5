"""One evening with the rack: opens it, plays until Ctrl-C or the end of a file, and closes it in order.

What `neume play` runs for a keyboard, and for a file that is played through a preset.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from pathlib import Path

from .audio.watch import DeviceState
from .engine_snapshot import EngineSnapshot
from .errors import DeviceError
from .live import TICK_S, LiveRack
from .live_settings import LiveSettings
from .midi_file import Performance
from .paced_device import PacedDevice
from .performance import SHOW_EVERY_S, Played, interruptible
from .rack.part import Rack

ShowLive = Callable[[LiveRack], None]


def play_rack(
    rack: Rack,
    performance: Performance | None,
    settings: LiveSettings,
    record: Path | None,
    *,
    stand_in: Path | None = None,
    say: Callable[[str], None],
    show: ShowLive,
) -> Played:
    """Play a rack from the keyboards, and a performance through it if there is one, which then ends it.

    `stand_in` is the file to perform into where there is no device. `say` gets lines for the user, `show` is
    called a few times a second. The rack as it was at the end is kept for the next start.
    """
    with interruptible(), contextlib.ExitStack() as closing:
        live = LiveRack(rack, settings, say)
        closing.callback(live.stop)
        if record is None and isinstance(live.device, PacedDevice):
            record = stand_in
        if performance is not None:
            live.engine.play(performance)
        elif live.midi.problem is not None:
            raise DeviceError(live.midi.problem)
        if record is not None:
            live.takes.start(record, frame=0)
            closing.callback(live.takes.stop)
        if isinstance(live.device, PacedDevice):
            say(f"there is no audio output device: performing into {record}, by the clock")
        _introduce(live, say)
        with contextlib.suppress(KeyboardInterrupt):
            live.start()
            _until_the_end(live, show, ends=performance is not None)
        end = live.snapshot()
        live.keep_session()
        live.engine.stop()
        take = live.takes.stop()
    problem = None if take is None else take.problem
    return Played(
        end=end,
        device=end.device,
        bundle=live.bundle_title,
        block_ms=end.latency.milliseconds(live.chain.block_samples),
        recorded=None if take is None else take.audio,
        problem=problem,
    )


def _introduce(live: LiveRack, say: Callable[[str], None]) -> None:
    say(f"preset {live.rack.name}; latency {live.engine.latency}")
    say(f"listening to {', '.join(live.midi.ports) or 'no MIDI input yet'}; Ctrl-C ends")
    if live.midi.missing:
        say(f"waiting for a MIDI input called {', '.join(live.midi.missing)}")


def _until_the_end(live: LiveRack, show: ShowLive, *, ends: bool) -> None:
    shown_s = 0.0
    while not (ends and live.engine.performance_over):
        time.sleep(TICK_S)
        live.tick()
        if live.takes.problem is not None and isinstance(live.device, PacedDevice):
            return  # nobody hears it, and nothing keeps it
        if time.monotonic() - shown_s > SHOW_EVERY_S:
            shown_s = time.monotonic()
            show(live)


def rack_told(now: EngineSnapshot) -> str:
    """The rack, and the device if it is not simply playing, for a line on a terminal."""
    device = "" if now.device_state == DeviceState.PLAYING.value else f"  device {now.device_state}"
    return f"{device}  {now.rack}"
