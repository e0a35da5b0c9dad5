"""What is heard instead of blocks that the models come too late for: nothing, or the fallback voice.

Between the render thread and the chain: before each block it says who makes it, afterwards it lets the models
rehearse while the voice plays. Where the render thread itself is held up, no fallback can help: then the ring
runs dry, and the outlet fades.
"""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from .block_timer import BlockTimer
from .hand_over import HandOver


@runtime_checkable
class PlainChain(Protocol):
    """What a fallback asks of a chain: `chain_with_fallback.ChainWithFallback`, or a rack's chain.

    `plain`: the next block is made without the models. If they fail on a block, the voice makes it, and
    `plain` is found set.
    """

    plain: bool
    timer: BlockTimer

    def rehearse(self) -> bool:
        """Let the models make the last block for nobody to hear, timed as a block; False if they failed."""
        ...


class FallbackPlayer:
    """Has the voice play through `chain` while the models are too late.

    The render thread calls `begin` and `made`; any thread may read `blocks` and `plays`.
    """

    def __init__(self, chain: PlainChain, hand_over: HandOver) -> None:
        self.blocks = 0  # made by the voice
        self.plays = False  # the voice, in the last block
        self._chain, self._hand_over = chain, hand_over

    def begin(self, spare_ms: float) -> bool:
        """Whether the voice makes the next block; `spare_ms` is what is left to play."""
        self._chain.plain = self._hand_over.decide(spare_ms)
        return self._chain.plain

    def made(self, begun_plain: bool, spare_ms: float) -> float | None:
        """After a block, which is in the ring: how long the models took for it, None if they rested."""
        took_ms = self._chain.timer.last_ms()["block"]
        self.plays = self._chain.plain
        self.blocks += self.plays
        if not self.plays:
            self._hand_over.models_took(took_ms)
            return took_ms
        if not begun_plain:
            self._hand_over.models_failed()
            return None
        self._hand_over.voice_took(took_ms)
        return self._rehearsed() if self._hand_over.wants_rehearsal(spare_ms) else None

    def _rehearsed(self) -> float:
        failed = not self._chain.rehearse()
        took_ms = self._chain.timer.last_ms()["block"]
        self._hand_over.rehearsed(took_ms, failed=failed)
        return took_ms
