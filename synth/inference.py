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
BatchState = Mapping[str, Mapping[str, Float32]]  # model instance → state name → (streams, ...)


class Inference:
    """Owns the states of all streams. Each step of the sampler is an instance of the denoiser of its own.

    `lap` is told the name of each model when it is through.
    """

    def __init__(self, manifest: BundleManifest, stages: Stages, streams: int, steps: int) -> None:
        self.lap: Lap = no_lap
        self._stages = stages
        self._schedule = cosine_schedule(steps)
        self._log_floor = np.float32(manifest.mel.log_floor)
        instances = {"spectrogram": "spectrogram", "inverter": "inverter"}
        instances |= {f"denoiser {step}": "denoiser" for step in range(steps)}
        self._states: dict[str, dict[str, Float32]] = {
            instance: {
                state.name: np.zeros((streams, *state.shape), np.float32)
                for state in manifest.stages[stage].states
            }
            for instance, stage in instances.items()
        }

    def reset(self) -> None:
        for states in self._states.values():
            for array in states.values():
                array[:] = 0.0

    def forget(self, streams: Sequence[int]) -> None:
        """Set the states of some streams back to silence."""
        if streams:
            for states in self._states.values():
                for array in states.values():
                    array[streams] = 0.0

    def state(self) -> BatchState:
        return {key: {name: a.copy() for name, a in states.items()} for key, states in self._states.items()}

    def restore(self, state: BatchState) -> None:
        for key, states in self._states.items():
            for name, array in states.items():
                array[:] = state[key][name]

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
        states = self._states[instance]
        session = getattr(self._stages, instance.partition(" ")[0])
        feeds = {**inputs, **{name: array[streams] for name, array in states.items()}}
        results: list[Float32] = session.run([*outputs, *(f"next_{name}" for name in states)], feeds)
        for array, following in zip(states.values(), results[len(outputs) :], strict=True):
            array[streams] = following
        return results[: len(outputs)]
