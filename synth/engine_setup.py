"""What an engine is made of: its settings, what it asks of a chain, and what stands beside its render thread.

Before the engine, which takes a chain and has the render thread play it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Protocol

from .arrangement import Arrangement
from .audio_device import AudioDevice
from .block_timer import BlockTimer
from .bundle import Bundle
from .chain import Chain
from .chain_with_fallback import ChainWithFallback
from .fallback import FallbackPlayer, PlainChain
from .fallback_choice import Fallback
from .hand_over import HandOver
from .latency import Latency, latency_sum
from .mixer import Meters
from .render_thread import BlockChain
from .renderer import StreamRenderer
from .shedding import DEEPEST_MERGE, Merging, Shedder, load_ladder
from .stages import Stages


@dataclass(frozen=True, slots=True)
class EngineConfig:
    """How to play. None takes what the bundle says."""

    steps: int | None = None
    seed: int = 0
    margin_ms: float = 0.0  # kept ready on top of what D needs
    block_hops: int | None = None
    timed_blocks: int = 4096  # the last blocks that the snapshot's times are of
    sheds_load: bool = False  # with fewer steps and releases while blocks are late
    fallback: Fallback = Fallback.SILENCE  # what is heard instead of blocks that are too late
    realtime: bool = True  # priority for the render thread, where the system allows it


AS_THE_BUNDLE_SAYS: Final = EngineConfig()


def make_chain(bundle: Bundle, stages: Stages, arrangement: Arrangement, config: EngineConfig) -> Chain:
    """The chain for MIDI channels as they are, without a rack."""
    kind = ChainWithFallback if config.fallback is Fallback.ADDITIVE else Chain
    return kind(
        bundle,
        stages,
        arrangement,
        steps=config.steps,
        seed=config.seed,
        block_hops=config.block_hops,
        timer=BlockTimer(config.timed_blocks),
    )


class LiveChain(BlockChain, Protocol):
    """What an engine asks of its chain, beside making blocks."""

    @property
    def renderer(self) -> StreamRenderer: ...

    @property
    def meters(self) -> Meters: ...

    @property
    def faults(self) -> tuple[str, ...]: ...


def latency_now(chain: LiveChain, device: AudioDevice, margin_ms: float) -> Latency:
    """The sum of a chain's delay and that of a device as it runs; `margin_ms` is kept ready on top."""
    renderer = chain.renderer
    return latency_sum(
        rate_hz=renderer.rate_hz,
        block_samples=chain.block_samples,
        lookahead_samples=renderer.lookahead_samples,
        device_block_samples=device.block_samples,
        device_latency_samples=device.latency_samples,
        margin_samples=round(margin_ms * renderer.rate_hz / 1000),
    )


def chosen_shedder(chain: LiveChain, config: EngineConfig) -> Shedder | None:
    """What gives up load while blocks are late, if that is chosen."""
    return shedder_for(chain, chain.renderer.steps) if config.sheds_load else None


def shedder_for(chain: LiveChain, steps: int) -> Shedder:
    """What gives up load from so many steps on."""
    renderer = chain.renderer
    block_ms = 1000.0 * renderer.block_samples / renderer.rate_hz
    if not isinstance(chain, Merging):
        return Shedder(load_ladder(steps, renderer.steps_allowed), block_ms)
    ladder = load_ladder(steps, renderer.steps_allowed, DEEPEST_MERGE)
    return Shedder(ladder, block_ms, lambda: chain.merges)


def chosen_fallback(
    chain: LiveChain, config: EngineConfig, latency: Latency, device: AudioDevice
) -> FallbackPlayer | None:
    """What has the voice play through the chain, if that is chosen and the chain has one."""
    if config.fallback is not Fallback.ADDITIVE or not isinstance(chain, PlainChain):
        return None
    hand_over = HandOver(
        block_ms=latency.milliseconds(chain.block_samples),
        start_level_ms=latency.milliseconds(latency.start_level_samples),
        device_block_ms=latency.milliseconds(device.block_samples),
    )
    return FallbackPlayer(chain, hand_over)
