"""Data sets whose notes are labels of a recording: MusicNet, URMP and GuitarSet. None knows velocities."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from neume.synth.errors import NeumeError
from neume.synth.events import DRUM_CHANNEL, MidiEvent

from .performance import LabelledNote, Listed, Skipped, label_events
from .text_files import inside, read_csv, read_json, read_numbers

MUSICNET_RATE_HZ: Final = 44_100  # its labels count samples
URMP_PROGRAMS: Final = {
    "vn": 40, "va": 41, "vc": 42, "db": 43, "tpt": 56, "tbn": 57, "tba": 58, "hn": 60, "sax": 65, "ob": 68,
    "bn": 70, "cl": 71, "fl": 73,
}  # fmt: skip
URMP_TEST: Final = frozenset({1, 2, 12, 13, 24, 25, 31, 38, 39})  # MT3's (Gardner et al. 2022, appendix)
STEEL_GUITAR: Final = 25
GUITAR_STRINGS: Final = 6
GUITARSET_AUDIO: Final = (("audio_mono-mic", "mic"), ("audio_mono-pickup_mix", "mix"))  # the best one first
VALIDATION_PROGRESSION: Final = (
    "3"  # MT3's: two progressions of each style to train on, the third to validate
)
MAX_PROGRAMS: Final = 15  # as many channels without the drums'


def musicnet(root: Path) -> Iterator[Listed | Skipped]:
    """MusicNet (Thickstun et al. 2017): `train_data/1727.wav`, `train_labels/1727.csv`, `test_...`."""
    found = False
    for split in ("train", "test"):
        for audio in sorted((root / f"{split}_data").glob("*.wav")):
            found = True
            labels = Path(f"{split}_labels", audio.stem + ".csv")
            try:
                yield Listed(audio.stem, inside(root, audio.relative_to(root)), inside(root, labels), split)
            except NeumeError as error:
                yield Skipped(audio.stem, str(error))
    if not found:
        raise NeumeError(f"{root}: no train_data/*.wav there; give the folder that holds train_data")


def read_musicnet(listed: Listed) -> list[MidiEvent]:
    """One channel for each instrument; the labels count General MIDI's programs from 1."""
    rows = read_csv(listed.notes, ("start_time", "end_time", "instrument", "note"))
    channels: dict[int, int] = {}  # program → channel
    free = [channel for channel in range(16) if channel != DRUM_CHANNEL]
    notes = []
    for row in rows:
        try:
            start, end, instrument, key = (
                int(row[n]) for n in ("start_time", "end_time", "instrument", "note")
            )
        except ValueError:
            raise NeumeError(f"{listed.notes.name}: {row} is not a row of whole numbers") from None
        if not 1 <= instrument <= 128:
            raise NeumeError(f"{listed.notes.name}: instrument {instrument}; allowed are 1 to 128")
        if instrument - 1 not in channels and len(channels) == MAX_PROGRAMS:
            raise NeumeError(f"{listed.notes.name}: more than {MAX_PROGRAMS} instruments")
        channel = channels.setdefault(instrument - 1, free[min(len(channels), MAX_PROGRAMS - 1)])
        notes.append(LabelledNote(start / MUSICNET_RATE_HZ, end / MUSICNET_RATE_HZ, key, channel))
    return label_events(notes, {channel: program for program, channel in channels.items()}, bent=False)


