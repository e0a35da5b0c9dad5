"""What a live rack tells about itself: the engine's own snapshot, and all that lies around the engine."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from .engine_snapshot import EngineSnapshot
from .live_facts import device_facts, provider_of
from .part_activity import parts_activity

if TYPE_CHECKING:
    from .live import LiveRack

RECENT_BLOCKS: Final = 16  # whose times a snapshot tells: more than pass between two of them


def live_snapshot(live: LiveRack) -> EngineSnapshot:
    """The rack at this moment. Any thread."""
    now, keys_down, default = live.engine.snapshot(), live.down.keys, live.loader.default
    played = live.played
    return replace(
        now,
        rack=played.rack.name,
        device=live.device.name,
        device_state=live.watched.state.value,
        midi_ports=live.midi.ports,
        midi_missing=live.midi.missing,
        learning=live.learner.armed,
        transport=live.transport.state(),
        faults=(*live.problems, *now.faults, *live.loader.faults),
        rack_revision=played.revision,
        preset=played.preset,
        bundle=live.bundle_title,
        provider=provider_of(default.stages),
        allowed_steps=tuple(default.renderer.steps_allowed),
        chosen_steps=live.chosen_steps,
        parts=parts_activity(live.chain.rack, live.chain.seats, now.meters, keys_down),
        device_facts=device_facts(live.device),
        ports=live.midi.activity,
        midi_available=live.midi.available,
        keys_down=keys_down,
        sustain=live.down.sustain,
        recent_ms=live.chain.timer.recent_ms(RECENT_BLOCKS),
        recording=live.recording.state(live.takes.problem),
        remembered_s=live.recording.remembered_s,
    )
