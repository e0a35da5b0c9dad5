"""What is wrong, for somebody on a stage: nothing while all is well, else the worst first.

EngineSnapshot ─▶ TroubleWatch ─▶ Trouble records ─▶ TroubleBoard, which has the words
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Final

from neume.synth.engine_snapshot import EngineSnapshot
from neume.synth.shedding import Load

from ..engine_model import GONE, HANGING

RECENT_S: Final = 8.0  # for so long a dropout and a message stay in sight
AWAY: Final = ("lost", "waiting")  # states of a device that does not play


class Kind(Enum):
    """What can be wrong; the worst first."""

    NO_ENGINE = "no engine"
    HANGING = "hanging"
    DEVICE = "device"
    DROPOUTS = "dropouts"
    MIDI = "midi"
    PLUGIN = "plugin"
    RECORDING = "recording"
    SHED = "shed"
    TOLD = "told"


GRAVE: Final = frozenset((Kind.NO_ENGINE, Kind.HANGING, Kind.DEVICE, Kind.DROPOUTS))


@dataclass(frozen=True, slots=True)
class Trouble:
    """`detail` is a name, the engine's own words, or the stage of the dropouts; `count` of them; `load` is
    what is played with instead."""

    kind: Kind
    detail: str = ""
    count: int = 0
    load: Load | None = None

    @property
    def grave(self) -> bool:
        """Whether nothing is heard, or holes are."""
        return self.kind in GRAVE


class TroubleWatch:
    """Remembers what has just happened. Belongs to one thread; times are seconds of one monotonic clock."""

    def __init__(self) -> None:
        self._underruns: int | None = None  # when the dropouts that are told now began
        self._seen = 0
        self._last_dropout_s = self._told_s = -RECENT_S
        self._told = ""

    def tell(self, line: str, now_s: float) -> None:
        """A command has failed."""
        self._told, self._told_s = line, now_s

    def follow(self, state: str, snapshot: EngineSnapshot | None, now_s: float) -> tuple[Trouble, ...]:
        """All that is wrong now, the worst first."""
        found = [] if now_s - self._told_s >= RECENT_S else [Trouble(Kind.TOLD, self._told)]
        if state in (GONE, HANGING):
            self._underruns = None
            found.append(Trouble(Kind.NO_ENGINE if state == GONE else Kind.HANGING))
        elif snapshot is not None:
            found += self._dropouts(snapshot, now_s)
            found += _standing(snapshot)
        order = list(Kind)
        return tuple(sorted(found, key=lambda trouble: order.index(trouble.kind)))

    def _dropouts(self, snapshot: EngineSnapshot, now_s: float) -> list[Trouble]:
        """Those of the last seconds; what was before this watch began is forgotten."""
        if self._underruns is None or snapshot.underruns < self._seen:
            self._underruns = self._seen = snapshot.underruns
            self._last_dropout_s = now_s - RECENT_S
        if snapshot.underruns > self._seen:
            self._last_dropout_s = now_s
        if now_s - self._last_dropout_s >= RECENT_S:
            self._underruns = snapshot.underruns
        self._seen = snapshot.underruns
        count = self._seen - self._underruns
        stage = snapshot.underrun.stage if snapshot.underrun else ""
        return [Trouble(Kind.DROPOUTS, stage, count)] if count else []


def _standing(snapshot: EngineSnapshot) -> list[Trouble]:
    """What is wrong until somebody mends it."""
    found = []
    if snapshot.device_state in AWAY:
        found.append(Trouble(Kind.DEVICE, snapshot.device_facts.name or snapshot.device))
    if snapshot.midi_missing:
        found.append(Trouble(Kind.MIDI, ", ".join(snapshot.midi_missing)))
    if snapshot.faults:
        found.append(Trouble(Kind.PLUGIN, snapshot.faults[-1]))
    if snapshot.recording is not None and snapshot.recording.problem:
        found.append(Trouble(Kind.RECORDING, snapshot.recording.problem))
    if snapshot.shed is not None:
        found.append(Trouble(Kind.SHED, load=snapshot.shed))
    return found
