"""Commands and snapshots as lines: they come back as they went, and nothing else gets through."""

from __future__ import annotations

import dataclasses
import json
import random
import time
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Literal, get_args, get_origin, get_type_hints

import numpy as np
import pytest
from control_rig import filled
from hypothesis import given, settings
from hypothesis import strategies as st

from neume.synth.control.commands import (
    LONGEST_RACK,
    Command,
    LoadPreset,
    NoteOn,
    PlayFile,
    SetRack,
    SetValue,
    Subscribe,
    Transport,
)
from neume.synth.control.errors import ControlError
from neume.synth.control.lines import Splitter
from neume.synth.control.messages import MESSAGES, Fault, Hello, Reply, command_line, hear, read_message
from neume.synth.control.records import Misfit, form_of
from neume.synth.control.rules import Absolute, AtMost, Between, Line, Text
from neume.synth.control.snapshots import MAX_MEL_FRAMES, MelChunk
from neume.synth.control.vocabulary import MAX_LINE_BYTES
from neume.synth.engine_snapshot import EngineSnapshot

floats = partial(st.floats, allow_subnormal=False)  # loading models elsewhere switches subnormals off

COMMANDS = get_args(Command)
PRINTABLE = st.characters(exclude_categories=["C", "Z"])


def values(hint):
    """Everything that a type hint allows."""
    arguments, origin = get_args(hint), get_origin(hint)
    if dataclasses.is_dataclass(hint):
        hints = get_type_hints(hint, include_extras=True)
        return st.builds(
            hint, **{field.name: values(hints[field.name]) for field in dataclasses.fields(hint)}
        )
    if origin is Annotated:
        return ruled(arguments[0], arguments[1])
    if origin is Literal:
        return st.sampled_from(arguments)
    if origin is tuple:
        whole = arguments[-1] is ...
        return (
            st.lists(values(arguments[0]), max_size=9).map(tuple)
            if whole
            else st.tuples(*map(values, arguments))
        )
    if origin is Mapping:
        return st.dictionaries(st.text(max_size=9), values(arguments[1]), max_size=5)
    if type(None) in arguments:
        return st.none() | values(arguments[0])
    simple = {int: st.integers(), str: st.text(), bool: st.booleans()}
    return simple.get(hint, floats(allow_nan=False, allow_infinity=False))


def ruled(hint, rule):
    match rule:
        case Between(low=low, high=high):
            return st.integers(low, high) if hint is int else floats(low, high)
        case Line(pattern=None, longest=longest):
            return st.text(PRINTABLE, min_size=1, max_size=longest)
        case Line(pattern=pattern):
            return st.from_regex(pattern, fullmatch=True).filter(rule.accepts)
        case Text():
            return st.text(st.characters(codec="utf-8"))
        case AtMost():
            return values(hint)
        case Absolute():
            return st.text(st.characters(exclude_characters="\0"), max_size=99).map(
                lambda text: Path("/") / text
            )


def commands():
    """Any command; what is played gets one of the two places that it must have."""

    def placed(cls):
        hints = get_type_hints(cls, include_extras=True)
        fields = {field.name: values(hints[field.name]) for field in dataclasses.fields(cls)}
        if "channel" not in fields:
            return st.builds(cls, **fields)
        del fields["channel"], fields["part"]
        place = st.sampled_from(["channel", "part"]).flatmap(
            lambda name: st.fixed_dictionaries({name: st.integers(0, 15)})
        )
        return st.tuples(st.fixed_dictionaries(fields), place).map(lambda parts: cls(**parts[0], **parts[1]))

    return st.one_of(*map(placed, COMMANDS))


@settings(deadline=None, max_examples=200)
@given(commands(), st.none() | st.integers(0, 2**53))
def test_a_command_is_heard_as_it_was_said(command, number):
    heard = hear(command_line(command, number)[:-1])
    assert (heard.command, heard.request, heard.fault) == (command, number, "")


@settings(deadline=None)
@given(values(EngineSnapshot) | values(Hello) | values(Reply) | values(Fault))
def test_a_message_is_read_as_it_was_said(message):
    assert read_message(MESSAGES.line(message)[:-1]) == message


@settings(deadline=None)
@given(st.integers(0, 2**53), st.integers(0, MAX_MEL_FRAMES), st.integers(1, 512), st.randoms())
def test_mel_frames_come_back_as_float16(first, count, mels, rng):
    frames = np.random.default_rng(rng.randrange(2**32)).normal(-5.0, 3.0, (count, mels)).astype(np.float32)
    chunk = read_message(MESSAGES.line(MelChunk.of(first, frames))[:-1])
    assert (chunk.first_frame, chunk.next_frame) == (first, first + count)
    assert np.array_equal(chunk.frames(), frames.astype(np.float16))


