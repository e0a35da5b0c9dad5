"""Rendering from the panel: real processes, watched, cancelled and killed; nothing half-written is left."""

from __future__ import annotations

import pytest
from panel_rig import choices_in, quiet_snapshot  # first: it chooses the platform

# isort: split
import io
import json
import sys

import soundfile
from control_rig import own_folders
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QObject, Qt, QUrl, Slot
from PySide6.QtGui import QDesktopServices
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog
from tiny_songs import note, write_duet, write_loud_bundle, write_song

from neume.synth import cli
from neume.synth.engine_snapshot import TransportState
from neume.synth.render_progress import ProgressLines
from neume.ui.browser.background import Background
from neume.ui.transport.render_card import RenderCard
from neume.ui.transport.render_job import (
    CANCELLED,
    DONE,
    FAILED,
    LISTENS_MS,
    RUNNING,
    RenderJob,
    RenderWish,
    sweep,
)
from neume.ui.transport.render_report import RenderReport, finished_files, read_line

folders = pytest.fixture(autouse=True)(own_folders)
PATIENCE_MS = 60_000
LEFT = Qt.MouseButton.LeftButton


@pytest.fixture(autouse=True)
def _bundle(tmp_path_factory, monkeypatch):
    """The tiny bundle is the only one there is."""
    folder = tmp_path_factory.mktemp("bundles")
    write_loud_bundle(folder / "tiny")
    monkeypatch.setenv("NEUME_BUNDLES", str(folder))
    monkeypatch.setenv("XDG_DATA_HOME", "/nonexistent")
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    monkeypatch.setattr("neume.ui.transport.render_job.NICENESS", 0)  # tests wait for it


@pytest.fixture
def card(qtbot, tmp_path):
    choices = choices_in(tmp_path)
    choices.change(record_folder=str(tmp_path / "audio"), bundle="tiny")
    background = Background()
    job = RenderJob(background)
    shown = RenderCard(choices, job)
    shown.resize(500, 400)
    qtbot.addWidget(shown)
    shown.show()
    yield shown
    job.end()
    qtbot.waitUntil(lambda: not background.busy, timeout=PATIENCE_MS)


def ended(qtbot, card):
    qtbot.waitUntil(lambda: not card.job.busy, timeout=PATIENCE_MS)


def files(folder):
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


def growing(folder):
    return any(path.stat().st_size > 100_000 for path in folder.glob(".*.part"))


def test_songs_are_rendered_with_stems(qtbot, card, tmp_path):
    songs = [write_duet(tmp_path / name) for name in ("a.mid", "b.kar")]
    assert not card.go.isEnabled()
    card.take(songs)
    assert card.chosen.text() == "2 files"
    reports = []
    card.job.progressed.connect(reports.append)
    card.form.setFocus()
    QTest.keyClick(card.form, Qt.Key.Key_Down)
    assert card.form.currentData() == "flac"
    qtbot.mouseClick(card.stems, LEFT)
    qtbot.mouseClick(card.go, LEFT)
    assert card.job.state == RUNNING
    assert card.progress.isVisible()
    assert not card.go.isVisible()
    ended(qtbot, card)
    assert card.job.state == DONE, card.job.faults
    assert card.told.text() == "Done: 2 rendered."
    assert {path.name for path in card.job.files} == {"a.flac", "b.flac"}
    assert soundfile.info(tmp_path / "audio" / "a.flac").duration > 0.9
    assert any(name.startswith("a.stems/channel-") for name in files(tmp_path / "audio"))
    assert not any(".part" in name for name in files(tmp_path / "audio"))
    assert reports[-1].songs == 2
    assert all(0.0 <= report.share <= 1.0 for report in reports)

    shown = Shown()
    QDesktopServices.setUrlHandler("file", shown, "take")
    qtbot.mouseClick(card.show_folder, LEFT)
    QDesktopServices.unsetUrlHandler("file")
    assert shown.urls == [str(tmp_path / "audio")]


