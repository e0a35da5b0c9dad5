"""Opens a device in the audio process: at the ring's rate if it can, else at its own, in blocks as asked."""

from __future__ import annotations

import math
import time
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ..audio_device import Fill
from ..audio_out import BLOCK_RANGE, SoundDevice, chosen_output, load_portaudio
from ..errors import DeviceError, UsageError
from .wire import Settings

DEVICE_DECIDES: Final = 0  # PortAudio's word for blocks that vary from call to call
LISTEN_CALLBACKS: Final = 8
LISTEN_S: Final = 1.0  # for devices that do not call back
LOOK_EVERY_S: Final = 0.005


class FreeBlockDevice(SoundDevice):
    """A device that takes as much at a time as it likes, from call to call.

    What that is shows only while it runs: the stream is started at once, silently, and `block_samples` is
    the most that it took at first.
    """

    def __init__(self, rate_hz: int, name: str | None) -> None:
        super().__init__(rate_hz, BLOCK_RANGE[0], name)
        self._sizes: list[int] = []
        super().start(self._listen)
        deadline_s = time.monotonic() + LISTEN_S
        while len(self._sizes) < LISTEN_CALLBACKS and time.monotonic() < deadline_s:
            time.sleep(LOOK_EVERY_S)
        low, high = BLOCK_RANGE
        self.block_samples = min(high, max(low, *self._sizes)) if self._sizes else high

    def start(self, fill: Fill) -> None:
        """Play what `fill` gives from the next callback on."""
        self._fill = fill

    def _listen(self, out: NDArray[np.float32]) -> None:
        out[:] = 0.0
        self._sizes.append(len(out))

    def _opened(self, device: dict[str, Any]) -> Any:
        self.block_samples = DEVICE_DECIDES
        return super()._opened(device)


def open_device(settings: Settings) -> SoundDevice:
    """Raises `NoDeviceError`, `DeviceError` or `UsageError`, each a line that says what there is instead."""
    wanted_hz = settings.device_rate_hz
    if wanted_hz is not None:
        _check_rate(wanted_hz)
        return _opened(settings, wanted_hz)
    try:
        return _opened(settings, settings.rate_hz)
    except DeviceError:
        own_hz = round(chosen_output(load_portaudio(), settings.name)["default_samplerate"])
        if own_hz == settings.rate_hz:
            raise
    return _opened(settings, own_hz)


def host_api_of(settings: Settings) -> str:
    """The name of the system that the chosen device belongs to, such as ALSA, JACK or Core Audio."""
    portaudio = load_portaudio()
    device = chosen_output(portaudio, settings.name)
    return str(portaudio.query_hostapis(device["hostapi"])["name"])


def at_ring_rate(samples: int, device_rate_hz: int, rate_hz: int) -> int:
    """Samples of the device as samples of the ring, rounded up."""
    return math.ceil(samples * rate_hz / device_rate_hz)


def _opened(settings: Settings, device_rate_hz: int) -> SoundDevice:
    if settings.block_samples == DEVICE_DECIDES:
        return FreeBlockDevice(device_rate_hz, settings.name)
    return SoundDevice(device_rate_hz, settings.block_samples, settings.name)


def _check_rate(rate_hz: int) -> None:
    from .resampled import RATE_RANGE_HZ

    low, high = RATE_RANGE_HZ
    if not low <= rate_hz <= high:
        raise UsageError(f"a device rate of {rate_hz} Hz; allowed are {low} to {high} Hz")
