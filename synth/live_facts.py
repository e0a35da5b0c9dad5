"""What is true of the things that a live rack plays with: its audio device, its sessions."""

from __future__ import annotations

from .audio.remote_device import RemoteDevice
from .audio_device import AudioDevice
from .engine_snapshot import DeviceFacts
from .stages import Stages


def device_facts(device: AudioDevice) -> DeviceFacts:
    """The device as it runs; the clock that stands in where there is none has no host API."""
    if isinstance(device, RemoteDevice):
        return DeviceFacts(device.name, device.host_api, device.device_rate_hz, device.device_block_samples)
    return DeviceFacts(device.name, "", device.rate_hz, device.block_samples)


def provider_of(stages: Stages) -> str:
    """The execution provider that really runs the models; several if they run on different ones."""
    sessions = (stages.spectrogram, stages.denoiser, stages.inverter)
    first = dict.fromkeys(session.get_providers()[0] for session in sessions)
    return ", ".join(first)
