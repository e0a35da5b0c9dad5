"""The audio process: opens a device and plays from shared memory, in an interpreter that does nothing else.

The engine starts it as `python -m neume.synth.audio.process SETTINGS` and speaks with it through its standard
input and output. Three threads: the device's calls back; the pipe's waits for commands and, when the engine
has ended, ends the process too, whatever the others hang in; the main one opens, starts and stops the device.
"""

from __future__ import annotations

import contextlib
import gc
import os
import queue
import signal
import sys
import threading
import time
from typing import Final, Never, TextIO

from ..audio_device import Fill
from ..audio_out import SoundDevice, load_portaudio
from ..errors import DeviceError, NeumeError
from ..outlet import Outlet
from .line import AudioLine
from .opening import at_ring_rate, host_api_of, open_device
from .priority import raise_priority
from .pulse import Pulse
from .shared import SharedAudio
from .wire import LOST, REST, RESTING, START, STARTED, STOP, Opened, Report, Settings, report_line

ORDERLY_END_S: Final = 1.0  # after the engine's end, for leaving the audio server in order
LOOK_EVERY_S: Final = 0.05  # how soon a dead device is noticed
SHORT_S: Final = 0.001
FADING_BLOCKS: Final = 2  # the first fades out, with the second it has been handed over
FADING_S: Final = 0.2  # for a device that does not call back any more
FAILED: Final = "the audio process has failed: {}"
SWITCH_INTERVAL_S: Final = 0.0005  # how long the main thread may keep the callback waiting


def main() -> Never:
    """Play as `sys.argv` says until the engine says stop, or ends, or the device is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the engine, which stops us in order
    engine = EnginePipe()
    try:
        _play(Settings.parse(sys.argv[1]), engine)
    except Exception as fault:
        engine.tell(fault if isinstance(fault, NeumeError) else DeviceError(FAILED.format(repr(fault))))
        _say_goodbye()
    os._exit(0)  # past PortAudio's own exit handler, which waits for ever for a server that has died


class EnginePipe:
    """Commands from the engine and reports to it.

    Threads: one of its own reads; the main thread asks and tells.
    """

    def __init__(self) -> None:
        self._reports = _own_stdout()
        self._commands: queue.SimpleQueue[str] = queue.SimpleQueue()
        threading.Thread(target=self._read, name="neume-engine-pipe", daemon=True).start()

    def tell(self, report: Report) -> None:
        with contextlib.suppress(OSError):  # an engine that has ended ends us too, in the other thread
            self._reports.write(report_line(report))
            self._reports.flush()

    def command(self, wait_s: float | None = None) -> str | None:
        """The next command, None if none comes in time."""
        try:
            return self._commands.get(timeout=wait_s)
        except queue.Empty:
            return None

    def _read(self) -> None:
        for line in sys.stdin:
            self._commands.put(line.strip())
        self._commands.put(STOP)  # the engine has ended
        time.sleep(ORDERLY_END_S)
        os._exit(0)


def _own_stdout() -> TextIO:
    """Standard output for reports alone: what C libraries print there goes nowhere."""
    reports = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)
    return reports


def _play(settings: Settings, engine: EnginePipe) -> None:
    shared = SharedAudio.attach(settings.descriptor, settings.sizes)
    line = AudioLine.join(shared, settings.rate_hz)
    device = open_device(settings)
    fill, delay_samples = _fill_at(device.rate_hz, line, settings.rate_hz)
    pulse = Pulse(shared, device.rate_hz, fill)
    engine.tell(_opened(device, host_api_of(settings), delay_samples, settings.rate_hz))
    if engine.command() == START:
        _make_ready()
        device.start(pulse.beat)
        engine.tell(STARTED)
        if not _until_told(engine, device, line.outlet, pulse):
            engine.tell(LOST)
            return
    device.stop()
    _say_goodbye()


def _until_told(engine: EnginePipe, device: SoundDevice, outlet: Outlet, pulse: Pulse) -> bool:
    """Play until it is time to stop, and fade out. False: the device is gone."""
    while (command := engine.command(LOOK_EVERY_S)) != STOP:
        pulse.device_underruns = device.device_underruns
        if not device.alive:
            return False
        if command == REST:
            _rest(outlet, pulse)
            engine.tell(RESTING)
        elif command == START:
            outlet.resting = False
            engine.tell(STARTED)
    _rest(outlet, pulse)
    return True


def _rest(outlet: Outlet, pulse: Pulse) -> None:
    """Fade out, and take nothing more from the ring once this returns."""
    outlet.resting = True
    faded, give_up_s = pulse.callbacks + FADING_BLOCKS, time.monotonic() + FADING_S
    while pulse.callbacks < faded and time.monotonic() < give_up_s:
        time.sleep(SHORT_S)


def _fill_at(device_rate_hz: int, line: AudioLine, rate_hz: int) -> tuple[Fill, int]:
    """What the device asks for its blocks, and by how many samples of the ring that delays them."""
    if device_rate_hz == rate_hz:
        return line.outlet.fill, 0
    from .resampled import Resampled

    resampled = Resampled(line.outlet.fill, rate_hz, device_rate_hz)
    return resampled.pull, resampled.delay_frames


def _opened(device: SoundDevice, host_api: str, delay_samples: int, rate_hz: int) -> Opened:
    latency_samples = at_ring_rate(device.latency_samples, device.rate_hz, rate_hz)
    return Opened(
        name=device.name,
        host_api=host_api,
        device_rate_hz=device.rate_hz,
        device_block_samples=device.block_samples,
        block_samples=at_ring_rate(device.block_samples, device.rate_hz, rate_hz),
        latency_samples=latency_samples + delay_samples,
    )


def _say_goodbye() -> None:
    """Leave the audio server in order: JACK holds up others for 5 s where a client has just vanished."""
    with contextlib.suppress(NeumeError):
        load_portaudio()._terminate()


def _make_ready() -> None:
    """Let nothing hold up the callback: no collection, no main thread that loses its core with the lock."""
    gc.collect()
    gc.freeze()
    gc.disable()
    sys.setswitchinterval(SWITCH_INTERVAL_S)
    raise_priority()


if __name__ == "__main__":
    main()
