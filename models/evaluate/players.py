"""Who plays the development set: the reference, a second SoundFont, the inverter alone, the whole chain."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from neume.synth.arrangement import Arrangement, arrange
from neume.synth.bundle import Bundle
from neume.synth.conditioning import FEATURES
from neume.synth.events import MidiEvent, NoteOn, Panic, SystemReset
from neume.synth.hops import play_hops
from neume.synth.midi_file import Performance
from neume.synth.noise import white_noise
from neume.synth.notes import NoteTable
from neume.synth.renderer import StreamRenderer
from neume.synth.stages import Stages

from ..fluid import FluidReference

Float32 = NDArray[np.float32]
Player = Callable[[Sequence[MidiEvent], int], Float32]
"""Plays events (in order, on the reference's grid) as mono audio `(samples,)`, both from frame 0 on."""

SECOND_SOUNDFONTS: Final = tuple(
    Path("/usr/share/sounds") / name
    for name in ("sf3/MuseScore_General.sf3", "sf3/MuseScore_General_Full.sf3", "sf2/TimGM6mb.sf2")
)
CHUNK_BLOCKS: Final = 64
CHUNK_FRAMES: Final = 256


def second_soundfont(given: Path | None = None) -> Path | None:
    """The SoundFont given, or another General MIDI SoundFont where Debian installs it; None without one.

    MuseScore_General was made from FluidR3: several programs are the same samples, a small distance apart.
    """
    return given or next((path for path in SECOND_SOUNDFONTS if path.is_file()), None)


def soundfont_player(reference: FluidReference) -> Player:
    return reference.render_mono


def parts(events: Sequence[MidiEvent]) -> list[list[MidiEvent]]:
    """One stream of events for each channel that has notes; resets go to all of them."""
    channels = sorted({event.channel for event in events if isinstance(event, NoteOn)})
    return [
        [event for event in events if event.channel == channel or isinstance(event, SystemReset | Panic)]
        for channel in channels
    ]


def arranged(events: Sequence[MidiEvent], streams: int | None = None) -> Arrangement:
    """The channels with notes on a stream each, or merged into at most `streams`, as `neume render` does."""
    last = max((event.frame for event in events), default=0)
    return arrange(Performance(tuple(events), last, (), (), "segment"), streams)


def chain_player(
    bundle: Bundle, stages: Stages, steps: int | None = None, seed: int = 0, streams: int | None = None
) -> Player:
    """The whole chain, all streams summed; the look-ahead is taken off again.

    `streams`: how many of them the channels are merged into; one a channel without it.
    """

    def play(events: Sequence[MidiEvent], samples: int) -> Float32:
        arrangement = arranged(events, streams)
        renderer = StreamRenderer(bundle, stages, arrangement.streams, steps=steps, seed=seed)
        late, chunk = renderer.lookahead_samples, CHUNK_BLOCKS * renderer.block_samples
        waiting = sorted(arrangement.route(events), key=lambda pair: pair[1].frame)
        made: list[Float32] = []
        position = 0
        while position < samples + late:
            due = [pair for pair in waiting if position <= pair[1].frame < position + chunk]
            made.append(renderer.render_blocks(due, CHUNK_BLOCKS).sum(axis=0))
            position += chunk
        return np.concatenate(made)[late : late + samples]

    return play


def inverter_player(bundle: Bundle, stages: Stages, reference: FluidReference, seed: int = 0) -> Player:
    """The inverter alone: the reference's own mel frames, channel by channel, and the live excitation.

    Give it a FluidSynth instance of its own: the first milliseconds of a note depend a little on what the
    instance played before, and the reference row must not depend on the other rows.
    """
    manifest = bundle.manifest
    hop, late = manifest.mel.hop_samples, manifest.engine.lookahead_hops

    def play(events: Sequence[MidiEvent], samples: int) -> Float32:
        total = np.zeros(samples, np.float32)
        frames = -(-samples // hop) + late
        for stream, part in enumerate(parts(events)):
            mel = manifest.mel.analyse(reference.render_mono(part, frames * hop))
            excitation = part_excitation(bundle, part, frames, (seed, stream))
            audio = _invert(bundle, stages, mel, excitation)
            total += audio[late * hop : late * hop + samples]
        return total

    return play


def part_excitation(
    bundle: Bundle, events: Sequence[MidiEvent], frames: int, noise_key: tuple[int, int]
) -> Float32:
    """The excitation of one stream, made by the code that plays live: `(frames, hop, 2)`."""
    manifest = bundle.manifest
    hop = manifest.mel.hop_samples
    notes = NoteTable(manifest.engine.note_slots, manifest.voice_table(), manifest.mel.rate_hz)
    excitation = np.zeros((frames, hop, 2), np.float32)
    unused = np.zeros((frames, manifest.engine.note_slots, len(FEATURES)), np.float32)
    play_hops(notes, events, 0, unused, excitation, np.zeros(frames, np.bool_))
    excitation[..., 1] *= white_noise(*noise_key, 0, frames * hop).reshape(frames, hop)
    return excitation


def _invert(bundle: Bundle, stages: Stages, mel: Float32, excitation: Float32) -> Float32:
    """mel `(frames, mels)`, excitation `(frames, hop, 2)` → audio `(frames * hop,)`, a look-ahead late."""
    contract = bundle.manifest.stages["inverter"]
    states = {state.name: np.zeros((1, *state.shape), np.float32) for state in contract.states}
    names = ["audio", *(f"next_{name}" for name in states)]
    hops: list[Float32] = []
    for start in range(0, len(mel), CHUNK_FRAMES):
        chunk = slice(start, start + CHUNK_FRAMES)
        feeds = {"mel": mel[None, chunk], "excitation": excitation[None, chunk], **states}
        audio, *following = stages.inverter.run(names, feeds)
        states = dict(zip(states, following, strict=True))
        hops.append(audio[0])
    return np.concatenate(hops).reshape(-1)
