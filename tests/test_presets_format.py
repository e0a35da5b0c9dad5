"""Presets: what is written is read back, and each rule has one deliberately broken preset."""

from __future__ import annotations

import contextlib
import os
import tomllib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
from broken_presets import BROKEN, RACK, TEXT
from hypothesis import given, settings
from hypothesis import strategies as st

from neume.synth.errors import NeumeError, OutputError, PresetError
from neume.synth.rack.curves import EXPONENTS, VelocityCurve, fixed
from neume.synth.rack.learn import NOT_LEARNT, Mapping
from neume.synth.rack.part import OMNI, Insert, Part, Rack
from neume.synth.rack.preset_read import MAX_PRESET_BYTES, checked, parse_preset, read_preset, read_rack
from neume.synth.rack.preset_write import preset_text, write_preset


def faults_of(text: str) -> list[str]:
    with pytest.raises(PresetError) as caught:
        parse_preset(text, "test")
    return caught.value.faults


# --- reading


def test_the_shortest_preset() -> None:
    rack = parse_preset('schema = 1\nname = "Short"\n[[parts]]\nname = "Any"\n', "test")
    assert rack == Rack("Short", (Part("Any"),))


def test_integers_are_taken_for_numbers() -> None:
    text = TEXT.replace("volume_db = -3.5", "volume_db = -4")
    volume_db = parse_preset(text, "test").parts[0].volume_db
    assert (volume_db, type(volume_db)) == (-4.0, float)


def test_channels_count_from_1_in_the_text() -> None:
    assert "channels = [1, 16]\n" in TEXT
    assert "[[mappings]]\nchannel = 3\n" in TEXT
    assert RACK.parts[0].channels == {0, 15}


def test_a_mapping_without_a_range_turns_all_there_is() -> None:
    text = TEXT.replace("minimum = -30.0\nmaximum = 6.0\n", "")
    assert parse_preset(text, "test").mappings[0] == Mapping(2, 74, "part.0.volume_db", -60.0, 12.0)


@pytest.mark.parametrize(("old", "new", "fault"), BROKEN.values(), ids=list(BROKEN))
def test_broken_preset_is_refused_with_its_fault(old: str, new: str, fault: str) -> None:
    assert old in TEXT
    assert [told for told in faults_of(TEXT.replace(old, new, 1)) if told.startswith(fault) or fault in told]


TABLES = ("parts", "parts.inserts", "inserts", "mappings")


@pytest.mark.parametrize("header", ["", *(f"[[{name}]]\n" for name in TABLES)])
def test_unknown_key_in_every_table(header: str) -> None:
    (told,) = faults_of(TEXT.replace(header, header + "surprise = 1\n", 1))
    assert told.endswith("surprise: unknown key, remove it")


def test_all_faults_are_told_at_once() -> None:
    text = TEXT.replace("program = 32", "program = 200").replace("pan = -0.25", "pan = 3")
    text = (
        text.replace('"panic"', '"explode"')
        .replace('"reverb"', '"R"')
        .replace("gain_db = -1.5", "gain_db = 99")
    )
    paths = [fault.split(":")[0] for fault in faults_of(text)]
    assert sorted(paths) == [
        "gain_db",
        "inserts[0].effect",
        "mappings[2].target",
        "parts[0].pan",
        "parts[0].program",
    ]


def test_the_error_is_one_line_and_names_the_source() -> None:
    with pytest.raises(NeumeError, match=r"^preset test: schema: 2 came, this player reads 1$"):
        parse_preset("schema = 2", "test")


# --- writing

floats = partial(st.floats, allow_subnormal=False)  # loading models elsewhere switches subnormals off
names = st.text(st.characters(exclude_categories=("C", "Z")), min_size=1, max_size=60)
ids = st.from_regex(r"[a-z][a-z0-9_-]{0,8}", fullmatch=True).filter(lambda text: text != "bypassed")
inserts = st.lists(
    st.builds(Insert, ids, st.dictionaries(ids, floats(-1e9, 1e9), max_size=3), st.booleans()), max_size=3
).map(tuple)
keys = st.tuples(st.integers(0, 127), st.integers(0, 127)).map(sorted)
velocities = st.tuples(st.integers(1, 127), st.integers(1, 127)).map(sorted)


