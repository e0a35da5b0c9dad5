"""Comparisons at an equal budget: how to texture a mean, and what drives the inverter.

`python -m neume.models.compare texture|excitation --help`. Each trains its candidates from scratch for the
same number of steps on the same batches and scores them on stems that were not trained on.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Final

import numpy as np
import torch
import typer
from torch import Tensor, nn

from neume.synth.mel import MelSpec
from neume.synth.sampler import cosine_schedule
from neume.synth.voices import DRUM_PROGRAM

from .batches import StemSet
from .inverter import Inverter, InverterConfig
from .layers import CausalBlock
from .loop import LoopConfig, fast_bfloat16, learning_rate, load_checkpoint, step_optimiser
from .spectral_loss import DECIBEL
from .spectrogram import RESIDUAL_LIMIT, Denoiser, MeanModel, SpectrogramConfig
from .stems import AUDIO_SCALE, Stem
from .tokens import COLUMN, RaggedTokens
from .train_inverter import InverterTask, InverterTraining
from .train_spectrogram import WARM_FRAMES, SpectrogramTask, SpectrogramTraining, noise_and_level

BLOCK: Final = 2  # frames that the block-autoregressive control makes at once
SOUNDING_DB: Final = -60.0
LONE_FRAMES: Final = 70
ATTACK_FRAMES: Final = 14  # left out of a held note's tuning
Sampler = Callable[[Tensor, int, np.random.Generator], Tensor]  # context, steps, generator → residual

app = typer.Typer(no_args_is_help=True)
Data = Annotated[list[Path], typer.Option("--data", help="Training stems; repeatable.")]
Held = Annotated[Path, typer.Option("--held-out", help="Stems to score on.")]
Steps = Annotated[int, typer.Option(help="Training steps of each candidate.")]


class BlockDenoiser(nn.Module):
    """The control: a DDPM head on the block at hand, told the clean past by a causal network."""

    def __init__(self, config: SpectrogramConfig, spec: MelSpec) -> None:
        super().__init__()
        width, self.mels = config.denoiser_width, spec.mels
        self.enter = nn.Linear(spec.mels + config.width, width)
        self.blocks = nn.ModuleList(
            CausalBlock(width, config.kernel, 2 * width) for _ in range(config.denoiser_layers - 1)
        )
        self.noisy = nn.Linear(spec.mels + 1, width)
        self.head = nn.Sequential(
            nn.LayerNorm(width), nn.Linear(width, 2 * width), nn.SiLU(), nn.Linear(2 * width, spec.mels)
        )

    def trunk(self, clean: Tensor, context: Tensor) -> Tensor:
        """clean `(s, f, mels)`, of which a frame sees what ended a block before it → `(s, f, width)`."""
        past = torch.cat([torch.zeros_like(clean[:, :BLOCK]), clean[:, :-BLOCK]], dim=1)
        x = self.enter(torch.cat([past, context], dim=-1))
        for block in self.blocks:
            zeros = x.new_zeros(len(x), block.mix.history, x.shape[-1])
            x, _ = block(x, zeros)
        return x

    def denoise(self, trunk: Tensor, noisy: Tensor, level: Tensor) -> Tensor:
        levels = level[:, None, None].expand(*noisy.shape[:2], 1)
        return self.head(trunk + nn.functional.silu(self.noisy(torch.cat([noisy, levels], dim=-1))))

    def sample(self, context: Tensor, steps: int, rng: np.random.Generator) -> Tensor:
        """Block after block, each told what the last ones became."""
        clean = context.new_zeros(*context.shape[:2], self.mels)
        reach = BLOCK + sum(block.mix.history for block in self.blocks)
        for start in range(0, context.shape[1], BLOCK):
            first = max(0, start - reach)
            part = slice(first, start + BLOCK)
            trunk = self.trunk(clean[:, part], context[:, part])[:, start - first :]
            noisy = rng.standard_normal((*trunk.shape[:2], self.mels), np.float32)
            for step in cosine_schedule(steps):
                level = torch.full((len(trunk),), step.noise_level)
                estimate = self.denoise(trunk, torch.from_numpy(noisy), level)
                noisy = step.advance(noisy, estimate.numpy())
            clean[:, start : start + BLOCK] = torch.from_numpy(noisy)
        return clean


def _sample_joint(model: Denoiser, context: Tensor, steps: int, rng: np.random.Generator) -> Tensor:
    noisy = rng.standard_normal((*context.shape[:2], MelSpec().mels), np.float32)
    for step in cosine_schedule(steps):
        level = torch.full((len(context),), step.noise_level)
        estimate, _ = model(torch.from_numpy(noisy), level, context, model.initial_states(len(context)))
        noisy = step.advance(noisy, estimate.numpy())
    return torch.from_numpy(noisy)


@app.command()
def texture(
    run: Annotated[Path, typer.Option(help="Run whose mean model both candidates texture.")],
    data: Data,
    held_out: Held,
    steps: Steps = 600,
) -> None:
    """The mean alone, a DDPM joint over the noisy past, and a block-autoregressive DDPM."""
    task = SpectrogramTask(SpectrogramTraining(seed=11), StemSet.open(data))
    task.model.load_state_dict(load_checkpoint(run)["modules"]["average"])
    mean = task.model["mean"].eval().requires_grad_(False)
    torch.manual_seed(1)
    joint, block = Denoiser(SpectrogramConfig(), MelSpec()), BlockDenoiser(SpectrogramConfig(), MelSpec())

    def joint_loss(clean: Tensor, context: Tensor, noisy: Tensor, level: Tensor) -> Tensor:
        return joint(noisy, level, context, joint.initial_states(len(clean)))[0]

    def block_loss(clean: Tensor, context: Tensor, noisy: Tensor, level: Tensor) -> Tensor:
        return block.denoise(block.trunk(clean, context), noisy, level)

    _train_texture(task, mean, joint, joint_loss, steps)
    _train_texture(task, mean, block, block_loss, steps)
    samplers: dict[str, Sampler] = {
        "joint": lambda context, n, rng: _sample_joint(joint, context, n, rng),
        "block-autoregressive": block.sample,
    }
    rows = {"regression": _texture_scores(mean, None, 0, held_out)}
    for name, sampler in samplers.items():
        for count in (1, 2, 4, 8):
            rows[f"{name}, {count} steps"] = _texture_scores(mean, sampler, count, held_out)
    typer.echo(json.dumps(rows, indent=1))


def _train_texture(
    task: SpectrogramTask, mean: MeanModel, model: nn.Module, predict: Callable[..., Tensor], steps: int
) -> None:
    config = LoopConfig(steps=steps, warmup_steps=50)
    optimiser = torch.optim.AdamW(model.parameters(), betas=(0.9, 0.98))
    size = task.config.batch
    for step in range(steps):
        seed = (task.config.seed, 0, step)
        mel, tokens = task.batch(seed)
        with torch.autocast("cpu", torch.bfloat16, enabled=fast_bfloat16()):
            with torch.no_grad():
                centre, spread, context, _ = mean(tokens, size, mean.initial_states(size))
            clean = ((mel - centre) / spread).clamp(-RESIDUAL_LIMIT, RESIDUAL_LIMIT).float()
            noise, level, signal_share, noise_share = noise_and_level(clean, seed)
            estimate = predict(clean, context, signal_share * clean + noise_share * noise, level)
            wanted = signal_share * noise - noise_share * clean
            loss = ((estimate - wanted)[:, WARM_FRAMES:] ** 2).mean()
        step_optimiser(optimiser, loss, learning_rate(config, step))


@torch.no_grad()
def _texture_scores(mean: MeanModel, sampler: Sampler | None, steps: int, held_out: Path) -> dict[str, float]:
    """Mean absolute log-mel error in dB and frame-to-frame change over the reference's, sounding frames."""
    stems, spec, rng = StemSet.open([held_out]), MelSpec(), np.random.default_rng(5)
    errors, made_change, true_change = [], 0.0, 0.0
    for index in range(len(stems.folders)):
        stem = stems.stem(index)
        rows = np.repeat(np.arange(len(stem.mel)), np.diff(stem.offsets))
        tokens = RaggedTokens(torch.tensor(stem.tokens), torch.from_numpy(rows), len(stem.mel))
        centre, spread, context, _ = mean(tokens, 1, mean.initial_states(1))
        made = centre if sampler is None else centre + spread * sampler(context, steps, rng)
        got = made[0].clamp(min=spec.log_floor).numpy()
        true = np.asarray(stem.mel, np.float32)
        sounding = true.max(axis=1) * DECIBEL > SOUNDING_DB
        errors.append(np.abs(got - true)[sounding] * DECIBEL)
        steady = sounding[1:] & sounding[:-1]
        made_change += float(np.abs(np.diff(got, axis=0))[steady].sum())
        true_change += float(np.abs(np.diff(true, axis=0))[steady].sum())
    return {
        "error_db": round(float(np.concatenate(errors).mean()), 2),
        "change_ratio": round(made_change / true_change, 3),
    }


