"""The engine as a service: a live rack that takes commands over the control link and tells how it is.

What `neume engine` runs, for a panel in a process of its own or for scripts. Closing, killing or freezing a
client never reaches the sound.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import numpy as np

from .block_timer import STAGES
from .control import commands
from .control.log_file import shorten_log
from .control.mel_log import MelLog
from .control.rack_told import told_text
from .control.requests import Request
from .control.server import ControlServer
from .control.snapshots import MelChunk, WaveChunk
from .control.wave_log import WaveLog
from .engine_snapshot import EngineSnapshot
from .errors import OutputError, UsageError
from .events import ControlChange, MidiEvent, NoteOff, NoteOn, PitchBend
from .live import TICK_S, LiveRack
from .rack.preset_read import parse_preset
from .sources import PANIC
from .takes.event_bytes import event_message
from .transport.errands import Errands, carry_out

LOG_LOOK_S: Final = 2.0


class EngineFeed:
    """What subscribers are told. Called on the server's thread."""

    def __init__(self, live: LiveRack, mels: MelLog, waves: WaveLog) -> None:
        self._live, self._mels, self._waves = live, mels, waves

    def snapshot(self, meters: bool) -> EngineSnapshot:
        return self._live.snapshot()

    def mels(self, first_frame: int) -> MelChunk | None:
        return self._mels.since(first_frame)

    def waves(self, first_frame: int) -> WaveChunk | None:
        return self._waves.since(first_frame)


class EngineService:
    """Carries out commands on the thread that owns the live rack; what is played goes to its keys at once."""

    def __init__(self, live: LiveRack) -> None:
        self.live = live
        self.over = False
        self._mels = MelLog(live.chain.renderer.spec.mels)
        live.chain.mel_log = self._mels.put
        waves = WaveLog(live.chain.renderer.rate_hz)
        live.wave_log = waves.put
        self.feed = EngineFeed(live, self._mels, waves)
        self._errands, self._device_errands = Errands(), Errands()  # a pause does not wait for a device
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
        with contextlib.closing(self._errands), contextlib.closing(self._device_errands):
            while not self.over:
                for request in server.take(TICK_S):
                    self._answer(request)
                self.live.tick()
                if time.monotonic() - looked_s > LOG_LOOK_S:
                    looked_s = time.monotonic()
                    shorten_log(log)

    def _answer(self, request: Request) -> None:
        command = request.command
        handler, errand = _HANDLERS.get(type(command)), _ERRANDS.get(type(command))
        if isinstance(command, commands.Audition):
            program, bundle = command.program, command.bundle
            self.live.auditions.ask(program, bundle, request.done, request.failed)
        elif errand is not None:
            errands = self._device_errands if isinstance(command, commands.SetAudio) else self._errands
            errands.put(request, lambda: errand(self, command))
        elif handler is not None:
            carry_out(request, lambda: handler(self, command) or "")
        else:
            request.failed(f"this engine cannot {command.kind.replace('_', ' ')} yet")

    def _message(self, played: Any) -> bytes:
        """The MIDI message of a command, on the channel asked for or one that the part hears."""
        channel = played.channel if played.part is None else self._channel_of(played.part, played)
        return event_message(_EVENTS[type(played)](channel, played))

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
        self.live.set_rack(parse_preset(command.preset, "the rack sent"), command.name)

    def _get_rack(self, command: commands.GetRack) -> str:
        return told_text(self.live.played)

    def _load_bundle(self, command: commands.LoadBundle) -> str:
        self.live.load_bundle(command.bundle)
        return self.live.bundle_title

    def _load_preset(self, command: commands.LoadPreset) -> str:
        self.live.load_preset(command.name)
        return self.live.rack.name

    def _save_preset(self, command: commands.SavePreset) -> str:
        return str(self.live.save_preset(command.name))

    def _set_value(self, command: commands.SetValue) -> None:
        self.live.set_value(command.target, command.value)

    def _set_steps(self, command: commands.SetSteps) -> None:
        self.live.set_steps(command.steps)

    def _set_audio(self, command: commands.SetAudio) -> str:
        self.live.set_audio(command.device, command.rate_hz, command.block_samples)
        return f"{self.live.device.name}: {self.live.engine.latency}"

    def _set_midi(self, command: commands.SetMidi) -> str:
        self.live.set_midi(command.names)
        return ", ".join(self.live.midi.ports)

    def _reset_counters(self, command: commands.ResetCounters) -> None:
        self.live.engine.reset_counters()

    def _learn(self, command: commands.Learn) -> None:
        self.live.learn(command.target)

    def _record_start(self, command: commands.RecordStart) -> None:
        self.live.record(command.path)

    def _record_stop(self, command: commands.RecordStop) -> str:
        take = self.live.end_recording()
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

    def _play_file(self, command: commands.PlayFile) -> str:
        return "; ".join(self.live.transport.load(command.path))

    def _transport(self, command: commands.Transport) -> str:
        self.live.transport.command(command.action, command.position_s, command.loop)
        return ""

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


# What is played, on a channel; the frame is the engine's to say.
_EVENTS: Final[dict[type, Callable[[int, Any], MidiEvent]]] = {
    commands.NoteOn: lambda channel, c: NoteOn(0, channel, c.key, c.velocity),
    commands.NoteOff: lambda channel, c: NoteOff(0, channel, c.key),
    commands.ControlChange: lambda channel, c: ControlChange(0, channel, c.controller, c.value),
    commands.PitchBend: lambda channel, c: PitchBend(0, channel, c.value),
}
_HANDLERS: Final[dict[type, Callable[[EngineService, Any], str | None]]] = {
    commands.SetRack: EngineService._set_rack,
    commands.GetRack: EngineService._get_rack,
    commands.LoadBundle: EngineService._load_bundle,
    commands.LoadPreset: EngineService._load_preset,
    commands.SavePreset: EngineService._save_preset,
    commands.SetValue: EngineService._set_value,
    commands.SetSteps: EngineService._set_steps,
    commands.SetMidi: EngineService._set_midi,
    commands.ResetCounters: EngineService._reset_counters,
    commands.Learn: EngineService._learn,
    commands.RecordStart: EngineService._record_start,
    commands.RecordStop: EngineService._record_stop,
    commands.KeepLast: EngineService._keep_last,
    commands.SaveTrace: EngineService._save_trace,
    commands.Quit: EngineService._quit,
}
# What may take a while; done in their order, while the owner goes on.
_ERRANDS: Final[dict[type, Callable[[EngineService, Any], str]]] = {
    commands.PlayFile: EngineService._play_file,
    commands.Transport: EngineService._transport,
    commands.SetAudio: EngineService._set_audio,
}
