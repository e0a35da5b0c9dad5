"""Stage 1: note tokens to mel frames, an encoder-decoder whose output a small DDPM textures.

The encoder gives every note its own log-mel frame; their powers add up, as sounds do. The decoder, a
transformer causal in time that cross-attends to the notes, corrects that sum and says how far the truth may
lie from it. The denoiser models the rest, standardised, jointly and causally in time.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from neume.synth.mel import MelSpec
from neume.synth.voices import DRUM_PROGRAM

from .layers import CausalBlock, States, in_whole_vectors, windows
from .tokens import COLUMN, DB_TO_LOG, SlotTokens, TokenFeatures, Tokens

SCORE_CAP = 8.0  # of attention, in natural log
SPREAD_RANGE = (-4.0, 1.5)  # natural log of the residual's standard deviation
RESIDUAL_LIMIT = 5.0


@dataclass(frozen=True)
class SpectrogramConfig:
    width: int = 256  # of tokens and decoder
    token_hidden: int = 384
    token_layers: int = 2
    layers: int = 2
    hidden: int = 512
    heads: int = 4
    window: int = 16  # frames a decoder layer sees, its own included
    denoiser_width: int = 192
    denoiser_layers: int = 4
    kernel: int = 5


class NoteEncoder(nn.Module):
    """Each note on its own: a token for the decoder and the note's own log-mel frame.

    A gate a program on the hidden units (Perez et al. 2018, without the shift) gives each instrument weights
    of its own at the price of looking up a row.
    """

    def __init__(self, config: SpectrogramConfig, spec: MelSpec) -> None:
        super().__init__()
        self.features = TokenFeatures(spec)
        self.enter = nn.Linear(self.features.width, config.width)
        self.norms = nn.ModuleList(nn.LayerNorm(config.width) for _ in range(config.token_layers))
        self.ups = nn.ModuleList(
            nn.Linear(config.width, config.token_hidden) for _ in range(config.token_layers)
        )
        self.downs = nn.ModuleList(
            nn.Linear(config.token_hidden, config.width) for _ in range(config.token_layers)
        )
        self.gates = nn.ModuleList(
            nn.Embedding(DRUM_PROGRAM + 1, config.token_hidden) for _ in range(config.token_layers)
        )
        for gate in self.gates:
            nn.init.zeros_(gate.weight)
        self.mels = spec.mels
        self.norm = nn.LayerNorm(config.width)
        self.leave = nn.Linear(config.width, spec.mels + 1)
        nn.init.zeros_(self.leave.weight)
        nn.init.constant_(self.leave.bias, -3.0)

    def forward(self, raw: Tensor) -> tuple[Tensor, Tensor]:
        """`(..., features)` → tokens `(..., width)`, log-mel frames `(..., mels)` without channel gain."""
        noted, gates = self.features(raw, [1.0 + gate.weight for gate in self.gates])
        x = nn.functional.silu(self.enter(noted.features))
        for norm, up, gate, down in zip(self.norms, self.ups, gates, self.downs, strict=True):
            x = x + down(nn.functional.silu(up(norm(x))) * gate)
        x = self.norm(x)
        shape, tone = self.leave(x).split([self.mels, 1], dim=-1)
        return x, shape + nn.functional.softplus(tone + 3.0) * noted.templates + noted.level


class DecoderLayer(nn.Module):
    """Attention to the last frames, attention to the notes, feed-forward; pre-norm."""

    def __init__(self, config: SpectrogramConfig) -> None:
        super().__init__()
        self.heads, self.window = config.heads, config.window
        self.norms = nn.ModuleList(nn.LayerNorm(config.width) for _ in range(3))
        self.time_qkv = nn.Linear(config.width, 3 * config.width)
        self.time_bias = nn.Parameter(torch.zeros(config.window, config.heads))
        self.time_out = nn.Linear(config.width, config.width)
        self.note_query = nn.Linear(config.width, config.width)
        self.note_out = nn.Linear(config.width, config.width)
        self.up = nn.Linear(config.width, config.hidden)
        self.down = nn.Linear(config.hidden, config.width)
        for layer in (self.time_out, self.note_out, self.down):
            nn.init.normal_(layer.weight, std=0.3 / layer.in_features**0.5)

    def forward(
        self, x: Tensor, past: Tensor, keys: Tensor, values: Tensor, tokens: Tokens
    ) -> tuple[Tensor, Tensor]:
        """x `(s, f, width)`, past `(s, window - 1, 2 width)` of keys and values → x and the next past."""
        attended, following = self._over_time(self.norms[0](x), past)
        x = x + self.time_out(attended)
        query = self.note_query(self.norms[1](x)).flatten(0, 1)
        x = x + self.note_out(self._over_notes(query, keys, values, tokens).view(x.shape))
        return x + self.down(nn.functional.silu(self.up(self.norms[2](x)))), following

    def _over_time(self, x: Tensor, past: Tensor) -> tuple[Tensor, Tensor]:
        width, frames = x.shape[-1], x.shape[1]
        head = width // self.heads
        query, fresh = self.time_qkv(x).split([width, 2 * width], dim=-1)
        longer = torch.cat([past, fresh], dim=1)
        query = query.unflatten(-1, (self.heads, head)) * head**-0.5
        following = longer[:, frames:]
        if torch.compiler.is_exporting():
            keys, values = (
                windows(longer, self.window, frames).unflatten(-1, (2, self.heads, head)).unbind(-3)
            )
            scores = (query[:, :, None] * keys).sum(-1, keepdim=True) + self.time_bias[..., None]
            weights = self._weight(scores)
            return ((weights * values).sum(2) / (weights.sum(2) + 1.0)).flatten(-2), following
        keys, values = longer.unflatten(-1, (2, self.heads, head)).unbind(-3)
        total, out = 0.0, 0.0
        for lag in range(self.window):
            part = slice(lag, lag + frames)
            weight = self._weight(
                (query * keys[:, part]).sum(-1, keepdim=True) + self.time_bias[lag, :, None]
            )
            total = total + weight
            out = out + weight * values[:, part]
        return (out / (total + 1.0)).flatten(-2), following

    @staticmethod
    def _weight(score: Tensor) -> Tensor:
        """Bounded scores need no running maximum. Sums get one more: a query may attend to nothing."""
        return torch.exp(SCORE_CAP * torch.tanh(score / SCORE_CAP))

    def _over_notes(self, query: Tensor, keys: Tensor, values: Tensor, tokens: Tokens) -> Tensor:
        """query `(frames, width)`, keys and values one row a token → `(frames, width)`."""
        heads, width = self.heads, query.shape[-1]
        product = (tokens.spread(query) * keys).unflatten(-1, (heads, width // heads)).sum(-1)
        score = product * (width // heads) ** -0.5
        weight = tokens.used(self._weight(score))
        weighted = weight[..., None] * values.unflatten(-1, (heads, width // heads))
        sums = tokens.total(torch.cat([weighted.flatten(-2), weight], dim=-1))
        total = sums[..., width:, None] + 1.0
        return (sums[..., :width].unflatten(-1, (heads, width // heads)) / total).flatten(-2)


class MeanModel(nn.Module):
    """Encoder and decoder: the mean of a frame, its spread, and a context for the denoiser."""

    def __init__(self, config: SpectrogramConfig, spec: MelSpec) -> None:
        super().__init__()
        self.config, self.spec = config, spec
        self.encoder = NoteEncoder(config, spec)
        self.note_kv = nn.Linear(config.width, 2 * config.width)
        self.enter = nn.Linear(spec.mels, config.width)
        self.layers = nn.ModuleList(DecoderLayer(config) for _ in range(config.layers))
        self.norm = nn.LayerNorm(config.width)
        self.leave = nn.Linear(config.width, 2 * spec.mels)
        nn.init.zeros_(self.leave.weight)
        nn.init.zeros_(self.leave.bias)

    def note_layers(self) -> tuple[nn.Linear, ...]:
        """The layers that work on every note of every frame: most of a busy block's arithmetic."""
        encoder = self.encoder
        return (encoder.enter, *encoder.ups, *encoder.downs, encoder.leave, self.note_kv)

    def state_shapes(self) -> dict[str, tuple[int, ...]]:
        past = (self.config.window - 1, 2 * self.config.width)
        return {f"past_{index}": past for index in range(self.config.layers)}

    def initial_states(self, streams: int) -> list[Tensor]:
        device = self.leave.weight.device
        return [torch.zeros(streams, *shape, device=device) for shape in self.state_shapes().values()]

    def forward(
        self, tokens: Tokens, streams: int, states: States
    ) -> tuple[Tensor, Tensor, Tensor, list[Tensor]]:
        """Tokens of `streams * frames` rows → mean and spread `(s, f, mels)`, context, states."""
        notes, shapes = self.encoder(tokens.raw)
        gain = tokens.raw[..., COLUMN["gain_db"], None] * DB_TO_LOG
        power = tokens.total(torch.exp(2.0 * (shapes + tokens.gained(gain)).clamp(max=4.0)))
        floors = power * self.spec.floor**-2.0  # in units of the floor: the exporter drops a sum with 1e-8
        bed = (0.5 * in_whole_vectors(torch.log, floors + 1.0) + self.spec.log_floor).unflatten(
            0, (streams, -1)
        )
        keys, values = self.note_kv(notes).chunk(2, dim=-1)
        x = self.enter((bed + 6.0) / 2.5)
        following = []
        for layer, past in zip(self.layers, states, strict=True):
            x, kept = layer(x, past, keys, values, tokens)
            following.append(kept)
        context = self.norm(x)
        fix, spread = self.leave(context).chunk(2, dim=-1)
        return bed + fix, torch.exp((spread - 1.0).clamp(*SPREAD_RANGE)), context, following


