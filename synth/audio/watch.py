"""Watches the audio device while the engine plays, and brings it back when it is lost.

Beside the chain: a keyboard player whose cable was pulled goes on as soon as it is plugged in again.
"""

from __future__ import annotations

import enum
import threading
import time
from collections.abc import Callable
from typing import Final

from ..errors import NeumeError
from .remote_device import RemoteDevice

LOOK_EVERY_S: Final = 0.1
RETRY_S: Final = 1.0
SETTLED_S: Final = 1.0  # a device that has come back is told as such for so long


class DeviceState(enum.Enum):
    """What the device does, for people to see."""

    PLAYING = "playing"
    LOST = "lost"  # it has just stopped asking for audio; time goes on by the clock
    WAITING = "waiting"  # it is not there; it is looked for every second
    BACK = "back"  # it plays again


class DeviceWatch:
    """Replaces the audio process of `device` whenever it is dead or hung, until `stop`.

    Threads: a thread of its own looks; any thread reads `state`, `losses`, `returns`
    and `problem`; one owner calls
    `start`, once the device has been started, `choose` and `stop`. A lock keeps `look` and `choose` apart.
    """

    def __init__(self, device: RemoteDevice, say: Callable[[str], None] = lambda _: None) -> None:
        """`say` gets a line for the user when the device goes and when it comes."""
        self.state = DeviceState.PLAYING
        self.losses = self.returns = 0
        self.problem: Exception | None = None  # why the device is not there
        self._device = device
        self._say = say
        self._back_s = 0.0
        self._turn = threading.Lock()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="neume-device-watch", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """End the watch and the device with it. Harmless in any state."""
        self._stopping.set()
        self._device.stop()
        if self._thread.ident is not None:
            self._thread.join()

    def look(self) -> float:
        """One turn of the thread's loop; returns the seconds until the next one."""
        with self._turn:
            return self._looked()

    def choose(
        self, name: str | None, rate_hz: int | None, block_samples: int, make_room: Callable[[], None]
    ) -> None:
        """Play through another device, as `RemoteDevice.choose` does; a lost one is looked for no more.

        Waits for the device to open, and before that, while one is lost, for a look for that one to end.
        """
        with self._turn:
            self._device.choose(name, rate_hz, block_samples, make_room)
            if self.state is not DeviceState.PLAYING:
                self._note_return()

    def _looked(self) -> float:
        if self._device.stopped:
            return LOOK_EVERY_S
        if self.state is DeviceState.WAITING or not self._device.alive:
            return self._bring_back()
        if self.state is DeviceState.BACK and time.monotonic() - self._back_s > SETTLED_S:
            self.state = DeviceState.PLAYING
        return LOOK_EVERY_S

    def _run(self) -> None:
        wait_s = LOOK_EVERY_S
        while not self._stopping.wait(wait_s):
            wait_s = self.look()

    def _bring_back(self) -> float:
        if self.state is not DeviceState.WAITING:
            self._note_loss()
        try:
            self._device.replace()
        except (NeumeError, OSError) as problem:
            return self._wait_for_it(problem)
        self._say(f"audio device {self._device.name} is back")
        self._note_return()
        return LOOK_EVERY_S

    def _note_return(self) -> None:
        self.problem, self._back_s, self.state = None, time.monotonic(), DeviceState.BACK
        self.returns += 1

    def _note_loss(self) -> None:
        self.losses += 1
        self.state = DeviceState.LOST
        self._say(f"audio device {self._device.name} has stopped asking for audio: playing on silently")
        self._device.fall_back()

    def _wait_for_it(self, problem: Exception) -> float:
        self.problem = problem
        self.state = DeviceState.WAITING
        return RETRY_S
