"""A panel under test: offscreen Qt, a real control link, and an owner that writes down what it is told.

Import this before anything of Qt.
"""

from __future__ import annotations

import contextlib
import dataclasses
import gc
import os
import threading

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from control_rig import Owner
from PySide6.QtCore import QCoreApplication, QEvent

from neume.synth.control.address import own_address
from neume.synth.control.client import EngineClient
from neume.synth.control.commands import GetRack, LoadPreset, SetRack, SetValue
from neume.synth.control.door import Door
from neume.synth.control.rack_told import told_text
from neume.synth.control.server import ControlServer
from neume.synth.engine_snapshot import EngineSnapshot
from neume.synth.errors import NeumeError
from neume.synth.latency import latency_sum
from neume.synth.mixer import Meters
from neume.synth.rack.knobs import with_value
from neume.synth.rack.part import Part, Rack
from neume.synth.rack.played import PlayedRack
from neume.synth.rack.preset_read import parse_preset
from neume.synth.rack.preset_search import open_preset, preset_after
from neume.ui.choices import ChoiceStore
from neume.ui.engine_model import EngineModel

RACK = Rack("test rack", (Part("Piano", program=0), Part("Bass", program=32, high_key=47)))


def quiet_snapshot(**changes):
    """The snapshot of an engine that plays nothing."""
    latency = latency_sum(rate_hz=48_000, block_samples=512, lookahead_samples=256, device_block_samples=128)
    calm = EngineSnapshot(
        played_frames=0,
        ring_frames=512,
        latency=latency,
        underruns=0,
        missing_frames=0,
        blocks_left_out=0,
        late_notes=0,
        blocks=0,
        times={},
        sounding=(0,),
        meters=Meters((0.0,), (0.0,)),
        steps=1,
        rack=RACK.name,
        rack_revision=1,
        allowed_steps=(0, 1, 2, 4, 8),
        chosen_steps=1,
    )
    return dataclasses.replace(calm, **changes)


class PanelOwner(Owner):
    """Keeps a rack as an engine does; `commands` and `played` hold all that came."""

    def __init__(self, rack=RACK, preset=""):
        super().__init__()
        self.now = PlayedRack(rack, preset)
        self.refuses = ()  # kinds of commands
        self.template = quiet_snapshot()

    @property
    def rack(self):
        return self.now.rack

    @property
    def preset(self):
        return self.now.preset

    @property
    def revision(self):
        return self.now.revision

    def snapshot(self, meters):
        now = self.now
        told = {"rack": now.rack.name, "rack_revision": now.revision, "preset": now.preset}
        return dataclasses.replace(self.template, **told)

    def carry_out(self, command):
        """What the engine would reply; raises NeumeError for what it would refuse."""
        match command:
            case GetRack():
                return told_text(self.now)
            case SetRack(preset=text, name=name):
                self.take(parse_preset(text, "sent"), name)
            case LoadPreset(name=name):
                self.take(open_preset(name), name)
            case SetValue(target="preset.next" | "preset.previous" as target):
                name = preset_after(self.preset, 1 if target == "preset.next" else -1)
                self.take(open_preset(name), name)
            case SetValue(target=target, value=value) if "." in target or target == "gain_db":
                self.take(with_value(self.rack, target, value))
        return ""

    def obey(self, request):
        if self.refuses and isinstance(request.command, self.refuses):
            request.failed("refused on purpose")
            return
        try:
            request.done(self.carry_out(request.command))
        except NeumeError as error:
            request.failed(str(error))

    def take(self, rack, preset=None):
        self.now = self.now.then(rack, preset)


@contextlib.contextmanager
def collected_here():
    """Let no other thread collect garbage: it would destroy widgets and timers of a test before, and the
    timers would fire all the same, into nothing. What is to be deleted goes first: connections get lost
    when Python's side of an object is gone before Qt's."""
    if QCoreApplication.instance() is not None:
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


@contextlib.contextmanager
def panel_engine(owner, name="panel-test"):
    """A served owner, and an EngineModel that is connected with it, started and ticking."""
    with collected_here(), ControlServer(Door(own_address(name)), owner, owner.hear) as server:
        thread = threading.Thread(target=owner.serve, args=(server,))
        thread.start()
        model = EngineModel(EngineClient.connect(name))
        model.start()
        try:
            yield model
        finally:
            model.stop()
            owner.stopping.set()
            thread.join()


def choices_in(folder):
    return ChoiceStore(folder / "panel.toml")


def delete(widget):
    """Let go of a top-level widget now, while what it talks with is still there."""
    widget.close()
    widget.deleteLater()
    QCoreApplication.sendPostedEvents(widget, QEvent.Type.DeferredDelete)
