"""Where presets are found and kept, the last session, and the built-in presets themselves."""

from __future__ import annotations

from itertools import chain
from pathlib import Path

import pytest
from broken_presets import RACK

import neume.presets
from neume.synth.effects.load import load_effect
from neume.synth.errors import OutputError, PresetError, UsageError
from neume.synth.rack.part import Part, Rack
from neume.synth.rack.preset_read import read_preset
from neume.synth.rack.preset_search import (
    DEFAULT_PRESET,
    find_preset,
    list_presets,
    open_preset,
    preset_after,
    save_preset,
    search_folders,
)
from neume.synth.rack.preset_write import write_preset
from neume.synth.rack.session import load_session, save_session, session_path

BUILT_IN = Path(neume.presets.__file__).parent
NAMES = sorted(path.stem for path in BUILT_IN.glob("*.toml"))
MINE = Rack("Mine", (Part("X"),))


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's own folder of presets; nothing of the real user is seen or touched."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return tmp_path / "data" / "neume" / "presets"


# --- finding


def test_order_of_the_search_folders(home: Path) -> None:
    assert search_folders() == [("user", home), ("built-in", BUILT_IN)]


def test_nothing_named_means_the_default() -> None:
    assert find_preset() == BUILT_IN / f"{DEFAULT_PRESET}.toml"


def test_the_users_preset_comes_first_whatever_state_it_is_in(home: Path) -> None:
    path = save_preset(MINE, "organ")
    assert path == home / "organ.toml"
    assert open_preset("organ") == MINE
    path.write_text("schema = 2")
    with pytest.raises(PresetError, match=r"organ.toml: schema: 2 came"):
        open_preset("organ")


def test_explicit_paths(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_preset(MINE, tmp_path / "My preset.toml")
    monkeypatch.chdir(tmp_path)
    for path in ("My preset.toml", "./My preset.toml", tmp_path / "My preset.toml"):
        assert open_preset(path) == MINE
    with pytest.raises(PresetError, match="there is no such file"):
        find_preset("./organ")


@pytest.mark.parametrize("name", ["no-such-preset", "", "..", "Organ", "organ\n"])
def test_names_that_name_nothing(name: str) -> None:
    with pytest.raises(PresetError, match=r"not found in .*presets, .*presets; `neume presets list` tells"):
        find_preset(name)


def test_list_tells_good_bad_and_hidden_ones(home: Path) -> None:
    save_preset(MINE, "organ")
    write_preset(MINE, home / "My preset.toml")
    (home / "bad.toml").write_text("schema = 1")
    (home / "notes.txt").touch()
    (home / ".organ.toml.1.part").touch()
    listed = list_presets()
    own = [(preset.name, preset.rack, len(preset.faults)) for preset in listed if preset.origin == "user"]
    assert own == [("My preset", None, 1), ("bad", None, 2), ("organ", MINE, 0)]
    assert [preset.name for preset in listed if preset.origin == "built-in"] == NAMES
    assert [preset.path for preset in listed if preset.hidden] == [BUILT_IN / "organ.toml"]
    assert listed[0].faults == ("its name must match [a-z0-9-]{1,60}: rename the file",)


def test_stepping_through_the_presets_leaves_bad_ones_out(home: Path) -> None:
    save_preset(MINE, "zzz")
    (home / "bad.toml").parent.mkdir(exist_ok=True)
    (home / "bad.toml").write_text("schema = 1")
    good = [*NAMES, "zzz"]
    assert [preset_after(name, 1) for name in good] == [*good[1:], good[0]]
    assert [preset_after(name, -1) for name in good] == [good[-1], *good[:-1]]
    assert preset_after(None, 1) == preset_after("bad", 1) == preset_after(DEFAULT_PRESET, 1)


def test_saving_refuses_names_and_racks_that_could_not_be_found_or_read_again(home: Path) -> None:
    for name in ("../organ", "Organ", "", "a" * 61):
        with pytest.raises(UsageError, match="is no name for a preset: use"):
            save_preset(MINE, name)
    with pytest.raises(PresetError, match="parts: has 0 entries"):
        save_preset(Rack("Empty", ()), "empty")
    assert not home.exists()


# --- the session


def test_the_session_comes_back() -> None:
    assert load_session().rack is None
    assert save_session(RACK) is None
    session = load_session()
    assert (session.rack, session.problem) == (RACK, None)
    assert [path.name for path in session_path().parent.iterdir()] == ["session.toml"]


@pytest.mark.parametrize("act", [load_session, lambda: save_session(MINE)], ids=["load", "save"])
def test_a_broken_session_is_told_and_set_aside(act: object) -> None:
    path = session_path()
    for number in (1, 2):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"broken {number}")
        told = act()  # type: ignore[operator]
        problem = told if isinstance(told, str) else told.problem
        kept = path.with_name(f"session-broken-{number}.toml")
        assert problem.startswith(f"the last session cannot be restored: preset {path}: is not TOML: ")
        assert problem.endswith(f"kept as {kept}")
        assert kept.read_text() == f"broken {number}"
    assert load_session().problem is None


def test_a_broken_session_that_cannot_be_set_aside_is_not_overwritten(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    path = session_path()
    path.parent.mkdir(parents=True)
    path.write_text("broken")

    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "rename", refuse)
    assert (load_session().problem or "").endswith("it cannot be renamed and stays where it is")
    with pytest.raises(OutputError, match="not overwritten: the last session cannot be restored"):
        save_session(MINE)
    assert path.read_text() == "broken"


def test_a_session_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "state").touch()
    with pytest.raises(OutputError, match="cannot be written"):
        save_session(MINE)


# --- the built-in presets


def test_there_is_a_choice() -> None:
    assert len(NAMES) >= 16
    assert DEFAULT_PRESET in NAMES
    assert all(not preset.faults for preset in list_presets())


@pytest.mark.parametrize("name", NAMES)
def test_built_in_presets_sound_on_their_own(name: str) -> None:
    rack = read_preset(BUILT_IN / f"{name}.toml")
    assert rack.description
    assert rack.inserts
    assert all(part.instrument == "" for part in rack.parts)  # whatever the engine plays by default
    assert all(rack.audible(index) for index in range(len(rack.parts)))
    channels = set(chain.from_iterable(part.channels for part in rack.parts))
    assert channels == set(range(16))
    for key in range(21, 109):
        heard = [
            part for part in rack.parts if part.low_key <= key <= part.high_key and part.low_velocity == 1
        ]
        assert heard, f"key {key} is silent when played softly"


@pytest.mark.parametrize("name", NAMES)
def test_the_effects_of_built_in_presets_take_their_values(name: str) -> None:
    rack = read_preset(BUILT_IN / f"{name}.toml")
    for insert in chain(rack.inserts, *(part.inserts for part in rack.parts)):
        ranges = {p.id: (p.minimum, p.maximum) for p in load_effect(insert.effect).parameters}
        for parameter, value in insert.values.items():
            low, high = ranges[parameter]
            assert low <= value <= high, parameter
        if insert.effect == "reverb":
            assert 0.15 <= insert.values["mix"] <= 0.3


def test_gm_has_a_part_for_each_channel() -> None:
    parts = open_preset("gm").parts
    assert [(part.program, part.channels) for part in parts] == [(None, {channel}) for channel in range(16)]
