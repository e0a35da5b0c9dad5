"""What the keyboard shows of others' playing and of the rack, and how little it paints for it."""

from __future__ import annotations

import panel_keys_rig as rig  # first: it chooses the offscreen platform

# isort: split

from panel_keys_rig import key_event, key_up
from panel_rig import quiet_snapshot
from PySide6.QtCore import QEvent, QObject

from neume.synth.rack.part import Part, Rack

desk, engine, folders, owner = rig.desk, rig.engine, rig.folders, rig.owner


def test_keys_that_others_play_light_up_in_the_colour_of_their_part(qtbot, desk, owner):
    owner.template = quiet_snapshot(keys_down=(36, 72, 128 * 3 + 61), sustain=90)
    glows = lambda: desk.keyboard.piano._glows  # noqa: E731
    qtbot.waitUntil(lambda: set(glows()) == {36, 61, 72})
    assert glows()[61] == glows()[72] == glows()[36]  # the first part that hears them
    owner.take(Rack("split", (Part("Bass", high_key=47), Part("Piano", low_key=48))))
    qtbot.waitUntil(lambda: glows()[36] != glows()[72])
    assert desk.keyboard.bar.pedal.level == 90
    owner.template = quiet_snapshot()
    qtbot.waitUntil(lambda: not glows())


def test_our_own_keys_are_not_lit_as_others(qtbot, desk, owner, monkeypatch):
    monkeypatch.setattr("neume.ui.keys.incoming.ECHO_S", 60.0)  # on a busy machine, too
    key_event(desk, "z")
    owner.template = quiet_snapshot(keys_down=(60, 64))
    qtbot.waitUntil(lambda: 64 in desk.keyboard.piano._glows)
    key_up(desk, "z")
    qtbot.wait(60)
    assert 60 not in desk.keyboard.piano._glows


class Painted(QObject):
    """Writes down which parts of a widget are painted."""

    def __init__(self, widget):
        super().__init__(widget)
        self.areas = []
        widget.installEventFilter(self)

    def eventFilter(self, _widget, event):
        if event.type() == QEvent.Type.Paint:
            self.areas.append(event.region().boundingRect())
        return False


def test_only_what_changes_is_painted(qtbot, desk, owner):
    piano = desk.keyboard.piano
    qtbot.wait(100)
    painted = Painted(piano)
    qtbot.wait(200)
    assert painted.areas == []  # snapshots alone paint nothing
    key_event(desk, "z")
    qtbot.waitUntil(lambda: bool(painted.areas))
    key_width = piano.geometry_of_keys.rect(60).width()
    assert all(area.width() <= key_width + 2 for area in painted.areas)


def test_the_bands_name_the_splits(desk, owner):
    assert [band.name for band in desk.keyboard.bands.bands] == ["Piano", "Bass"]
    assert "Bass: C-1 to B2" in desk.keyboard.bands.toolTip()


def test_it_fits_the_smallest_window_and_grows_with_a_larger_one(qtbot, desk):
    piano = desk.keyboard.piano
    desk.resize(960, 640)
    qtbot.waitUntil(lambda: 104 <= piano.height() <= 110)
    assert desk.width() == 960
    assert piano.geometry_of_keys.white_width >= 15
    desk.resize(1360, 1000)
    qtbot.waitUntil(lambda: piano.height() >= 160)
