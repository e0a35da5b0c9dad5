"""Short MIDI files for tests, and a bundle that renders them aloud.

96 ticks a beat, 120 beats a minute: 192 ticks are a second.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import mido
import numpy as np
import soundfile
import tiny_models
from bundle_factory import write_bundle

from neume.synth.mel import MelSpec
from neume.synth.render_file import Player, render_file
from neume.synth.render_options import RenderOptions

TICKS_PER_S = 192


def write_song(path: Path, *tracks: list[mido.Message], length_s: float = 1.0) -> Path:
    """A song of format 1. Messages carry absolute times in seconds; each track lasts `length_s`."""
    song = mido.MidiFile(type=1, ticks_per_beat=96)
    for messages in tracks:
        track = mido.MidiTrack()
        tick = 0
        for message in sorted(messages, key=lambda m: m.time):
            at = round(message.time * TICKS_PER_S)
            track.append(message.copy(time=at - tick))
            tick = at
        track.append(mido.MetaMessage("end_of_track", time=round(length_s * TICKS_PER_S) - tick))
        song.tracks.append(track)
    path.parent.mkdir(parents=True, exist_ok=True)
    song.save(path)
    return path


def note(key: int, start_s: float, end_s: float, channel: int = 0, velocity: int = 100) -> list[mido.Message]:
    return [
        mido.Message("note_on", note=key, velocity=velocity, channel=channel, time=start_s),
        mido.Message("note_off", note=key, channel=channel, time=end_s),
    ]


def control(controller: int, value: int, at_s: float = 0.0, channel: int = 0) -> mido.Message:
    return mido.Message("control_change", control=controller, value=value, channel=channel, time=at_s)


def write_duet(path: Path, length_s: float = 1.0) -> Path:
    """A low part hard left on channel 1, a high one hard right on channel 2, and a drum."""
    return write_song(
        path,
        [control(10, 0), *note(48, 0.0, 0.5), *note(50, 0.5, 0.9)],
        [control(10, 127, channel=1), *note(76, 0.25, 0.75, channel=1)],
        note(38, 0.5, 0.6, channel=9),
        length_s=length_s,
    )


def write_loud_bundle(folder: Path) -> None:
    """The tiny bundle with mel frames around 0: its inverter plays the excitation at half its level."""
    model = tiny_models.spectrogram(MelSpec().mels)
    for weight in model.graph.initializer:
        if weight.name == "silence":
            weight.CopyFrom(tiny_models.stored("silence", 0.0))
    write_bundle(folder, {"spectrogram": model})


def rendered(loaded: Player, song: Path, name: str = "out.wav", **options: Any) -> tuple[np.ndarray, dict]:
    """Render `song` into `name` beside it: the audio, `(samples, 2)`, and the side-car."""
    output = song.with_name(name)
    player = Player(loaded.bundle, loaded.stages, RenderOptions(overwrite=True, **options))
    side_car, _ = render_file(song, output, player)
    return soundfile.read(output, dtype="float32", always_2d=True)[0], side_car
