"""The time view by mouse, fingers and keys, against a real control link."""

from __future__ import annotations

import pytest
from panel_rig import PanelOwner, choices_in, panel_engine, quiet_snapshot

# isort: split
import functools
from pathlib import Path

import numpy as np
from control_rig import own_folders, until
from PySide6.QtCore import QPoint, Qt, QTimer
from PySide6.QtGui import QHelpEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialogButtonBox, QFileDialog, QLineEdit, QMessageBox, QPushButton

from neume.synth.block_timer import STAGES, StageTimes
from neume.synth.control.commands import ResetCounters, SaveTrace
from neume.synth.errors import OutputError
from neume.synth.latency import latency_sum
from neume.synth.shedding import Load
from neume.synth.underrun import OTHER_PROGRAMS, Underrun
from neume.ui.theme import use_theme
from neume.ui.timing.view import TimingView

LEFT = Qt.MouseButton.LeftButton
folders = pytest.fixture(autouse=True)(own_folders)


class Tracer(PanelOwner):
    """Writes traces, and counts from zero when it is told to."""

    def carry_out(self, command):
        match command:
            case SaveTrace(path=path):
                if not path.parent.is_dir():
                    raise OutputError(f"{path}: cannot be written: No such file or directory")
                path.write_text("block\n1.0\n", encoding="utf-8")
                return str(path)
            case ResetCounters():
                self.template = quiet_snapshot()
        return super().carry_out(command)


@pytest.fixture
def owner():
    owner = Tracer()
    owner.template = bad()
    return owner


@pytest.fixture
def engine(qapp, owner):
    use_theme(qapp, "dark")
    with panel_engine(owner) as model:
        yield model


@pytest.fixture
def view(qtbot, engine, tmp_path):
    view = TimingView(engine, choices_in(tmp_path))
    view.resize(1000, 620)
    qtbot.addWidget(view)
    view.show()
    view.activateWindow()
    qtbot.waitUntil(lambda: view.isActiveWindow() and view.trouble.underruns.text() == "3")
    return view


@functools.cache
def touch_screen():
    """One for all tests, since Qt keeps pointing at it."""
    return QTest.createTouchDevice()


def times(block_ms=(3.0, 6.0, 9.0)):
    stages = {stage: StageTimes(0.5, 1.0, 1.5, 2.0) for stage in STAGES}
    p50_ms, p99_ms, max_ms = block_ms
    return stages | {"block": StageTimes(p50_ms, p99_ms, p99_ms, max_ms)}


def bad(**changes):
    """The snapshot of an engine in trouble."""
    usual = {
        "underruns": 3,
        "missing_frames": 480,
        "late_notes": 2,
        "blocks_left_out": 1234,
        "underrun": Underrun("denoiser", 14.2, 8.0),
        "shed": Load(2),
        "faults": ("effect 'wobble' has failed",),
        "times": times(),
        "blocks": 100,
        "recent_ms": (3.0,) * 15 + (12.0,),
    }
    return quiet_snapshot(**(usual | changes))


def told(owner, kind):
    return [command for command in owner.commands if isinstance(command, kind)]


def test_the_delay_is_shown_as_a_sum_whose_parts_explain_themselves(qtbot, view):
    assert view.total.text() == "26.7 ms"
    bar = view.bar
    segments = bar.segments()
    assert sum(segment.width() for segment in segments) == pytest.approx(bar.width(), abs=10)
    widths = [segment.width() for segment in segments]
    assert widths[0] == pytest.approx(2 * widths[1], rel=0.02)  # a block, and half of one
    assert "10.7 ms" in bar.accessibleName()
    for place in (*segments, *bar.entries()):
        tip = bar.tip_at(place.center().x(), place.center().y())
        assert " ms</b>" in tip
        assert len(tip) > 60
    at = segments[0].center().toPoint()
    event = QHelpEvent(QHelpEvent.Type.ToolTip, at, bar.mapToGlobal(at))
    assert QApplication.sendEvent(bar, event)
    assert bar.tip_at(-5.0, 5.0) == ""


def test_another_device_gives_another_sum(qtbot, engine, owner, view):
    latency = latency_sum(rate_hz=48_000, block_samples=512, lookahead_samples=256, device_block_samples=256)
    owner.template = bad(latency=latency)
    qtbot.waitUntil(lambda: view.total.text() == f"{latency.total_ms:.1f} ms")
    assert view.plot.deadline.deadline_ms == pytest.approx(latency.milliseconds(512))


