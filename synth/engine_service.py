"""The engine as a service: a live rack that takes commands over the control link and tells how it is.

What `neume engine` runs, for a panel in a process of its own or for scripts. Closing, killing or freezing a
client never reaches the sound.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import numpy as np

from .block_timer import STAGES
from .control import commands
from .control.log_file import shorten_log
from .control.mel_log import MelLog
from .control.requests import Request
from .control.server import ControlServer
from .control.snapshots import MelChunk
from .engine_snapshot import EngineSnapshot
from .errors import NeumeError, OutputError, UsageError
from .live import TICK_S, LiveRack
from .rack.preset_read import parse_preset
from .rack.preset_search import save_preset
from .sources import PANIC

LOUDEST_BEND: Final = 8192
LOG_LOOK_S: Final = 2.0


class EngineFeed:
    """What subscribers are told. Called on the server's thread."""

    def __init__(self, live: LiveRack, mels: MelLog) -> None:
        self._live, self._mels = live, mels

    def snapshot(self, meters: bool) -> EngineSnapshot:
        return self._live.snapshot()

    def mels(self, first_frame: int) -> MelChunk | None:
        return self._mels.since(first_frame)


class EngineService:
    """Carries out commands on the thread that owns the live rack; what is played goes to its keys at once."""

    def __init__(self, live: LiveRack) -> None:
        self.live = live
        self.over = False
        self._mels = MelLog(live.chain.renderer.spec.mels)
        live.chain.mel_log = self._mels.put
        self.feed = EngineFeed(live, self._mels)
        self._spoken: dict[tuple[int, int], int] = {}  # part and key, or controller from 128: its channel

    def ear(self, played: commands.PlayedCommand) -> None:
        """Play what a panel's keys and wheels do. Any thread."""
        panic = isinstance(played, commands.Panic)
        self.live.keys.press(played.stamp_ns, PANIC if panic else self._message(played))

    def serve(self, server: ControlServer, log: Path) -> None:
        """Until a command ends it: carry out what comes, and look after the rack in between.

        `log` is where the starter has sent what the engine says; it is kept short.
        """
        looked_s = time.monotonic()
        while not self.over:
            for request in server.take(TICK_S):
                self._answer(request)
            self.live.tick()
            if time.monotonic() - looked_s > LOG_LOOK_S:
                looked_s = time.monotonic()
                shorten_log(log)

    def _answer(self, request: Request) -> None:
        command = request.command
        try:
            handler = _HANDLERS.get(type(command))
            if handler is None:
                raise UsageError(f"this engine cannot {command.kind.replace('_', ' ')} yet")
            request.done(handler(self, command) or "")
        except NeumeError as error:
            request.failed(str(error))
        except Exception as error:  # a fault of ours costs a client its command, and nobody the sound
            request.failed(f"{command.kind} failed: {type(error).__name__}: {error}")

    def _message(self, played: Any) -> bytes:
        """The MIDI message of a command, on the channel asked for or one that the part hears."""
        channel = played.channel if played.part is None else self._channel_of(played.part, played)
        match played:
            case commands.NoteOn():
                return bytes((0x90 | channel, played.key, played.velocity))
            case commands.NoteOff():
                return bytes((0x80 | channel, played.key, 64))
            case commands.ControlChange():
                return bytes((0xB0 | channel, played.controller, played.value))
            case _:
                bend = played.value + LOUDEST_BEND
                return bytes((0xE0 | channel, bend & 0x7F, bend >> 7))

    def _channel_of(self, part: int, played: Any) -> int:
        """A channel that the part hears; what lets go of something goes where that began."""
        parts = self.live.rack.parts
        channel = min(parts[part].channels) if part < len(parts) else 0
        match played:
            case commands.NoteOn(key=key):
                self._spoken[part, key] = channel
            case commands.NoteOff(key=key):
                channel = self._spoken.pop((part, key), channel)
            case commands.ControlChange(controller=controller, value=0):
                channel = self._spoken.pop((part, 128 + controller), channel)
            case commands.ControlChange(controller=controller):
                channel = self._spoken.setdefault((part, 128 + controller), channel)
        return channel

    def _set_rack(self, command: commands.SetRack) -> None:
        self.live.set_rack(parse_preset(command.preset, "the rack sent"))

    def _load_preset(self, command: commands.LoadPreset) -> str:
        self.live.load_preset(command.name)
        return self.live.rack.name

    def _save_preset(self, command: commands.SavePreset) -> str:
        return str(save_preset(self.live.rack, command.name))

    def _set_value(self, command: commands.SetValue) -> None:
        self.live.set_value(command.target, command.value)

    def _set_steps(self, command: commands.SetSteps) -> None:
        self.live.set_steps(command.steps)

    def _learn(self, command: commands.Learn) -> None:
        self.live.learn(command.target)

    def _record_start(self, command: commands.RecordStart) -> None:
        self.live.takes.start(command.path)

    def _record_stop(self, command: commands.RecordStop) -> str:
        take = self.live.takes.stop()
        if take is None:
            raise UsageError("nothing is being recorded")
        if take.problem is not None:
            raise take.problem
        if take.audio is None:
            raise UsageError("the take was ended before anything was played: nothing was recorded")
        return str(take.audio)

    def _keep_last(self, command: commands.KeepLast) -> str:
        self.live.takes.keep(command.path)
        return str(command.path)

    def _save_trace(self, command: commands.SaveTrace) -> str:
        """The stage times of the last blocks as CSV, one row a block."""
        times_ms = self.live.chain.timer.times_ms()
        return _written(
            command.path,
            lambda stream: np.savetxt(stream, times_ms, "%.4f", ",", header=",".join(STAGES), comments=""),
        )

    def _quit(self, command: commands.Quit) -> None:
        self.over = True


def _written(path: Path, write: Callable[[Any], None]) -> str:
    unfinished = path.with_name(f".{path.name}.{time.monotonic_ns()}")
    try:
        with unfinished.open("w", encoding="utf-8") as stream:
            write(stream)
        unfinished.replace(path)
    except OSError as error:
        unfinished.unlink(missing_ok=True)
        raise OutputError(f"{path}: cannot be written: {error.strerror}") from None
    return str(path)


_HANDLERS: Final[dict[type, Callable[[EngineService, Any], str | None]]] = {
    commands.SetRack: EngineService._set_rack,
    commands.LoadPreset: EngineService._load_preset,
    commands.SavePreset: EngineService._save_preset,
    commands.SetValue: EngineService._set_value,
    commands.SetSteps: EngineService._set_steps,
    commands.Learn: EngineService._learn,
    commands.RecordStart: EngineService._record_start,
    commands.RecordStop: EngineService._record_stop,
    commands.KeepLast: EngineService._keep_last,
    commands.SaveTrace: EngineService._save_trace,
    commands.Quit: EngineService._quit,
}
