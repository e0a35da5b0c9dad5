"""Which channel plays on which stream."""

from __future__ import annotations

import pytest

from neume.synth.arrangement import UNUSED, arrange, live_arrangement
from neume.synth.errors import UsageError
from neume.synth.events import (
    ControlChange,
    MidiEvent,
    NoteOff,
    NoteOn,
    Panic,
    ProgramChange,
    SystemReset,
)
from neume.synth.midi_file import Performance
from neume.synth.mixer import Strip
from neume.synth.notes import NoteTable
from neume.synth.voices import VoiceTable


def performance(*counts: tuple[int, int], others: tuple[MidiEvent, ...] = ()) -> Performance:
    """So many notes on each channel: pairs of channel and count."""
    notes = tuple(NoteOn(0, channel, 60, 100) for channel, count in counts for _ in range(count))
    return Performance(notes + others, 48_000, (), (), "song.mid")


def test_each_channel_with_notes_gets_a_stream() -> None:
    song = performance((9, 5), (0, 1), (3, 2), others=(ProgramChange(0, 7, 1), NoteOff(0, 8, 60)))
    arrangement = arrange(song)
    assert arrangement.streams == 3
    assert [arrangement.channels_of(stream) for stream in range(3)] == [(0,), (3,), (9,)]
    assert arrangement.stream_of[7] == arrangement.stream_of[8] == UNUSED


def test_merged_streams_share_the_notes_evenly() -> None:
    song = performance((0, 100), (1, 60), (2, 50), (3, 5), (9, 80))
    arrangement = arrange(song, streams=2)
    assert [arrangement.channels_of(stream) for stream in range(2)] == [(0, 2), (1, 3, 9)]
    assert arrange(song, streams=1).channels_of(0) == (0, 1, 2, 3, 9)
    assert arrange(song, streams=9) == arrange(song)


@pytest.mark.parametrize("streams", [0, -1, 17])
def test_impossible_numbers_of_streams(streams: int) -> None:
    with pytest.raises(UsageError, match=f"{streams} streams; allowed are 1 to 16"):
        arrange(performance((0, 1)), streams)


def test_a_song_without_notes_has_one_silent_stream() -> None:
    assert arrange(performance()).streams == 1


def test_routing_keeps_the_order_and_drops_unused_channels() -> None:
    arrangement = arrange(performance((2, 1), (5, 1)))
    events = [
        NoteOn(3, 5, 60, 1),
        ControlChange(4, 0, 7, 1),
        SystemReset(5),
        NoteOn(5, 2, 60, 1),
        Panic(6),
    ]
    assert arrangement.route(events) == [
        (1, events[0]),
        (0, events[2]),
        (1, events[2]),
        (0, events[3]),
        (0, events[4]),
        (1, events[4]),
    ]


def test_live_all_channels_play() -> None:
    arrangement = live_arrangement()
    assert arrangement.streams == 16
    assert arrangement.route([NoteOn(0, 15, 60, 1)]) == [(15, NoteOn(0, 15, 60, 1))]
    assert [arrangement.channels_of(stream) for stream in (0, 15)] == [(0,), (15,)]


def test_strips_follow_the_pan_controllers() -> None:
    arrangement = arrange(performance((0, 9), (1, 8), (2, 1)), streams=2)
    notes = [NoteTable(4, VoiceTable.from_anchors({})) for _ in range(2)]
    assert arrangement.strips(notes) == [Strip(), Strip()]
    for stream, event in arrangement.route([ControlChange(0, 0, 10, 127), ControlChange(0, 1, 10, 0)]):
        notes[stream].apply(event)
    assert arrangement.strips(notes) == [Strip(pan=1.0), Strip(pan=-0.5)]


def test_pans_are_symmetrical() -> None:
    arrangement = arrange(performance((0, 1)))
    pans = [arrangement.strips_at([value] * 16)[0].pan for value in (0, 1, 64, 127)]
    assert pans == [-1.0, -1.0, 0.0, 1.0]
