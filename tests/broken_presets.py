"""One deliberately broken preset for each rule: what to change, what to, and the fault to be told."""

from __future__ import annotations

from neume.synth.rack.curves import VelocityCurve, fixed
from neume.synth.rack.learn import Mapping
from neume.synth.rack.part import Insert, Part, Rack
from neume.synth.rack.preset_write import preset_text

RACK = Rack(
    name='Broken "on" purpose',
    description="Für Tests.",
    parts=(
        Part(
            name="Left",
            instrument="neume-gm",
            bundle_version="0.1.0",
            program=32,
            channels=frozenset({0, 15}),
            low_key=21,
            high_key=54,
            low_velocity=2,
            high_velocity=120,
            transpose_semitones=-12,
            curve=fixed(99),
            volume_db=-3.5,
            pan=-0.25,
            muted=True,
            soloed=True,
            inserts=(Insert("equaliser", {"low_db": 1.5}, bypassed=True),),
        ),
        Part(name="Right", instrument="plugin:soundfont", curve=VelocityCurve("soft")),
    ),
    gain_db=-1.5,
    inserts=(Insert("reverb", {"mix": 0.2, "size_s": 2.0}),),
    mappings=(
        Mapping(2, 74, "part.0.volume_db", -30.0, 6.0),
        Mapping(None, 75, "insert.0.mix", 0.0, 0.5),
        Mapping(None, 80, "panic"),
    ),
)
TEXT = preset_text(RACK)

LEFT = '[[parts]]\nname = "Left"\n'
EQUALISER = 'effect = "equaliser"\nbypassed = true\n'
MANY_PARTS = '[[parts]]\nname = "More"\n' * 15
MANY_INSERTS = '[[parts.inserts]]\neffect = "reverb"\n' * 8
MANY_VALUES = "".join(f"p{i} = 1\n" for i in range(64))
MANY_MAPPINGS = "".join(
    f'[[mappings]]\nchannel = {1 + i % 16}\ncontroller = {8 + i // 16}\ntarget = "panic"\n'
    for i in range(126)
)