class Denoiser(nn.Module):
    """One DDPM step on the standardised residual: v-prediction (Salimans & Ho 2022), causal in time."""

    def __init__(self, config: SpectrogramConfig, spec: MelSpec) -> None:
        super().__init__()
        self.config, width = config, config.denoiser_width
        self.enter = nn.Linear(spec.mels + config.width, width)
        self.level = nn.Sequential(
            nn.Linear(17, 64), nn.SiLU(), nn.Linear(64, 2 * width * config.denoiser_layers)
        )
        self.blocks = nn.ModuleList(
            CausalBlock(width, config.kernel, 2 * width) for _ in range(config.denoiser_layers)
        )
        self.norm = nn.LayerNorm(width)
        self.leave = nn.Linear(width, spec.mels)
        nn.init.zeros_(self.leave.weight)
        nn.init.zeros_(self.leave.bias)
        self.register_buffer("octaves", math.pi * 2.0 ** torch.arange(8), persistent=False)

    def state_shapes(self) -> dict[str, tuple[int, ...]]:
        return {
            f"history_{index}": (block.mix.history, self.config.denoiser_width)
            for index, block in enumerate(self.blocks)
        }

    def initial_states(self, streams: int) -> list[Tensor]:
        device = self.leave.weight.device
        return [torch.zeros(streams, *shape, device=device) for shape in self.state_shapes().values()]

    def forward(
        self, noisy: Tensor, noise_level: Tensor, context: Tensor, states: States
    ) -> tuple[Tensor, list[Tensor]]:
        """noisy `(s, f, mels)`, noise_level `(1,)` or `(s,)`, context `(s, f, width)` → v and next states."""
        angles = noise_level[:, None] * self.octaves
        told = torch.cat([noise_level[:, None], torch.sin(angles), torch.cos(angles)], dim=-1)
        scales = self.level(told[:, None]).chunk(2 * len(self.blocks), dim=-1)
        x = self.enter(torch.cat([noisy, context], dim=-1))
        following = []
        for index, (block, past) in enumerate(zip(self.blocks, states, strict=True)):
            x = x * (1.0 + scales[2 * index]) + scales[2 * index + 1]
            x, kept = block(x, past)
            following.append(kept)
        return self.leave(self.norm(x)), following


def slot_tokens(conditioning: Tensor) -> tuple[SlotTokens, int]:
    """`(streams, frames, slots, features)` as a token set, and the number of streams."""
    return SlotTokens(conditioning.flatten(0, 1)), conditioning.shape[0]
