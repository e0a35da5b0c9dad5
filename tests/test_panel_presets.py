"""The preset bar under mouse and keys: choose, save, rename, delete, bring in, take out."""

from __future__ import annotations

import pytest
from panel_rig import PanelOwner, panel_engine  # first: it chooses the offscreen platform

# isort: split
import contextlib
from dataclasses import replace

from control_rig import own_folders
from PySide6.QtCore import QEvent, QPoint, Qt
from PySide6.QtGui import QHelpEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialogButtonBox, QFileDialog, QMainWindow, QMenu, QMessageBox

from neume.synth.rack.part import Part, Rack
from neume.synth.rack.preset_read import read_preset
from neume.synth.rack.preset_search import open_preset, save_preset
from neume.synth.rack.preset_write import write_preset
from neume.ui.rack.presets_bar import PresetBar
from neume.ui.rack.presets_dialogs import NameDialog
from neume.ui.rack.presets_popup import PRESET, PresetsPopup

LEFT, CONTROL = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.ControlModifier
MINE = Rack("Mine", (Part("Piano", program=0),))
YOURS = Rack("Yours", (Part("Bass", program=32),))
folders = pytest.fixture(autouse=True)(own_folders)


@pytest.fixture(autouse=True)
def home(monkeypatch, folders):
    monkeypatch.setenv("XDG_DATA_HOME", str(folders / "data"))
    save_preset(MINE, "mine")
    save_preset(YOURS, "yours")
    return folders / "data" / "neume" / "presets"


@pytest.fixture
def owner():
    return PanelOwner(MINE, "mine")


@pytest.fixture
def engine(qapp, qtbot, owner):
    with panel_engine(owner) as model:
        qtbot.waitUntil(lambda: model.rack == MINE)
        yield model


@pytest.fixture
def bar(qtbot, engine):
    window, preset_bar = QMainWindow(), PresetBar(engine)
    window.setCentralWidget(preset_bar)
    window.resize(900, 80)
    qtbot.addWidget(window)
    window.show()
    window.activateWindow()
    qtbot.waitUntil(lambda: window.isActiveWindow() and preset_bar.desk.preset is not None)
    yield preset_bar
    qtbot.waitUntil(lambda: not preset_bar.desk.library.busy)


def files(home):
    return sorted(path.name for path in home.iterdir())


def edit(engine, gain_db=-3.0):
    engine.edit("gain", lambda rack: replace(rack, gain_db=gain_db))


def popup_of(qtbot, kind):
    qtbot.waitUntil(lambda: isinstance(QApplication.activePopupWidget(), kind))
    return QApplication.activePopupWidget()


def dialog_of(qtbot, kind):
    qtbot.waitUntil(lambda: isinstance(QApplication.activeModalWidget(), kind))
    return QApplication.activeModalWidget()


def choose(qtbot, bar, text):
    """From the menu of all else."""
    QTest.mouseClick(bar.more, LEFT)
    menu = popup_of(qtbot, QMenu)
    (action,) = [action for action in menu.actions() if text in action.text()]
    assert action.isEnabled()
    menu.close()
    action.trigger()


def answer(qtbot, text):
    """Press a button of the question that is asked."""
    box = dialog_of(qtbot, QMessageBox)
    (button,) = [button for button in box.buttons() if text in button.text()]
    QTest.mouseClick(button, LEFT)


def save_button(dialog):
    return dialog.buttons.button(QDialogButtonBox.StandardButton.Save)


# --- what is shown


def test_the_preset_that_is_played_is_named_and_its_changes_are_marked(qtbot, bar, engine):
    assert (bar.tile.text(), bar.tile.changed) == ("Mine", False)
    assert not bar.save_button.isEnabled()
    edit(engine)
    assert bar.tile.changed
    assert bar.tile.line == "changed"
    assert "changed" in bar.tile.accessibleDescription()
    engine.undo_stack.undo()
    assert not bar.tile.changed


