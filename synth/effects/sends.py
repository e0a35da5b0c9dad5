"""What a reverb or a chorus is sent instead of all that reaches it: more of some parts, less of others.

From the rack's mixer to the insert that makes the sound wet. CC91 and CC93 ask for it, channel by channel.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np

from .effect import Float32

SENDS: Final = ("reverb", "chorus")  # ids of the effects, in the order of `ChannelState.send_depths`


@dataclass(frozen=True, slots=True)
class Send:
    """`common` `(samples, 1)` or `(1, 1)` of what reaches the effect through those before it, and `more`
    `(samples, 2)` past them: what parts ask for beyond that. So a part that asks for nothing leaves nothing
    in the effect, whatever stands before it.
    """

    common: Float32
    more: Float32 | None = None

    def of(self, audio: Float32) -> Float32:
        """What the effect is sent where `audio` `(samples, 2)` reaches it."""
        shared = audio * self.common
        return np.asarray(shared if self.more is None else shared + self.more, np.float32)


Sends: TypeAlias = Mapping[str, Send]  # by the effect's id
