"""Miniature copies of real data sets, in the layouts in which they are published: a second of sound each."""

from __future__ import annotations

import json
from pathlib import Path

import mido
import numpy as np
import soundfile
from tiny_songs import note, write_song

RATE_HZ = 44_100
EGMD_TAKE = "drummer1/session1/1_funk_80_beat_4-4_1"
SLAKH_METADATA = """\
UUID: 1a81ae092884234f3264e2f45927f00a
audio_dir: stems
midi_dir: MIDI
normalized: true
overall_gain: 0.18270259567062658
stems:
  S00:
    audio_rendered: true
    inst_class: Guitar
    integrated_loudness: -12.82074180245363
    is_drum: false
    midi_program_name: Distortion Guitar
    midi_saved: true
    plugin_name: elektrik_guitar.nkm
    program_num: 30
  S01:
    audio_rendered: true
    inst_class: Drums
    is_drum: true
    midi_program_name: Drums
    midi_saved: true
    plugin_name: ar_modern_sparkle_kit_full.nkm
    program_num: 128
  S02:
    audio_rendered: false
    inst_class: Sound effects
    is_drum: false
    midi_program_name: Gunshot
    midi_saved: false
    plugin_name: None
    program_num: 127
target_peak: -1.0
"""


def write_tone(path: Path, seconds: float = 1.0, rate_hz: int = RATE_HZ) -> Path:
    """A decaying A4, mono."""
    path.parent.mkdir(parents=True, exist_ok=True)
    t = np.arange(int(seconds * rate_hz)) / rate_hz
    soundfile.write(path, 0.3 * np.sin(2 * np.pi * 440.0 * t) * np.exp(-3.0 * t), rate_hz)
    return path


def write_text(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def maestro(root: Path) -> Path:
    lines = ["canonical_composer,canonical_title,split,year,midi_filename,audio_filename,duration"]
    for split, name in (("train", "2004/MIDI-Unprocessed_01"), ("test", "2018/MIDI-Unprocessed_02")):
        pedal = mido.Message("control_change", control=64, value=90, time=0.2)
        write_song(root / f"{name}.midi", [*note(60, 0.1, 0.5, velocity=37), pedal])
        write_tone(root / f"{name}.wav")
        lines.append(f'Alban Berg,"Sonata, Op. 1",{split},{name[:4]},{name}.midi,{name}.wav,1.0')
    write_text(root / "maestro-v3.0.0.csv", "\n".join(lines) + "\n")
    return root


def slakh2100(root: Path) -> Path:
    for split in ("train", "validation", "omitted"):
        track = root / split / "Track00001"
        write_text(track / "metadata.yaml", SLAKH_METADATA)
        write_song(track / "all_src.mid", note(60, 0.1, 0.5))
        write_tone(track / "mix.flac")
        write_song(
            track / "MIDI/S00.mid", [mido.Message("program_change", program=30), *note(45, 0.1, 0.5, 3)]
        )
        write_song(track / "MIDI/S01.mid", note(36, 0.2, 0.3, channel=9))
        for stem in ("S00", "S01"):
            write_tone(track / f"stems/{stem}.flac")
    return root


def musicnet(root: Path) -> Path:
    header = "start_time,end_time,instrument,note,start_beat,end_beat,note_value"
    for split, number in (("train", 1727), ("test", 1759)):
        write_tone(root / f"{split}_data/{number}.wav")
        rows = ["4410,22050,1,60,0.0,1.0,Quarter", "8820,30870,43,48,0.5,1.5,Dotted Quarter"]
        write_text(root / f"{split}_labels/{number}.csv", "\n".join([header, *rows]) + "\n")
    write_text(root / "musicnet_metadata.csv", "id,composer\n1727,Schubert\n1759,Schubert\n")
    return root


def urmp(root: Path) -> Path:
    for piece, parts in (("01_Jupiter", ("vn", "vc")), ("03_Dance", ("fl", "cl"))):
        folder = root / "_".join((piece, *parts))
        write_song(folder / f"Sco_{folder.name}.mid", note(60, 0.0, 0.5))
        write_tone(folder / f"AuMix_{folder.name}.wav")
        for number, part in enumerate(parts, 1):
            write_tone(folder / f"AuSep_{number}_{part}_{piece}.wav")
            write_text(folder / f"F0s_{number}_{part}_{piece}.txt", "0.023\t0.0\n")
            write_text(
                folder / f"Notes_{number}_{part}_{piece}.txt",
                "0.100\t443.000\t0.400\n0.600\t440.000\t0.200\n",
            )
    write_text(root / "Supplementary_Files/README.txt", "nothing\n")
    return root


def guitarset(root: Path) -> Path:
    for title in ("00_BN1-129-Eb_comp", "05_Jazz3-150-C_solo"):
        strings = [
            [{"time": 0.1 + s / 10, "duration": 0.3, "value": 40.2 + 5 * s, "confidence": None}]
            for s in range(6)
        ]
        strings[2] = []
        annotations = [
            {"namespace": "note_midi", "annotation_metadata": {"data_source": str(s)}, "data": notes}
            for s, notes in enumerate(strings)
        ]
        tempo = {"namespace": "tempo", "annotation_metadata": {}, "data": [{"time": 0, "value": 129}]}
        write_text(root / f"annotation/{title}.jams", json.dumps({"annotations": [*annotations, tempo]}))
    write_tone(root / "audio_mono-mic/00_BN1-129-Eb_comp_mic.wav")
    write_tone(root / "audio_mono-pickup_mix/05_Jazz3-150-C_solo_mix.wav")
    return root


def egmd(root: Path) -> Path:
    lines = [
        "drummer,session,id,style,bpm,beat_type,time_signature,duration,split,midi_filename,audio_filename,"
        "kit_name"
    ]
    for split, number in (("train", 1), ("validation", 7)):
        name = f"drummer{number}/session1/{number}_funk_80_beat_4-4_1"
        hits = [*note(36, 0.1, 0.2, 9), *note(22, 0.3, 0.4, 9, velocity=51)]
        write_song(root / f"{name}.midi", hits)
        write_tone(root / f"{name}.wav")
        lines.append(
            f"drummer{number},session1,{number},funk,80,beat,4-4,1.0,{split},{name}.midi,{name}.wav,Ele-Drum"
        )
    write_text(root / "e-gmd-v1.0.0.csv", "\n".join(lines) + "\n")
    return root


def pairs(root: Path) -> Path:
    for number, suffix in enumerate((".wav", ".flac")):
        program = mido.Message("program_change", program=19, time=0.0)
        write_song(root / f"evening/take {number}.mid", [program, *note(60, 0.1, 0.5, velocity=64)])
        write_tone(root / f"evening/take {number}{suffix}")
    return root


LAYOUTS = {
    "maestro": maestro,
    "slakh2100": slakh2100,
    "musicnet": musicnet,
    "urmp": urmp,
    "guitarset": guitarset,
    "e-gmd": egmd,
    "pairs": pairs,
}