@contextlib.contextmanager
def unnamed(qtbot, owner, rack):
    """A bar at the start of an engine that says of no preset that it plays it."""
    owner.take(rack, "")
    with panel_engine(owner, "unnamed") as engine:
        qtbot.waitUntil(lambda: engine.rack == rack)
        found = PresetBar(engine)
        qtbot.addWidget(found)
        qtbot.waitUntil(lambda: bool(found.desk.library.presets) and not found.desk.library.busy)
        yield found, engine


def test_a_rack_that_is_no_preset_is_not_saved(qtbot, qapp, owner):
    with unnamed(qtbot, owner, replace(MINE, name="New")) as (bar, _):
        assert (bar.desk.current, bar.tile.line) == ("", "not saved")
        assert bar.save_button.isEnabled()


def test_a_preset_is_recognised_where_the_engine_names_none(qtbot, qapp, owner):
    """As at an engine's start, with the default one."""
    with unnamed(qtbot, owner, open_preset("organ")) as (bar, engine):
        assert (bar.desk.current, bar.tile.line) == ("organ", "")
        edit(engine)
        assert bar.tile.line == "changed"


def test_next_by_footswitch_is_followed(qtbot, bar, owner):
    owner.take(YOURS, "yours")
    qtbot.waitUntil(lambda: bar.desk.current == "yours" and not bar.tile.changed)
    assert bar.tile.text() == "Yours"


@pytest.mark.parametrize("changed", [True, False])
def test_next_by_footswitch_says_what_was_not_saved(qtbot, bar, owner, engine, changed):
    notes = []
    engine.noted.connect(notes.append)
    if changed:
        edit(engine)
    qtbot.waitUntil(lambda: owner.rack == engine.rack and engine._revision == owner.revision)
    owner.take(YOURS, "yours")
    qtbot.waitUntil(lambda: bar.desk.current == "yours")
    assert notes == (["The changes of Mine are not saved. Undo brings them back."] if changed else [])


def test_what_undo_brings_back_is_saved_over_its_own_preset(qtbot, bar, owner, engine, home):
    edit(engine)
    qtbot.waitUntil(lambda: owner.rack == engine.rack and engine._revision == owner.revision)
    owner.take(YOURS, "yours")
    qtbot.waitUntil(lambda: bar.desk.current == "yours")
    engine.undo_stack.undo()
    assert (bar.tile.text(), bar.tile.line) == ("Mine", "changed")
    QTest.mouseClick(bar.save_button, LEFT)
    qtbot.waitUntil(lambda: not bar.desk.dirty)
    assert read_preset(home / "mine.toml").gain_db == -3.0
    assert read_preset(home / "yours.toml") == YOURS


# --- the list


def shown(popup):
    return [popup.model.index(row, 0).data(PRESET).name for row in range(popup.model.rowCount())]


def test_a_preset_is_searched_and_loaded_with_keys_alone(qtbot, bar, owner, engine):
    QTest.keyClick(bar.window(), Qt.Key.Key_O, CONTROL)
    popup = popup_of(qtbot, PresetsPopup)
    assert popup.search.hasFocus()
    assert shown(popup)[:2] == ["mine", "yours"]
    assert popup.view.currentIndex().data(PRESET).name == "mine"
    QTest.keyClicks(popup.search, "your")
    assert shown(popup) == ["yours"]
    QTest.keyClick(popup.search, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: owner.rack == YOURS)
    qtbot.waitUntil(lambda: bar.desk.current == "yours" and not bar.desk.dirty)
    assert engine.undo_stack.undoText() == "load Yours"
    engine.undo_stack.undo()
    qtbot.waitUntil(lambda: owner.rack == MINE)


