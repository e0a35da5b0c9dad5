"""The training loop both stages share: stateless seeds, checkpoints, exact resume, a log, and data
parallelism.

A task owns its modules and optimisers and makes one step from a step number alone; the loop owns time.
Everything random in step `n` is drawn from (seed, rank, n), so a run that is stopped and resumed is the run
that was not.
"""

from __future__ import annotations

import json
import math
import os
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Protocol

import torch
import torch.distributed as dist
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from torch import Tensor, nn

from neume.synth.bundle import Bundle
from neume.synth.errors import NeumeError

from .pictures import loss_curves

CHECKPOINT: Final = "checkpoint.pt"
LOG: Final = "log.jsonl"
CURVES: Final = "curves.png"


class Task(Protocol):
    """What a stage gives the loop."""

    spent_s: float  # on training what it begins with, if that was trained by a run before

    def modules(self) -> Mapping[str, nn.Module]:
        """Everything whose parameters and buffers a checkpoint holds, averages (`ema`) included."""

    def optimisers(self) -> Mapping[str, torch.optim.Optimizer]: ...

    def step(self, step: int, learning_rate: float) -> dict[str, float]:
        """Make one update and return the figures worth logging."""

    def start_from(self, bundle: Bundle) -> None:
        """Begin with a bundle's weights instead of random ones."""

    def preview(self, folder: Path, step: int) -> None:
        """Write a picture of what the model does now."""


@dataclass(frozen=True, slots=True)
class LoopConfig:
    steps: int
    learning_rate: float = 1e-3
    warmup_steps: int = 200
    decay_share: float = 0.4  # of the steps, at the end, over which the rate falls to zero
    checkpoint_s: float = 180.0
    preview_s: float = 600.0
    log_steps: int = 20
    time_limit_s: float = math.inf


def learning_rate(config: LoopConfig, step: int) -> float:
    """Linear warm-up, a plateau, then a half cosine to zero."""
    decay_from = config.steps * (1.0 - config.decay_share)
    if step < config.warmup_steps:
        return config.learning_rate * (step + 1) / config.warmup_steps
    if step < decay_from:
        return config.learning_rate
    through = min(1.0, (step - decay_from) / max(1.0, config.steps - decay_from))
    return config.learning_rate * 0.5 * (1.0 + math.cos(math.pi * through))


def run(task: Task, config: LoopConfig, folder: Path) -> int:
    """Train until `config.steps` or the time limit, from the folder's checkpoint on; returns steps done."""
    folder.mkdir(parents=True, exist_ok=True)
    step, spent_s = _resume(task, folder)
    first = rank() == 0
    started = last_checkpoint = last_preview = time.monotonic()
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, disable=not first) as bar, (folder / LOG).open("a") as log:
        shown = bar.add_task("training", total=config.steps, completed=step)
        sums: dict[str, float] = {}
        while step < config.steps and time.monotonic() - started < config.time_limit_s:
            figures = task.step(step, learning_rate(config, step))
            step += 1
            for name, value in figures.items():
                sums[name] = sums.get(name, 0.0) + value / config.log_steps
            now = time.monotonic()
            if step % config.log_steps == 0:
                if not all(math.isfinite(value) for value in sums.values()):
                    raise NeumeError(
                        f"training diverged at step {step}: {sums}; resume with a lower learning rate"
                    )
                if first:
                    row = {"step": step, "seconds": round(spent_s + now - started, 1)}
                    row |= {name: round(value, 5) for name, value in sums.items()}
                    log.write(json.dumps(row) + "\n")
                    log.flush()
                    text = " ".join(f"{name} {value:.3f}" for name, value in list(sums.items())[:4])
                    bar.update(shown, completed=step, description=text)
                sums = {}
            if first and now - last_checkpoint > config.checkpoint_s:
                _save(task, folder, step, spent_s + now - started)
                last_checkpoint = now
            if first and now - last_preview > config.preview_s:
                _picture(task, folder, step)
                last_preview = now
    if first:
        _save(task, folder, step, spent_s + time.monotonic() - started)
        _picture(task, folder, step)
    return step


