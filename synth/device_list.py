"""Which audio outputs and MIDI inputs this machine has, asked in processes of their own.

Beside the engine, for the command line and the panel. PortAudio and JACK's library can hang for ever when an
audio server has died, and they tell only what was there when they began: so each list comes from a new
process, `device_list_process`, that is killed when it takes too long.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

TIMEOUT_S: Final = 8.0  # starting an interpreter and asking takes 0.5 s on an idle machine
LEAVING_S: Final = 1.0  # for leaving an audio server in order
MODULE: Final = "neume.synth.device_list_process"
HUNG: Final = (
    "{} has not answered for {:g} s: an audio server may hang; end it (on Linux: pkill jackd, or "
    "systemctl --user restart pipewire) and start it again"
)
FAILED: Final = "the process that asks {} has ended without an answer"
NO_OUTPUT: Final = "there is no audio output device: no sound card, and no audio server that runs"
SYSTEMS: Final = {"audio": "the audio system", "midi": "the MIDI system"}


@dataclass(frozen=True, slots=True)
class AudioOutput:
    """One device that can play, as PortAudio tells of it.

    `rates_hz` are those of the usual rates that it takes with two channels of float32; `latency_ms` the least
    that it says of itself.
    """

    number: int  # a name for `--audio-out`, like the text
    name: str
    host_api: str
    channels: int
    default_rate_hz: int
    rates_hz: tuple[int, ...]
    latency_ms: float
    default: bool


@dataclass(frozen=True, slots=True)
class DeviceList:
    """What there is. A problem says why there is nothing: no library, no system, or one that hangs."""

    audio_outputs: tuple[AudioOutput, ...] = ()
    host_apis: tuple[str, ...] = ()  # that this PortAudio knows, also those without devices
    portaudio: str = ""  # its version
    audio_problem: str | None = None
    midi_inputs: tuple[str, ...] = ()
    midi_api: str = ""
    midi_problem: str | None = None


def list_devices(timeout_s: float = TIMEOUT_S) -> DeviceList:
    """Audio outputs and MIDI inputs as they are now. Any thread.

    Waits up to `timeout_s` for the answers, and then a moment for the processes to leave.
    """
    give_up_s = time.monotonic() + timeout_s
    asked = {system: _ask(system) for system in SYSTEMS}
    audio, midi = (_answer(system, process, give_up_s, timeout_s) for system, process in asked.items())
    outputs = tuple(_output(found) for found in audio.get("outputs", ()))
    return DeviceList(
        audio_outputs=outputs,
        host_apis=tuple(audio.get("host_apis", ())),
        portaudio=audio.get("portaudio", ""),
        audio_problem=audio.get("problem", None if outputs else NO_OUTPUT),
        midi_inputs=tuple(midi.get("inputs", ())),
        midi_api=midi.get("api", ""),
        midi_problem=midi.get("problem"),
    )


def _ask(system: str) -> subprocess.Popen[str]:
    environment = dict(os.environ, OPENBLAS_NUM_THREADS="1", JACK_NO_START_SERVER="1")
    return subprocess.Popen(
        [sys.executable, "-m", MODULE, system],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,  # libraries talk there
        env=environment,
        text=True,
        start_new_session=True,
    )


def _answer(
    system: str, process: subprocess.Popen[str], give_up_s: float, timeout_s: float
) -> Mapping[str, Any]:
    """What the process says in time, or why it does not."""
    said: list[str] = []
    assert process.stdout is not None
    reader = threading.Thread(target=lambda stream: said.append(stream.readline()), args=(process.stdout,))
    reader.start()
    reader.join(max(0.0, give_up_s - time.monotonic()))
    hung = reader.is_alive()
    with process:
        if not hung:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(LEAVING_S)
        process.kill()
        reader.join()
    try:
        answer: Mapping[str, Any] = json.loads(said[0])
    except ValueError:
        fault = HUNG.format(SYSTEMS[system], timeout_s) if hung else FAILED.format(SYSTEMS[system])
        return {"problem": fault}
    return answer


def _output(found: Mapping[str, Any]) -> AudioOutput:
    return AudioOutput(**{**found, "rates_hz": tuple(found["rates_hz"])})
