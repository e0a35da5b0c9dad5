"""Reading what a manifest says of the models: mel contract, engine, sampling and the three stages."""

from __future__ import annotations

import math
import re
from collections.abc import Collection
from dataclasses import fields
from typing import Final

from ..conditioning import FEATURES
from ..manifest import STAGES, EngineContract, Sampling, StageContract, StateTensor
from ..mel import MelSpec
from .interfaces import INPUTS, NEXT, OUTPUTS
from .toml_fields import Table, ascending, listed

STATE_NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,62}")
SHA256: Final = re.compile(r"[0-9a-f]{64}")
BLOCK_HOPS: Final = (1, 2, 4)
SCHEDULES: Final = ("cosine",)
STATE_DTYPES: Final = ("float32",)
MAX_LOOKAHEAD_HOPS: Final = 8
MAX_NOTE_SLOTS: Final = 256
MAX_STEPS: Final = 64
LARGEST_TEXTURE: Final = 4.0
MAX_STATES: Final = 128
MAX_STATE_AXES: Final = 6
MAX_STATE_VALUES: Final = 1 << 22  # 16 MiB of one state for each stream
MEL_RANGES: Final[dict[str, tuple[float, float]]] = {
    "rate_hz": (8_000, 192_000),
    "hop_samples": (32, 4096),
    "rise_samples": (32, 8192),
    "fall_samples": (32, 8192),
    "fft_samples": (64, 16_384),
    "mels": (16, 512),
    "low_hz": (0.0, 1_000.0),
    "high_hz": (1_000.0, 96_000.0),
    "floor": (1e-8, 1e-1),
}


def read_mel(table: Table) -> MelSpec:
    values: dict[str, float] = {}
    for field in fields(MelSpec):
        low, high = MEL_RANGES[field.name]
        if isinstance(field.default, int):
            values[field.name] = table.integer(field.name, int(low), int(high))
        else:
            values[field.name] = table.number(field.name, low, high)
    digest = table.text("digest", SHA256)
    table.close()
    spec = MelSpec(**values)  # type: ignore[arg-type]
    if not table.clean:
        return spec
    if not spec.hop_samples <= spec.window_samples <= spec.fft_samples:
        table.fault(
            "fft_samples", "must be at least rise_samples + fall_samples, and these at least hop_samples"
        )
    if not spec.low_hz < spec.high_hz <= spec.rate_hz / 2:
        table.fault("high_hz", f"must be above low_hz and at most rate_hz / 2 = {spec.rate_hz / 2:g}")
    if table.clean and digest != spec.digest():
        table.fault(
            "digest", f"the fields above hash to {spec.digest()}: the models were made for another contract"
        )
    return spec


def read_engine(table: Table) -> EngineContract:
    engine = EngineContract(
        block_hops=table.integer("block_hops", min(BLOCK_HOPS), max(BLOCK_HOPS)),
        lookahead_hops=table.integer("lookahead_hops", 0, MAX_LOOKAHEAD_HOPS),
        note_slots=table.integer("note_slots", 1, MAX_NOTE_SLOTS),
        slot_buckets=table.integers("slot_buckets", 1, MAX_NOTE_SLOTS, MAX_NOTE_SLOTS),
        features=table.texts("features", 2 * len(FEATURES)),
    )
    table.close()
    if not table.clean:
        return engine
    if engine.block_hops not in BLOCK_HOPS:
        table.fault("block_hops", f"{engine.block_hops} is none of {listed(BLOCK_HOPS)}")
    if not ascending(engine.slot_buckets) or engine.slot_buckets[-1] != engine.note_slots:
        table.fault("slot_buckets", f"must ascend and end at note_slots = {engine.note_slots}")
    if engine.features != FEATURES:
        table.fault("features", f"must be this player's {listed(FEATURES)}")
    return engine


def read_sampling(table: Table) -> Sampling:
    sampling = Sampling(
        steps_allowed=table.integers("steps_allowed", 0, MAX_STEPS, MAX_STEPS),
        steps_default=table.integer("steps_default", 0, MAX_STEPS),
        schedule=table.choice("schedule", SCHEDULES),
        texture=table.numbers("texture", 0.0, LARGEST_TEXTURE, MAX_STEPS) if table.has("texture") else (),
    )
    table.close()
    if not table.clean:
        return sampling
    if sampling.texture and len(sampling.texture) != len(sampling.steps_allowed):
        table.fault(
            "texture", f"must hold {len(sampling.steps_allowed)} numbers, one for each of steps_allowed"
        )
    if not ascending(sampling.steps_allowed):
        table.fault("steps_allowed", "must hold at least one number and ascend")
    elif sampling.steps_default not in sampling.steps_allowed:
        table.fault("steps_default", f"{sampling.steps_default} is none of {listed(sampling.steps_allowed)}")
    return sampling


def read_stages(table: Table, files: Collection[str]) -> dict[str, StageContract]:
    stages = {stage: _stage(table.table(stage), stage, files) for stage in STAGES}
    table.close()
    used = [contract.file for contract in stages.values()]
    if table.clean and all(used) and len(set(used)) < len(used):
        table.fault("inverter", "two stages name the same file, each needs its own")
    return stages


def _stage(table: Table, stage: str, files: Collection[str]) -> StageContract:
    file = table.choice("file", files)
    states = tuple(_state(row, stage) for row in table.tables("states", MAX_STATES))
    table.close()
    names = [state.name for state in states]
    if len(set(names)) < len(names):
        table.fault("states", "two states have the same name")
    return StageContract(file, states)


def _state(table: Table, stage: str) -> StateTensor:
    state = StateTensor(
        name=table.text("name", STATE_NAME),
        shape=table.integers("shape", 1, MAX_STATE_VALUES, MAX_STATE_AXES),
        dtype=table.choice("dtype", STATE_DTYPES),
    )
    table.close()
    values = math.prod(state.shape)
    if values > MAX_STATE_VALUES:
        table.fault("shape", f"holds {values} values a stream, at most {MAX_STATE_VALUES} are allowed")
    taken = {port.name for port in (*INPUTS[stage], *OUTPUTS[stage])}
    if state.name in taken or state.name.startswith(NEXT):
        table.fault(
            "name", f"{state.name!r} is already a tensor of the {stage} stage, or starts with {NEXT!r}"
        )
    return state