def test_trouble_is_told_with_its_stage_and_its_cure(view):
    assert [figure.text() for figure in view.trouble.figures] == [
        "3",
        "10",
        "2",
        "1\N{NARROW NO-BREAK SPACE}234",
    ]
    words = view.trouble.words.text()
    for part in ("14.2", "Denoiser", "fewer steps", "2 steps", "wobble"):
        assert part in words
    assert view.trouble.underruns.accessibleName() == "Underruns: 3"
    assert view.trouble.underruns.look == "alarm"


def test_all_is_well_is_told_too_and_an_old_underrun_is_not(qtbot, owner, view):
    owner.template = quiet_snapshot(underrun=Underrun(OTHER_PROGRAMS, 3.0, 8.0))
    qtbot.waitUntil(lambda: view.trouble.words.text() == "All blocks in time.")
    assert view.trouble.underruns.look == "ok"


@pytest.mark.parametrize("by", ["button", "figure", "key", "touch"])
def test_counters_are_cleared(qtbot, owner, view, by):
    figure = view.trouble.underruns
    if by == "button":
        QTest.mouseClick(view.trouble.clear, LEFT)
    elif by == "figure":
        QTest.mouseClick(figure, LEFT)
    elif by == "key":
        figure.setFocus()
        QTest.keyClick(figure, Qt.Key.Key_Space)
    else:
        QTest.touchEvent(view, touch_screen()).press(0, figure.rect().center(), figure).commit()
        QTest.touchEvent(view, touch_screen()).release(0, figure.rect().center(), figure).commit()
    qtbot.waitUntil(lambda: figure.text() == "0")
    assert len(told(owner, ResetCounters)) == 1
    qtbot.waitUntil(view.trouble.note.isVisible)


def dialog_of(qtbot, view):
    qtbot.waitUntil(lambda: bool(view.findChildren(QFileDialog)))
    return view.findChildren(QFileDialog)[0]


def choose(dialog, path):
    """Go to the folder, type the file's name, and press Save."""
    dialog.setDirectory(str(path.parent))
    field = dialog.findChild(QLineEdit, "fileNameEdit")
    field.setFocus()
    field.selectAll()
    QTest.keyClicks(field, path.name)
    buttons = dialog.findChild(QDialogButtonBox)
    QTest.mouseClick(buttons.button(QDialogButtonBox.StandardButton.Save), LEFT)


def test_a_trace_is_saved_where_the_user_says(qtbot, owner, view, tmp_path):
    QTest.mouseClick(view.trouble.save, LEFT)
    dialog = dialog_of(qtbot, view)
    assert Path(dialog.selectedFiles()[0]).name.startswith("neume-trace-")
    choose(dialog, tmp_path / "mine")
    qtbot.waitUntil(lambda: "mine.csv" in view.trouble.note.text())
    assert (tmp_path / "mine.csv").exists()
    assert told(owner, SaveTrace) == [SaveTrace(path=tmp_path / "mine.csv")]
    qtbot.waitUntil(lambda: not view.findChildren(QFileDialog))


def test_before_a_trace_is_overwritten_the_user_is_asked(qtbot, owner, view, tmp_path):
    path = tmp_path / "old.csv"
    path.write_text("precious", encoding="utf-8")
    view.ask_for_trace()
    dialog = dialog_of(qtbot, view)

    def refuse():
        box = QApplication.activeModalWidget()
        assert isinstance(box, QMessageBox)
        QTest.mouseClick(box.button(QMessageBox.StandardButton.No), LEFT)

    QTimer.singleShot(200, refuse)
    choose(dialog, path)
    dialog.reject()
    assert path.read_text(encoding="utf-8") == "precious"
    assert not told(owner, SaveTrace)


def test_a_dialog_that_is_closed_saves_nothing(qtbot, owner, view):
    view.ask_for_trace()
    QTest.keyClick(dialog_of(qtbot, view), Qt.Key.Key_Escape)
    qtbot.waitUntil(lambda: not view.findChildren(QFileDialog))
    assert not told(owner, SaveTrace)


def test_a_trace_that_cannot_be_written_is_told(qtbot, engine, view, tmp_path):
    with qtbot.waitSignal(engine.told) as signal:
        view.save_trace(tmp_path / "nowhere" / "trace.csv")
    assert "cannot be written" in signal.args[0]
    assert not view.trouble.note.isVisible()


