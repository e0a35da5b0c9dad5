"""What a live rack is to play on, and the audio device that this asks for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from .audio.remote_device import RemoteDevice
from .audio_device import AudioDevice
from .audio_out import NoDeviceError
from .engine_setup import EngineConfig
from .errors import DeviceError
from .paced_device import PacedDevice


@dataclass(frozen=True, slots=True)
class LiveSettings:
    """What to play on. None takes what is there, or what the bundle says."""

    bundle: str | None = None
    audio_out: str | None = None
    device_rate_hz: int | None = None
    device_block_samples: int = 128
    midi_in: Sequence[str] = ()
    preset: str | None = None  # the name of the rack, if it is a preset's
    streams: int | None = None
    mpe: bool = False  # channels are those of MPE zones
    remembers: bool = False  # keep the last half hour of what is played
    needs_device: bool = True  # False: play by the clock where there is none
    device_may_come: bool = False  # and then one may be chosen later, with `set_audio`
    engine: EngineConfig = field(default_factory=lambda: EngineConfig(sheds_load=True))


def open_device(rate_hz: int, settings: LiveSettings, say: Callable[[str], None]) -> AudioDevice:
    """The device, in a process of its own, or one that goes by the clock where there need not be one.

    One that is asked for and cannot be had is replaced by the default one, and told, where there need not be
    one. Raises DeviceError with what is allowed.
    """
    try:
        return _device(rate_hz, settings)
    except DeviceError as fault:
        if settings.needs_device or settings.audio_out is None:
            raise
        say(f"{fault}; it plays on the default device")
        return _device(rate_hz, replace(settings, audio_out=None, device_rate_hz=None))


def _device(rate_hz: int, settings: LiveSettings) -> AudioDevice:
    try:
        return RemoteDevice(
            rate_hz,
            settings.device_block_samples,
            settings.audio_out,
            device_rate_hz=settings.device_rate_hz,
            may_lack=settings.device_may_come and not settings.needs_device,
        )
    except NoDeviceError as fault:
        if settings.needs_device:
            raise DeviceError(f"{fault}; to perform into a file instead, add --record FILE.wav") from None
        return PacedDevice(rate_hz, settings.device_block_samples)
