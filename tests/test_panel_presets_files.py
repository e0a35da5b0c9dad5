"""The user's preset files as the panel changes them: never over another unasked, nothing lost on the way."""

from __future__ import annotations

import os
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neume.synth.errors import OutputError, PresetError, UsageError
from neume.synth.rack.part import Part, Rack
from neume.synth.rack.preset_read import read_preset
from neume.synth.rack.preset_search import NAME, list_presets, save_preset
from neume.synth.rack.preset_write import write_preset
from neume.ui.rack.presets_files import (
    PresetThere,
    delete_preset,
    file_name,
    import_preset,
    matching,
    own_of,
    rename_preset,
    replace_preset,
    save_new,
    save_over,
    title,
)

MINE = Rack("Été à Paris", (Part("Accordion", program=21),), description="For the bridge.")
OTHER = replace(MINE, gain_db=-3.0)


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    """The user's own folder of presets; nothing of the real user is seen or touched."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    return tmp_path / "data" / "neume" / "presets"


def listed(name):
    return own_of(list_presets(), name)


def files(folder):
    return sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []


@given(st.text())
def test_every_name_has_a_file_name_that_is_found(name):
    assert NAME.fullmatch(file_name(name))


@pytest.mark.parametrize(
    ("name", "expected"),
    [("Été à Paris!", "ete-a-paris"), ("  -- ", "preset"), ("夜", "preset"), ("../../etc", "etc")],
)
def test_file_names(name, expected):
    assert file_name(name) == expected


def test_a_new_preset_is_written_whole_and_found(home):
    path = save_new(MINE, MINE.name)
    assert path == home / "ete-a-paris.toml"
    assert files(home) == ["ete-a-paris.toml"]
    assert listed("ete-a-paris").rack == MINE


@pytest.mark.parametrize("content", ["not a preset at all", ""])
def test_a_new_preset_never_replaces_a_file_whatever_is_in_it(home, content):
    home.mkdir(parents=True)
    (home / "ete-a-paris.toml").write_text(content)
    with pytest.raises(PresetThere, match="already"):
        save_new(MINE, MINE.name)
    assert (home / "ete-a-paris.toml").read_text() == content
    assert files(home) == ["ete-a-paris.toml"]


def test_a_disk_without_hard_links_does_as_well(home, monkeypatch):
    def no_links(*_):
        raise PermissionError("no hard links here")

    monkeypatch.setattr(os, "link", no_links)
    save_new(MINE, MINE.name)
    with pytest.raises(PresetThere):
        save_new(OTHER, MINE.name)
    assert read_preset(home / "ete-a-paris.toml") == MINE
    assert files(home) == ["ete-a-paris.toml"]


def test_a_built_in_name_can_be_taken(home):
    save_new(MINE, "organ")
    assert listed("organ").rack == MINE


def test_saving_again_replaces_what_was_listed(home):
    save_new(MINE, "a")
    save_over(OTHER, listed("a"))
    assert read_preset(home / "a.toml") == OTHER


@pytest.mark.parametrize(
    "change", [lambda path: write_preset(replace(MINE, name="Z"), path), lambda path: path.write_text("?")]
)
def test_but_not_what_someone_else_has_written_meanwhile(home, change):
    save_new(MINE, "a")
    known = listed("a")
    change(known.path)
    before = known.path.read_text()
    with pytest.raises(PresetThere, match="meanwhile"):
        save_over(OTHER, known)
    assert known.path.read_text() == before
    replace_preset(OTHER, "a")
    assert read_preset(known.path) == OTHER


def test_one_that_was_deleted_meanwhile_is_written_again(home):
    save_new(MINE, "a")
    known = listed("a")
    known.path.unlink()
    save_over(OTHER, known)
    assert read_preset(known.path) == OTHER


def test_a_new_name_is_in_the_file_and_of_the_file(home):
    save_new(MINE, "a")
    rename_preset(listed("a"), "  Big   Night ")
    assert files(home) == ["big-night.toml"]
    assert listed("big-night").rack == replace(MINE, name="Big Night")


def test_a_name_with_the_same_file_name_stays_in_its_file(home):
    save_new(MINE, MINE.name)
    rename_preset(listed("ete-a-paris"), "ÉTÉ À PARIS")
    assert listed("ete-a-paris").rack.name == "ÉTÉ À PARIS"


def test_no_other_preset_is_lost_to_a_rename(home):
    save_new(MINE, "a")
    save_new(OTHER, "b")
    with pytest.raises(PresetThere):
        rename_preset(listed("a"), "B")
    assert files(home) == ["a.toml", "b.toml"]
    assert listed("b").rack == OTHER
    rename_preset(listed("a"), "B", over=True)
    assert files(home) == ["b.toml"]
    assert listed("b").rack == replace(MINE, name="B")


def test_only_good_presets_of_ones_own_are_renamed_and_only_own_ones_deleted(home):
    organ = next(preset for preset in list_presets() if preset.name == "organ")
    for change in (lambda: rename_preset(organ, "Mine"), lambda: delete_preset(organ)):
        with pytest.raises(UsageError, match="one's own"):
            change()
    assert organ.path.exists()
    home.mkdir(parents=True)
    (home / "bad.toml").write_text("schema = 9")
    with pytest.raises(UsageError):
        rename_preset(listed("bad"), "Good")
    delete_preset(listed("bad"))
    assert files(home) == []


def test_a_folder_that_cannot_be_written_is_told(home):
    save_new(MINE, "a")
    known = listed("a")
    (home / "b.toml").mkdir()
    with pytest.raises(OutputError):
        replace_preset(MINE, "b")
    assert known.path.exists()


def test_a_file_is_brought_in_under_the_name_of_its_rack(home, tmp_path):
    write_preset(MINE, tmp_path / "some file.toml")
    assert import_preset(tmp_path / "some file.toml") == home / "ete-a-paris.toml"
    with pytest.raises(PresetThere):
        import_preset(tmp_path / "some file.toml")
    import_preset(tmp_path / "some file.toml", over=True)
    assert (tmp_path / "some file.toml").exists()


def test_a_bad_file_stays_outside(home, tmp_path):
    (tmp_path / "bad.toml").write_text("schema = 9")
    with pytest.raises(PresetError):
        import_preset(tmp_path / "bad.toml")
    assert files(home) == []


# --- searching


def test_own_ones_come_first_and_hidden_ones_not_at_all(home):
    save_preset(replace(MINE, name="Zither"), "zither")
    save_preset(replace(MINE, name="Organ"), "organ")
    found = matching(list_presets(), "")
    names = [preset.name for preset in found]
    assert names[:2] == ["organ", "zither"]
    assert names.count("organ") == 1
    titles = [title(preset).lower() for preset in found[2:]]
    assert titles == sorted(titles)


@pytest.mark.parametrize("query", ["ete", "ÉTÉ paris", "bridge", "accordion", "  "])
def test_found_by_any_word_of_it_without_case_and_accents(home, query):
    save_new(MINE, MINE.name)
    assert "ete-a-paris" in [preset.name for preset in matching(list_presets(), query)]


def test_not_found_by_words_that_are_not_in_it(home):
    assert matching(list_presets(), "zzz") == []


def test_names_of_other_alphabets_are_found(home):
    save_new(replace(MINE, name="夜の歌"), "yoru")
    assert [preset.name for preset in matching(list_presets(), "夜")] == ["yoru"]


def test_a_bad_one_has_a_title_too(home):
    home.mkdir(parents=True)
    (home / "bad.toml").write_text("schema = 9")
    assert title(listed("bad")) == "bad"
