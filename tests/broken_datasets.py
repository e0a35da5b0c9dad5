"""Deliberate faults in the miniature data sets of `dataset_layouts`, one a case."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from dataset_layouts import EGMD_TAKE, write_text, write_tone

LABELS = "start_time,end_time,instrument,note\n"
MAESTRO = "2004/MIDI-Unprocessed_01"
SLAKH = "train/Track00001/metadata.yaml"
FLUTE = "03_Dance_fl_cl/Notes_1_fl_03_Dance.txt"
GUITAR = "annotation/00_BN1-129-Eb_comp.jams"
NOTE_WITHOUT_TIME = '{"annotations": [{"namespace": "note_midi", "data": [{"time": 1}]}]}'


@dataclass(frozen=True)
class Fault:
    """`text` replaces a file, or with `old` a part of it; without a text the file is missing."""

    data_set: str
    file: str
    lost: str  # the performance that it costs
    reason: str
    text: str | None = None
    old: str = ""

    def make(self, root: Path) -> None:
        path = root / self.file
        if self.text is None:
            path.unlink()
        elif self.old:
            write_text(path, path.read_text().replace(self.old, self.text))
        else:
            write_text(path, self.text)


FAULTS = {
    "no recording": Fault("maestro", f"{MAESTRO}.wav", MAESTRO, "no such file"),
    "broken MIDI": Fault("maestro", f"{MAESTRO}.midi", MAESTRO, "header", "MThd?"),
    "YAML list": Fault("slakh2100", SLAKH, "train/Track00001", "names no stems", "stems: [S00"),
    "YAML text": Fault("slakh2100", SLAKH, "train/Track00001", "line 1 is not", "stems"),
    "YAML again": Fault("slakh2100", SLAKH, "train/Track00001", "repeats", "a: 1\na: 2\n"),
    "program": Fault(
        "slakh2100", SLAKH, "train/Track00001/S00", "0 to 128", "program_num: 300", "program_num: 30"
    ),
    "no stem": Fault("slakh2100", "train/Track00001/stems/S01.flac", "train/Track00001/S01", "no such file"),
    "no labels": Fault("musicnet", "train_labels/1727.csv", "1727", "no such file"),
    "column": Fault("musicnet", "train_labels/1727.csv", "1727", "no column end_time", "start_time,note\n"),
    "number": Fault("musicnet", "train_labels/1727.csv", "1727", "whole numbers", f"{LABELS}1,x,1,60\n"),
    "instrument": Fault("musicnet", "train_labels/1727.csv", "1727", "1 to 128", f"{LABELS}1,2,0,60\n"),
    "binary": Fault("musicnet", "train_labels/1727.csv", "1727", "is not a CSV", f'{LABELS}"{"1" * 200_000}'),
    "two numbers": Fault("urmp", FLUTE, "03_Dance_fl_cl/1_fl_03_Dance", "line 1 is not 3", "0.1 440.0\n"),
    "no pitch": Fault("urmp", FLUTE, "03_Dance_fl_cl/1_fl_03_Dance", "of 0.0 Hz", "0.1 0.0 1.0\n"),
    "no notes": Fault("urmp", FLUTE, "03_Dance_fl_cl/1_fl_03_Dance", "no notes", ""),
    "JSON": Fault("guitarset", GUITAR, "00_BN1-129-Eb_comp", "not a JSON file", "{"),
    "deep JSON": Fault("guitarset", GUITAR, "00_BN1-129-Eb_comp", "not a JSON file", "[" * 200_000),
    "other JSON": Fault("guitarset", GUITAR, "00_BN1-129-Eb_comp", "no list of annotations", "[]"),
    "no time": Fault("guitarset", GUITAR, "00_BN1-129-Eb_comp", "without time", NOTE_WITHOUT_TIME),
    "outside": Fault(
        "e-gmd", "e-gmd-v1.0.0.csv", EGMD_TAKE, "outside", "../secret.midi", f"{EGMD_TAKE}.midi"
    ),
    "alone": Fault("pairs", "evening/take 0.wav", "evening/take 0", "no recording"),
}


def link_out(path: Path) -> None:
    """Put a link to a sound file of another folder in a file's place."""
    elsewhere = write_tone(path.parents[2] / "elsewhere.wav")
    path.unlink()
    path.symlink_to(elsewhere)
