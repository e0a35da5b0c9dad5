"""The engine as the panel sees it: its snapshots as signals, and its rack with undo.

views ─ edit, set_value, load_preset ─▶ EngineModel ─▶ EngineLine ─▶ EngineClient ─▶ engine
engine ─▶ EngineClient ─▶ EngineModel.tick (60 Hz) ─ signals ─▶ views
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Final

from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtGui import QUndoStack

from neume.synth.control.client import EngineClient
from neume.synth.control.commands import Command, GetRack, LoadPreset, SetRack, SetValue, Subscribe
from neume.synth.control.rack_told import read_told
from neume.synth.engine_snapshot import EngineSnapshot
from neume.synth.errors import NeumeError
from neume.synth.rack.knobs import with_value
from neume.synth.rack.part import Rack
from neume.synth.rack.preset_write import preset_text

from .engine_line import EngineLine
from .rack_edit import RackEdit, Version

TICK_MS: Final = 16
UPDATES_HZ: Final = 60.0
HANGS_S: Final = 1.0  # silent for so long, an engine that is subscribed to hangs
GONE, PLAYING, HANGING = "gone", "playing", "hanging"


class EngineModel(EngineLine):
    """One for a panel. Belongs to the panel's thread, as everything here; nothing waits.

    `rack` is what the panel shows, `preset` the name of the preset that it came from, empty for none. They
    change at once with an edit, which the engine then carries out; what changes in the engine (a learnt knob,
    a footswitch) comes back as another `rack_revision`, and another preset becomes a step of undo. An engine
    that takes the place of one that has ended is told to play them.
    """

    snapshot_came = Signal(object)  # EngineSnapshot
    mels_came = Signal(list)  # of MelChunk
    waves_came = Signal(list)  # of WaveChunk
    rack_changed = Signal(object)  # Rack
    preset_changed = Signal(str)
    preset_left = Signal(object)  # Version, which undo brings back
    state_changed = Signal(str)  # GONE, PLAYING, HANGING
    noted = Signal(str)  # one for who has the time to read: nothing failed

    def __init__(self, client: EngineClient, parent: QObject | None = None) -> None:
        super().__init__(client, parent)
        self.state = GONE
        self.latest: EngineSnapshot | None = None
        self.rack: Rack | None = None
        self.preset = ""
        self.undo_stack = QUndoStack(self)
        self._connection = 0  # which of the client's this is about
        self._process_id = 0  # of the engine whose rack is shown
        self._revision: int | None = None  # of the engine's rack that `rack` is, None: not known
        self._flying = 0  # commands that change the rack and are not answered yet
        self._edits = 0
        self._asking = False
        self._turned: dict[str, float] = {}  # values that wait for the next tick
        self._timer = QTimer(self)
        self._timer.timeout.connect(self.tick)

    def start(self) -> None:
        self.client.post(Subscribe(hz=UPDATES_HZ, mel=True, meters=True, wave=True))
        self._timer.start(TICK_MS)

    def stop(self) -> None:
        self._timer.stop()
        self.client.close()

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
            self.undo_stack.push(RackEdit(self, text, Version(self.rack), Version(after), merge))

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
            turn = partial(self._turn, after, target, value)
            self.undo_stack.push(RackEdit(self, text, Version(self.rack), Version(after), merge, turn))

    def load_preset(self, name: str, rack: Rack) -> None:
        """Play a preset, whose rack is known already; undo brings what was before back."""
        if self.rack is not None:
            self._leave(Version(rack, name), partial(self._load, name, rack))

    def call_preset(self, name: str) -> None:
        """What is played is the preset of that name from now on: next and previous go on from there."""
        if self.rack is not None:
            self.show(Version(self.rack, name))

    def show(self, version: Version) -> None:
        """Play another rack."""
        self._turned.clear()
        self._edit_to(version)
        self._change(SetRack(preset=preset_text(version.rack), name=self.preset))

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
        self._change(SetRack(preset=preset_text(self.rack), name=self.preset))

    def _follow(self, snapshot: EngineSnapshot) -> None:
        """Ask for the engine's rack if it is not the one that is shown."""
        if snapshot.rack_revision == self._revision or self._flying or self._asking:
            return
        self._asking = True
        self.ask(GetRack(), partial(self._heard_rack, self._edits), self._heard_none)

    def _heard_rack(self, edits: int, text: str) -> None:
        self._asking = False
        if edits != self._edits or self._flying:
            return  # edited meanwhile: the next snapshot asks again
        try:
            played = read_told(text)
        except NeumeError as error:
            self.told.emit(str(error))
            return
        version, known = Version(played.rack, played.preset), self._revision is not None
        self._revision = played.revision
        if known and played.preset != self.preset:
            self._leave(version, partial(self._take, version))
        else:
            self._take(version)

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

    def _leave(self, version: Version, first: Callable[[], object]) -> None:
        """Go to another preset by `first`: one step of undo, if that changes the rack."""
        rack, before = version.rack, self.rack
        if before is None or before == rack:
            first()
            return
        left = Version(before, self.preset)
        self.undo_stack.push(
            RackEdit(self, self.tr("load {0}").format(rack.name), left, version, first=first)
        )
        self.preset_left.emit(left)

    def _turn(self, rack: Rack, target: str, value: float) -> None:
        self._edit_to(Version(rack))
        self._turned[target] = value

    def _load(self, name: str, rack: Rack) -> None:
        self._turned.clear()
        self._edit_to(Version(rack, name))
        self._change(LoadPreset(name=name))

    def _edit_to(self, version: Version) -> None:
        self._edits += 1
        self._take(version)

    def _take(self, version: Version) -> None:
        """Show what is played, and tell what of it is new."""
        before, named = self.rack, self.preset
        self.rack = version.rack
        if version.preset is not None:
            self.preset = version.preset
        if self.rack != before:
            self.rack_changed.emit(self.rack)
        if self.preset != named:
            self.preset_changed.emit(self.preset)
