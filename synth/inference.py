"""The three models in a row, with the states that they carry from call to call, for any subset of streams."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from .block_timer import Lap, no_lap
from .manifest import BundleManifest
from .sampler import cosine_schedule
from .stages import Stages

Float32 = NDArray[np.float32]
StreamState = Mapping[str, Sequence[Float32]]  # model instance → its states, (1, ...) each
BatchState = Sequence[StreamState]  # one for each stream


class Inference:
    """Owns the states of all streams. Each step of the sampler is an instance of the denoiser of its own.

    `lap` is told the name of each model when it is through.
    """

    def __init__(self, manifest: BundleManifest, stages: Stages, streams: int, steps: int) -> None:
        self.lap: Lap = no_lap
        self._log_floor = np.float32(manifest.mel.log_floor)
        self._manifest, self._stages = manifest, stages
        self._states: list[dict[str, Sequence[Float32]]] = [{} for _ in range(streams)]
        self.set_steps(steps)

    def set_steps(self, steps: int) -> None:
        """From now on sample with so many steps; instances that were not in use begin with silence."""
        self._schedule = cosine_schedule(steps)
        self._texture = np.float32(self._manifest.sampling.texture_with(steps))
        instances = {"spectrogram": "spectrogram", "inverter": "inverter"}
        instances |= {f"denoiser {step}": "denoiser" for step in range(steps)}
        contracts = self._manifest.stages
        self._models = {
            instance: (getattr(self._stages, stage), [state.name for state in contracts[stage].states])
            for instance, stage in instances.items()
        }
        self._silence: StreamState = {
            instance: [np.zeros((1, *state.shape), np.float32) for state in contracts[stage].states]
            for instance, stage in instances.items()
        }
        self._states = [
            {instance: known.get(instance, silence) for instance, silence in self._silence.items()}
            for known in self._states
        ]

    def reset(self) -> None:
        self.forget(range(len(self._states)))

    def forget(self, streams: Sequence[int]) -> None:
        """Set the states of some streams back to silence."""
        for stream in streams:
            self._states[stream] = dict(self._silence)

    def state(self) -> BatchState:
        """States are replaced, never written to, so that handing them out needs no copy."""
        return [dict(states) for states in self._states]

    def restore(self, state: BatchState) -> None:
        self._states = [{**self._silence, **states} for states in state]

    def run(
        self, streams: Sequence[int], conditioning: Float32, excitation: Float32, noise: Float32
    ) -> tuple[Float32, Float32]:
        """Advance some streams by some frames.

        conditioning `(s, f, slots, features)`, excitation `(s, f, hop, 2)`, noise `(s, f, mels)` → audio
        `(s, f, hop)` and log-mel frames `(s, f, mels)`.
        """
        mean, spread, context = self._mean(streams, conditioning)
        self.lap("spectrogram")
        mel = mean
        if self._schedule:
            mel = mean + self._texture * spread * self._sample(streams, noise, context)
        mel = np.maximum(mel, self._log_floor)
        self.lap("denoiser")
        (audio,) = self._call("inverter", streams, {"mel": mel, "excitation": excitation}, ("audio",))
        self.lap("inverter")
        return audio, mel

    def _mean(self, streams: Sequence[int], conditioning: Float32) -> Sequence[Float32]:
        """Mean, spread and context. A lone frame gets company, an idle row: ONNX Runtime multiplies a matrix
        of one row by another routine than all others, whose sums round differently."""
        outputs, lone = ("mean", "spread", "context"), conditioning.shape[:2] == (1, 1)
        if not lone:
            return self._call("spectrogram", streams, {"conditioning": conditioning}, outputs)
        company = np.concatenate([conditioning, np.zeros_like(conditioning)])
        results = self._call("spectrogram", streams, {"conditioning": company}, outputs, idle_rows=1)
        return [result[:1] for result in results]

    def _sample(self, streams: Sequence[int], noise: Float32, context: Float32) -> Float32:
        """The standardised residual, from noise in as many steps as the schedule has."""
        noisy = noise
        for index, step in enumerate(self._schedule):
            (estimate,) = self._call(
                f"denoiser {index}",
                streams,
                {"noisy": noisy, "noise_level": np.array([step.noise_level], np.float32), "context": context},
                ("estimate",),
            )
            noisy = step.advance(noisy, estimate)
        return noisy

    def _call(
        self,
        instance: str,
        streams: Sequence[int],
        inputs: Mapping[str, Float32],
        outputs: Sequence[str],
        idle_rows: int = 0,
    ) -> list[Float32]:
        session, names = self._models[instance]
        rows = [self._states[stream][instance] for stream in streams] + [self._silence[instance]] * idle_rows
        before = [
            column[0] if len(rows) == 1 else np.concatenate(column) for column in zip(*rows, strict=True)
        ]
        wanted = [*outputs, *(f"next_{name}" for name in names)]
        results: list[Float32] = session.run(wanted, {**inputs, **dict(zip(names, before, strict=True))})
        for row, stream in enumerate(streams):
            self._states[stream][instance] = [after[row : row + 1] for after in results[len(outputs) :]]
        return results[: len(outputs)]
