"""Mixtures: a song with all its parts on one stream, on two, on four, and so on up to a stream for each part.

One stream that carries many instruments is the paper's way (Hawthorne et al. 2022) and what a slow machine
falls back to; the curve shows what it costs in quality.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from neume.synth.bundle import Bundle
from neume.synth.errors import NeumeError
from neume.synth.stages import Stages

from ..fluid import FluidReference
from .dev_set import SONG, DevSet, Segment
from .players import arranged, chain_player
from .report import SECOND, Listener, Report, compare


def stream_counts(parts: int) -> tuple[int, ...]:
    """1, 2, 4 and so on below `parts`, then `parts` itself."""
    return (*(1 << power for power in range(parts.bit_length()) if 1 << power < parts), parts)


def songs_of(dev_set: DevSet) -> tuple[Segment, ...]:
    """The set's songs. Raises `NeumeError` for a set without one."""
    songs = tuple(segment for segment in dev_set.segments if segment.family == SONG)
    if not songs:
        raise NeumeError("the corpus has no song with drums and several programs, so nothing can be merged")
    return songs


def mixture_curve(
    bundle: Bundle,
    stages: Stages,
    dev_set: DevSet,
    reference: FluidReference,
    *,
    steps: int | None = None,
    seed: int = 0,
    second: Path | None = None,
    listener: Listener | None = None,
) -> Report:
    """The song scored on every number of streams of `stream_counts`.

    `rows`: number of streams → parts a stream, and the song's figures; `second`: the second SoundFont's own
    figures, None without one. Raises `NeumeError` for a set without a song.
    """
    songs = songs_of(dev_set)
    parts = max(arranged(song.events).streams for song in songs)
    rows = {str(count): chain_player(bundle, stages, steps, seed, count) for count in stream_counts(parts)}
    only_songs = replace(dev_set, segments=songs)
    heard = compare(only_songs, reference, rows, bundle.manifest.mel, second, listener)["rows"]
    return {
        "songs": [song.name for song in songs],
        "parts": parts,
        "rows": {
            count: {"parts_per_stream": round(parts / int(count), 2), "figures": heard[count][SONG]}
            for count in rows
        },
        "second": heard[SECOND][SONG] if SECOND in heard else None,
    }
