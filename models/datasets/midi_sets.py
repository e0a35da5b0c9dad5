"""Data sets whose notes are MIDI files: MAESTRO, Slakh2100, E-GMD, and a folder of pairs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from neume.synth.errors import NeumeError
from neume.synth.events import MidiEvent
from neume.synth.voices import DRUM_PROGRAM, PROGRAMS

from .performance import Listed, Skipped, midi_events
from .text_files import inside, read_csv, read_yaml

MAESTRO_INDEX: Final = "maestro-v3.0.0.csv"
EGMD_INDEX: Final = "e-gmd-v1.0.0.csv"
PIANO: Final = 0
SPLITS: Final = ("train", "validation", "test", "omitted")
# Keys that the Roland TD-17 of E-GMD sends beyond General MIDI: the hi-hat's edge, and the third tom's rim
# (drum mapping of the Groove MIDI Dataset, Gillick et al. 2019).
TD17_KEYS: Final = {22: 42, 26: 46, 58: 43}
MIDI_SUFFIXES: Final = (".mid", ".midi")
AUDIO_SUFFIXES: Final = (".wav", ".flac")
VALIDATION_EVERY: Final = 10  # pairs, where the folder does not say which are for validation


def maestro(root: Path) -> Iterator[Listed | Skipped]:
    """MAESTRO v3 (Hawthorne et al. 2019): an index of pairs, `2004/....midi` beside `2004/....wav`."""
    return _indexed(root, MAESTRO_INDEX, PIANO)


def egmd(root: Path) -> Iterator[Listed | Skipped]:
    """E-GMD (Callender et al. 2020): an index of pairs below `drummer1/session1/` and so on."""
    return _indexed(root, EGMD_INDEX, DRUM_PROGRAM)


def _indexed(root: Path, index: str, program: int) -> Iterator[Listed | Skipped]:
    if not (root / index).is_file():
        raise NeumeError(f"{root}: no {index} there; give the folder that holds it")
    for row in read_csv(root / index, ("split", "midi_filename", "audio_filename")):
        name = str(Path(row["audio_filename"]).with_suffix(""))
        try:
            audio, notes = inside(root, row["audio_filename"]), inside(root, row["midi_filename"])
            yield Listed(name, audio, notes, row["split"], program)
        except NeumeError as error:
            yield Skipped(name, str(error))


def read_midi(listed: Listed) -> list[MidiEvent]:
    return midi_events(listed.notes, listed.program)


def read_egmd(listed: Listed) -> list[MidiEvent]:
    return midi_events(listed.notes, listed.program, TD17_KEYS)


def slakh(root: Path) -> Iterator[Listed | Skipped]:
    """Slakh2100 (Manilow et al. 2019), redux layout: `train/Track00001/{metadata.yaml,MIDI/,stems/}`.

    One performance a stem. Tracks straight below the root, as in BabySlakh, count as `train`.
    """
    tracks = [(split, track) for split in SPLITS for track in sorted((root / split).glob("Track*"))]
    tracks += [("train", track) for track in sorted(root.glob("Track*"))]
    if not tracks:
        raise NeumeError(f"{root}: no Track00001 or train/Track00001 there; give the folder that holds them")
    for split, track in tracks:
        name = str(track.relative_to(root))
        try:
            stems = read_yaml(inside(root, Path(name, "metadata.yaml"))).get("stems")
            if not isinstance(stems, dict):
                raise NeumeError("metadata.yaml: names no stems")
        except NeumeError as error:
            yield Skipped(name, str(error))
            continue
        for stem, about in stems.items():
            found = _slakh_stem(root, Path(name), split, stem, about)
            if found is not None:
                yield found


def _slakh_stem(root: Path, track: Path, split: str, stem: str, about: Any) -> Listed | Skipped | None:
    """A stem of a track; None for one that Slakh never rendered."""
    name = f"{track}/{stem}"
    if not isinstance(about, dict):
        return Skipped(name, "metadata.yaml: says nothing of this stem")
    if "false" in (about.get("audio_rendered"), about.get("midi_saved")):
        return None
    try:
        audio = _first_inside(root, [track / "stems" / f"{stem}{suffix}" for suffix in (".flac", ".wav")])
        notes = inside(root, track / "MIDI" / f"{stem}.mid")
        return Listed(name, audio, notes, split, _slakh_program(about))
    except NeumeError as error:
        return Skipped(name, str(error))


def _slakh_program(about: dict[str, Any]) -> int:
    if about.get("is_drum") == "true":
        return DRUM_PROGRAM
    number = str(about.get("program_num"))
    if not (number.isascii() and number.isdigit() and int(number) <= PROGRAMS):
        raise NeumeError(f"metadata.yaml: program_num {number!r}; allowed are 0 to {PROGRAMS}")
    return int(number)


def _first_inside(root: Path, names: list[Path]) -> Path:
    """The first of the files that is there."""
    present = [name for name in names if (root / name).is_file()]
    return inside(root, present[0] if present else names[0])


def pairs(root: Path) -> Iterator[Listed | Skipped]:
    """Any folder: each `name.mid` with `name.wav` or `name.flac` beside it, at any depth.

    Folders `train`, `validation` and `test` straight below the root are the splits; else every tenth pair in
    the order of their names is for validation and the others for training.
    """
    files = sorted(path for path in root.rglob("*") if path.suffix.lower() in MIDI_SUFFIXES)
    if not files:
        raise NeumeError(f"{root}: no MIDI file there; give a folder of name.mid with name.wav beside it")
    divided = any(path.relative_to(root).parts[0] in SPLITS[:3] for path in files)
    for number, path in enumerate(files, 1):
        name = path.relative_to(root).with_suffix("")
        split = "validation" if number % VALIDATION_EVERY == 0 else "train"
        if divided:
            split = name.parts[0]
        try:
            beside = [f for f in sorted(path.parent.glob("*")) if f.stem == path.stem]
            audio = [f.relative_to(root) for f in beside if f.suffix.lower() in AUDIO_SUFFIXES]
            if not audio:
                raise NeumeError("no recording of the same name (.wav or .flac) beside it")
            yield Listed(str(name), inside(root, audio[0]), inside(root, path.relative_to(root)), split)
        except NeumeError as error:
            yield Skipped(str(name), str(error))
