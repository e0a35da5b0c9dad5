"""The process that asks PortAudio, or the MIDI system, what there is: one line of JSON, and the end.

`device_list` starts it as `python -m neume.synth.device_list_process audio` (or `midi`).
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Mapping
from typing import Any, Final, Never, TypeAlias

from .audio_out import CHANNELS, load_portaudio
from .errors import DeviceError
from .midi_backend import MidiBackend

Answer: TypeAlias = Mapping[str, Any]
NATIVE_MIDI: Final = {"linux": "ALSA", "darwin": "Core MIDI", "win32": "Windows MM"}
RATES_HZ: Final = (44_100, 48_000, 88_200, 96_000, 176_400, 192_000)


def main() -> Never:
    """Print what `sys.argv` asks for, leave the audio server in order, and end."""
    stdout = os.dup(sys.stdout.fileno())
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # C libraries print there too
    answer, leave = _answer(sys.argv[1])
    os.write(stdout, json.dumps(answer).encode() + b"\n")
    leave()  # JACK holds up others for 5 s where a client has just vanished
    os._exit(0)  # past PortAudio's own exit handler


def _answer(system: str) -> tuple[Answer, Callable[[], None]]:
    """What there is, and how to leave what was asked for it."""
    try:
        return ASKS[system]()
    except DeviceError as problem:
        return {"problem": str(problem)}, lambda: None


def _audio() -> tuple[Answer, Callable[[], None]]:
    portaudio = load_portaudio()
    host_apis = [str(api["name"]) for api in portaudio.query_hostapis()]
    default = portaudio.default.device[1]
    outputs = [
        {
            "number": device["index"],
            "name": str(device["name"]),
            "host_api": host_apis[device["hostapi"]],
            "channels": device["max_output_channels"],
            "default_rate_hz": round(device["default_samplerate"]),
            "rates_hz": _rates_hz(portaudio, device["index"]),
            "latency_ms": round(1000.0 * device["default_low_output_latency"], 3),
            "default": device["index"] == default,
        }
        for device in portaudio.query_devices()
        if device["max_output_channels"] >= CHANNELS
    ]
    version = str(portaudio.get_portaudio_version()[1]).partition(",")[0]
    return {"outputs": outputs, "host_apis": host_apis, "portaudio": version}, portaudio._terminate


def _rates_hz(portaudio: Any, number: int) -> list[int]:
    return [rate_hz for rate_hz in RATES_HZ if _takes(portaudio, number, rate_hz)]


def _takes(portaudio: Any, number: int, rate_hz: int) -> bool:
    try:
        portaudio.check_output_settings(number, CHANNELS, "float32", samplerate=rate_hz)
    except portaudio.PortAudioError:
        return False
    return True


def _midi() -> tuple[Answer, Callable[[], None]]:
    backend = MidiBackend()
    api = "JACK" if backend.is_server else NATIVE_MIDI.get(sys.platform, sys.platform)
    return {"inputs": backend.port_names(), "api": api}, backend.close


ASKS: Final[Mapping[str, Callable[[], tuple[Answer, Callable[[], None]]]]] = {"audio": _audio, "midi": _midi}

if __name__ == "__main__":
    main()