def test_arrows_go_through_the_list_past_bad_ones(qtbot, bar, home):
    (home / "nope.toml").write_text("schema = 9")
    QTest.mouseClick(bar.tile, LEFT)
    popup = popup_of(qtbot, PresetsPopup)
    qtbot.waitUntil(lambda: "nope" in shown(popup))
    assert shown(popup)[:3] == ["mine", "nope", "yours"]
    QTest.keyClick(popup.search, Qt.Key.Key_Down)
    assert popup.view.currentIndex().data(PRESET).name == "yours"
    QTest.keyClick(popup.search, Qt.Key.Key_Up)
    assert popup.view.currentIndex().data(PRESET).name == "mine"
    QTest.keyClick(popup.search, Qt.Key.Key_Escape)
    qtbot.waitUntil(lambda: QApplication.activePopupWidget() is None)


def test_bad_ones_are_listed_with_their_faults_and_not_loaded(qtbot, bar, home, owner):
    (home / "nope.toml").write_text("schema = 9")
    bar.desk.library.look()
    qtbot.waitUntil(lambda: any(preset.name == "nope" for preset in bar.desk.library.presets))
    QTest.mouseClick(bar.tile, LEFT)
    popup = popup_of(qtbot, PresetsPopup)
    index = popup.model.index(shown(popup).index("nope"), 0)
    assert "9 came" in index.data(Qt.ItemDataRole.ToolTipRole)
    assert "9 came" in index.data(Qt.ItemDataRole.AccessibleDescriptionRole)
    QTest.mouseClick(popup.view.viewport(), LEFT, pos=popup.view.visualRect(index).center())
    QTest.qWait(30)
    assert owner.rack == MINE
    popup.close()


def test_a_click_loads(qtbot, bar, owner):
    QTest.mouseClick(bar.tile, LEFT)
    popup = popup_of(qtbot, PresetsPopup)
    index = popup.model.index(shown(popup).index("drums"), 0)
    popup.view.scrollTo(index)
    QTest.mouseClick(popup.view.viewport(), LEFT, pos=popup.view.visualRect(index).center())
    qtbot.waitUntil(lambda: owner.rack == open_preset("drums"))
    qtbot.waitUntil(lambda: owner.preset == "drums")


# --- saving


def test_save_writes_the_changes(qtbot, bar, engine, home):
    edit(engine)
    QTest.mouseClick(bar.save_button, LEFT)
    qtbot.waitUntil(lambda: not bar.desk.dirty)
    assert read_preset(home / "mine.toml").gain_db == -3.0
    assert not bar.save_button.isEnabled()


def test_save_asks_before_it_replaces_what_someone_else_has_written(qtbot, bar, engine, home):
    edit(engine)
    write_preset(replace(MINE, description="by hand"), home / "mine.toml")
    QTest.keyClick(bar.window(), Qt.Key.Key_S, CONTROL)
    answer(qtbot, "Cancel")
    qtbot.waitUntil(lambda: QApplication.activeModalWidget() is None)
    assert read_preset(home / "mine.toml").description == "by hand"
    QTest.mouseClick(bar.save_button, LEFT)
    answer(qtbot, "Replace")
    qtbot.waitUntil(lambda: not bar.desk.dirty)
    assert read_preset(home / "mine.toml").gain_db == -3.0


def test_a_built_in_preset_is_saved_under_a_name_of_ones_own(qtbot, bar, engine, owner, home):
    bar.desk.load(bar.desk.library.called("drums"))
    qtbot.waitUntil(lambda: owner.preset == "drums")
    edit(engine)
    QTest.mouseClick(bar.save_button, LEFT)
    dialog = dialog_of(qtbot, NameDialog)
    assert "built-in" in dialog.hint.text()
    dialog.field.selectAll()
    QTest.keyClicks(dialog.field, "My drums")
    assert "my-drums.toml" in dialog.hint.text()
    QTest.keyClick(dialog.field, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: owner.preset == "my-drums")
    qtbot.waitUntil(lambda: bar.desk.current == "my-drums" and not bar.desk.dirty)
    saved = read_preset(home / "my-drums.toml")
    assert (saved.name, saved.gain_db) == ("My drums", -3.0)
    assert owner.rack == saved