BROKEN = {
    "not TOML": ("schema = 1", "schema = ", "is not TOML: "),
    "huge number": ("schema = 1", "schema = " + "9" * 5000, "is not TOML: "),
    "deep nesting": ("schema = 1", "schema = " + "[" * 5000, "is not TOML: "),
    "schema missing": ("schema = 1", "", "schema: is missing, must be an integer"),
    "schema of another type": ("schema = 1", 'schema = "1"', "schema: is '1', must be an integer"),
    "schema of tomorrow": ("schema = 1", "schema = 2", "schema: 2 came, this player reads 1"),
    "no name": ('name = "Broken \\"on\\" purpose"\n', "", "name: is missing, must be a text"),
    "empty name": ('name = "Broken \\"on\\" purpose"', 'name = ""', "name: is empty"),
    "terminal codes": (
        'name = "Broken',
        'name = "\\u001b[2J',
        "name: must be one printable line of at most 60",
    ),
    "long name": ('name = "Broken', f'name = "{"n" * 61}', "name: must be one printable line of at most 60"),
    "description of another type": ('"Für Tests."', "3", "description: is 3, must be a text"),
    "long description": ("Für", "F" * 1001, "description: must be one printable line of at most 1000"),
    "master gain": ("gain_db = -1.5", "gain_db = 12.5", "gain_db: 12.5 is outside -60 to 12"),
    "master gain as text": ("gain_db = -1.5", 'gain_db = "-1.5"', "gain_db: is '-1.5', must be a number"),
    "gain is not a number": ("gain_db = -1.5", "gain_db = nan", "gain_db: nan is outside -60 to 12"),
    "too many parts": (LEFT, MANY_PARTS + LEFT, "parts: has 17 entries, at most 16 are allowed"),
    "parts of numbers": (TEXT[TEXT.index(LEFT) :], "parts = [3]", "parts: must be an array of tables"),
    "parts as a table": (TEXT[TEXT.index(LEFT) :], "[parts]\nx = 1", "parts: is a table, must be an array"),
    "no parts": (TEXT[TEXT.index(LEFT) :], "", "parts: has 0 entries, at least 1 must be there"),
    "empty parts": (TEXT[TEXT.index(LEFT) :], "parts = []", "parts: has 0 entries, at least 1 must be there"),
    "part without a name": ('name = "Left"\n', "", "parts[0].name: is missing, must be a text"),
    "part with an empty name": ('name = "Left"', 'name = ""', "parts[0].name: is empty"),
    "long part name": ('name = "Left"', f'name = "{"n" * 61}"', "parts[0].name: must be one printable line"),
    "instrument with a path": (
        '"neume-gm"',
        '"../neume-gm"',
        "parts[0].instrument: '../neume-gm' does not match",
    ),
    "instrument in capitals": ('"neume-gm"', '"Neume"', "parts[0].instrument: 'Neume' does not match"),
    "empty instrument": ('"neume-gm"', '""', "parts[0].instrument: is empty"),
    "plug-in without a name": (
        '"plugin:soundfont"',
        '"plugin:"',
        "parts[1].instrument: 'plugin:' does not match",
    ),
    "plug-in with a path": (
        '"plugin:soundfont"',
        '"plugin:a.b"',
        "parts[1].instrument: 'plugin:a.b' does not",
    ),
    "version of two parts": ('"0.1.0"', '"0.1"', "parts[0].bundle_version: '0.1' does not match"),
    "version of nothing": ('instrument = "neume-gm"\n', "", "parts[0].bundle_version: belongs to a bundle"),
    "version of a plug-in": ('"neume-gm"', '"plugin:x"', "parts[0].bundle_version: belongs to a bundle"),
    "program": ("program = 32", "program = 129", "parts[0].program: 129 is outside 0 to 128"),
    "program as text": (
        "program = 32",
        'program = "bass"',
        "parts[0].program: is 'bass', must be an integer",
    ),
    "program as a number": (
        "program = 32",
        "program = 32.0",
        "parts[0].program: is 32.0, must be an integer",
    ),
    "true for a program": ("program = 32", "program = true", "parts[0].program: is True, must be an integer"),
    "channel 0": ("[1, 16]", "[0, 16]", "parts[0].channels: must be an array of integers from 1 to 16"),
    "channel 17": ("[1, 16]", "[1, 17]", "parts[0].channels: must be an array of integers from 1 to 16"),
    "one channel without brackets": ("[1, 16]", "1", "parts[0].channels: is 1, must be an array"),
    "no channels": ("[1, 16]", "[]", "parts[0].channels: must name at least one channel, each once"),
    "a channel twice": ("[1, 16]", "[1, 1]", "parts[0].channels: must name at least one channel, each once"),
    "too many channels": ("[1, 16]", str([1] * 17), "parts[0].channels: has 17 entries, at most 16"),
    "lowest key": ("low_key = 21", "low_key = -1", "parts[0].low_key: -1 is outside 0 to 127"),
    "highest key": ("high_key = 54", "high_key = 128", "parts[0].high_key: 128 is outside 0 to 127"),
    "keys crossed": ("low_key = 21", "low_key = 55", "parts[0].low_key: 55 is above high_key = 54"),
    "velocity 0": ("low_velocity = 2", "low_velocity = 0", "parts[0].low_velocity: 0 is outside 1 to 127"),
    "velocity 128": ("high_velocity = 120", "high_velocity = 128", "parts[0].high_velocity: 128 is outside"),
    "velocities crossed": (
        "low_velocity = 2",
        "low_velocity = 121",
        "low_velocity: 121 is above high_velocity",
    ),
    "transpose down": ("semitones = -12", "semitones = -49", "parts[0].transpose_semitones: -49 is outside"),
    "transpose up": ("semitones = -12", "semitones = 49", "parts[0].transpose_semitones: 49 is outside"),
    "curve": (
        'curve = "soft"',
        'curve = "gentle"',
        "parts[1].curve: 'gentle' is none of linear, soft, hard, fixed",
    ),
    "curve as a number": ('curve = "soft"', "curve = 0.5", "parts[1].curve: is 0.5, must be a text"),
    "fixed without a velocity": ("fixed_velocity = 99\n", "", "parts[0].fixed_velocity: belongs to curve = "),
    "velocity without fixed": (
        '"soft"',
        '"soft"\nfixed_velocity = 9',
        "parts[1].fixed_velocity: belongs to curve",
    ),
    "fixed velocity": (
        "fixed_velocity = 99",
        "fixed_velocity = 128",
        "parts[0].fixed_velocity: 128 is outside",
    ),
    "volume": ("volume_db = -3.5", "volume_db = -60.5", "parts[0].volume_db: -60.5 is outside -60 to 12"),
    "volume infinite": (
        "volume_db = -3.5",
        "volume_db = inf",
        "parts[0].volume_db: inf is outside -60 to 12",
    ),
    "pan": ("pan = -0.25", "pan = -1.01", "parts[0].pan: -1.01 is outside -1 to 1"),
    "pan as MIDI has it": ("pan = -0.25", "pan = 64", "parts[0].pan: 64 is outside -1 to 1"),
    "muted by a number": ("muted = true", "muted = 1", "parts[0].muted: is 1, must be true or false"),
    "soloed by a text": (
        "soloed = true",
        'soloed = "yes"',
        "parts[0].soloed: is 'yes', must be true or false",
    ),
    "too many inserts": (
        "[[parts.inserts]]",
        MANY_INSERTS + "[[parts.inserts]]",
        "parts[0].inserts: has 9 entries, at most 8",
    ),
    "insert without an effect": ('effect = "equaliser"\n', "", "parts[0].inserts[0].effect: is missing"),
    "effect with a path": ('"equaliser"', '"a.b:c"', "parts[0].inserts[0].effect: 'a.b:c' does not match"),
    "bypassed": ("bypassed = true", 'bypassed = "no"', "parts[0].inserts[0].bypassed: is 'no', must be true"),
    "values of another type": (
        "[parts.inserts.values]\nlow_db = 1.5",
        "values = 3",
        "inserts[0].values: is 3, must",
    ),
    "too many values": ("low_db = 1.5", "low_db = 1.5\n" + MANY_VALUES, "values: has 65 entries, at most 64"),
    "parameter with a dot": ("low_db =", '"low.db" =', "inserts[0].values.low.db: is no parameter's id"),
    "parameter called bypassed": ("low_db =", "bypassed =", "values.bypassed: is no parameter's id"),
    "value as text": (
        "low_db = 1.5",
        'low_db = "1.5"',
        "inserts[0].values.low_db: is '1.5', must be a number",
    ),
    "value beyond all": (
        "low_db = 1.5",
        "low_db = 1e10",
        "inserts[0].values.low_db: 10000000000.0 is outside",
    ),
    "master insert": ('"reverb"', '"Reverb"', "inserts[0].effect: 'Reverb' does not match"),
    "too many mappings": (
        "[[mappings]]",
        MANY_MAPPINGS + "[[mappings]]",
        "mappings: has 129 entries, at most 128",
    ),
    "mapped channel": ("channel = 3", "channel = 17", "mappings[0].channel: 17 is outside 1 to 16"),
    "no controller": ("controller = 74\n", "", "mappings[0].controller: is missing, must be an integer"),
    "mapped channel mode": (
        "controller = 74",
        "controller = 120",
        "mappings[0].controller: 120 is outside 0 to 119",
    ),
    "mapped bank select": (
        "controller = 74",
        "controller = 32",
        "mappings[0].controller: 32 has a meaning of its",
    ),
    "no target": ('target = "panic"\n', "", "mappings[2].target: is missing, must be a text"),
    "unknown target": ('"panic"', '"explode"', "mappings[2].target: 'explode' names nothing"),
    "target of code": (
        '"panic"',
        '"part.0.__class__"',
        "mappings[2].target: 'part.0.__class__' names nothing",
    ),
    "target's part": (
        '"part.0.volume_db"',
        '"part.2.volume_db"',
        "mappings[0].target: 'part.2.volume_db': the rack",
    ),
    "target's insert": (
        '"insert.0.mix"',
        '"insert.1.mix"',
        "mappings[1].target: 'insert.1.mix': the rack has no",
    ),
    "mapped below the range": (
        "minimum = -30.0",
        "minimum = -61.0",
        "mappings[0].minimum: -61.0 is outside -60 to",
    ),
    "mapped above the range": (
        "maximum = 6.0",
        "maximum = 13",
        "mappings[0].maximum: 13 is outside -60 to 12",
    ),
    "mapped to one value": ("maximum = 6.0", "maximum = -30", "mappings[0].maximum: -30 is the minimum too"),
    "one controller twice": (
        "controller = 80",
        "controller = 75",
        "mappings: two of them have the same channel",
    ),
}
