"""Pictures for a bundle's card: a few pieces as mel spectrograms, reference and generated side by side.

A report carries them, as text in base64, from `neume eval` to the export, which writes them beside the card.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from typing import Any, Final

from neume.synth.bundle import Bundle
from neume.synth.bundle.manifest_read import FILE_NAME
from neume.synth.errors import NeumeError
from neume.synth.events import ControlChange, MidiEvent, NoteOn, PitchBend
from neume.synth.stages import Stages

from ..fluid import FluidReference, snap
from ..pictures import CARD_PICTURE_BYTES, card_picture
from .dev_set import DRUMS, RATE_HZ, SONG, DevSet, Segment
from .players import chain_player
from .probes import LEAD_IN_S, part
from .report import CHAIN, REFERENCE, Listener, Report
from .scoring import Rendering

SHOWN_S: Final = 5.0
MOST_PICTURES: Final = 8
PNG_MAGIC: Final = b"\x89PNG\r\n\x1a\n"
MODULATION: Final = 1
VIOLIN: Final = 40
CAPTIONS: Final = {
    "piano": "Piano, from a performance",
    "violin": "Violin: a plain note, one with the modulation wheel up, one bent up a whole tone and back",
    DRUMS: "Drums",
    SONG: "A song, one stream a channel",
}


def card_pictures(
    bundle: Bundle,
    stages: Stages,
    dev_set: DevSet,
    reference: FluidReference,
    *,
    steps: int | None = None,
    seed: int = 0,
    listener: Listener | None = None,
) -> list[Report]:
    """The first seconds of each piece: `file`, `caption`, and `png` in base64. Needs matplotlib."""
    spec, play = bundle.manifest.mel, chain_player(bundle, stages, steps, seed)
    pictures = []
    for name, segment in pieces(dev_set).items():
        samples = min(segment.samples, int(SHOWN_S * spec.rate_hz))
        events = [event for event in segment.events if event.frame < samples]
        heard = {
            row: Rendering(segment, player(events, samples), spec)
            for row, player in ((REFERENCE, reference.render_mono), (CHAIN, play))
        }
        if listener:
            listener(segment, heard)
        drawn = base64.b64encode(card_picture(heard[REFERENCE].mel, heard[CHAIN].mel, spec)).decode("ascii")
        pictures.append({"file": f"spectrogram-{name}.png", "caption": CAPTIONS[name], "png": drawn})
    return pictures


def carried_pictures(report: Mapping[str, Any]) -> dict[str, bytes]:
    """File name → PNG, of the pictures that a report carries; none if it carries none.

    Raises `NeumeError` for a name that is no plain file name, and for what is no PNG of a card's size.
    """
    pictures = report.get("pictures", [])
    if len(pictures) > MOST_PICTURES:
        raise NeumeError(f"the report carries {len(pictures)} pictures; at most {MOST_PICTURES} are allowed")
    return {picture["file"]: _png(picture["file"], picture["png"]) for picture in pictures}


def _png(name: str, text: str) -> bytes:
    if not FILE_NAME.fullmatch(name) or not name.endswith(".png"):
        raise NeumeError(f"the report's picture {name!r}: give it a plain name that ends with .png")
    try:
        content = base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise NeumeError(f"the report's picture {name}: is not base64 ({error})") from error
    if not content.startswith(PNG_MAGIC) or len(content) > CARD_PICTURE_BYTES:
        raise NeumeError(f"the report's picture {name}: is no PNG of at most {CARD_PICTURE_BYTES} bytes")
    return content


def pieces(dev_set: DevSet) -> dict[str, Segment]:
    """What is shown: the first piano part, a violin, the first drum part and the song if the set has one."""
    backwards = reversed(dev_set.segments)  # so that the first of a family stays
    music = {segment.family: segment for segment in backwards if segment.kind == "music"}
    shown = {**music, "violin": Segment("violin", "music", "violin", VIOLIN, *violin_piece())}
    return {name: shown[name] for name in CAPTIONS if name in shown}


def violin_piece() -> tuple[tuple[MidiEvent, ...], int]:
    """Three notes: a plain one, one with the modulation wheel, one with the pitch wheel (± 2 semitones)."""
    notes, samples = part(VIOLIN, [(0.0, 1.2, 67, 90), (1.4, 1.4, 74, 100), (3.0, 1.5, 71, 100)])
    wheel = [ControlChange(_frame(1.6), 0, MODULATION, 100), ControlChange(_frame(2.9), 0, MODULATION, 0)]
    up = [(3.4 + 0.02 * step, 8191 * step // 20) for step in range(21)]
    down = [(at_s + 0.5, 8191 - value) for at_s, value in up]
    bends = [PitchBend(_frame(at_s), 0, value) for at_s, value in (*up, *down)]
    events: list[MidiEvent] = [*notes, *wheel, *bends]
    return tuple(sorted(events, key=lambda event: (event.frame, isinstance(event, NoteOn)))), samples


def _frame(seconds: float) -> int:
    return snap(int((LEAD_IN_S + seconds) * RATE_HZ))
