"""One MIDI file in, audio files out: mix, stems and side-car.

Puts together what the other modules do: `song_render` plays, `render_chain` resamples, measures and
normalises, `render_outputs` writes.
"""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime

from .arrangement import Arrangement, arrange
from .audio_file import audio_format
from .bundle import Bundle, open_named
from .channels import Channels
from .errors import MidiFileError, UsageError
from .events import ControlChange, NoteOn, ProgramChange
from .manifest import STAGES, BundleManifest
from .midi_file import Performance, read_performance
from .mixer import Mixer
from .render_chain import Float32, MixMeters, normalised, resampled
from .render_options import RenderOptions
from .render_outputs import RenderOutputs, finished, read_side_car, stem_name
from .renderer import StreamRenderer
from .song_render import SongRender, Span, span_of
from .stages import Stages, load_stages

Progress = Callable[[float, float], None]  # seconds rendered, seconds in all without the tail


@dataclass(frozen=True, slots=True)
class Player:
    """A bundle ready to render any number of songs, one at a time, and how to render them."""

    bundle: Bundle
    stages: Stages
    options: RenderOptions

    @property
    def steps(self) -> int:
        chosen = self.options.steps
        return self.bundle.manifest.sampling.steps_default if chosen is None else chosen

    @property
    def rate_hz(self) -> int:
        return self.options.rate_hz or self.bundle.manifest.mel.rate_hz


def open_player(bundle: str | Path | None, options: RenderOptions) -> Player:
    """Open a bundle by name or path. Raises `BundleError`, and `UsageError` for steps that it has not."""
    opened = open_named(bundle)
    allowed = opened.manifest.sampling.steps_allowed
    if options.steps is not None and options.steps not in allowed:
        shown = ", ".join(map(str, allowed))
        raise UsageError(f"--steps {options.steps}: bundle {opened.manifest.bundle.id} allows {shown}")
    return Player(opened, load_stages(opened), options)


def render_file(
    song: Path, output: Path, player: Player, progress: Progress | None = None
) -> tuple[dict[str, Any], bool]:
    """Render `song` into `output`; the suffix names the format.

    Returns the side-car's content, and whether it was there already, together with its files, so that there
    was nothing to do. Raises `NeumeError` with one line, and then leaves nothing behind.
    """
    options, manifest = player.options, player.bundle.manifest
    form = audio_format(output, options.bits)
    performance = read_performance(song, manifest.mel.rate_hz)
    if not any(isinstance(event, NoteOn) for event in performance.events):
        raise MidiFileError(f"{song}: no notes in it, so there is nothing to render")
    recipe = _recipe(song, player)
    if not options.overwrite and finished(output, recipe):
        return read_side_car(output) or {}, True
    try:
        span = span_of(performance, options, manifest.mel.rate_hz)
    except UsageError as error:
        raise UsageError(f"{song}: {error}") from None
    arrangement = arrange(performance, options.streams)
    stems = _stem_names(performance, arrangement, manifest) if options.stems else []
    expected = round((span.limit - span.start) * player.rate_hz / manifest.mel.rate_hz)
    began_s = time.perf_counter()
    with RenderOutputs(output, stems, form, player.rate_hz, seed=options.seed, samples=expected) as outputs:
        measured = _render(player, performance, arrangement, span, outputs, progress)
        outputs.finish()
        made = {"song": performance.source, "recipe": recipe, "bits": form.bits, **measured}
        side_car = made | _circumstances(player, outputs, time.perf_counter() - began_s)
        outputs.publish(side_car)
    return side_car, False