def test_only_new_blocks_come_to_the_plot_and_late_ones_are_flagged(qtbot, engine, view):
    engine._timer.stop()
    plot = view.plot
    plot.repaint()
    calm = plot.grab().toImage()
    assert np.isfinite(plot.ring.times_ms(0, 100)).sum() == 16
    engine.snapshot_came.emit(bad(blocks=102, recent_ms=(3.0,) * 14 + (4.0, 14.0)))
    assert plot.ring.times_ms(98, 102).tolist() == [3.0, 12.0, 4.0, 14.0]
    area = plot.area()
    x, y = int(area.right()) - 1, int(area.top() + 0.2 * area.height())
    late = plot.grab().toImage()
    assert late.pixelColor(x, y).red() > 200
    assert calm.pixelColor(x - 4, y).red() < 100
    flag = late.pixelColor(x, int(area.top()) + 1)
    assert flag.red() > 200


def test_a_block_is_read_by_hovering(qtbot, engine, view):
    engine._timer.stop()
    plot = view.plot
    plot.repaint()
    area = plot.area()
    QTest.mouseMove(plot, QPoint(int(area.right()) - 1, int(area.center().y())))
    assert plot.text_at_cross().startswith("12.00 ms  late")
    QTest.mouseMove(plot, QPoint(int(area.right()) - 10, int(area.center().y())))
    assert plot.text_at_cross().startswith("3.00 ms")
    assert "late" not in plot.text_at_cross()
    QTest.mouseMove(plot, QPoint(int(area.left()) + 5, int(area.center().y())))
    assert plot.text_at_cross() == ""


def test_the_load_is_a_share_of_the_deadline_and_each_stage_has_its_row(qtbot, view):
    qtbot.waitUntil(lambda: view.load[0].text() == "38 %")  # 3 of 8 ms
    assert [figure.text() for figure in view.load] == ["38 %", "75 %", "112 %"]
    assert [figure.look for figure in view.load] == ["ok", "warning", "alarm"]
    assert view.table.numbers(view.table.times["block"]) == ("3.0", "6.0", "9.0")
    tips = {view.table.tip_at(y) for y in range(view.table.height())}
    assert len(tips - {""}) == len(STAGES)


def test_hidden_it_takes_nothing_and_shown_again_it_is_up_to_date(qtbot, owner, view):
    view.hide()
    owner.template = bad(underruns=7, blocks=150)
    qtbot.wait(100)
    assert view.trouble.underruns.text() == "3"
    assert view.plot.ring.next_block == 100
    view.show()
    assert view.trouble.underruns.text() == "7"
    assert view.plot.ring.next_block == 150


def test_another_theme_paints_everything_anew(qapp, engine, view):
    engine._timer.stop()
    view.repaint()
    dark = view.plot.grab().toImage()
    use_theme(qapp, "light")
    light = view.plot.grab().toImage()
    area = view.plot.area().center().toPoint()
    assert light.pixelColor(area).lightness() > dark.pixelColor(area).lightness() + 100
    use_theme(qapp, "dark")
    assert view.plot.grab().toImage() == dark


def test_everything_is_reached_by_tab_and_hit_by_a_finger(view):
    view.trouble.underruns.setFocus()
    reached = []
    for _ in range(8):
        reached.append(QApplication.focusWidget())
        QTest.keyClick(reached[-1], Qt.Key.Key_Tab)
    for widget in (*view.trouble.figures, view.trouble.clear, view.trouble.save, view.plot):
        assert widget in reached
        assert widget.accessibleName() or (isinstance(widget, QPushButton) and widget.text())
        assert widget.height() >= 34


def test_in_a_low_window_the_figures_give_way(qtbot, view):
    assert all(figure.isVisible() for figure in view.load)
    view.resize(680, 320)
    assert not any(figure.isVisible() for figure in view.load)
    assert view.trouble.underruns.visibleRegion().boundingRect().height() > 40
    view.resize(1000, 620)
    assert all(figure.isVisible() for figure in view.load)


def test_without_an_engine_nothing_is_claimed(qtbot, engine, tmp_path):
    until(lambda: engine.client.alive)
    engine.latest = None
    view = TimingView(engine, choices_in(tmp_path))
    qtbot.addWidget(view)
    assert view.total.text() == "–"
    view.show()
    view.repaint()