def urmp(root: Path) -> Iterator[Listed | Skipped]:
    """URMP (Li et al. 2018): `01_Jupiter_vn_vc/AuSep_1_vn_01_Jupiter.wav` with `Notes_1_vn_01_Jupiter.txt`.

    One performance an instrument. The set has no split of its own.
    """
    recordings = sorted([*root.glob("*/AuSep_*.wav"), *root.glob("Dataset/*/AuSep_*.wav")])
    if not recordings:
        raise NeumeError(f"{root}: no 01_Jupiter_vn_vc/AuSep_*.wav there; give the folder that holds them")
    for audio in recordings:
        name, place = audio.stem.removeprefix("AuSep_"), audio.parent.relative_to(root)
        try:
            fields = name.split("_")
            if len(fields) < 4 or fields[1] not in URMP_PROGRAMS or not fields[2].isdigit():
                raise NeumeError(f"{audio.name}: is not named as AuSep_1_vn_01_Jupiter.wav")
            yield Listed(
                f"{audio.parent.name}/{name}",
                inside(root, place / audio.name),
                inside(root, place / f"Notes_{name}.txt"),
                "test" if int(fields[2]) in URMP_TEST else "train",
                URMP_PROGRAMS[fields[1]],
            )
        except NeumeError as error:
            yield Skipped(f"{audio.parent.name}/{name}", str(error))


def read_urmp(listed: Listed) -> list[MidiEvent]:
    """Onset in s, mean frequency in Hz and length in s of each note; the pitch becomes a key and a bend."""
    assert listed.program is not None
    notes = []
    for onset_s, hz, length_s in read_numbers(listed.notes, 3):
        if not hz > 0.0 or not math.isfinite(hz):
            raise NeumeError(f"{listed.notes.name}: a note of {hz} Hz")
        notes.append(LabelledNote(onset_s, onset_s + length_s, 69.0 + 12.0 * math.log2(hz / 440.0)))
    return label_events(notes, {0: listed.program}, bent=True)


def guitarset(root: Path) -> Iterator[Listed | Skipped]:
    """GuitarSet (Xi et al. 2018): `annotation/00_BN1-129-Eb_comp.jams` with a recording by the microphone,
    or of the pickup if that is missing. The set has no split of its own."""
    scores = sorted((root / "annotation").glob("*.jams"))
    if not scores:
        raise NeumeError(f"{root}: no annotation/*.jams there; give the folder that holds annotation")
    for notes in scores:
        try:
            progression = notes.stem.split("-")[0][-1]  # of 00_BN1-129-Eb_comp
            names = [Path(folder, f"{notes.stem}_{kind}.wav") for folder, kind in GUITARSET_AUDIO]
            present = [name for name in names if (root / name).is_file()]
            yield Listed(
                notes.stem,
                inside(root, present[0] if present else names[0]),
                inside(root, Path("annotation", notes.name)),
                "validation" if progression == VALIDATION_PROGRESSION else "train",
                STEEL_GUITAR,
            )
        except NeumeError as error:
            yield Skipped(notes.stem, str(error))


def read_guitarset(listed: Listed) -> list[MidiEvent]:
    """One channel a string, as a guitar synthesizer sends it, so that each note is bent to its own pitch."""
    score = read_json(listed.notes)
    annotations = score.get("annotations") if isinstance(score, dict) else None
    if not isinstance(annotations, list):
        raise NeumeError(f"{listed.notes.name}: no list of annotations in it")
    strings = [a for a in annotations if isinstance(a, dict) and a.get("namespace") == "note_midi"]
    if not 1 <= len(strings) <= GUITAR_STRINGS:
        raise NeumeError(f"{listed.notes.name}: {len(strings)} note_midi annotations; 1 to 6 are allowed")
    notes = [
        _string_note(listed.notes.name, entry, channel)
        for channel, string in enumerate(strings)
        for entry in _entries(listed.notes.name, string.get("data"))
    ]
    return label_events(notes, dict.fromkeys(range(GUITAR_STRINGS), STEEL_GUITAR), bent=True)


def _entries(name: str, entries: Any) -> list[Any]:
    if not isinstance(entries, list):
        raise NeumeError(f"{name}: the data of a note_midi annotation is not a list")
    return entries


def _string_note(name: str, entry: Any, channel: int) -> LabelledNote:
    try:
        onset_s, length_s, pitch = (float(entry[field]) for field in ("time", "duration", "value"))
    except (KeyError, TypeError, ValueError):
        raise NeumeError(f"{name}: a note without time, duration or value") from None
    return LabelledNote(onset_s, onset_s + length_s, pitch, channel)
