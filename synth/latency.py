"""The delay between a key and its sound: one sum, of which every part is a number of samples.

An event stamped t on arrival sounds at t + D, always:

    D = block wait + render budget + inverter look-ahead + ring + device

block wait    an event that comes just after a block was begun waits for the next one: a block.
render budget the time in which a block must be made: it waits in the ring before it is played.
look-ahead    the inverter emits a hop after it has seen the following ones.
ring          what is kept ready beyond the budget, against threads that wake late; never less than a device
              block, because the device takes that much at once.
device        a device block being played while the next one is filled, and what the device reports itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

LEAST_BUDGET_SAMPLES: Final = 208  # 4.3 ms at 48 kHz


@dataclass(frozen=True, slots=True)
class Latency:
    """The parts of D, in samples at `rate_hz`."""

    rate_hz: int
    block_wait_samples: int
    render_budget_samples: int
    lookahead_samples: int
    ring_samples: int
    device_block_samples: int
    device_latency_samples: int

    @property
    def device_samples(self) -> int:
        return self.device_block_samples + self.device_latency_samples

    @property
    def total_samples(self) -> int:
        """D."""
        return sum(samples for _, samples in self.parts())

    @property
    def total_ms(self) -> float:
        return self.milliseconds(self.total_samples)

    @property
    def start_level_samples(self) -> int:
        """The next block is begun as soon as the ring holds no more than this, or should by the clock."""
        return self.render_budget_samples + self.ring_samples

    @property
    def ring_target_samples(self) -> int:
        """The most the ring holds in undisturbed playing."""
        return self.start_level_samples + self.block_wait_samples

    @property
    def placing_samples(self) -> int:
        """From the sample that the callback gets when an event comes to the renderer's frame of the event."""
        return self.total_samples - self.lookahead_samples - self.device_latency_samples

    def parts(self) -> tuple[tuple[str, int], ...]:
        """Name and samples of each part, in the order of the sum."""
        return (
            ("block wait", self.block_wait_samples),
            ("render budget", self.render_budget_samples),
            ("inverter look-ahead", self.lookahead_samples),
            ("ring", self.ring_samples),
            ("device", self.device_samples),
        )

    def milliseconds(self, samples: int) -> float:
        return 1000.0 * samples / self.rate_hz

    def __str__(self) -> str:
        parts = " + ".join(f"{name} {self.milliseconds(samples):.1f}" for name, samples in self.parts())
        return f"{self.total_ms:.1f} ms = {parts}"


def latency_sum(
    *,
    rate_hz: int,
    block_samples: int,
    lookahead_samples: int,
    device_block_samples: int,
    device_latency_samples: int = 0,
    margin_samples: int = 0,
) -> Latency:
    """The sum for a bundle's block and look-ahead and a device that takes `device_block_samples` at a time.

    `device_latency_samples`: from the callback to the loudspeaker, as the device reports it.
    `margin_samples`: kept ready in the ring on top, for machines that stall. The budget is half a block: that
    is what a bundle's block may take at the 99th percentile. A shorter block has much the same budget, since
    it costs much the same.
    """
    return Latency(
        rate_hz=rate_hz,
        block_wait_samples=block_samples,
        render_budget_samples=max(block_samples // 2, min(block_samples, LEAST_BUDGET_SAMPLES)),
        lookahead_samples=lookahead_samples,
        ring_samples=device_block_samples + margin_samples,
        device_block_samples=device_block_samples,
        device_latency_samples=device_latency_samples,
    )
