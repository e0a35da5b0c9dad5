"""Which exceptions are a user's errors, and the one line that each becomes; all others are bugs."""

from __future__ import annotations

from typing import Final

from .errors import BundleError, NeumeError, PresetError, UsageError

MAX_FAULTS_TOLD: Final = 5
# What the loader of a missing system library says, and the Debian packages that bring the library.
SYSTEM_LIBRARIES: Final = {
    "PortAudio": "libportaudio2",
    "libportaudio": "libportaudio2",
    "FluidSynth": "libfluidsynth3",
    "libfluidsynth": "libfluidsynth3",
    "libjack": "libjack-jackd2-0",
    "libasound": "libasound2",
    "libEGL": "libegl1",
    "libGL": "libgl1",
    "libxkbcommon": "libxkbcommon0",
    "libdbus": "libdbus-1-3",
    "libfontconfig": "libfontconfig1",
    "libglib": "libglib2.0-0",
}


def error_line(error: Exception) -> str | None:
    """The line that tells a user what happened, or None for a bug."""
    if isinstance(error, BundleError | PresetError) and len(error.faults) > MAX_FAULTS_TOLD:
        told = "; ".join(error.faults[:MAX_FAULTS_TOLD])
        kind, more = str(error).split(maxsplit=1)[0], len(error.faults) - MAX_FAULTS_TOLD
        return f"{kind} {error.source}: {told}; and {more} more: see `neume {kind}s check {error.source}`"
    if isinstance(error, NeumeError):
        return " ".join(str(error).split())
    return _missing_library(error) if isinstance(error, OSError | ImportError) else None


def exit_code(error: Exception) -> int:
    """2 for wrong usage, 1 for everything else."""
    return 2 if isinstance(error, UsageError) else 1


def _missing_library(error: OSError | ImportError) -> str | None:
    text = " ".join(str(error).split())
    if "not found" not in text and "cannot open shared object" not in text and "find" not in text:
        return None
    for library, package in SYSTEM_LIBRARIES.items():
        if library in text:
            return f"{text}; on Debian and Ubuntu: apt-get install {package}"
    return None