@st.composite
def a_part(draw: st.DrawFn) -> Part:
    (low_key, high_key), (low_velocity, high_velocity) = draw(keys), draw(velocities)
    instrument = draw(st.sampled_from(["", "neume-gm", "plugin:soundfont"]))
    return Part(
        name=draw(names),
        instrument=instrument,
        bundle_version=draw(st.sampled_from(["", "1.2.3-rc.1"])) if instrument == "neume-gm" else "",
        program=draw(st.none() | st.integers(0, 128)),
        channels=draw(st.just(OMNI) | st.frozensets(st.integers(0, 15), min_size=1)),
        low_key=low_key,
        high_key=high_key,
        low_velocity=low_velocity,
        high_velocity=high_velocity,
        transpose_semitones=draw(st.integers(-48, 48)),
        curve=draw(st.sampled_from(list(EXPONENTS)).map(VelocityCurve) | st.integers(1, 127).map(fixed)),
        volume_db=draw(floats(-60, 12)),
        pan=draw(floats(-1, 1)),
        muted=draw(st.booleans()),
        soloed=draw(st.booleans()),
        inserts=draw(inserts),
    )


controllers = st.integers(0, 119).filter(lambda number: number not in NOT_LEARNT)


@st.composite
def a_mapping(draw: st.DrawFn) -> Mapping:
    target, low, high = draw(
        st.sampled_from(
            [("part.0.volume_db", -60, 12), ("gain_db", -60, 12), ("part.0.muted", 0, 1), ("panic", 0, 1)]
        )
    )
    ends = draw(st.tuples(floats(low, high), floats(low, high)).filter(lambda pair: pair[0] != pair[1]))
    return Mapping(draw(st.none() | st.integers(0, 15)), draw(controllers), target, *ends)


racks = st.builds(
    Rack,
    name=names,
    parts=st.lists(a_part(), min_size=1, max_size=16).map(tuple),
    description=st.just("") | names,
    gain_db=floats(-60, 12),
    inserts=inserts,
    mappings=st.lists(a_mapping(), max_size=4, unique_by=lambda m: (m.channel, m.controller)).map(tuple),
)


@settings(max_examples=60, deadline=None)
@given(racks)
def test_any_rack_reads_back_equal(rack: Rack) -> None:
    assert parse_preset(preset_text(rack), "test") == rack
    assert checked(rack) == rack


def test_written_presets_read_well() -> None:
    assert TEXT.startswith('schema = 1\nname = "Broken \\"on\\" purpose"\ndescription = "Für Tests."\n')
    assert TEXT.endswith("\n")
    assert not TEXT.endswith("\n\n")
    assert preset_text(parse_preset(TEXT, "test")) == TEXT
    shortest = preset_text(Rack("Short", (Part("Any", program=0),)))
    assert shortest == 'schema = 1\nname = "Short"\n\n[[parts]]\nname = "Any"\nprogram = 0\n'


def test_the_text_of_the_same_rack_is_made_once() -> None:
    """Whoever asks, from whatever thread; and an equal rack that reads otherwise keeps its own text."""
    known = Rack("Known", (Part("Any"),), gain_db=1.0)
    text = preset_text(known)
    assert preset_text(known) is text
    whole = replace(known, gain_db=1)
    assert whole == known
    assert (preset_text(whole), preset_text(known)) == (text.replace("1.0", "1"), text)
    crowd = [replace(known, gain_db=float(index)) for index in range(8)]
    with ThreadPoolExecutor(4) as threads:
        texts = list(threads.map(preset_text, crowd * 20))
    assert [parse_preset(text, "test") for text in texts] == crowd * 20


