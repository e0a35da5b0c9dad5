"""The audio device as the engine sees it, while the device itself is opened and fed by another process.

    render thread ─▶ shared ring ─▶ audio process: outlet, resampler, PortAudio ─▶ loudspeaker
    recorder      ◀─ shared ring ◀─┘

While there is no process, or no device for it, a paced clock in the engine takes from the ring instead, so
that time goes on for the renderer, the recorder and MIDI.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Final

from ..audio_device import Fill
from ..audio_out import BLOCK_RANGE, NoDeviceError
from ..errors import DeviceError, NeumeError
from ..outlet import Tap
from ..paced_device import PacedDevice
from .launch import AudioProcess
from .line import AudioLine
from .played import PlayedReader
from .pulse import Pulse
from .shared import SharedAudio, Sizes
from .taker import Taker
from .wire import Opened, Settings

RING_S: Final = 1.5  # room for the longest margin, 1 s, and blocks of any size
CLOCK_NAME: Final = "paced clock"
BUSY: Final = "Device unavailable"  # PortAudio's word for a device that another stream has, ours perhaps


class RemoteDevice:
    """A stereo output in a process of its own, open but silent until `start`.

    Threads: one owner calls `line`, `start` and `stop`; one watcher, which may be another thread, calls
    `fall_back`, `replace` and `choose`; any thread reads the rest. `stop` does not wait for a device that is
    being opened: it makes that give up.
    """

    def __init__(
        self,
        rate_hz: int,
        block_samples: int,
        name: str | None = None,
        *,
        device_rate_hz: int | None = None,
        may_lack: bool = False,
    ) -> None:
        """Open the device whose name contains `name` (or whose number it is), or the system's default.

        `rate_hz` is the engine's; the device runs at `device_rate_hz`, or without one at the engine's rate if
        it can, else at its own. `block_samples` are the device's, 0 leaves them to it, call by call. Raises
        what `SoundDevice` raises. With `may_lack`, where there is no device at all the clock plays
        (`by_the_clock`) until one is chosen.
        """
        frames = round(RING_S * rate_hz)
        try:
            self._shared = SharedAudio.create(Sizes(frames, frames))
        except OSError as fault:
            raise DeviceError(f"no memory to share with the audio process: {fault.strerror}") from None
        self._settings = Settings(
            self._shared.descriptor, frames, frames, rate_hz, block_samples, name, device_rate_hz
        )
        self.rate_hz = rate_hz
        self.pulse = Pulse(self._shared)
        self._played: PlayedReader | None = None
        self._opening: AudioProcess | None = None  # is not among the takers yet
        self._taker = Taker(lambda: PacedDevice(self.rate_hz, self.block_samples))
        self._stopped = False
        self.by_the_clock = False  # because there was no device
        self._changing = threading.Lock()  # the takers change under it
        try:
            self._reopen(self._settings)
        except NoDeviceError:
            if not may_lack:
                self.stop()
                raise
            self.by_the_clock = True
            block_samples = block_samples or BLOCK_RANGE[1]
            self._tell_of(Opened(CLOCK_NAME, "", rate_hz, block_samples, block_samples, 0))
        except BaseException:
            self.stop()
            raise

    def line(self, tap: Tap | None = None, now_ns: Callable[[], int] = time.monotonic_ns) -> AudioLine:
        """The engine's ends of ring, clock and outlet; `tap` gets what is played. Once, before `start`."""
        line = AudioLine.join(self._shared, self.rate_hz, now_ns)
        if tap is not None:
            self._played = PlayedReader(line, tap)
        return line

    @property
    def alive(self) -> bool:
        """Whether the device has called back lately. False within 0.5 s after its last callback."""
        if self.by_the_clock:
            return not self._stopped
        return self._taker.alive(int(self.pulse.beat_ns))

    @property
    def stopped(self) -> bool:
        return self._stopped

    @property
    def process_id(self) -> int | None:
        """Of the audio process, if there is one."""
        process = self._opening or self._taker.process
        return None if process is None else process.process_id

    def start(self, fill: Fill) -> None:
        """Let the device take from the ring; `fill`, the line's outlet, is for the clock that stands in."""
        with self._changing:
            if self._taker.process is None and not self.by_the_clock:
                raise DeviceError(f"{self.name} has been stopped or lost")
            self._taker.start(fill)

    def stop(self) -> None:
        """End process and clock. Harmless in any state, and never hangs."""
        self._stopped = True
        for process in (self._opening, self._taker.process):
            if process is not None:
                process.stop()
        with self._changing:
            self._taker.end()
        if self._played is not None:
            self._played.close()
        self._shared.close()

    def fall_back(self) -> None:
        """Kill what is left of the process; the clock takes over. Harmless if it has."""
        with self._changing:
            self._taker.let_the_clock_play()

    def replace(self) -> None:
        """Kill the process, dead or hung, and play through a new one as soon as it has opened the device.

        Raises DeviceError while there is no such device; the clock plays on.
        """
        with self._changing:
            self._taker.let_the_clock_play()
            self._reopen(self._settings)

    def choose(
        self,
        name: str | None,
        device_rate_hz: int | None,
        block_samples: int,
        make_room: Callable[[], None] = lambda: None,
    ) -> None:
        """Play through another device, or through the same one in another way, as soon as it is open.

        `make_room` is called when the attributes tell of it and the one before still plays: now the ring may
        be filled up for longer blocks. Raises what the constructor raises; then the one before plays on.
        """
        settings = replace(
            self._settings, name=name, device_rate_hz=device_rate_hz, block_samples=block_samples
        )
        with self._changing:
            if self._taker.started and not self.alive:  # one that hangs holds up the system's others
                self._choose_alone(settings, make_room)
                return
            facts = self._facts
            try:
                process = self._opened(settings)
            except DeviceError as fault:
                if BUSY not in str(fault):
                    raise
                self._choose_alone(settings, make_room)
                return
            make_room()
            try:
                self._hand_over(process)
            except NeumeError:
                self._tell_of(facts)
                raise
            self._settings = settings

    def _choose_alone(self, settings: Settings, make_room: Callable[[], None]) -> None:
        """As `choose`, for a device that cannot be opened while it plays: the clock stands in meanwhile."""
        if self.alive:
            self._taker.rest()
        else:
            self._taker.let_the_clock_play()
        try:
            self._reopen(settings, make_room)
        except NeumeError:
            with contextlib.suppress(NeumeError):  # if that fails, too, it is lost
                self._reopen(self._settings)
            raise
        self._settings = settings

    def _opened(self, settings: Settings) -> AudioProcess:
        """A process that has opened the device; the attributes tell of it from now on: another default device
        may be there."""
        if self._stopped:
            raise DeviceError("the audio device has been stopped")
        process = self._opening = AudioProcess(settings)
        try:
            if self._stopped:  # meanwhile, and it may not have seen the process
                process.kill()
            self._tell_of(process.opened())
        except NeumeError:
            process.stop()
            self._opening = None
            raise
        return process

    def _tell_of(self, facts: Opened) -> None:
        self._facts = facts
        self.name = facts.name
        self.host_api = facts.host_api
        self.device_rate_hz = facts.device_rate_hz
        self.device_block_samples = facts.device_block_samples  # at that rate
        self.block_samples = facts.block_samples
        self.latency_samples = facts.latency_samples

    def _reopen(self, settings: Settings, make_room: Callable[[], None] = lambda: None) -> None:
        """From the clock, or from nothing, to a device."""
        process = self._opened(settings)
        make_room()
        self._hand_over(process)

    def _hand_over(self, process: AudioProcess) -> None:
        try:
            self._taker.hand_over(process)
        finally:
            self._opening = None
        self.by_the_clock = False