@app.command()
def excitation(data: Data, held_out: Held, steps: Steps = 600) -> None:
    """The inverter with and without the harmonic excitation, spectral losses only."""
    rows = {}
    for name, harmonic in (("harmonic and noise", True), ("noise only", False)):
        config = InverterTraining(seed=11, batch=12, model=replace(InverterConfig(), harmonic=harmonic))
        task = InverterTask(config, StemSet.open(data))
        loop = LoopConfig(steps=steps, warmup_steps=50)
        for step in range(steps):
            task.step(step, learning_rate(loop, step))
        rows[name] = _inverter_scores(task.average, held_out)
    typer.echo(json.dumps(rows, indent=1))


@torch.no_grad()
def _inverter_scores(model: Inverter, held_out: Path) -> dict[str, float]:
    """Log-mel error in dB over sounding frames, and tuning in cents where one note sounds alone."""
    from .evaluate.detune import detune_cents

    stems, spec = StemSet.open([held_out]), MelSpec()
    errors, cents = [], []
    for index in range(len(stems.folders)):
        stem = stems.stem(index)
        mel, excited = (torch.tensor(np.asarray(a, np.float32))[None] for a in (stem.mel, stem.excitation))
        audio = model(mel, excited, model.initial_states(1))[0].flatten().numpy()[spec.hop_samples :]
        true = np.asarray(stem.audio, np.float32).ravel()[: len(audio)] / AUDIO_SCALE
        wanted, got = spec.analyse(true), spec.analyse(audio)
        sounding = wanted.max(axis=1) * DECIBEL > SOUNDING_DB
        errors.append(np.abs(got - wanted)[sounding] * DECIBEL)
        for key, start, end in _lone_notes(stem, spec.hop_samples):
            cents.append(detune_cents(audio[start:end], true[start:end], key))
    cents = [value for value in cents if np.isfinite(value)]
    return {
        "error_db": round(float(np.concatenate(errors).mean()), 2),
        "tuning_median_cents": round(float(np.median(np.abs(cents))), 2) if cents else float("nan"),
        "notes": len(cents),
    }


def _lone_notes(stem: Stem, hop: int) -> list[tuple[float, int, int]]:
    """Stretches (key, first sample, end) in which one unbent note is held alone for 0.3 s or more."""
    counts = np.diff(stem.offsets)
    tokens = np.asarray(stem.tokens)[np.minimum(stem.offsets[:-1], len(stem.tokens) - 1)]
    column = {name: tokens[:, COLUMN[name]] for name in ("key", "bend_semitones", "release_age_samples")}
    alone = (counts == 1) & (column["bend_semitones"] == 0) & (column["release_age_samples"] < 0)
    alone &= tokens[:, COLUMN["program"]] != DRUM_PROGRAM
    found, start = [], 0
    for frame in range(1, len(alone) + 1):
        ends = frame == len(alone) or not alone[frame] or column["key"][frame] != column["key"][start]
        if ends:
            if alone[start] and frame - start >= LONE_FRAMES:
                found.append((float(column["key"][start]), (start + ATTACK_FRAMES) * hop, (frame - 2) * hop))
            start = frame
    return found


if __name__ == "__main__":
    app()
