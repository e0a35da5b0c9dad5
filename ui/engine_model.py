"""The engine as the panel sees it: its snapshots as signals, its commands as calls, and its rack with undo.

views ─ edit, set_value, post, ask ─▶ EngineModel ─▶ EngineClient ─▶ engine
engine ─▶ EngineClient ─▶ EngineModel.tick (60 Hz) ─ signals ─▶ views
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import CancelledError, Future
from functools import partial
from typing import Final

from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtGui import QUndoStack

from neume.synth.control.client import EngineClient
from neume.synth.control.commands import Command, GetRack, LoadPreset, SetRack, SetValue, Subscribe
from neume.synth.control.messages import Reply
from neume.synth.engine_snapshot import EngineSnapshot
from neume.synth.errors import NeumeError
from neume.synth.rack.knobs import with_value
from neume.synth.rack.part import Rack
from neume.synth.rack.preset_read import parse_preset
from neume.synth.rack.preset_write import preset_text

from .rack_edit import RackEdit

TICK_MS: Final = 16
UPDATES_HZ: Final = 60.0
HANGS_S: Final = 1.0  # silent for so long, an engine that is subscribed to hangs
GONE, PLAYING, HANGING = "gone", "playing", "hanging"

Done = Callable[[str], object]


class EngineModel(QObject):
    """One for a panel. Belongs to the panel's thread, as everything here; nothing waits.

    `rack` is what the panel shows: it changes at once with an edit, which the engine then carries out; what
    changes in the engine (a learnt knob, a footswitch) comes back as another `rack_revision`. An engine that
    takes the place of one that has ended is told to play it.
    """

    snapshot_came = Signal(object)  # EngineSnapshot
    mels_came = Signal(list)  # of MelChunk
    waves_came = Signal(list)  # of WaveChunk
    rack_changed = Signal(object)  # Rack
    state_changed = Signal(str)  # GONE, PLAYING, HANGING
    told = Signal(str)  # a line for the user: something failed
    _answered = Signal(object, object, object)  # reply or error, done, failed

    def __init__(self, client: EngineClient, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.client = client
        self.state = GONE
        self.latest: EngineSnapshot | None = None
        self.rack: Rack | None = None
        self.undo_stack = QUndoStack(self)
        self._connection = 0  # which of the client's this is about
        self._process_id = 0  # of the engine whose rack is shown
        self._revision: int | None = None  # of the engine's rack that `rack` is, None: not known
        self._flying = 0  # commands that change the rack and are not answered yet
        self._edits = 0
        self._asking = False
        self._turned: dict[str, float] = {}  # values that wait for the next tick
        self._answered.connect(self._hear)
        self._timer = QTimer(self)
        self._timer.timeout.connect(self.tick)

    def start(self) -> None:
        self.client.post(Subscribe(hz=UPDATES_HZ, mel=True, meters=True, wave=True))
        self._timer.start(TICK_MS)

    def stop(self) -> None:
        self._timer.stop()
        self.client.close()

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

    def edit(self, text: str, change: Callable[[Rack], Rack], merge: str = "") -> None:
        """Change the rack, undoably under the name `text`. Edits with the same `merge` that follow each other
        become one, such as the steps of a drag."""
        if self.rack is None:
            return
        try:
            after = change(self.rack)
        except NeumeError as error:
            self.told.emit(str(error))
            return
        if after != self.rack:
            self.undo_stack.push(RackEdit(self, text, self.rack, after, merge))

    def set_value(self, text: str, target: str, value: float, gesture: str = "") -> None:
        """Turn one value of the rack, by its target text. All calls of one `gesture` are undone as one."""
        if self.rack is None:
            return
        try:
            after = with_value(self.rack, target, value)
        except NeumeError as error:
            self.told.emit(str(error))
            return
        if after != self.rack:
            merge = f"{target} {gesture}" if gesture else ""
            self.undo_stack.push(RackEdit(self, text, self.rack, after, merge, (target, value)))

    def load_preset(self, name: str) -> None:
        """Play another preset; undo brings the rack of before back."""
        self._change(LoadPreset(name=name))

    def show(self, rack: Rack, value: tuple[str, float] | None = None) -> None:
        """Play `rack`, of which only `value` (target, value) is new if it is given. For `RackEdit`."""
        self._edits += 1
        self._take(rack)
        if value is not None:
            self._turned[value[0]] = value[1]
        else:
            self._turned.clear()
            self._change(SetRack(preset=preset_text(rack)))

    def tick(self) -> None:
        """About 60 times a second: send what has been turned, tell what has come."""
        for target, value in self._turned.items():
            self._change(SetValue(target=target, value=value))
        self._turned.clear()
        for line in self.client.take_faults():
            self.told.emit(line)
        self._look()
        if self.state == GONE:
            return
        if mels := self.client.take_mels():
            self.mels_came.emit(mels)
        if waves := self.client.take_waves():
            self.waves_came.emit(waves)
        newest = self.client.latest
        if newest is not None and newest is not self.latest:
            self.latest = newest
            self._follow(newest)
            self.snapshot_came.emit(newest)

    def _look(self) -> None:
        """Follow the connection: which engine it is, and whether it lives."""
        if self.client.connections != self._connection:
            self._connection = self.client.connections
            self._revision, self._flying, self._asking = None, 0, False
            self._meet(self.client.process_id)
        alive = self.client.alive
        state = GONE if not alive else HANGING if self.client.silent_s > HANGS_S else PLAYING
        if state != self.state:
            self.state = state
            self.state_changed.emit(state)

    def _meet(self, process_id: int) -> None:
        """Let another engine than before play what is shown, with next and previous counted from the same
        preset: it may have begun with a rack of long ago. One that was only out of reach knows better."""
        another, self._process_id = process_id != self._process_id, process_id
        if self.rack is None or not another:
            return
        rack, preset = self.rack, self.latest.preset if self.latest is not None else ""
        if preset:
            self._flying += 1
            self.ask(LoadPreset(name=preset), self._landed, self._landed)  # the rack comes all the same
        self._change(SetRack(preset=preset_text(rack)))

    def _follow(self, snapshot: EngineSnapshot) -> None:
        """Ask for the engine's rack if it is not the one that is shown."""
        if snapshot.rack_revision == self._revision or self._flying or self._asking:
            return
        self._asking = True
        revision, edits = snapshot.rack_revision, self._edits
        self.ask(GetRack(), partial(self._heard_rack, revision, edits), self._heard_none)

    def _heard_rack(self, revision: int, edits: int, text: str) -> None:
        self._asking = False
        if edits != self._edits or self._flying:
            return  # edited meanwhile: the next snapshot asks again
        try:
            rack = parse_preset(text, "the engine's rack")
        except NeumeError as error:
            self.told.emit(str(error))
            return
        self._revision = revision
        if rack != self.rack:
            self._take(rack)

    def _heard_none(self, reason: str) -> None:
        self._asking = False
        self.told.emit(reason)

    def _change(self, command: Command) -> None:
        self._flying += 1
        self._edits += 1
        self.ask(command, self._landed, self._refused)

    def _landed(self, _text: str) -> None:
        self._flying = max(0, self._flying - 1)

    def _refused(self, reason: str) -> None:
        self._flying = max(0, self._flying - 1)
        self._revision = None  # show again what the engine really plays
        self.told.emit(reason)

    def _take(self, rack: Rack) -> None:
        self.rack = rack
        self.rack_changed.emit(rack)

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