def test_the_largest_rack_is_below_the_limit() -> None:
    insert = Insert("e" * 63, {"p" * 60 + f"{i:03}": 0.123456789 * i for i in range(64)})
    part = replace(RACK.parts[0], name="ü" * 60, inserts=(insert,))
    mappings = tuple(
        Mapping(i // 8, 40 + i % 8, "part.15.insert.0.high_db", -17.25, 17.75) for i in range(128)
    )
    rack = Rack("n" * 60, (part,) * 16, "d" * 1000, -1.0, (insert,) * 8, mappings)
    assert len(preset_text(checked(rack)).encode()) < MAX_PRESET_BYTES


# --- what comes from another process


@pytest.mark.parametrize(
    ("rack", "fault"),
    [
        (replace(RACK, gain_db=99.0), "gain_db: 99.0 is outside -60 to 12"),
        (replace(RACK, parts=()), "parts: has 0 entries, at least 1 must be there"),
        (replace(RACK, parts=RACK.parts * 9), "parts: has 18 entries, at most 16 are allowed"),
        (
            replace(RACK, parts=(Part("X", program=200),), mappings=()),
            "parts[0].program: 200 is outside 0 to 128",
        ),
        (
            replace(RACK, parts=(Part("X", pan="left"),), mappings=()),
            "parts[0].pan: is 'left', must be a number",
        ),  # type: ignore[arg-type]
        (
            replace(RACK, inserts=()),
            "mappings[1].target: 'insert.0.mix': the rack has no such part or insert",
        ),
    ],
)
def test_a_rack_that_could_be_no_preset_is_refused(rack: Rack, fault: str) -> None:
    with pytest.raises(PresetError) as caught:
        checked(rack)
    assert caught.value.faults == [fault]


# --- files


def test_a_file_reads_back_equal_and_leaves_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "new" / "test.toml"
    write_preset(Rack("Old", (Part("X"),)), path)
    write_preset(RACK, path)
    assert read_preset(path) == RACK
    assert list(path.parent.iterdir()) == [path]


def test_the_old_file_stays_if_the_new_one_cannot_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "test.toml"
    write_preset(RACK, path)

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OutputError, match=r"test.toml: cannot be written: No space left on device"):
        write_preset(Rack("New", (Part("X"),)), path)
    assert read_preset(path) == RACK
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_in_the_way(tmp_path: Path) -> None:
    (tmp_path / "test.toml").mkdir()
    with pytest.raises(OutputError, match="cannot be written"):
        write_preset(RACK, tmp_path / "test.toml")
    with pytest.raises(PresetError, match="is not a file"):
        read_preset(tmp_path / "test.toml")
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="cannot be written"):
        write_preset(RACK, tmp_path / "file" / "test.toml")


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.toml")
    with pytest.raises(PresetError, match="is not a file"):
        read_preset(tmp_path / "pipe.toml")


def test_files_that_are_no_preset(tmp_path: Path) -> None:
    path = tmp_path / "test.toml"
    with pytest.raises(PresetError, match="cannot be read: No such file or directory"):
        read_preset(path)
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(PresetError, match="is not UTF-8 text"):
        read_preset(path)
    path.write_bytes(TEXT.encode() + b"#" * MAX_PRESET_BYTES)
    with pytest.raises(PresetError, match=f"is too large: at most {MAX_PRESET_BYTES} bytes are allowed"):
        read_preset(path)


anything = st.recursive(
    st.integers()
    | floats()
    | st.text(max_size=5)
    | st.booleans()
    | st.sampled_from([128, "fixed", "panic", -1]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=4,
)


@settings(deadline=None)
@given(st.data())
def test_whatever_a_table_holds_only_a_preset_error_comes_of_it(data: st.DataObject) -> None:
    values = table = tomllib.loads(TEXT)
    while isinstance(table, dict | list):
        keys_of = sorted(table) if isinstance(table, dict) else range(len(table))
        key = data.draw(st.sampled_from(keys_of))
        if not isinstance(table[key], dict | list) or data.draw(st.booleans()):
            table[key] = data.draw(anything)
            break
        table = table[key]
    with contextlib.suppress(PresetError):
        assert checked(read_rack(values, "test"))
