"""Stage 2: mel frames and excitation to audio; a causal network that filters the excitation.

The harmonic and the noise excitation are cut into half-overlapping windows of two hops. For each window
the network sets a log gain a frequency bin and excitation; the gains become minimum-phase filters, so that
the filtered windows, overlapped and added, sound before their note's onset sample only by what wraps around
the transform (0.2 % of the peak at most where it was measured). A first guess of the gains, the mel target
over the excitation's own level, is built in; the network corrects it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from neume.synth.mel import MelSpec, hz_to_mel, mel_to_hz

from .fourier import RealFourier
from .layers import CausalBlock, States, in_whole_vectors

LOG_MEL_CENTRE: Final = -6.0
LOG_MEL_SCALE: Final = 2.5
POWER_FLOOR: Final = 1e-9
GAIN_RANGE: Final = (-11.0, 5.0)  # natural log
PADDING: Final = 2  # the transform is this many windows long: room for the filters to ring out
NOISE_OFFSET: Final = -2.3  # natural log: the noise starts 20 dB below the tone


@dataclass(frozen=True)
class InverterConfig:
    width: int = 256
    hidden: int = 512
    layers: int = 6
    kernel: int = 5
    bands: int = 64  # coarse bands in which the excitation is described and the first guess is made
    harmonic: bool = True  # False: noise excitation alone, the control of the experiment


class Inverter(nn.Module):
    """`(streams, frames, ...)` in, one hop a frame out; hop `i - 1` leaves at frame `i` (look-ahead of 1)."""

    lookahead_hops = 1

    def __init__(self, config: InverterConfig, spec: MelSpec) -> None:
        super().__init__()
        self.config, self.spec = config, spec
        hop, knots = spec.hop_samples, spec.hop_samples + 1
        bins = PADDING * hop + 1
        self.fourier = RealFourier(2 * hop, PADDING * 2 * hop)
        centres = _band_centres(config.bands, bins, spec)
        bands = _interpolation(centres, bins).T
        self.register_buffer("bands", _tensor(bands / bands.sum(0, keepdims=True)), persistent=False)
        self.register_buffer("mel_to_band", _tensor(_mel_to_bands(centres, spec)), persistent=False)
        spread = np.concatenate(
            [_interpolation(centres, bins), _interpolation(np.arange(knots) * PADDING, bins)]
        )
        phase = _minimum_phase(bins)
        self.register_buffer("to_gain", _tensor(spread), persistent=False)
        self.register_buffer("to_phase", _tensor(spread @ phase), persistent=False)
        self.register_buffer("offsets", torch.tensor([[0.0], [NOISE_OFFSET]]), persistent=False)
        self.enter = nn.Linear(spec.mels + 3 * config.bands, config.width)
        self.blocks = nn.ModuleList(
            CausalBlock(config.width, config.kernel, config.hidden) for _ in range(config.layers)
        )
        self.norm = nn.LayerNorm(config.width)
        self.leave = nn.Linear(config.width, 2 * knots)
        nn.init.zeros_(self.leave.weight)
        nn.init.zeros_(self.leave.bias)

    def state_shapes(self) -> dict[str, tuple[int, ...]]:
        """Shape of each state without the streams axis, in the order that `forward` takes them."""
        hop, config = self.spec.hop_samples, self.config
        tail = sum(range(2 * PADDING)) * hop
        shapes: dict[str, tuple[int, ...]] = {"previous_hop": (hop, 2), "tail": (tail,)}
        for index, block in enumerate(self.blocks):
            shapes[f"history_{index}"] = (block.mix.history, config.width)
        return shapes

    def initial_states(self, streams: int) -> list[Tensor]:
        return [torch.zeros(streams, *shape) for shape in self.state_shapes().values()]

    def forward(self, mel: Tensor, excitation: Tensor, states: States) -> tuple[Tensor, list[Tensor]]:
        """mel `(s, f, mels)`, excitation `(s, f, hop, 2)` → audio `(s, f, hop)` and the next states."""
        previous_hop, tail, *histories = states
        hops = torch.cat([previous_hop[:, None], excitation], dim=1)
        windows = torch.cat([hops[:, :-1], hops[:, 1:]], dim=2).movedim(3, 2)
        spectra = self.fourier(windows)  # (s, f, tone and noise, 2 bins)
        levels, target = self._band_level(spectra), mel @ self.mel_to_band
        told = [
            (mel - LOG_MEL_CENTRE) / LOG_MEL_SCALE,
            (levels.flatten(2) + 5.0) / 2.5,
            (target - torch.maximum(levels[:, :, 0], levels[:, :, 1])).clamp(-8.0, 8.0) / 2.5,
        ]
        x = self.enter(torch.cat(told, dim=-1))
        following = []
        for block, past in zip(self.blocks, histories, strict=True):
            x, kept = block(x, past)
            following.append(kept)
        fix = self.leave(self.norm(x)).unflatten(-1, (2, -1))
        shaped = self._filter(spectra, target[:, :, None] - levels + self.offsets, fix)
        heard = shaped[:, :, 0] + shaped[:, :, 1] if self.config.harmonic else shaped[:, :, 1]
        audio, tail = self._overlap(self.fourier.inverse(heard), tail)
        return audio, [hops[:, -1], tail, *following]

    def _overlap(self, pieces: Tensor, tail: Tensor) -> tuple[Tensor, Tensor]:
        """Add up pieces `(s, f, 2 * PADDING * hop)` that begin a hop apart: audio `(s, f, hop)`, next tail.

        The tail holds, for every span of a piece after its first hop, that span of the last pieces whose turn
        has not come: 1 of the second hop, 2 of the third, and so on. Sums run in one order, whatever `f` is.
        """
        hop, frames = self.spec.hop_samples, pieces.shape[1]
        waiting = tail.unflatten(1, (-1, hop)).split(list(range(1, 2 * PADDING)), dim=1)
        audio, kept = pieces[..., :hop], []
        for span, past in enumerate(waiting, start=1):
            longer = torch.cat([past, pieces[..., span * hop : (span + 1) * hop]], dim=1)
            audio = audio + longer[:, :frames]
            kept.append(longer[:, frames:])
        return audio, torch.cat(kept, dim=1).flatten(1)

    def _band_level(self, spectrum: Tensor) -> Tensor:
        """Natural-log magnitude in coarse bands; real and imaginary parts come side by side."""
        real, imaginary = spectrum.chunk(2, dim=-1)
        power = (real * real + imaginary * imaginary) @ self.bands
        return 0.5 * (torch.log(power * (1.0 / POWER_FLOOR) + 1.0) + math.log(POWER_FLOOR))

    def _filter(self, spectrum: Tensor, guess: Tensor, fix: Tensor) -> Tensor:
        """Apply the minimum-phase filter whose log gain is the guess in bands plus the fix at the knots."""
        gains = torch.cat([guess.clamp(-5.0, 5.0), fix.clamp(-6.0, 5.0)], dim=-1)
        gain = torch.exp((gains @ self.to_gain).clamp(*GAIN_RANGE))
        phase = gains @ self.to_phase
        across = gain * in_whole_vectors(torch.cos, phase)
        along = gain * in_whole_vectors(torch.sin, phase)
        real, imaginary = spectrum.chunk(2, dim=-1)
        return torch.cat([real * across - imaginary * along, real * along + imaginary * across], dim=-1)


def _tensor(array: NDArray[np.float64]) -> Tensor:
    return torch.from_numpy(np.ascontiguousarray(array, np.float32))


def _minimum_phase(bins: int) -> NDArray[np.float64]:
    """Log gain to the phase of the minimum-phase filter with that gain, `(bins, bins)` (folded cepstrum)."""
    size = 2 * (bins - 1)
    fold = np.zeros(size)
    fold[0] = fold[size // 2] = 1.0
    fold[1 : size // 2] = 2.0
    return np.asarray(np.fft.rfft(np.fft.irfft(np.eye(bins), size, axis=1) * fold, axis=1).imag)


def _band_centres(bands: int, bins: int, spec: MelSpec) -> NDArray[np.float64]:
    """Centres of the coarse bands in bins: mel-spaced, but never closer than a window's resolution."""
    bin_hz = spec.rate_hz / 2 / (bins - 1)
    wanted = mel_to_hz(np.linspace(hz_to_mel(0.0), hz_to_mel(spec.rate_hz / 2), bands)) / bin_hz
    centres = np.zeros(bands)
    for index in range(1, bands):
        centres[index] = max(wanted[index], centres[index - 1] + PADDING)
    return np.asarray(centres * (bins - 1) / centres[-1])


def _interpolation(knots: NDArray[np.float64] | NDArray[np.int64], bins: int) -> NDArray[np.float64]:
    """Linear interpolation from knots, given in bins, to every bin: `(knots, bins)`."""
    return np.stack([np.interp(np.arange(bins), knots, row) for row in np.eye(len(knots))])


def _mel_to_bands(centres: NDArray[np.float64], spec: MelSpec) -> NDArray[np.float64]:
    """Interpolate log-mel values at the coarse bands' centres, `(mels, bands)`."""
    bin_hz = spec.rate_hz / 2 / (PADDING * spec.hop_samples)
    positions = hz_to_mel(centres * bin_hz)
    return np.stack([np.interp(positions, hz_to_mel(spec.centres_hz), row) for row in np.eye(spec.mels)])
