"""General MIDI programs: names, families, playing ranges, and which of them have training data."""

from __future__ import annotations

from typing import Final

from neume.synth.voices import DRUM_PROGRAM

FAMILIES: Final = (
    "Piano", "Chromatic percussion", "Organ", "Guitar", "Bass", "Strings", "Ensemble", "Brass",
    "Reed", "Pipe", "Synth lead", "Synth pad", "Synth effects", "Ethnic", "Percussive", "Sound effects",
)  # fmt: skip

NAMES: Final = (
    "Acoustic Grand Piano", "Bright Acoustic Piano", "Electric Grand Piano", "Honky-tonk Piano",
    "Electric Piano 1", "Electric Piano 2", "Harpsichord", "Clavi",
    "Celesta", "Glockenspiel", "Music Box", "Vibraphone", "Marimba", "Xylophone", "Tubular Bells", "Dulcimer",
    "Drawbar Organ", "Percussive Organ", "Rock Organ", "Church Organ",
    "Reed Organ", "Accordion", "Harmonica", "Tango Accordion",
    "Acoustic Guitar (nylon)", "Acoustic Guitar (steel)", "Electric Guitar (jazz)", "Electric Guitar (clean)",
    "Electric Guitar (muted)", "Overdriven Guitar", "Distortion Guitar", "Guitar Harmonics",
    "Acoustic Bass", "Electric Bass (finger)", "Electric Bass (pick)", "Fretless Bass",
    "Slap Bass 1", "Slap Bass 2", "Synth Bass 1", "Synth Bass 2",
    "Violin", "Viola", "Cello", "Contrabass",
    "Tremolo Strings", "Pizzicato Strings", "Orchestral Harp", "Timpani",
    "String Ensemble 1", "String Ensemble 2", "Synth Strings 1", "Synth Strings 2",
    "Choir Aahs", "Voice Oohs", "Synth Voice", "Orchestra Hit",
    "Trumpet", "Trombone", "Tuba", "Muted Trumpet",
    "French Horn", "Brass Section", "Synth Brass 1", "Synth Brass 2",
    "Soprano Sax", "Alto Sax", "Tenor Sax", "Baritone Sax", "Oboe", "English Horn", "Bassoon", "Clarinet",
    "Piccolo", "Flute", "Recorder", "Pan Flute", "Blown Bottle", "Shakuhachi", "Whistle", "Ocarina",
    "Lead 1 (square)", "Lead 2 (sawtooth)", "Lead 3 (calliope)", "Lead 4 (chiff)",
    "Lead 5 (charang)", "Lead 6 (voice)", "Lead 7 (fifths)", "Lead 8 (bass + lead)",
    "Pad 1 (new age)", "Pad 2 (warm)", "Pad 3 (polysynth)", "Pad 4 (choir)",
    "Pad 5 (bowed)", "Pad 6 (metallic)", "Pad 7 (halo)", "Pad 8 (sweep)",
    "FX 1 (rain)", "FX 2 (soundtrack)", "FX 3 (crystal)", "FX 4 (atmosphere)",
    "FX 5 (brightness)", "FX 6 (goblins)", "FX 7 (echoes)", "FX 8 (sci-fi)",
    "Sitar", "Banjo", "Shamisen", "Koto", "Kalimba", "Bagpipe", "Fiddle", "Shanai",
    "Tinkle Bell", "Agogo", "Steel Drums", "Woodblock", "Taiko Drum", "Melodic Tom", "Synth Drum",
    "Reverse Cymbal",
    "Guitar Fret Noise", "Breath Noise", "Seashore", "Bird Tweet",
    "Telephone Ring", "Helicopter", "Applause", "Gunshot",
    "Standard Drum Kit",
)  # fmt: skip

# How often each program is drawn for a training set against the others; one without a weight is not trained.
_OFTEN: Final = {
    0: 6.0, 4: 3.0, 5: 2.0, 16: 3.0, 19: 2.0, 24: 3.0, 25: 3.0, 26: 2.0, 27: 2.0, 30: 2.0, 32: 3.0, 33: 3.0,
    40: 3.0, 42: 3.0, 48: 3.0, 52: 2.0, 56: 3.0, 60: 2.0, 61: 2.0, 65: 2.0, 68: 2.0, 71: 2.0, 73: 3.0,
    DRUM_PROGRAM: 12.0,
}  # fmt: skip
TRAINED: Final = {program: _OFTEN.get(program, 1.0) for program in range(DRUM_PROGRAM + 1)}

# Nearest relatives, for programs without training: (first program, last program, relative).
_RELATIVES: Final = (
    (1, 3, 0), (5, 5, 4), (7, 7, 6), (8, 10, 11), (13, 13, 12), (14, 14, 11), (15, 15, 46),
    (17, 18, 16), (20, 20, 21), (22, 23, 21), (26, 26, 27), (28, 28, 27), (29, 29, 30), (31, 31, 25),
    (34, 37, 33), (39, 39, 38), (41, 41, 40), (43, 43, 42), (44, 44, 48), (47, 47, 12), (49, 51, 48),
    (53, 54, 52), (55, 55, 61), (58, 58, 57), (59, 59, 56), (62, 63, 61), (64, 64, 65), (66, 67, 65),
    (69, 70, 68), (72, 72, 73), (74, 79, 73), (82, 83, 80), (84, 87, 81), (88, 88, 89), (90, 90, 81),
    (91, 91, 52), (92, 95, 89), (96, 103, 89), (104, 105, 25), (106, 107, 24), (108, 108, 12),
    (109, 109, 21), (110, 110, 40), (111, 111, 68), (112, 112, 11), (113, 114, 12), (115, 118, 12),
    (119, 127, 89),
)  # fmt: skip

# Keys that a family is normally written for, lowest and highest; procedural notes stay inside.
_FAMILY_KEYS: Final = (
    (21, 108), (48, 96), (36, 96), (40, 88), (28, 60), (36, 96), (36, 96), (40, 84),
    (44, 88), (55, 100), (36, 96), (36, 96), (36, 96), (40, 88), (40, 88), (36, 96),
)  # fmt: skip
_PROGRAM_KEYS: Final = {
    8: (60, 108), 9: (72, 108), 10: (60, 100), 12: (45, 96), 13: (53, 96), 14: (52, 84), 22: (48, 88),
    32: (26, 62), 38: (24, 67), 39: (24, 67), 40: (55, 103), 41: (48, 91), 42: (36, 79), 43: (24, 67),
    46: (24, 103), 47: (36, 60), 56: (52, 86), 57: (36, 74), 58: (26, 60), 59: (52, 86), 60: (36, 79),
    64: (54, 88), 65: (49, 84), 66: (44, 79), 67: (36, 72), 68: (58, 93), 69: (52, 84),
    70: (34, 75), 71: (50, 94), 72: (67, 108), 73: (58, 98), DRUM_PROGRAM: (27, 87),
}  # fmt: skip


def substitute(program: int) -> int:
    """The trained program that sounds for `program` (0 to 128)."""
    if program in TRAINED:
        return program
    return next(relative for first, last, relative in _RELATIVES if first <= program <= last)


def family(program: int) -> str:
    return "Drums" if program == DRUM_PROGRAM else FAMILIES[program // 8]


def key_range(program: int) -> tuple[int, int]:
    """Lowest and highest key that is normally played on a program, inclusive."""
    return _PROGRAM_KEYS.get(program) or _FAMILY_KEYS[program // 8]
