"""An excerpt of a whole song: all channels of a MIDI file in a window, ready for the reference."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from neume.synth.errors import NeumeError
from neume.synth.events import (
    DRUM_CHANNEL,
    ChannelPressure,
    ControlChange,
    MidiEvent,
    NoteOff,
    NoteOn,
    PitchBend,
    ProgramChange,
)
from neume.synth.midi_file import read_performance
from neume.synth.voices import DRUM_PROGRAM

from ..corpus import KEPT_CONTROLLERS, CorpusFile
from ..fluid import QUANTUM_SAMPLES, snap

RATE_HZ: Final = 48_000
TAIL_S: Final = 1.5
SEARCH_STEP_S: Final = 5.0
LEAST_PROGRAMS: Final = 3  # beside the drums
SONG_CONTROLLERS: Final = KEPT_CONTROLLERS | {
    1,
    120,
    121,
    123,
}  # no pan, no banks: every part mono and in the middle


def song_excerpt(files: Sequence[CorpusFile], seconds: float) -> tuple[str, tuple[MidiEvent, ...]] | None:
    """The busiest window of the file with drums and the most programs: its name and its events from frame 0.

    None when no file has drums and at least `LEAST_PROGRAMS` other programs, or none of those can be read.
    """
    candidates = [f for f in files if DRUM_PROGRAM in f.programs and len(f.programs) > LEAST_PROGRAMS]
    for file in sorted(candidates, key=lambda f: (-len(f.programs), f.path.name)):
        try:
            events = read_performance(file.path).events
        except NeumeError:
            continue
        start = busiest_window(events, seconds)
        if start is not None:
            return file.path.name, cut(events, start, seconds)
    return None


def busiest_window(events: Sequence[MidiEvent], seconds: float) -> int | None:
    """First sample of the window with drums in which most channels, then most notes begin; None without."""
    notes = [e for e in events if isinstance(e, NoteOn)]
    best: tuple[int, int, int] | None = None
    length, step = int(seconds * RATE_HZ), int(SEARCH_STEP_S * RATE_HZ)
    for start in range(0, notes[-1].frame + 1 if notes else 0, step):
        inside = [e for e in notes if start <= e.frame < start + length]
        channels = {e.channel for e in inside}
        ranking = (len(channels), len(inside), -start)
        if DRUM_CHANNEL in channels and (best is None or ranking > best):
            best = ranking
    return None if best is None else -best[2]


def cut(events: Sequence[MidiEvent], start: int, seconds: float) -> tuple[MidiEvent, ...]:
    """The window's events on the reference's grid, with the state of all channels chased to frame 0.

    Notes that began before the window are left out; those that last past it end `TAIL_S` before its end.
    """
    end = start + int((seconds - TAIL_S) * RATE_HZ)
    chased = [replace(e, frame=0) for e in events if e.frame < start and _is_state(e)]
    body: list[MidiEvent] = []
    down: dict[tuple[int, int], int] = {}
    for event in events:
        if not start <= event.frame < end:
            continue
        frame = snap(event.frame - start)
        if isinstance(event, NoteOn):
            down[event.channel, event.key] = frame
            body.append(replace(event, frame=frame))
        elif isinstance(event, NoteOff):
            if (event.channel, event.key) in down:  # a note of less than a buffer would end before it began
                begun = down.pop((event.channel, event.key))
                body.append(replace(event, frame=max(frame, begun + QUANTUM_SAMPLES)))
        elif _is_state(event):
            body.append(replace(event, frame=frame))
    last = snap(end - start)
    body += [NoteOff(last, channel, key) for channel, key in sorted(down)]
    body += [ControlChange(last, channel, pedal, 0) for channel in range(16) for pedal in (64, 66)]
    body.sort(key=lambda event: (event.frame, isinstance(event, NoteOn)))
    return (*chased, *body)


def _is_state(event: MidiEvent) -> bool:
    if isinstance(event, ControlChange):
        return event.controller in SONG_CONTROLLERS
    return isinstance(event, ProgramChange | PitchBend | ChannelPressure)