def _render(
    player: Player,
    performance: Performance,
    arrangement: Arrangement,
    span: Span,
    outputs: RenderOutputs,
    progress: Progress | None,
) -> dict[str, Any]:
    """Everything from the first event to the last written sample; levels and warnings for the side-car."""
    options, rate_hz = player.options, player.bundle.manifest.mel.rate_hz
    renderer = StreamRenderer(
        player.bundle,
        player.stages,
        arrangement.streams,
        steps=player.steps,
        seed=options.seed,
        workers=os.cpu_count() or 1,
    )
    mixer = Mixer(arrangement.streams, rate_hz, limiting=options.normalise is None)
    mixer.gain_db = options.gain_db
    song = SongRender(renderer, performance, arrangement, span, mixer, stems=options.stems)
    meters = MixMeters(player.rate_hz)
    channels = 2 * len(outputs.files)
    heard = _reported(song, span, rate_hz, progress)
    chunks = meters.watch(resampled(heard, rate_hz, player.rate_hz, channels))
    if options.normalise:
        chunks = normalised(chunks, meters, options, channels, outputs.output)
    with closing(chunks):
        for chunk in chunks:
            outputs.write(chunk)
    cut = [f"{f.target.name}: {f.clipped} values above full scale cut" for f in outputs.files if f.clipped]
    return {
        "loudness_lufs": _rounded(meters.lufs),
        "true_peak_dbtp": _rounded(meters.true_peak_dbtp),
        "normalising_gain_db": _rounded(meters.gain_db),
        "warnings": [*performance.warnings, *song.warnings, *_level_warnings(meters, options), *cut],
    }


def _circumstances(player: Player, outputs: RenderOutputs, render_s: float) -> dict[str, Any]:
    """The finished files, and what made them how fast."""
    duration_s = outputs.files[0].samples / player.rate_hz
    return {
        "files": {str(f.target.relative_to(outputs.output.parent)): f.size for f in outputs.files},
        "rate_hz": player.rate_hz,
        "duration_s": round(duration_s, 6),
        "render_s": round(render_s, 3),
        "times_real_time": round(duration_s / render_s, 2),
        "providers": {stage: getattr(player.stages, stage).get_providers()[0] for stage in STAGES},
        "versions": {"onnxruntime": onnxruntime.__version__, "numpy": np.__version__},
    }


def _reported(song: SongRender, span: Span, rate_hz: int, progress: Progress | None) -> Iterator[Float32]:
    for chunk in song:
        yield chunk
        if progress:
            done = min(song.position, span.end) - span.start
            progress(done / rate_hz, (span.end - span.start) / rate_hz)


def _level_warnings(meters: MixMeters, options: RenderOptions) -> list[str]:
    if meters.true_peak_dbtp is None:
        return ["nothing but silence came out"]
    if options.normalise != "lufs":
        return []
    if meters.lufs is None:
        return ["too short or too quiet to measure its loudness; its peak was normalised instead"]
    if meters.lufs < options.target_lufs - 0.05:
        reached = f"{meters.lufs:.1f} LUFS in place of {options.target_lufs:g}"
        return [f"{reached}: its peaks reach the ceiling of {options.ceiling_dbtp:g} dBTP"]
    return []


def _recipe(song: Path, player: Player) -> dict[str, Any]:
    """Everything that decides the samples, as JSON has it."""
    info = player.bundle.manifest.bundle
    options = asdict(player.options) | {"steps": player.steps, "rate_hz": player.rate_hz}
    del options["overwrite"]
    return {
        "neume": version("neume"),
        "bundle": info.id,
        "bundle_version": info.version,
        "bundle_sha256": player.bundle.digest,
        "midi_sha256": hashlib.sha256(song.read_bytes()).hexdigest(),
        **options,
    }


def _stem_names(performance: Performance, arrangement: Arrangement, manifest: BundleManifest) -> list[str]:
    """Each stream by its channels and the program of its first note."""
    channels, first_programs = Channels(), dict[int, int]()
    for event in performance.events:
        match event:
            case NoteOn():
                stream = arrangement.stream_of[event.channel]
                first_programs.setdefault(stream, channels[event.channel].sounding_program)
            case ProgramChange():
                channels[event.channel].select_program(event.program)
            case ControlChange(controller=0):
                channels[event.channel].bank_msb = event.value
    return [
        stem_name(arrangement.channels_of(stream), manifest.programs[first_programs[stream]].name)
        for stream in range(arrangement.streams)
    ]


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 2)