def test_a_line_is_ascii_and_ends_once():
    line = command_line(SetRack("Flügel\n\u2028 🎹"))
    assert line.isascii()
    assert line.count(b"\n") == 1


def test_the_longest_rack_fits_whatever_is_in_it():
    rack = SetRack("\U0001f3b9" * LONGEST_RACK)
    assert hear(command_line(rack)[:-1]).command == rack


# What came, and words that its answer must hold.
REFUSED = {
    '{"kind":"note_on","key":60,"velocity":200,"channel":0}': "velocity is 200; allowed: a whole number, 1",
    '{"kind":"note_on","key":60,"velocity":0,"channel":0}': "velocity is 0; allowed",
    '{"kind":"note_on","key":60.0,"velocity":9,"channel":0}': "key is 60.0; allowed: a whole number",
    '{"kind":"note_on","key":true,"velocity":9,"channel":0}': "key is True; allowed",
    '{"kind":"note_on","key":60,"velocity":9}': "channel None and part None; allowed: one of the two",
    '{"kind":"note_on","key":60,"velocity":9,"channel":1,"part":1}': "channel 1 and part 1",
    '{"kind":"note_on","key":60,"velocity":9,"channel":16}': "channel is 16; allowed: a whole number",
    '{"kind":"note_on","velocity":9,"channel":1}': "key is missing; allowed: a whole number, 0 to 127",
    '{"kind":"note_on","key":60,"velocity":9,"channel":1,"stamp_ns":-1}': "stamp_ns is -1",
    '{"kind":"quit","now":true}': "no field 'now'; allowed: none",
    '{"kind":"set_value","target":"gain_db","value":NaN}': "NaN",
    '{"kind":"set_value","target":"gain_db","value":-Infinity}': "Infinity",
    '{"kind":"set_value","target":"gain_db","value":1e999}': "value is inf; allowed: a finite number",
    '{"kind":"set_value","target":"gain_db","value":1' + "0" * 400 + "}": "allowed: a finite number",
    '{"kind":"set_value","target":"gain_db","value":1' + "0" * 9000 + "}": "no JSON",
    '{"kind":"set_value","target":"../../etc","value":1}': "such as part.2.volume_db",
    '{"kind":"load_preset","name":"../secret"}': "no slash in it",
    '{"kind":"load_preset","name":".hidden"}': "no dot before it",
    '{"kind":"load_preset","name":""}': "1 to 100 characters",
    '{"kind":"load_preset","name":"two\\nlines"}': "one printable line",
    '{"kind":"load_preset","name":"piano","name":"organ"}': "a key is there twice",
    '{"kind":"set_rack","preset":"\\ud800"}': "in UTF-8",
    '{"kind":"record_start","path":"take.wav"}': "path is 'take.wav'; allowed: a path, absolute",
    '{"kind":"record_start","path":"/tmp/\\u0000"}': "absolute",
    '{"kind":"record_start","path":["/tmp"]}': "allowed: a path, absolute",
    '{"kind":"set_midi","names":["a",3]}': "names.1 is 3; allowed: a text",
    '{"kind":"set_midi","names":"a"}': "names is 'a'; allowed: a list",
    '{"kind":"set_midi","names":[' + ",".join(['"a"'] * 65) + "]}": "at most 64 long",
    '{"kind":"set_audio","rate_hz":100}': "rate_hz is 100; allowed",
    '{"kind":"transport","action":"rewind"}': "action is 'rewind'; allowed: play, pause, stop",
    '{"kind":"transport","action":"play","loop":1}': "loop is 1; allowed: true or false",
    '{"kind":"subscribe","hz":121}': "hz is 121; allowed: a finite number, 0 to 120",
    '{"kind":"explode"}': "kind is 'explode'; allowed: note_on, note_off",
    '{"kind":["quit"]}': "allowed: note_on",
    '{"key":60}': "kind is None; allowed",
    '{"kind":"quit","request":-1}': "request must be a whole number",
    '{"kind":"quit","request":1.5}': "request must be",
    "[1,2]": "allowed: a JSON object",
    "7": "allowed: a JSON object",
    '{"kind":"quit"': "is no JSON",
    '{"kind":"quit"}{"kind":"quit"}': "is no JSON",
    "": "is no JSON",
    "[" * 200_000: "is no JSON",
    '{"a":' * 50_000: "is no JSON",
}