def test_save_as_says_replace_before_it_replaces(qtbot, bar, home):
    QTest.mouseClick(bar.save_as_button, LEFT)
    dialog = dialog_of(qtbot, NameDialog)
    dialog.field.setText("Yours")
    assert save_button(dialog).text() == "Replace"
    QTest.mouseClick(dialog.buttons.button(QDialogButtonBox.StandardButton.Cancel), LEFT)
    qtbot.waitUntil(lambda: QApplication.activeModalWidget() is None)
    assert read_preset(home / "yours.toml") == YOURS
    QTest.mouseClick(bar.save_as_button, LEFT)
    dialog = dialog_of(qtbot, NameDialog)
    dialog.field.setText("Yours")
    QTest.mouseClick(save_button(dialog), LEFT)
    qtbot.waitUntil(lambda: bar.desk.current == "yours" and not bar.desk.dirty)
    assert read_preset(home / "yours.toml") == replace(MINE, name="Yours")


def test_a_preset_that_came_this_moment_is_asked_about(qtbot, bar, home):
    QTest.mouseClick(bar.save_as_button, LEFT)
    dialog = dialog_of(qtbot, NameDialog)
    dialog.field.setText("Fresh")
    write_preset(YOURS, home / "fresh.toml")
    QTest.mouseClick(save_button(dialog), LEFT)
    answer(qtbot, "Cancel")
    qtbot.waitUntil(lambda: QApplication.activeModalWidget() is None)
    assert read_preset(home / "fresh.toml") == YOURS


def test_no_name_is_not_saved(qtbot, bar):
    QTest.mouseClick(bar.save_as_button, LEFT)
    dialog = dialog_of(qtbot, NameDialog)
    dialog.field.setText("   ")
    assert not save_button(dialog).isEnabled()
    QTest.keyClick(dialog.field, Qt.Key.Key_Return)
    assert dialog.isVisible()
    dialog.reject()


def test_without_an_engine_it_is_saved_all_the_same(qtbot, bar, engine, home):
    edit(engine)
    engine.stop()
    bar.save()
    qtbot.waitUntil(lambda: not bar.desk.dirty)
    assert read_preset(home / "mine.toml").gain_db == -3.0


def test_what_cannot_be_written_is_told(qtbot, bar, engine, home):
    edit(engine)
    (home / "mine.toml").unlink()
    (home / "mine.toml").mkdir()
    with qtbot.waitSignal(engine.told) as told:
        QTest.mouseClick(bar.save_button, LEFT)
        answer(qtbot, "Replace")
    assert "cannot be written" in told.args[0]
    assert bar.desk.dirty


# --- renaming and deleting


def test_rename_moves_the_file_and_names_the_rack(qtbot, bar, owner, home):
    choose(qtbot, bar, "Rename")
    dialog = dialog_of(qtbot, NameDialog)
    dialog.field.setText("Mine, loud")
    QTest.mouseClick(save_button(dialog), LEFT)
    qtbot.waitUntil(lambda: owner.preset == "mine-loud")
    qtbot.waitUntil(lambda: not bar.desk.dirty)
    assert files(home) == ["mine-loud.toml", "yours.toml"]
    assert owner.rack.name == "Mine, loud"


def test_rename_keeps_changes_that_are_not_saved(qtbot, bar, engine, owner, home):
    edit(engine)
    choose(qtbot, bar, "Rename")
    dialog = dialog_of(qtbot, NameDialog)
    dialog.field.setText("Other")
    QTest.mouseClick(save_button(dialog), LEFT)
    qtbot.waitUntil(lambda: bar.desk.current == "other" and engine.rack.name == "Other")
    assert bar.desk.dirty
    assert engine.rack.gain_db == -3.0
    assert read_preset(home / "other.toml").gain_db == 0.0


