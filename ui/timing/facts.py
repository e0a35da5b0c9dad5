"""What the engine runs on, in one line: provider, steps, device, threads. Below the time view."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication

from neume.synth.engine_snapshot import EngineSnapshot


def facts_text(snapshot: EngineSnapshot) -> str:
    """What is known, without what is not."""
    return "   ·   ".join(fact for fact in (*_engine(snapshot), *_device(snapshot)) if fact)


def _tr(text: str) -> str:
    return QCoreApplication.translate("Timing", text)


def _engine(snapshot: EngineSnapshot) -> list[str]:
    provider = snapshot.provider.removesuffix("ExecutionProvider")
    steps = _tr("diffusion steps: {0}").format(snapshot.steps)
    if snapshot.chosen_steps != snapshot.steps:
        steps = _tr("diffusion steps: {0}, chosen: {1}").format(snapshot.steps, snapshot.chosen_steps)
    return [
        snapshot.bundle,
        _tr("runs on {0}").format(provider) if provider else "",
        steps if snapshot.allowed_steps else "",
        _tr("render thread: {0}").format(snapshot.render_priority) if snapshot.render_priority else "",
    ]


def _device(snapshot: EngineSnapshot) -> list[str]:
    facts = snapshot.device_facts
    name = facts.name or snapshot.device
    where = f"{name} ({facts.host_api})" if facts.host_api else name
    rate = f"{facts.rate_hz / 1000:g} kHz" if facts.rate_hz else ""
    block = _tr("{0} samples a block").format(facts.block_samples) if facts.block_samples else ""
    state = "" if snapshot.device_state == "playing" else snapshot.device_state
    return [where, rate, block, state]
