"""The one tree of errors a user can cause; each text says what came, what is allowed and what to do."""

from __future__ import annotations


class NeumeError(Exception):
    """Base of every error that is reported as one line, without a traceback."""


class MidiFileError(NeumeError):
    """A MIDI file that cannot be read, or that exceeds a stated limit."""


class BundleError(NeumeError):
    """A bundle that breaks its contract. `faults` holds every fault found, one line each."""

    def __init__(self, source: str, faults: list[str]) -> None:
        self.source = source
        self.faults = faults
        super().__init__(f"bundle {source}: " + "; ".join(faults))


class PresetError(NeumeError):
    """A preset that breaks its format or is not there. `faults` holds every fault found, one line each."""

    def __init__(self, source: str, faults: list[str]) -> None:
        self.source = source
        self.faults = faults
        super().__init__(f"preset {source}: " + "; ".join(faults))


class DeviceError(NeumeError):
    """An audio or MIDI device or system library that is missing or refuses the settings asked for."""


class OutputError(NeumeError):
    """A file that cannot be written."""


class UsageError(NeumeError):
    """Options that contradict each other or lie outside their range."""
