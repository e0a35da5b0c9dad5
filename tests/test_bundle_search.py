"""Where bundles are found, in which order, and that a bad one is told instead of being replaced."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from bundle_factory import write_bundle

from neume.synth.bundle import DEFAULT_BUNDLE, find_bundle, list_bundles, open_named
from neume.synth.bundle.search import search_folders
from neume.synth.errors import BundleError

ROOT = Path(__file__).parent.parent


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two folders in NEUME_BUNDLES, `one` and `two`, and a user data folder of its own."""
    monkeypatch.setenv("NEUME_BUNDLES", f"{tmp_path / 'one'}{os.pathsep}{tmp_path / 'two'}")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    return tmp_path


def test_order_of_the_search_folders(home: Path) -> None:
    assert search_folders() == [
        ("NEUME_BUNDLES", home / "one"),
        ("NEUME_BUNDLES", home / "two"),
        ("user", home / "data" / "neume" / "bundles"),
        ("built-in", ROOT / "models" / "bundles"),
    ]


def test_built_in_bundles_are_located_without_importing_their_room() -> None:
    code = (
        "import sys; from neume.synth.bundle.search import search_folders as s; s();"
        "print([m for m in ('neume.models', 'torch') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_first_folder_with_the_name_wins(home: Path) -> None:
    for place in ("two", "data/neume/bundles"):
        write_bundle(home / place / "tiny")
    assert find_bundle("tiny") == home / "two" / "tiny"
    write_bundle(home / "one" / "tiny")
    assert find_bundle("tiny") == home / "one" / "tiny"


def test_user_folder_is_searched(home: Path) -> None:
    write_bundle(home / "data" / "neume" / "bundles" / "tiny")
    assert open_named("tiny").folder == home / "data" / "neume" / "bundles" / "tiny"


def test_nothing_named_means_the_default(home: Path) -> None:
    write_bundle(home / "one" / DEFAULT_BUNDLE)
    assert find_bundle(None) == find_bundle() == home / "one" / DEFAULT_BUNDLE


def test_bad_bundle_is_not_replaced_by_a_good_one_behind_it(home: Path) -> None:
    write_bundle(home / "one" / "tiny")
    write_bundle(home / "two" / "tiny")
    (home / "one" / "tiny" / "card.md").write_text("changed")
    with pytest.raises(BundleError, match=r"card.md: its SHA-256 is"):
        open_named("tiny")


def test_explicit_paths(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_bundle(home / "anywhere" / "my copy")
    assert open_named(home / "anywhere" / "my copy").manifest.bundle.id == "tiny"
    assert open_named(str(home / "anywhere" / "my copy")).manifest.bundle.id == "tiny"
    monkeypatch.chdir(home / "anywhere")
    assert open_named("./my copy").manifest.bundle.id == "tiny"
    monkeypatch.chdir("my copy")
    assert open_named(".").manifest.bundle.id == "tiny"


def test_plain_name_is_never_a_folder_of_the_working_directory(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_bundle(home / "here" / "tiny")
    monkeypatch.chdir(home / "here")
    with pytest.raises(BundleError, match=r"not found in .*one, .*two, .*; to name a folder, write ./tiny"):
        find_bundle("tiny")


@pytest.mark.parametrize("path", ["/no/such/folder", "./nothing"])
def test_path_that_is_not_there(home: Path, path: str) -> None:
    with pytest.raises(BundleError, match="there is no such folder"):
        find_bundle(path)


@pytest.mark.parametrize("name", ["", "..", "."])
def test_names_that_name_nothing(home: Path, name: str) -> None:
    (home / "one").mkdir()
    with pytest.raises(BundleError):
        open_named(name)


def test_name_and_id_must_agree(home: Path) -> None:
    write_bundle(home / "one" / "other")
    with pytest.raises(BundleError, match="its folder is called other, its id is tiny"):
        open_named("other")


def test_list_tells_good_bad_and_hidden_ones(home: Path) -> None:
    write_bundle(home / "one" / "tiny")
    (home / "one" / "empty").mkdir()
    (home / "one" / "notes.txt").touch()
    (home / "one" / ".trash").mkdir()
    write_bundle(home / "two" / "tiny")
    listed = [bundle for bundle in list_bundles() if bundle.origin == "NEUME_BUNDLES"]
    told = [(bundle.name, bundle.folder.parent.name, bundle.hidden, len(bundle.faults)) for bundle in listed]
    assert told == [("empty", "one", False, 1), ("tiny", "one", False, 0), ("tiny", "two", True, 0)]
    assert [bundle.manifest is None for bundle in listed] == [True, False, False]
    assert listed[0].faults == ("bundle.toml: No such file or directory",)
