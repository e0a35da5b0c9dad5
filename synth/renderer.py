"""The streaming renderer: events in, audio blocks out; the same for live playing and for files.

The middle of the chain. Each stream (one row of the models' batch) owns a note table; a block runs its events
through conditioning and excitation hop by hop, then through the three models. A stream falls asleep a few
hops after its last note has faded, and wakes with fresh states: silence costs nothing and is truly silent.

Not thread-safe: one thread calls. Whatever the length of a block and the number of blocks in a call, the
samples are the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import groupby
from typing import Final

import numpy as np
from numpy.typing import NDArray

from .block_timer import Lap
from .bundle import Bundle
from .conditioning import FEATURES
from .errors import UsageError
from .events import MidiEvent, NoteOn
from .hops import play_hops
from .inference import BatchState, Inference
from .noise import diffusion_noise, white_noise
from .notes import NoteTable, NoteTableState
from .shedding import Load
from .stages import Stages
from .voices import VoiceTable

Float32 = NDArray[np.float32]
StreamEvent = tuple[int, MidiEvent]  # the stream it is for, and what happened
PROGRAM_COLUMN: Final = FEATURES.index("program")
RING_OUT_HOPS: Final = 4  # after the last note, while the inverter's last windows ring out
ASLEEP: Final = RING_OUT_HOPS + 1  # quiet hops in a row, this one included, from which on a stream sleeps


@dataclass(frozen=True, slots=True)
class RendererState:
    """Everything that decides the next samples; restoring it continues sample for sample."""

    frame: int
    notes: tuple[NoteTableState, ...]
    quiet_hops: tuple[int, ...]
    models: BatchState


@dataclass(slots=True)
class _Prepared:
    """The streams' inputs of some hops: conditioning `(s, f, slots, features)`, excitation `(s, f, hop, 2)`,
    noise `(s, f, mels)`; and of each stream, in which of the hops it is awake, and how many slots it uses."""

    conditioning: Float32
    excitation: Float32
    noise: Float32
    awake: list[list[bool]]
    slots: list[int]

    def stretches(self, stream: int) -> Iterator[tuple[slice, bool]]:
        """Hops in a row in which the stream is awake, or in which it is asleep."""
        first = 0
        for awake, group in groupby(self.awake[stream]):
            after = first + len(list(group))
            yield slice(first, after), awake
            first = after


class StreamRenderer:
    """Renders `streams` parts of one bundle, a block at a time or many blocks at once."""

    def __init__(
        self,
        bundle: Bundle,
        stages: Stages,
        streams: int,
        *,
        steps: int | None = None,
        seed: int = 0,
        workers: int = 1,
        block_hops: int | None = None,
    ) -> None:
        """`workers`: threads that `render_blocks` spreads the streams over when it renders many blocks.

        `block_hops`: hops of a block; the bundle's own number if None. Fewer wait less and cost more.
        """
        manifest = bundle.manifest
        self._manifest, self.contract, self.spec = manifest, manifest.engine, manifest.mel
        self.steps = self.checked_steps(manifest.sampling.steps_default if steps is None else steps)
        self.seed = seed
        self._workers = workers
        self.steps_allowed = manifest.sampling.steps_allowed
        self.block_hops = block_hops or self.contract.block_hops
        self.block_samples = self.block_hops * self.spec.hop_samples
        self.lookahead_samples = self.contract.lookahead_hops * self.spec.hop_samples
        self.rate_hz = self.spec.rate_hz
        voices = manifest.voice_table()
        self.notes = tuple(NoteTable(self.contract.note_slots, voices, self.rate_hz) for _ in range(streams))
        self._programs = np.array([manifest.resolve(p.number) for p in manifest.programs], np.float32)
        self._replaces = not np.array_equal(self._programs, np.arange(len(self._programs)))  # any program
        self._inference = Inference(manifest, stages, streams, self.steps)
        self._warm_up(voices)
        self.reset()

    def reset(self) -> None:
        """Back to sample 0, nothing sounding, all controllers at their defaults."""
        self.frame = 0
        for table in self.notes:
            table.reset()
        self._quiet_hops = [ASLEEP] * len(self.notes)
        self._inference.reset()
        self.mel: Float32 = np.full((len(self.notes), 0, self.spec.mels), self.spec.log_floor, np.float32)

    def state(self) -> RendererState:
        return RendererState(
            self.frame,
            tuple(table.state() for table in self.notes),
            tuple(self._quiet_hops),
            self._inference.state(),
        )

    def restore(self, state: RendererState) -> None:
        self.frame = state.frame
        for table, saved in zip(self.notes, state.notes, strict=True):
            table.restore(saved)
        self._quiet_hops = list(state.quiet_hops)
        self._inference.restore(state.models)

    def set_steps(self, steps: int) -> None:
        """From the next block on sample with so many steps. Raises UsageError for a number not allowed."""
        self.steps = self.checked_steps(steps)
        self._inference.set_steps(steps)

    def set_load(self, load: Load) -> None:
        """Render with less, or with more again: `load.steps`, and no more released notes than it says."""
        if load.steps != self.steps:
            self.set_steps(load.steps)
        for table in self.notes:
            table.hurry_releases(load.releases)

    def checked_steps(self, steps: int) -> int:
        """`steps`. Raises UsageError for a number that the bundle does not allow."""
        if steps not in self._manifest.sampling.steps_allowed:
            allowed = ", ".join(map(str, self._manifest.sampling.steps_allowed))
            raise UsageError(f"steps = {steps}: bundle {self._manifest.bundle.id} allows {allowed}")
        return steps

    def time_with(self, lap: Lap) -> None:
        """From now on tell `lap` the name of each stage that a block has passed: prepare, then the models."""
        self._inference.lap = lap

    @property
    def silent(self) -> bool:
        """Whether every stream is asleep: nothing sounds and nothing is left in the models."""
        return min(self._quiet_hops, default=ASLEEP) >= ASLEEP

    def render_block(self, events: Sequence[StreamEvent] = ()) -> Float32:
        """The next block, `(streams, block_samples)`, late by `lookahead_samples`.

        `events` are in order of their frames, none past the block's end; one from before its start (it came
        late) takes effect at the start.
        """
        return self.render_blocks(events, 1)

    def render_blocks(self, events: Sequence[StreamEvent], blocks: int) -> Float32:
        """The next `blocks` blocks in one call, `(streams, blocks * block_samples)`; the samples of as many
        calls of `render_block`, with the models working in parallel over time."""
        hop = self.spec.hop_samples
        frames = blocks * self.block_hops
        audio = np.zeros((len(self.notes), frames, hop), np.float32)
        self.mel = np.full((len(self.notes), frames, self.spec.mels), self.spec.log_floor, np.float32)
        prepared = self._prepare(events, frames)
        self._inference.lap("prepare")
        if blocks == 1:
            self._run_together(prepared, audio)
        else:
            with ThreadPoolExecutor(self._workers) as pool:
                jobs = [pool.submit(self._run, [s], prepared, audio) for s in range(len(self.notes))]
            for job in jobs:
                job.result()
        self.frame += blocks * self.block_samples
        return audio.reshape(len(self.notes), -1)

    def _prepare(self, events: Sequence[StreamEvent], frames: int) -> _Prepared:
        """Run the events through the note tables of the streams."""
        hop, streams = self.spec.hop_samples, len(self.notes)
        inputs = _Prepared(
            conditioning=np.zeros((streams, frames, self.contract.note_slots, len(FEATURES)), np.float32),
            excitation=np.zeros((streams, frames, hop, 2), np.float32),
            noise=np.zeros((streams, frames if self.steps else 0, self.spec.mels), np.float32),
            awake=[],
            slots=[0] * streams,
        )
        queues: list[list[MidiEvent]] = [[] for _ in range(streams)]
        for stream, event in events:
            queues[stream].append(event)
        sounding = np.zeros((streams, frames), np.bool_)
        for stream, (table, queue) in enumerate(zip(self.notes, queues, strict=True)):
            if queue or self._quiet_hops[stream] < ASLEEP:
                inputs.slots[stream] = play_hops(
                    table,
                    queue,
                    self.frame,
                    inputs.conditioning[stream],
                    inputs.excitation[stream],
                    sounding[stream],
                )
            heard = sounding[stream].tolist()
            inputs.awake.append(self._awake(stream, heard))
            self._add_noise(stream, heard, inputs)
        if self._replaces:
            program = inputs.conditioning[..., PROGRAM_COLUMN]
            program[:] = self._programs[program.astype(np.int64)]
        return inputs

    def _warm_up(self, voices: VoiceTable) -> None:
        """Have tables and machine code made now: a first key must not wait for them."""
        conditioning = np.zeros((1, self.contract.note_slots, len(FEATURES)), np.float32)
        excitation = np.zeros((1, self.spec.hop_samples, 2), np.float32)
        table = NoteTable(self.contract.note_slots, voices, self.rate_hz)
        table.levels_db(0)  # a full table asks for them
        play_hops(table, [NoteOn(0, 0, 60, 1)], 0, conditioning, excitation, np.zeros(1, np.bool_))

    def _awake(self, stream: int, sounding: Sequence[bool]) -> list[bool]:
        """In which of the hops a stream is awake that sounds in these."""
        quiet, awake = self._quiet_hops[stream], []
        for sounds in sounding:
            quiet = 0 if sounds else min(quiet + 1, ASLEEP)
            awake.append(quiet < ASLEEP)
        self._quiet_hops[stream] = quiet
        return awake

    def _add_noise(self, stream: int, sounding: Sequence[bool], inputs: _Prepared) -> None:
        """The noise of every hop in which it is heard. It is drawn for the bundle's own blocks, whatever the
        blocks are that are rendered."""
        per_draw, first = self.contract.block_hops, self.frame // self.spec.hop_samples
        for draw in range(first // per_draw, (first + len(sounding) - 1) // per_draw + 1):
            begin, end = max(draw * per_draw, first), min((draw + 1) * per_draw, first + len(sounding))
            there, drawn = slice(begin - first, end - first), slice(begin % per_draw, end - draw * per_draw)
            if any(sounding[there]):
                noise = white_noise(self.seed, stream, draw, per_draw * self.spec.hop_samples)
                inputs.excitation[stream, there, :, 1] *= noise.reshape(per_draw, -1)[drawn]
            if self.steps and any(inputs.awake[stream][there]):
                noise = diffusion_noise(self.seed, stream, draw, per_draw * self.spec.mels)
                inputs.noise[stream, there] = noise.reshape(per_draw, -1)[drawn]

    def _bucket(self, slots: int) -> int:
        return next(bucket for bucket in self.contract.slot_buckets if bucket >= slots)

    def _run_together(self, prepared: _Prepared, audio: Float32) -> None:
        """One block: the streams that are awake in the same hops in one batch."""
        alike: dict[tuple[bool, ...], list[int]] = {}
        for stream, awake in enumerate(prepared.awake):
            alike.setdefault(tuple(awake), []).append(stream)
        for streams in alike.values():
            self._run(streams, prepared, audio)

    def _run(self, streams: Sequence[int], prepared: _Prepared, audio: Float32) -> None:
        """All hops of streams that are awake in the same ones, each stretch of hops in one call."""
        bucket = self._bucket(max(prepared.slots[stream] for stream in streams))
        rows = slice(None) if len(streams) == len(self.notes) else streams
        for part, awake in prepared.stretches(streams[0]):
            if not awake:
                self._inference.forget(streams)
                continue
            audio[rows, part], self.mel[rows, part] = self._inference.run(
                streams,
                prepared.conditioning[rows, part, :bucket],
                prepared.excitation[rows, part],
                prepared.noise[rows, part],
            )
