"""The audio device of a live rack and its watch: MIDI and the engine hear when it has gone or come back."""

from __future__ import annotations

from collections.abc import Callable

from .audio.remote_device import RemoteDevice
from .audio.watch import DeviceState, DeviceWatch
from .audio_device import AudioDevice
from .engine import Engine
from .errors import UsageError
from .midi_in import MidiInput


class WatchedDevice:
    """One owner calls everything, except that `choose` may be called by any one thread, since it takes a
    second. A device that goes by the clock is never lost."""

    def __init__(self, device: AudioDevice, say: Callable[[str], None]) -> None:
        self._watch = DeviceWatch(device, say) if isinstance(device, RemoteDevice) else None
        self._losses = self._returns = 0  # as far as MIDI and the engine have been told

    @property
    def state(self) -> DeviceState:
        """Any thread."""
        return self._watch.state if self._watch is not None else DeviceState.PLAYING

    def start(self) -> None:
        if self._watch is not None:
            self._watch.start()

    def stop(self) -> None:
        """Harmless in any state."""
        if self._watch is not None:
            self._watch.stop()

    def look(self, engine: Engine, midi: MidiInput) -> None:
        """Tell what has happened since the last look."""
        if self._watch is None:
            return
        if self._watch.losses != self._losses:
            self._losses = self._watch.losses
            midi.doubt()
        if self._watch.returns != self._returns:
            self._returns = self._watch.returns
            engine.follow_device()  # what has come back need not be what was lost

    def choose(self, engine: Engine, device: str | None, rate_hz: int | None, block_samples: int) -> None:
        """Play through another device. Raises `NeumeError` as `LiveRack.set_audio` does."""
        if self._watch is None:
            raise UsageError("the engine was started without an audio device: connect one and start it again")
        try:
            self._watch.choose(device, rate_hz, block_samples, engine.make_room)
        finally:
            engine.follow_device()