def _picture(task: Task, folder: Path, step: int) -> None:
    task.preview(folder, step)
    if (folder / LOG).stat().st_size:
        loss_curves(folder / LOG, folder / CURVES)


def _save(task: Task, folder: Path, step: int, seconds: float) -> None:
    state: dict[str, Any] = {
        "step": step,
        "seconds": seconds,
        "modules": {name: module.state_dict() for name, module in task.modules().items()},
        "optimisers": {name: optimiser.state_dict() for name, optimiser in task.optimisers().items()},
    }
    unfinished = folder / f"{CHECKPOINT}.unfinished"
    torch.save(state, unfinished)
    os.replace(unfinished, folder / CHECKPOINT)


def load_checkpoint(folder: Path) -> dict[str, Any]:
    """A run's last checkpoint: tensors and plain numbers only (no code is unpickled)."""
    path = folder / CHECKPOINT
    if not path.is_file():
        raise NeumeError(f"{folder}: no {CHECKPOINT} there; give the folder of a training run")
    state: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
    return state


def _resume(task: Task, folder: Path) -> tuple[int, float]:
    if not (folder / CHECKPOINT).exists():
        return 0, task.spent_s
    state = load_checkpoint(folder)
    for name, module in task.modules().items():
        module.load_state_dict(state["modules"][name])
    for name, optimiser in task.optimisers().items():
        optimiser.load_state_dict(state["optimisers"][name])
    return int(state["step"]), float(state["seconds"])


def fast_bfloat16() -> bool:
    """Whether this machine multiplies bfloat16 matrices in hardware."""
    return torch.cuda.is_available() or torch.ops.mkldnn._is_mkldnn_bf16_supported()


def rank() -> int:
    return dist.get_rank() if dist.is_initialized() else 0


def world_size() -> int:
    return dist.get_world_size() if dist.is_initialized() else 1


@contextmanager
def process_group(device: str) -> Iterator[str]:
    """Join the group that `torchrun` started, if any; gives this process's device (`auto`: CUDA if there)."""
    chosen = ("cuda" if torch.cuda.is_available() else "cpu") if device == "auto" else device
    if chosen not in ("cpu", "cuda"):
        raise NeumeError(f"device {device!r}: give cpu, cuda or auto")
    if chosen == "cuda" and not torch.cuda.is_available():
        raise NeumeError("device cuda: no CUDA device is there; give --device cpu")
    grouped = "WORLD_SIZE" in os.environ
    if grouped:
        dist.init_process_group("nccl" if chosen == "cuda" else "gloo")
        if chosen == "cuda":
            chosen = f"cuda:{os.environ['LOCAL_RANK']}"
    try:
        yield chosen
    finally:
        if grouped:
            dist.destroy_process_group()


def average_gradients(parameters: Iterable[nn.Parameter]) -> None:
    """Data parallelism: every rank steps with the mean of all ranks' gradients."""
    if world_size() == 1:
        return
    for parameter in parameters:
        if parameter.grad is not None:
            dist.all_reduce(parameter.grad)
            parameter.grad /= world_size()


@torch.no_grad()
def update_average(average: nn.Module, module: nn.Module, step: int, decay: float = 0.999) -> None:
    """Exponential moving average of the weights; its memory grows with the run, so early steps count less."""
    keep = min(decay, (1 + step) / (10 + step))
    for kept, new in zip(average.parameters(), module.parameters(), strict=True):
        kept.lerp_(new, 1.0 - keep)


def step_optimiser(
    optimiser: torch.optim.Optimizer, loss: Tensor, learning_rate: float, clip_norm: float = 1.0
) -> float:
    """Backpropagate, average over ranks, clip, step; returns the gradient norm."""
    optimiser.zero_grad(set_to_none=True)
    loss.backward()  # type: ignore[no-untyped-call]
    parameters = [p for group in optimiser.param_groups for p in group["params"]]
    average_gradients(parameters)
    norm = float(nn.utils.clip_grad_norm_(parameters, clip_norm))
    for group in optimiser.param_groups:
        group["lr"] = learning_rate
    optimiser.step()
    return norm
