"""Takes: what was played, kept as audio and as MIDI.

history       what the renderer was told          ─┐
intake        what the device has played          ─┼─▶ take, retrospect ─▶ a WAV or FLAC file and MIDI
recipe        what decides the samples beside that ─┘                            │
rerender      the same samples again  ◀──────────────────────────────────────────┘
"""

from .finished import UnfinishedTake, midi_path, rack_path, unfinished_takes
from .history import History, on_time, told_to
from .intake import Feed, Sink
from .midi_take import RecordedTake, read_recipe, read_take
from .recipe import Recipe, live_recipe
from .rerender import render_take, take_audio
from .retrospect import Retrospect
from .take import FinishedTake, Take

__all__ = [
    "Feed",
    "FinishedTake",
    "History",
    "Recipe",
    "RecordedTake",
    "Retrospect",
    "Sink",
    "Take",
    "UnfinishedTake",
    "live_recipe",
    "midi_path",
    "on_time",
    "rack_path",
    "read_recipe",
    "read_take",
    "render_take",
    "take_audio",
    "told_to",
    "unfinished_takes",
]
