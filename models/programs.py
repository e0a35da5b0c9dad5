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

# The programs with a training set of their own, and how often one is drawn against the others.
TRAINED: Final = {
    0: 4.0, 4: 2.0, 6: 1.0, 11: 1.0, 12: 1.0, 16: 2.0, 19: 1.5, 21: 1.0, 24: 2.0, 25: 2.0, 27: 1.5,
    30: 1.0, 32: 1.5, 33: 2.0, 38: 1.0, 40: 1.5, 42: 1.5, 45: 1.0, 46: 1.0, 48: 2.0, 52: 1.0, 56: 2.0,
    57: 1.0, 60: 1.0, 61: 2.0, 65: 1.0, 68: 1.0, 71: 1.0, 73: 2.0, 80: 1.0, 81: 1.0, 89: 1.0,
    DRUM_PROGRAM: 4.0,
}  # fmt: skip

# Every other program is played by its nearest trained relative: (first program, last program, substitute).
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
    12: (45, 96), 32: (26, 62), 38: (24, 67), 40: (55, 103), 42: (36, 79), 46: (24, 103), 47: (36, 60),
    56: (52, 86), 57: (36, 74), 58: (26, 60), 60: (36, 79), 65: (49, 84), 68: (58, 93),
    70: (34, 75), 71: (50, 94), 73: (58, 98), DRUM_PROGRAM: (27, 87),
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
