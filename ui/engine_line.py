"""Commands to the engine as calls that do not wait, with their answers on the panel's thread.

views ─ post, ask ─▶ EngineLine ─▶ EngineClient ─▶ engine ─ replies ─▶ EngineLine ─ done, failed ─▶ views
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import CancelledError, Future
from functools import partial

from PySide6.QtCore import QObject, Signal

from neume.synth.control.client import EngineClient
from neume.synth.control.commands import Command
from neume.synth.control.messages import Reply
from neume.synth.errors import NeumeError

Done = Callable[[str], object]


class EngineLine(QObject):
    """Belongs to the panel's thread; replies come on the client's and are passed on."""

    told = Signal(str)  # a line for the user: something failed
    _answered = Signal(object, object, object)  # reply or error, done, failed

    def __init__(self, client: EngineClient, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.client = client
        self._answered.connect(self._hear)

    def post(self, command: Command) -> None:
        """Send and go on; a failure is told."""
        try:
            self.client.post(command)
        except NeumeError as error:
            self.told.emit(str(error))

    def ask(self, command: Command, done: Done | None = None, failed: Done | None = None) -> None:
        """Send; later `done` gets the reply's text, or `failed` the reason (without one it is told)."""
        try:
            future = self.client.ask(command)
        except NeumeError as error:
            (failed or self.told.emit)(str(error))
            return
        future.add_done_callback(partial(self._from_reader, done, failed))

    def _from_reader(self, done: Done | None, failed: Done | None, future: Future[Reply]) -> None:
        """On the client's thread: pass the answer on to the panel's."""
        try:
            answer: Reply | str = future.result()
        except (NeumeError, CancelledError) as error:
            answer = str(error) or "the engine has not answered"
        self._answered.emit(answer, done, failed)

    def _hear(self, answer: Reply | str, done: Done | None, failed: Done | None) -> None:
        if isinstance(answer, Reply) and answer.done:
            if done is not None:
                done(answer.text)
            return
        (failed or self.told.emit)(answer.text if isinstance(answer, Reply) else answer)
