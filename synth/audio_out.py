"""The loudspeaker: an output stream of PortAudio that asks the engine for blocks.

The last link of the chain. The callback is Python and only hands PortAudio's buffer to the outlet.
"""

from __future__ import annotations

import atexit
import contextlib
from collections.abc import Iterator
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .audio_device import Fill
from .errors import DeviceError, UsageError
from .output_names import full_name, output_called
from .quiet import quiet_stderr

CHANNELS: Final = 2
BLOCK_RANGE: Final = (16, 4096)
NO_LIBRARY: Final = (
    "audio needs the PortAudio library, which cannot be loaded ({}); on Debian and Ubuntu: apt-get install "
    "libportaudio2"
)


class NoDeviceError(DeviceError):
    """PortAudio works, but there is no device to play on."""


class SoundDevice:
    """A stereo output stream, open but silent until `start`.

    Threads: PortAudio calls back on a thread of its own; one owner calls everything else. When a JACK server
    dies, its callbacks cease and PortAudio can never be stopped again: `stop` then leaves the stream alone.
    """

    def __init__(self, rate_hz: int, block_samples: int, name: str | None = None) -> None:
        """Open the device that `name` means (`output_called`), or the system's default.

        Raises `NoDeviceError` where there is none at all, `DeviceError` for one that is unknown or refuses.
        """
        low, high = BLOCK_RANGE
        if not low <= block_samples <= high:
            raise UsageError(f"audio blocks of {block_samples} samples; allowed are {low} to {high}")
        self._portaudio = load_portaudio()
        device = chosen_output(self._portaudio, name)
        self.name = str(device["name"])
        self.rate_hz, self.block_samples = rate_hz, block_samples
        self.device_underruns = 0  # that PortAudio tells of
        self._fill: Fill | None = None
        self._started = False
        self._stream = self._opened(device)
        self.latency_samples = round(self._stream.latency * rate_hz)

    @property
    def alive(self) -> bool:
        return bool(self._stream.active)

    def start(self, fill: Fill) -> None:
        self._fill = fill
        self._started = True
        try:
            self._stream.start()
        except self._portaudio.PortAudioError as fault:
            raise DeviceError(f"audio device {self.name!r} does not start: {_reason(fault)}") from None

    def stop(self) -> None:
        """Stop and close; harmless if it was never started."""
        if self._started and not self.alive:
            atexit.unregister(self._portaudio._exit_handler)  # it would wait for the dead stream for ever
            return
        with contextlib.suppress(self._portaudio.PortAudioError):
            self._stream.abort()
            self._stream.close()

    def _opened(self, device: dict[str, Any]) -> Any:
        try:
            with quiet_stderr():
                return self._portaudio.OutputStream(
                    samplerate=self.rate_hz,
                    blocksize=self.block_samples,
                    device=device["index"],
                    channels=CHANNELS,
                    dtype="float32",
                    latency="low",
                    callback=self._callback,
                )
        except self._portaudio.PortAudioError as fault:
            raise DeviceError(
                f"audio device {self.name!r} refuses {CHANNELS} channels at {self.rate_hz} Hz in blocks of "
                f"{self.block_samples}: {_reason(fault)}; it says of itself: {device['max_output_channels']} "
                f"channels, {device['default_samplerate']:g} Hz; set it to {self.rate_hz} Hz or choose "
                f"another one of: {'; '.join(output_names(self._portaudio))}"
            ) from None

    def _callback(self, out: NDArray[np.float32], _frames: int, _time: Any, status: Any) -> None:
        if status.output_underflow:
            self.device_underruns += 1
        if self._fill is not None:
            self._fill(out)


def load_portaudio() -> Any:
    """The `sounddevice` module. Raises `DeviceError`, naming the package to install, where it cannot load."""
    try:
        with quiet_stderr():
            import sounddevice  # type: ignore[import-untyped]
    except (OSError, ImportError) as fault:
        raise DeviceError(NO_LIBRARY.format(fault)) from None
    return sounddevice


def output_names(portaudio: Any) -> list[str]:
    """Full names of the devices that can play, in PortAudio's order."""
    return [full_name(output) for output in _outputs(portaudio)]


class _Output(NamedTuple):
    number: int
    name: str
    host_api: str
    device: dict[str, Any]  # PortAudio's own record of it


def _outputs(portaudio: Any) -> Iterator[_Output]:
    host_apis = [str(api["name"]) for api in portaudio.query_hostapis()]
    for device in portaudio.query_devices():
        if device["max_output_channels"] > 0:
            yield _Output(device["index"], str(device["name"]), host_apis[device["hostapi"]], device)


def chosen_output(portaudio: Any, name: str | None) -> dict[str, Any]:
    """PortAudio's record of the output that `name` means, None for the system's default one.

    Raises `NoDeviceError` where there is none at all, `DeviceError` with what there is for an unknown name.
    """
    outputs = list(_outputs(portaudio))
    if not outputs:
        raise NoDeviceError("there is no audio output device")
    if name is None:
        default = portaudio.default.device[1]
        return next((output for output in outputs if output.number == default), outputs[0]).device
    found = output_called(name, outputs)
    if found is None:
        known = "; ".join(full_name(output) for output in outputs)
        raise DeviceError(f"no audio output device is called {name!r}; there are: {known}")
    return found.device


def _reason(fault: Exception) -> str:
    """PortAudio's own words, without the error number behind them."""
    return str(fault.args[0]) if fault.args else str(fault)