def test_delete_asks_first(qtbot, bar, home, owner):
    choose(qtbot, bar, "Delete")
    answer(qtbot, "Cancel")
    qtbot.waitUntil(lambda: QApplication.activeModalWidget() is None)
    assert files(home) == ["mine.toml", "yours.toml"]
    choose(qtbot, bar, "Delete")
    answer(qtbot, "Delete")
    qtbot.waitUntil(lambda: files(home) == ["yours.toml"])
    qtbot.waitUntil(lambda: bar.tile.line == "not saved")
    assert owner.rack == MINE, "what is played stays"


def test_built_in_presets_are_neither_renamed_nor_deleted(qtbot, bar, owner):
    bar.desk.load(bar.desk.library.called("drums"))
    qtbot.waitUntil(lambda: bar.desk.current == "drums")
    menu = bar.menu()
    greyed = [action.text() for action in menu.actions() if action.text() and not action.isEnabled()]
    assert greyed == ["Rename …", "Delete …"]
    menu.deleteLater()


# --- files from and to elsewhere


def test_a_file_is_brought_in_and_played(qtbot, bar, owner, home, tmp_path):
    foreign = Rack("From a friend", (Part("Flute", program=73),))
    write_preset(foreign, tmp_path / "gift.toml")
    dialog = bar.import_file()
    assert dialog.fileMode() == QFileDialog.FileMode.ExistingFile
    dialog.fileSelected.emit(str(tmp_path / "gift.toml"))
    dialog.close()
    qtbot.waitUntil(lambda: owner.rack == foreign)
    qtbot.waitUntil(lambda: owner.preset == "from-a-friend")
    assert "from-a-friend.toml" in files(home)


def test_a_bad_file_is_told_and_nothing_happens(qtbot, bar, engine, home, tmp_path):
    (tmp_path / "bad.toml").write_text("schema = 9")
    with qtbot.waitSignal(engine.told) as told:
        bar.desk.bring_in(tmp_path / "bad.toml")
    assert "9 came" in told.args[0]
    assert files(home) == ["mine.toml", "yours.toml"]


def test_a_file_whose_name_is_taken_is_asked_about(qtbot, bar, home, tmp_path):
    write_preset(replace(YOURS, gain_db=-9.0), tmp_path / "gift.toml")
    bar.desk.bring_in(tmp_path / "gift.toml")
    answer(qtbot, "Replace")
    qtbot.waitUntil(lambda: bar.desk.current == "yours")
    assert read_preset(home / "yours.toml").gain_db == -9.0


def test_the_rack_is_taken_out_to_a_file(qtbot, bar, engine, tmp_path):
    edit(engine)
    dialog = bar.export_file()
    assert dialog.acceptMode() == QFileDialog.AcceptMode.AcceptSave
    assert dialog.testOption(QFileDialog.Option.DontConfirmOverwrite) is False
    dialog.fileSelected.emit(str(tmp_path / "out.toml"))
    dialog.close()
    qtbot.waitUntil((tmp_path / "out.toml").exists)
    assert read_preset(tmp_path / "out.toml") == engine.rack


def test_the_list_is_read_off_the_panels_thread(qtbot, bar, monkeypatch):
    """A slow disk does not stop the panel."""
    import threading

    from neume.ui.rack import presets_library

    seen = []
    real = presets_library.list_presets

    def slow():
        seen.append(threading.current_thread() is threading.main_thread())
        return real()

    monkeypatch.setattr(presets_library, "list_presets", slow)
    with qtbot.waitSignal(bar.desk.library.listed):
        bar.desk.library.look()
    assert seen == [False]


def test_tooltips_do_not_break_the_list(qtbot, bar):
    QTest.mouseClick(bar.tile, LEFT)
    popup = popup_of(qtbot, PresetsPopup)
    at = popup.view.visualRect(popup.model.index(0, 0)).center()
    event = QHelpEvent(QEvent.Type.ToolTip, at, popup.view.mapToGlobal(QPoint(at)))
    QApplication.sendEvent(popup.view.viewport(), event)
    popup.close()
