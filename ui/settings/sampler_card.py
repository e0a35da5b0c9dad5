"""The sampler's steps, changed while playing, and on what the models really run."""

from __future__ import annotations

from typing import Final

from PySide6.QtWidgets import QSizePolicy, QVBoxLayout, QWidget

from neume.synth.control.commands import SetSteps
from neume.synth.engine_snapshot import EngineSnapshot

from ..choices import ChoiceStore
from ..engine_model import PLAYING, EngineModel
from ..sound.choice_row import ChoiceRow
from ..theme import TOUCH_PX
from .card import Card, line, tell

PROVIDERS: Final = {
    "CPUExecutionProvider": "CPU",
    "CUDAExecutionProvider": "NVIDIA CUDA",
    "TensorrtExecutionProvider": "NVIDIA TensorRT",
    "CoreMLExecutionProvider": "Apple Core ML",
    "DmlExecutionProvider": "DirectML",
    "ROCMExecutionProvider": "AMD ROCm",
    "OpenVINOExecutionProvider": "OpenVINO",
}


def provider_words(provider: str) -> str:
    """ONNX Runtime's names as people call them; those not known as they are."""
    return ", ".join(PROVIDERS.get(name, name) for name in provider.split(", ") if name)


class SamplerCard(Card):
    """Belongs to the panel's thread. What was chosen is chosen again when another engine begins to play."""

    def __init__(self, engine: EngineModel, choices: ChoiceStore) -> None:
        super().__init__(self.tr("Model"))
        self._engine, self._choices = engine, choices
        self._allowed: tuple[int, ...] = ()
        self._restored = False
        self.steps: ChoiceRow | None = None
        holder = QWidget()
        self._place = QVBoxLayout(holder)
        self._place.setContentsMargins(0, 0, 0, 0)
        self.row(self.tr("Sampler steps"), holder)
        self.runs = self.note(self.tr("More steps sound better and take longer."))
        self.provider = line("")
        self.row(self.tr("Runs on"), self.provider)
        engine.state_changed.connect(self._meet)
        engine.snapshot_came.connect(self._restore)

    def follow(self, snapshot: EngineSnapshot) -> None:
        if snapshot.allowed_steps != self._allowed:
            self._offer(snapshot.allowed_steps, snapshot.chosen_steps)
        if self.steps is not None and snapshot.chosen_steps in self.steps.buttons:
            chosen = self.steps.buttons[snapshot.chosen_steps]
            if not chosen.isChecked():
                chosen.setChecked(True)
        text, look = self.tr("More steps sound better and take longer."), "dim"
        if snapshot.steps != snapshot.chosen_steps:
            text = self.tr("The machine is too slow at this moment: {0} instead of {1} steps run.").format(
                snapshot.steps, snapshot.chosen_steps
            )
            look = "warning"
        tell(self.runs, text, look)
        words = provider_words(snapshot.provider)
        if words != self.provider.text():
            self.provider.setText(words)
            self.provider.setToolTip(snapshot.provider)

    def _offer(self, allowed: tuple[int, ...], chosen: int) -> None:
        self._allowed = allowed
        if self.steps is not None:
            self._place.removeWidget(self.steps)
            self.steps.hide()
            self.steps.deleteLater()
        self.steps = ChoiceRow(self.tr("Sampler steps"), {steps: str(steps) for steps in allowed}, chosen)
        for button in self.steps.buttons.values():
            button.setMinimumSize(TOUCH_PX, TOUCH_PX)
            button.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.steps.chosen.connect(self._send)
        self._place.addWidget(self.steps)

    def _send(self, steps: int) -> None:
        self._engine.ask(SetSteps(steps=steps), lambda _text: self._choices.change(steps=steps))

    def _meet(self, state: str) -> None:
        if state != PLAYING:
            self._restored = False

    def _restore(self, snapshot: EngineSnapshot) -> None:
        """Once for each engine: the steps of the last time."""
        if self._restored or not snapshot.allowed_steps:
            return
        self._restored = True
        steps = self._choices.now.steps
        if steps in snapshot.allowed_steps and steps != snapshot.chosen_steps:
            self._engine.post(SetSteps(steps=steps))