class Shown(QObject):
    """Takes what the system's file manager would be given."""

    def __init__(self):
        super().__init__()
        self.urls = []

    @Slot(QUrl)
    def take(self, url):
        self.urls.append(url.toLocalFile())


def test_a_file_that_is_there_is_only_replaced_on_request(qtbot, card, tmp_path):
    card.take([write_duet(tmp_path / "a.mid")])
    (tmp_path / "audio").mkdir()
    (tmp_path / "audio" / "a.wav").write_bytes(b"mine")
    QTest.keyClick(card.go, Qt.Key.Key_Space)
    ended(qtbot, card)
    assert card.job.state == FAILED
    assert "is there already" in card.told.text()
    assert (tmp_path / "audio" / "a.wav").read_bytes() == b"mine"
    qtbot.mouseClick(card.overwrite, LEFT)
    qtbot.mouseClick(card.go, LEFT)
    ended(qtbot, card)
    assert card.job.state == DONE
    assert soundfile.info(tmp_path / "audio" / "a.wav").duration > 0.9


def test_broken_songs_are_told_and_the_others_rendered(qtbot, card, tmp_path):
    (tmp_path / "bad.mid").write_bytes(b"MThd nonsense")
    card.take([tmp_path / "bad.mid", write_duet(tmp_path / "good.mid")])
    qtbot.mouseClick(card.go, LEFT)
    ended(qtbot, card)
    assert card.job.state == FAILED
    assert "bad.mid" in card.told.text()
    assert [path.name for path in card.job.files] == ["good.wav"]


def begin_long(qtbot, card, tmp_path):
    card.take([write_song(tmp_path / "long.mid", note(60, 0.0, 1799.0), length_s=1800.0)])
    qtbot.mouseClick(card.go, LEFT)
    qtbot.waitUntil(lambda: growing(tmp_path / "audio"), timeout=PATIENCE_MS)


def test_what_was_cancelled_leaves_nothing(qtbot, card, tmp_path):
    begin_long(qtbot, card, tmp_path)
    qtbot.waitUntil(lambda: "left" in card.told.text(), timeout=PATIENCE_MS)
    qtbot.mouseClick(card.cancel, LEFT)
    assert not card.cancel.isEnabled()
    ended(qtbot, card)
    assert card.job.state == CANCELLED
    assert files(tmp_path / "audio") == set()
    assert card.go.isVisible()
    assert card.go.isEnabled()


def test_a_rendering_that_had_to_be_killed_leaves_nothing(qtbot, card, tmp_path):
    card.stems.setChecked(True)
    begin_long(qtbot, card, tmp_path)
    card.job._process.kill()
    ended(qtbot, card)
    assert card.job.state == FAILED
    qtbot.waitUntil(lambda: files(tmp_path / "audio") == set(), timeout=PATIENCE_MS)
    qtbot.waitUntil(lambda: not list((tmp_path / "audio").iterdir()), timeout=PATIENCE_MS)


def test_a_panel_that_goes_takes_its_rendering_along(qtbot, card, tmp_path):
    begin_long(qtbot, card, tmp_path)
    card.job.end()
    assert card.job.state == CANCELLED
    assert files(tmp_path / "audio") == set()


def test_a_process_that_does_not_start_is_told(qtbot, card, tmp_path, monkeypatch):
    monkeypatch.setattr("neume.ui.transport.render_job._nicely", lambda: ["/nonexistent/nice"])
    card.take([write_duet(tmp_path / "a.mid")])
    qtbot.mouseClick(card.go, LEFT)
    qtbot.waitUntil(lambda: card.job.state == FAILED, timeout=PATIENCE_MS)
    assert card.job.faults
    assert card.go.isEnabled()


def test_the_transports_file_is_offered(qtbot, card, tmp_path):
    song = TransportState(str(tmp_path / "Aria.mid"), 9.0, 0.0, False, False)
    card.follow(quiet_snapshot(transport=song))
    assert card.chosen.text() == "Aria.mid"
    card.take([tmp_path / "other.mid"])
    assert card.take_loaded.isVisible()
    qtbot.mouseClick(card.take_loaded, LEFT)
    assert card.songs == (tmp_path / "Aria.mid",)
    assert not card.take_loaded.isVisible()


