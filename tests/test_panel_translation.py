"""Translations of the panel: made by Qt's tools from the code, found by the user's language, shown."""

from __future__ import annotations

import panel_rig  # first: it chooses the offscreen platform

# isort: split
import re
import subprocess
import sys
from pathlib import Path

import pytest
from control_rig import own_folders
from PySide6.QtCore import QTranslator

from neume.synth.rack.preset_search import list_presets
from neume.synth.underrun import ADVICE
from neume.ui import translation
from neume.ui.rack.presets_popup import _line
from neume.ui.timing.wordings import advice, part_name, stage_name
from neume.ui.top_bar import TopBar
from neume.ui.translation import install_translation, translation_for

folders = pytest.fixture(autouse=True)(own_folders)
UI = Path(translation.__file__).parent
SOURCES = ("top_bar.py", "timing/wordings.py", "rack/presets_popup.py")


def tool(name, *arguments):
    command = [Path(sys.executable).parent / f"pyside6-{name}", *arguments]
    subprocess.run(command, check=True, capture_output=True, timeout=120)


@pytest.fixture(scope="module")
def french(tmp_path_factory):
    """A folder with a translation that sets an accent before each text."""
    folder = tmp_path_factory.mktemp("translations")
    source = folder / "neume_fr.ts"
    languages = ("-source-language", "en_GB", "-target-language", "fr_FR")
    files = [UI / file for file in SOURCES]
    tool("lupdate", "-tr-function-alias", "tr+=_tr", *languages, *files, "-ts", source)
    open_text = re.compile(r"<source>([^<]*)</source>\s*<translation type=\"unfinished\"></translation>")
    done = r"<source>\1</source><translation>é\1</translation>"
    source.write_text(open_text.sub(done, source.read_text(encoding="utf-8")), encoding="utf-8")
    tool("lrelease", source)
    return folder


@pytest.fixture
def shown(qapp, french):
    assert install_translation(qapp, "fr_CA", french) == "fr"
    yield
    for translator in qapp.findChildren(QTranslator):
        qapp.removeTranslator(translator)
        translator.setParent(None)


def test_all_kinds_of_texts_are_translated(qtbot, shown):
    with panel_rig.panel_engine(panel_rig.PanelOwner()) as engine:
        bar = TopBar(engine, None)
        assert bar.panic.text() == "éPANIC"
        assert part_name("ring") == "éRing", "a text of a function"
        preset = next(preset for preset in list_presets() if preset.rack is not None)
        assert _line(bar, preset).startswith("ébuilt-in"), "a text of a function that is given a widget"
        assert bar.tr("no such text") == "no such text"
        panel_rig.delete(bar)


@pytest.mark.parametrize("stage", ADVICE)
def test_the_cure_of_an_underrun_is_translated(shown, stage):
    assert advice(stage).startswith("é")
    assert stage_name(stage).startswith("é")


def test_without_a_translation_the_texts_of_the_code_are_shown(qtbot, french):
    for language in ("en", "ja", "nonsense"):
        assert install_translation(None, language, french) is None


@pytest.mark.parametrize(
    ("languages", "file"),
    [
        (["fr-CA", "en"], "neume_fr.qm"),
        (["ja", "fr"], "neume_fr.qm"),
        (["en-US", "fr"], None),
        (["en", "fr"], None),
        ([], None),
    ],
)
def test_the_first_language_that_is_there_is_taken(french, languages, file):
    found = translation_for(languages, french)
    assert (None if found is None else found.name) == file


def test_the_system_has_languages():
    assert translation.wanted_languages("")
    assert translation.wanted_languages("de") == ["de"]
