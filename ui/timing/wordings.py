"""The words for what an engine says about time: parts of the latency, stages, cures of underruns."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QCoreApplication

from neume.synth.shedding import ALL_RELEASES, Load
from neume.synth.underrun import OTHER_PROGRAMS, Underrun

PLACE: Final = "Timing"


def _tr(text: str) -> str:
    return QCoreApplication.translate(PLACE, text)


def part_name(part: str) -> str:
    """Of a part of the latency sum, by its name there."""
    names = {
        "block wait": _tr("Block"),
        "render budget": _tr("Budget"),
        "inverter look-ahead": _tr("Look-ahead"),
        "ring": _tr("Ring"),
        "device": _tr("Device"),
    }
    return names.get(part, part)


def part_meaning(part: str) -> str:
    """What that part is, and what it depends on."""
    meanings = {
        "block wait": _tr(
            "Sound is made in blocks. A key that comes just after a block was begun waits for the next one: "
            "a whole block at most, and always, so that the delay never changes. The instrument sets it."
        ),
        "render budget": _tr(
            "The time that a block may take to be made, by the model and the mixer. The blocks' own times, "
            "below, should stay within it."
        ),
        "inverter look-ahead": _tr(
            "The model's second stage, which makes sound of a spectrogram, looks this far ahead. The "
            "instrument sets it."
        ),
        "ring": _tr(
            "Sound kept ready, so that a thread that wakes late is not heard: one block of the device, and "
            "the margin of the settings. A smaller block of the device makes it less."
        ),
        "device": _tr(
            "A block of the audio device that plays while the next is filled, and the delay that the device "
            "itself reports. The device and its block, in the settings, make it less."
        ),
    }
    return meanings.get(part, "")


def stage_name(stage: str) -> str:
    names = {
        "prepare": _tr("Notes"),
        "spectrogram": _tr("Spectrogram"),
        "denoiser": _tr("Denoiser"),
        "inverter": _tr("Inverter"),
        "guests": _tr("Plug-ins"),
        "mixer": _tr("Mixer, effects"),
        "block": _tr("Whole block"),
        OTHER_PROGRAMS: _tr("Other programs"),
    }
    return names.get(stage, stage)


def stage_meaning(stage: str) -> str:
    meanings = {
        "prepare": _tr("Events become the notes that the model is told."),
        "spectrogram": _tr("The transformer makes the frames' mean of the notes."),
        "denoiser": _tr("The diffusion steps give the frames their texture."),
        "inverter": _tr("The frames become sound."),
        "guests": _tr("Plug-in instruments make theirs."),
        "mixer": _tr("Volumes, pans, effects and the limiter."),
        "block": _tr("All of them together: what has to keep the deadline."),
    }
    return meanings.get(stage, "")


def advice(stage: str) -> str:
    """What helps against underruns of that stage, empty for one that is not known here."""
    cures = {
        "prepare": _tr("Play fewer notes at once, or fewer parts."),
        "spectrogram": _tr("Use fewer parts or streams, or hold fewer notes with the pedal."),
        "denoiser": _tr("Choose fewer steps in the settings."),
        "inverter": _tr("Use fewer parts or streams."),
        "guests": _tr("Take the plug-in instrument out of the rack, or give it fewer notes."),
        "mixer": _tr("Bypass effects."),
        OTHER_PROGRAMS: _tr("Close other programs, or add a margin in the settings."),
    }
    return cures.get(stage, "")


def load_text(load: Load) -> str:
    """What is played with while the machine is too slow for all of it."""
    merged = (
        _tr("{0} steps"),
        _tr("{0} steps, half the streams"),
        _tr("{0} steps, one stream for each bundle"),
    )[load.merged]
    text = merged.format(load.steps)
    if load.releases == ALL_RELEASES:
        return text
    return _tr("{0}, {1} released notes for each part").format(text, load.releases)


def underrun_text(underrun: Underrun) -> str:
    """What happened, without the cure."""
    if underrun.stage == OTHER_PROGRAMS:
        text = _tr(
            "A block came late, though it took only {0:.1f} of {1:.1f} ms: other programs were in the way."
        )
        return text.format(underrun.took_ms, underrun.allowed_ms)
    text = _tr("A block that had {1:.1f} ms took {0:.1f} ms, most of it in: {2}.")
    return text.format(underrun.took_ms, underrun.allowed_ms, stage_name(underrun.stage))