def test_files_and_folder_are_chosen_by_dialogs(qtbot, card, tmp_path):
    qtbot.mouseClick(card.choose, LEFT)
    dialog = card.window().findChild(QFileDialog)
    dialog.filesSelected.emit([str(tmp_path / "x.mid")])
    dialog.close()
    assert card.songs == (tmp_path / "x.mid",)
    dialog.setParent(None)
    qtbot.mouseClick(card.change, LEFT)
    dialog = card.window().findChild(QFileDialog)
    dialog.fileSelected.emit(str(tmp_path / "out"))
    dialog.close()
    assert card.folder == tmp_path / "out"
    assert card.into.text() == str(tmp_path / "out")


def test_sweeping_takes_only_what_that_process_left(tmp_path):
    (tmp_path / "a.stems").mkdir()
    (tmp_path / "full.stems").mkdir()
    mine = [tmp_path / ".a.wav.77.part", tmp_path / "a.stems" / ".x.wav.77.part"]
    others = [tmp_path / ".b.wav.78.part", tmp_path / "b.wav", tmp_path / "full.stems" / "channel-01.wav"]
    for path in (*mine, *others):
        path.touch()
    sweep(tmp_path, 77)
    assert files(tmp_path) == {str(path.relative_to(tmp_path)) for path in others}
    assert not (tmp_path / "a.stems").exists()


def test_progress_as_json_lines(tmp_path, monkeypatch, capsys):
    write_duet(tmp_path / "a.mid", length_s=4.0)
    (tmp_path / "b.mid").write_bytes(b"MThd nonsense")
    arguments = ["a.mid", "b.mid", "--out-dir", "audio", "--progress-json", "--json"]
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["neume", "render", "-b", "tiny", *arguments])
    with pytest.raises(SystemExit) as caught:
        cli.main()
    written = capsys.readouterr()
    told = [read_line(line) for line in written.err.splitlines()]
    reports = [report for report in told if isinstance(report, RenderReport)]
    assert caught.value.code == 1
    assert [line.split(":")[0] for line in told if isinstance(line, str)] == ["b.mid"]
    assert reports[0] == RenderReport(1, 2, "a.mid", 0.0, 0.0, None)
    assert reports[-1] == RenderReport(2, 2, "b.mid", 0.0, 0.0, None)
    of_first = [report for report in reports if report.song == 1]
    assert of_first[-1].done_s == of_first[-1].all_s > 3.5
    assert of_first[-1].left_s == 0.0
    assert [path.name for path in finished_files(written.out)] == ["a.wav"]


def test_lines_are_few_however_often_progress_is_told():
    stream = io.StringIO()
    with ProgressLines(1, stream) as progress, progress.song("a.mid") as report:
        for done in range(1, 10_001):
            report(done / 100, 100.0)
    lines = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert len(lines) < 200
    assert lines[-1]["done_s"] == 100.0


LINES = st.one_of(
    st.text(max_size=80),
    st.recursive(
        st.one_of(
            st.none(), st.booleans(), st.floats(allow_subnormal=False), st.integers(), st.text(max_size=8)
        ),
        lambda inner: st.one_of(
            st.lists(inner, max_size=3),
            st.dictionaries(st.sampled_from(["song", "songs", "name", "done_s", "all_s", "left_s"]), inner),
        ),
    ).map(json.dumps),
)


@given(LINES)
def test_any_line_is_read(line):
    told = read_line(line)
    assert isinstance(told, str) or 0.0 <= told.share <= 1.0
    assert all(path.name is not None for path in finished_files(line))


def test_what_is_asked_of_the_command_line(tmp_path):
    wish = RenderWish((tmp_path / "-a.mid",), tmp_path, "ogg", stems=True, overwrite=True, bundle="tiny")
    arguments = wish.arguments()
    assert arguments[:2] == ["render", str(tmp_path / "-a.mid")]
    assert {"--stems", "--overwrite", "--progress-json"} <= set(arguments)
    assert LISTENS_MS > 1000
