"""What the engine only takes when it starts, with the way to start it again at once."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QTimer, Signal

from neume.synth.control.commands import Quit
from neume.synth.engine_snapshot import EngineSnapshot

from ..choices import Choices, ChoiceStore
from ..engine_model import GONE, PLAYING, EngineModel
from .card import Card, Combo, check, tell
from .engine_options import at_start, known_fields
from .sure_button import SureButton

STREAMS: Final = range(1, 17)
MARGINS_MS: Final = (0, 5, 10, 20, 50, 100)
ANSWER_MS: Final = 5000  # an engine that has not ended by then hangs
AGAIN_MS: Final = 2500  # a new one that does not play by then is asked for again


class EngineCard(Card):
    """Belongs to the panel's thread. The engine is asked to end, so that it keeps its rack and finishes its
    takes; whoever keeps engines starts another. `restart_wanted` is for one that does not end or come."""

    restart_wanted = Signal()

    def __init__(self, engine: EngineModel, choices: ChoiceStore) -> None:
        super().__init__(self.tr("At the engine's start"))
        self._engine, self._choices = engine, choices
        self._given = at_start(choices.now)  # as far as is known
        self._recording, self._restarting = False, False
        known = known_fields()
        self.streams = Combo(
            self.tr("Parts rendered apart"),
            [(self.tr("As many as the machine can"), 0), *((str(count), count) for count in STREAMS)],
        )
        self.fallback = Combo(
            self.tr("Heard while the machine is too slow"),
            [(self.tr("Silence"), "silence"), (self.tr("A plain additive voice"), "additive")],
        )
        self.margin = Combo(
            self.tr("Extra delay for a machine that stalls"),
            [(self.tr("None"), 0.0), *((f"{margin} ms", float(margin)) for margin in MARGINS_MS[1:])],
        )
        self.low_latency = check(self.tr("Low latency: shorter blocks, nearly twice the work"))
        self.mpe = check(self.tr("MPE controllers: a channel for each note"))
        self.row(self.tr("Streams"), self.streams)
        self.row(self.tr("If too slow"), self.fallback)
        if "margin_ms" in known:
            self.row(self.tr("Margin"), self.margin)
        if "low_latency" in known:
            self.add(self.low_latency)
        self.add(self.mpe)
        self.told = self.note()
        self.apply = SureButton(self.tr("Apply now"), self.tr("Really? The sound stops for some seconds"))
        self.apply.setToolTip(self.tr("Start the engine again with what is chosen here"))
        self.add(self.apply)
        self._connect()
        self._show(choices.now)

    def _connect(self) -> None:
        change = self._choices.change
        self.streams.activated.connect(lambda: change(streams=self.streams.currentData()))
        self.fallback.activated.connect(lambda: change(fallback=self.fallback.currentData()))
        self.margin.activated.connect(lambda: change(margin_ms=self.margin.currentData()))
        self.low_latency.clicked.connect(lambda on: change(low_latency=on))
        self.mpe.clicked.connect(lambda on: change(mpe=on))
        self.apply.sure.connect(self.restart)
        self._choices.changed.connect(self._show)
        self._engine.state_changed.connect(self._meet)
        self._late, self._again = QTimer(self), QTimer(self)
        for timer, milliseconds in ((self._late, ANSWER_MS), (self._again, AGAIN_MS)):
            timer.setSingleShot(True)
            timer.setInterval(milliseconds)
        self._late.timeout.connect(self._insist)
        self._again.timeout.connect(self._insist)

    @property
    def is_pending(self) -> bool:
        """Whether something is chosen that the engine does not have yet."""
        return at_start(self._choices.now) != self._given

    def follow(self, snapshot: EngineSnapshot) -> None:
        recording = snapshot.recording is not None
        if recording != self._recording:
            self._recording = recording
            self._show(self._choices.now)

    def restart(self) -> None:
        """End the engine in order; another one begins with what is chosen."""
        if self._engine.state != PLAYING:
            self.restart_wanted.emit()
            return
        self._restarting = True
        self._late.start()
        self._engine.ask(Quit(), lambda _text: None, lambda _reason: None)
        self._show(self._choices.now)

    def _insist(self) -> None:
        if self._restarting:
            self._restarting = False
            self.restart_wanted.emit()
            self._show(self._choices.now)

    def _meet(self, state: str) -> None:
        if state == GONE:
            self._late.stop()
            self._given = ()
            if self._restarting:
                self._again.start()
        elif state == PLAYING and self._given == ():
            self._again.stop()
            self._restarting = False
            self._given = at_start(self._choices.now)
        self._show(self._choices.now)

    def _show(self, chosen: Choices) -> None:
        self.streams.choose(chosen.streams)
        self.fallback.choose(chosen.fallback)
        self.margin.choose(chosen.margin_ms)
        self.low_latency.setChecked(chosen.low_latency)
        self.mpe.setChecked(chosen.mpe)
        pending = self.is_pending and self._given != ()
        text, look = self.tr("These change when the engine starts again."), "dim"
        if self._restarting:
            text = self.tr("The engine is being started again…")
        elif self._recording and pending:
            text, look = self.tr("Chosen for the next start. End the recording to apply it now."), "warning"
        elif pending:
            text, look = (
                self.tr("Chosen for the next start; applying it now starts the engine again."),
                "warning",
            )
        tell(self.told, text, look)
        self.apply.setEnabled(pending and not self._recording and not self._restarting)