@pytest.mark.parametrize("line", REFUSED, ids=lambda line: line[:60])
def test_what_is_no_command_is_told_in_one_line(line):
    heard = hear(line.encode("utf-8", "surrogatepass"))
    assert heard.command is None
    assert REFUSED[line] in heard.fault
    assert heard.fault.isprintable()
    assert len(heard.fault) < 600


def test_a_fault_keeps_the_number_of_its_request():
    assert hear(b'{"kind":"set_steps","steps":-1,"request":41}').request == 41


@pytest.mark.parametrize(
    "line", [b'\xff{"kind":"quit"}', '{"kind":"quit"}'.encode("utf-16"), b"\x00", b"\xed\xa0\x80"]
)
def test_only_utf_8_is_heard(line):
    assert "is no JSON" in hear(line).fault


def test_the_sender_is_told_before_anything_is_sent():
    with pytest.raises(ControlError, match=r"velocity is 128.*1 to 127"):
        command_line(NoteOn(60, 128, channel=0))
    with pytest.raises(ControlError, match="one of the two"):
        NoteOn(60, 100)
    with pytest.raises(ControlError, match="absolute"):
        command_line(PlayFile(Path("song.mid")))
    with pytest.raises(ControlError, match="value is nan"):
        command_line(SetValue("gain_db", float("nan")))


def test_what_is_played_is_stamped_when_it_is_made():
    begin_ns = time.monotonic_ns()
    note = NoteOn(60, 100, part=3)
    assert begin_ns <= note.stamp_ns <= time.monotonic_ns()


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), np.float32(1.0), "1.0", None])
def test_a_snapshot_with_a_bad_number_names_it(bad):
    snapshot = filled(EngineSnapshot)
    meters = dataclasses.replace(snapshot.meters, master_peak=bad)
    with pytest.raises(ControlError, match=r"snapshot meters\.master_peak is .*; allowed: a finite number"):
        read_message(MESSAGES.line(dataclasses.replace(snapshot, meters=meters))[:-1])


@pytest.mark.parametrize("text", ["?", "AAA=", "AAAAAAAA", "AHwAfAB8AHw="])
def test_broken_mel_frames_are_refused(text):
    line = json.dumps({"kind": "mels", "first_frame": 0, "mels": 4, "float16": text})
    with pytest.raises(ControlError, match="mel frames"):
        read_message(line.encode()).frames()
    with pytest.raises(ControlError, match="not all finite"):
        MelChunk.of(0, np.full((1, 4), np.inf, np.float32))
    with pytest.raises(ControlError, match="up to 256 frames"):
        MelChunk.of(0, np.zeros((257, 4), np.float32))


def test_a_hundred_thousand_random_lines_raise_nothing():
    rng = random.Random(5)
    good = command_line(Transport("play", 1.5, True), 3)[:-1]
    for turn in range(100_000):
        line = bytearray(good) if turn % 2 else bytearray(rng.randbytes(rng.randrange(60)))
        for _ in range(rng.randrange(4)):
            if line:
                line[rng.randrange(len(line))] = rng.randrange(256)
        heard = hear(bytes(line))
        assert (heard.command is None) == bool(heard.fault)


@given(st.lists(st.binary(max_size=40).filter(lambda line: b"\n" not in line)), st.data())
def test_lines_are_cut_where_they_end_whatever_the_chunks(lines, data):
    stream, splitter, got = b"".join(line + b"\n" for line in lines) + b"rest", Splitter(longest=30), []
    while stream:
        size = data.draw(st.integers(1, 50))
        got += splitter.feed(stream[:size])
        stream = stream[size:]
    assert got == [line if len(line) < 30 else None for line in lines]


def test_a_line_that_never_ends_takes_no_memory():
    splitter = Splitter()
    for _ in range(100):
        assert splitter.feed(b"x" * MAX_LINE_BYTES) == []
    assert len(splitter._begun) == 0
    assert splitter.feed(b"\nnext\n") == [None, b"next"]


@pytest.mark.parametrize("hint", [set[int], int | str, Mapping[int, str], Any, bytes])
def test_a_type_that_cannot_travel_is_a_fault_of_the_program(hint):
    with pytest.raises(TypeError):
        form_of(hint)


def test_fields_with_defaults_may_be_left_out():
    assert hear(b'{"kind":"subscribe","hz":30}').command == Subscribe(30.0)
    assert hear(b'{"kind":"load_preset","name":"grand piano"}').command == LoadPreset("grand piano")
    with pytest.raises(Misfit, match=r"frames\.2 is 'x'"):
        form_of(Nested).read({"frames": [1, 2, "x"]})


@dataclasses.dataclass(frozen=True, slots=True)
class Nested:
    frames: tuple[int, ...] = ()
