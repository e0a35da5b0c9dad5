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
        self._schedule = cosine_schedule(steps)
        self._log_floor = np.float32(manifest.mel.log_floor)
        instances = {"spectrogram": "spectrogram", "inverter": "inverter"}
        instances |= {f"denoiser {step}": "denoiser" for step in range(steps)}
        self._models = {
            instance: (getattr(stages, stage), [state.name for state in manifest.stages[stage].states])
            for instance, stage in instances.items()
        }
        self._silence: StreamState = {
            instance: [np.zeros((1, *state.shape), np.float32) for state in manifest.stages[stage].states]
            for instance, stage in instances.items()
        }
        self._states = [dict(self._silence) for _ in range(streams)]

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
        self._states = [dict(states) for states in state]

    def run(
        self, streams: Sequence[int], conditioning: Float32, excitation: Float32, noise: Float32
    ) -> tuple[Float32, Float32]:
        """Advance some streams by some frames.

        conditioning `(s, f, slots, features)`, excitation `(s, f, hop, 2)`, noise `(s, f, mels)` → audio
        `(s, f, hop)` and log-mel frames `(s, f, mels)`.
        """
        mean, spread, context = self._call(
            "spectrogram",
            streams,
            {"conditioning": conditioning},
            ("mean", "spread", "context"),
        )
        self.lap("spectrogram")
        mel = mean
        if self._schedule:
            mel = mean + spread * self._sample(streams, noise, context)
        mel = np.maximum(mel, self._log_floor)
        self.lap("denoiser")
        (audio,) = self._call("inverter", streams, {"mel": mel, "excitation": excitation}, ("audio",))
        self.lap("inverter")
        return audio, mel

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
        self, instance: str, streams: Sequence[int], inputs: Mapping[str, Float32], outputs: Sequence[str]
    ) -> list[Float32]:
        session, names = self._models[instance]
        columns = zip(*(self._states[stream][instance] for stream in streams), strict=True)
        before = [column[0] if len(streams) == 1 else np.concatenate(column) for column in columns]
        wanted = [*outputs, *(f"next_{name}" for name in names)]
        results: list[Float32] = session.run(wanted, {**inputs, **dict(zip(names, before, strict=True))})
        for row, stream in enumerate(streams):
            self._states[stream][instance] = [after[row : row + 1] for after in results[len(outputs) :]]
        return results[: len(outputs)]
