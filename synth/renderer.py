"""The streaming renderer: events in, audio blocks out; the same for live playing and for files.

The middle of the chain. Each stream (one row of the models' batch) owns a note table; a block runs its events
through conditioning and excitation hop by hop, then through the three models. A stream falls asleep a few
hops after its last note has faded, and wakes with fresh states: silence costs nothing and is truly silent.

Not thread-safe: one thread calls. Whatever the number of blocks in a call, the samples are the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from .block_timer import Lap
from .bundle import Bundle
from .conditioning import FEATURES, write_conditioning
from .errors import UsageError
from .events import MidiEvent
from .excitation import write_excitation
from .inference import BatchState, Inference
from .noise import diffusion_noise, white_noise
from .notes import NoteTable, NoteTableState
from .stages import Stages
from .stretch import stretches

Float32 = NDArray[np.float32]
StreamEvent = tuple[int, MidiEvent]  # the stream it is for, and what happened
PROGRAM_COLUMN: Final = FEATURES.index("program")
RING_OUT_HOPS: Final = 4  # after the last note, while the inverter's last windows ring out


@dataclass(frozen=True, slots=True)
class RendererState:
    """Everything that decides the next samples; restoring it continues sample for sample."""

    frame: int
    notes: tuple[NoteTableState, ...]
    quiet_blocks: tuple[int, ...]
    models: BatchState


@dataclass(slots=True)
class _Prepared:
    """A stream's inputs of some blocks: conditioning `(f, slots, features)`, excitation `(f, hop, 2)`, noise
    `(f, mels)`, and which of the blocks it is awake in."""

    conditioning: Float32
    excitation: Float32
    noise: Float32
    awake: list[bool]
    slots: int


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
    ) -> None:
        """`workers`: threads that `render_blocks` spreads the streams over when it renders many blocks."""
        manifest = bundle.manifest
        sampling, self.contract, self.spec = manifest.sampling, manifest.engine, manifest.mel
        self.steps = sampling.steps_default if steps is None else steps
        if self.steps not in sampling.steps_allowed:
            allowed = ", ".join(map(str, sampling.steps_allowed))
            raise UsageError(f"steps = {self.steps}: bundle {manifest.bundle.id} allows {allowed}")
        self.seed = seed
        self._workers = workers
        self.block_samples = self.contract.block_hops * self.spec.hop_samples
        self.lookahead_samples = self.contract.lookahead_hops * self.spec.hop_samples
        self.rate_hz = self.spec.rate_hz
        self._asleep = 1 + -(-RING_OUT_HOPS // self.contract.block_hops)  # blocks without a note
        voices = manifest.voice_table()
        self.notes = tuple(NoteTable(self.contract.note_slots, voices, self.rate_hz) for _ in range(streams))
        self._programs = np.array([manifest.resolve(p.number) for p in manifest.programs], np.float32)
        self._inference = Inference(manifest, stages, streams, self.steps)
        self.reset()

    def reset(self) -> None:
        """Back to sample 0, nothing sounding, all controllers at their defaults."""
        self.frame = 0
        for table in self.notes:
            table.reset()
        self._quiet_blocks = [self._asleep + 1] * len(self.notes)
        self._inference.reset()
        self.mel: Float32 = np.full((len(self.notes), 0, self.spec.mels), self.spec.log_floor, np.float32)

    def state(self) -> RendererState:
        return RendererState(
            self.frame,
            tuple(table.state() for table in self.notes),
            tuple(self._quiet_blocks),
            self._inference.state(),
        )

    def restore(self, state: RendererState) -> None:
        self.frame = state.frame
        for table, saved in zip(self.notes, state.notes, strict=True):
            table.restore(saved)
        self._quiet_blocks = list(state.quiet_blocks)
        self._inference.restore(state.models)

    def time_with(self, lap: Lap) -> None:
        """From now on tell `lap` the name of each stage that a block has passed: prepare, then the models."""
        self._inference.lap = lap

    @property
    def silent(self) -> bool:
        """Whether every stream is asleep: nothing sounds and nothing is left in the models."""
        return min(self._quiet_blocks, default=self._asleep) >= self._asleep

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
        frames = blocks * self.contract.block_hops
        audio = np.zeros((len(self.notes), frames, hop), np.float32)
        self.mel = np.full((len(self.notes), frames, self.spec.mels), self.spec.log_floor, np.float32)
        prepared = [
            self._prepare(stream, [e for s, e in events if s == stream], blocks)
            for stream in range(len(self.notes))
        ]
        self._inference.lap("prepare")
        if blocks == 1:
            self._run_together([s for s, p in enumerate(prepared) if p.awake[0]], prepared, audio)
        else:
            with ThreadPoolExecutor(self._workers) as pool:
                jobs = [pool.submit(self._run_alone, s, inputs, audio) for s, inputs in enumerate(prepared)]
            for job in jobs:
                job.result()
        self.frame += blocks * self.block_samples
        return audio.reshape(len(self.notes), -1)

    def _prepare(self, stream: int, events: Sequence[MidiEvent], blocks: int) -> _Prepared:
        """Run a stream's events through its note table, stretch by stretch."""
        hop, per_block, notes = self.spec.hop_samples, self.contract.block_hops, self.notes[stream]
        frames = blocks * per_block
        slots = self.contract.note_slots
        inputs = _Prepared(
            conditioning=np.zeros((frames, slots, len(FEATURES)), np.float32),
            excitation=np.zeros((frames, hop, 2), np.float32),
            noise=np.zeros((frames if self.steps else 0, self.spec.mels), np.float32),
            awake=[],
            slots=0,
        )
        sounded = np.zeros(frames, np.bool_)
        for first, stretch in stretches(notes, events, self.frame, hop, frames):
            part = slice(first, first + stretch.hops)
            sounded[part] = True
            inputs.slots = max(inputs.slots, int(stretch.index[-1]) + 1)
            write_conditioning(stretch, inputs.conditioning[part])
            write_excitation(stretch, inputs.excitation[part])
        for block, sounding in enumerate(sounded.reshape(blocks, per_block).any(axis=1)):
            quiet = 0 if sounding else self._quiet_blocks[stream] + 1
            self._quiet_blocks[stream] = min(quiet, self._asleep + 1)
            inputs.awake.append(self._quiet_blocks[stream] < self._asleep)
            part = slice(block * per_block, (block + 1) * per_block)
            position = self.frame // self.block_samples + block
            if sounding:
                noise = white_noise(self.seed, stream, position, self.block_samples)
                inputs.excitation[part, :, 1] *= noise.reshape(per_block, hop)
            if self.steps and inputs.awake[-1]:
                noise = diffusion_noise(self.seed, stream, position, per_block * self.spec.mels)
                inputs.noise[part] = noise.reshape(per_block, -1)
        program = inputs.conditioning[..., PROGRAM_COLUMN]
        inputs.conditioning[..., PROGRAM_COLUMN] = self._programs[program.astype(np.int64)]
        return inputs

    def _bucket(self, slots: int) -> int:
        return next(bucket for bucket in self.contract.slot_buckets if bucket >= slots)

    def _run_together(self, streams: list[int], prepared: list[_Prepared], audio: Float32) -> None:
        """One block of all awake streams, in one batch."""
        self._inference.forget([s for s, quiet in enumerate(self._quiet_blocks) if quiet == self._asleep])
        if not streams:
            return
        bucket = self._bucket(max(prepared[s].slots for s in streams))
        audio[streams], self.mel[streams] = self._inference.run(
            streams,
            np.stack([prepared[s].conditioning[:, :bucket] for s in streams]),
            np.stack([prepared[s].excitation for s in streams]),
            np.stack([prepared[s].noise for s in streams]),
        )

    def _run_alone(self, stream: int, inputs: _Prepared, audio: Float32) -> None:
        """All blocks of one stream, each stretch that it is awake in one call."""
        bucket, per_block = self._bucket(inputs.slots), self.contract.block_hops
        begin = 0
        while begin < len(inputs.awake):
            end = begin + 1
            while end < len(inputs.awake) and inputs.awake[end] == inputs.awake[begin]:
                end += 1
            if inputs.awake[begin]:
                part = slice(begin * per_block, end * per_block)
                made, mel = self._inference.run(
                    [stream],
                    inputs.conditioning[None, part, :bucket],
                    inputs.excitation[None, part],
                    inputs.noise[None, part],
                )
                audio[stream, part], self.mel[stream, part] = made[0], mel[0]
            else:
                self._inference.forget([stream])
            begin = end
