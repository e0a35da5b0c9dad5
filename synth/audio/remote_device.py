"""The audio device as the engine sees it, while the device itself is opened and fed by another process.

    render thread ─▶ shared ring ─▶ audio process: outlet, resampler, PortAudio ─▶ loudspeaker
    recorder      ◀─ shared ring ◀─┘

While there is no process, or no device for it, a paced clock in the engine takes from the ring instead, so
that time goes on for the renderer, the recorder and MIDI.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Final

from ..audio_device import Fill
from ..errors import DeviceError, NeumeError
from ..outlet import Tap
from ..paced_device import PacedDevice
from .launch import AudioProcess
from .line import AudioLine
from .played import PlayedReader
from .pulse import Pulse
from .shared import SharedAudio, Sizes
from .wire import Opened, Settings

RING_S: Final = 1.5  # room for the longest margin, 1 s, and blocks of any size
STALE_S: Final = 0.4  # a device without a callback for so long is dead; the longest block is 0.09 s


class RemoteDevice:
    """A stereo output in a process of its own, open but silent until `start`.

    Threads: one owner calls `line`, `start` and `stop`; one watcher, which may be another thread, calls
    `fall_back` and `replace`; any thread reads the rest. `stop` does not wait for a `replace` under way: it
    makes it give up.
    """

    def __init__(
        self, rate_hz: int, block_samples: int, name: str | None = None, *, device_rate_hz: int | None = None
    ) -> None:
        """Open the device whose name contains `name` (or whose number it is), or the system's default.

        `rate_hz` is the engine's; the device runs at `device_rate_hz`, or without one at the engine's rate if
        it can, else at its own. `block_samples` are the device's, 0 leaves them to it, call by call. Raises
        what `SoundDevice` raises.
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
        self._fill: Fill | None = None
        self._clock: PacedDevice | None = None
        self._played: PlayedReader | None = None
        self._process: AudioProcess | None = None
        self._started_ns = 0
        self._stopped = False
        self._changing = threading.Lock()  # process and clock change hands under it
        try:
            self._take_over(self._launched())
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
        process = self._process
        if process is None or not self._started_ns or process.ended:
            return False
        last_ns = max(int(self.pulse.beat_ns), self._started_ns)
        return time.monotonic_ns() - last_ns < STALE_S * 1e9

    @property
    def stopped(self) -> bool:
        return self._stopped

    @property
    def process_id(self) -> int | None:
        """Of the audio process, if there is one."""
        process = self._process
        return None if process is None else process.process_id

    def start(self, fill: Fill) -> None:
        """Let the device take from the ring; `fill`, the line's outlet, is for the clock that stands in."""
        self._fill = fill
        with self._changing:
            if self._process is None:
                raise DeviceError(f"{self.name} has been stopped or lost")
            self._begin(self._process)

    def stop(self) -> None:
        """End process and clock. Harmless in any state, and never hangs."""
        self._stopped = True
        process = self._process
        if process is not None:
            process.stop()
        with self._changing:
            self._end_process()
            self._end_clock()
        if self._played is not None:
            self._played.close()
        self._shared.close()

    def fall_back(self) -> None:
        """Kill what is left of the process; the clock takes over. Harmless if it has."""
        with self._changing:
            self._let_the_clock_play()

    def replace(self) -> None:
        """Kill the process, dead or hung, and play through a new one as soon as it has opened the device.

        Raises DeviceError while there is no such device; the clock plays on.
        """
        with self._changing:
            self._let_the_clock_play()
            process = self._launched()
            self._take_over(process)
            self._end_clock()
            try:
                self._begin(process)
            except NeumeError:
                self._let_the_clock_play()
                raise

    def _launched(self) -> AudioProcess:
        if self._stopped:
            raise DeviceError("the audio device has been stopped")
        self._process = AudioProcess(self._settings)
        if self._stopped:  # meanwhile, and it may not have seen the process
            self._process.kill()
        return self._process

    def _take_over(self, process: AudioProcess) -> None:
        """Wait for the device, and say of it what is true now: another default device may be there."""
        try:
            opened: Opened = process.opened()
        except NeumeError:
            process.stop()
            self._end_process()
            raise
        self.name = opened.name
        self.device_rate_hz = opened.device_rate_hz
        self.block_samples = opened.block_samples
        self.latency_samples = opened.latency_samples

    def _begin(self, process: AudioProcess) -> None:
        process.start()
        self._started_ns = time.monotonic_ns()

    def _let_the_clock_play(self) -> None:
        self._end_process()
        if self._clock is None and self._fill is not None and not self._stopped:
            self._clock = PacedDevice(self.rate_hz, self.block_samples)
            self._clock.start(self._fill)

    def _end_process(self) -> None:
        process, self._process = self._process, None
        self._started_ns = 0
        if process is not None:
            process.kill()

    def _end_clock(self) -> None:
        clock, self._clock = self._clock, None
        if clock is not None:
            clock.stop()
