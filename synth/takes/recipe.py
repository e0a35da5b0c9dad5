"""How a take was made: one line of JSON in its MIDI file, enough to render the same samples again."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any, Final

from ..arrangement import UNUSED, Arrangement
from ..bundle import Bundle
from ..bundle.manifest_models import MAX_STEPS, SHA256
from ..bundle.manifest_programs import ID
from ..bundle.manifest_read import SEMVER
from ..bundle.toml_fields import Table
from ..errors import MidiFileError, UsageError
from ..events import CHANNELS
from ..render_options import MAX_SEED, RATES_HZ
from ..renderer import StreamRenderer

MARK: Final = "neume-take"
VERSION: Final = 1
MAX_RECIPE_BYTES: Final = 4096
MAX_PRESET_CHARACTERS: Final = 200
MAX_FRAME: Final = 2**53 - 1  # what every reader of JSON knows exactly; 6000 years
MAX_BLOCK_SAMPLES: Final = 65_536
MAX_CHASED: Final = 16_384
OTHER: Final = re.compile(rf"{ID.pattern} {SEMVER.pattern} {SHA256.pattern}")


@dataclass(frozen=True, slots=True)
class Recipe:
    """What decides a take's samples beside its events. Raises UsageError for values that no file may hold.

    Frames are the renderer's, and so are the noise's positions: to get the same samples, a renderer must
    begin at `start_frame`, where a block begins. The sound of frame f left the chain as sample f +
    look-ahead.
    """

    bundle: str  # its id
    bundle_version: str
    bundle_sha256: str  # of bundle.toml, which holds the hashes of its files
    seed: int
    steps: int
    rate_hz: int
    block_samples: int
    lookahead_samples: int
    stream_of: tuple[int, ...]  # of each channel, as in `Arrangement`: the noise is keyed by stream
    others: tuple[str, ...] = ()  # bundles that the rack's parts name beside it: id, version and SHA-256
    preset: str = ""  # name or hash of the rack's TOML; empty: every channel as it is
    start_frame: int = 0  # of tick 0
    audio_frame: int = 0  # of the audio file's first sample; later than tick 0 if something rang there
    frames: int = 0  # length of the audio file; 0 while it grows
    chased: int = 0  # so many events at tick 0 were not played: they set what earlier ones had left set
    exact: bool = True  # the chain began in silence and kept to the recipe
    mpe: bool = False  # the rack heard MPE zones

    def __post_init__(self) -> None:
        lists = {"stream_of": list(self.stream_of), "others": list(self.others)}
        _fields(asdict(self) | _flags(self) | lists)

    @property
    def arrangement(self) -> Arrangement:
        return Arrangement(self.stream_of)

    @property
    def audio_span(self) -> tuple[int, int]:
        """Where in the stream the audio file begins, and where it ends."""
        begin = self.audio_frame + self.lookahead_samples
        return begin, begin + self.frames

    def block_end(self, position: int) -> int:
        """The end of the block that made the sample before `position` of the stream: it knew no more."""
        return self.start_frame - (self.start_frame - position) // self.block_samples * self.block_samples


def live_recipe(
    bundle: Bundle,
    renderer: StreamRenderer,
    arrangement: Arrangement,
    preset: str = "",
    others: Iterable[Bundle] = (),
) -> Recipe:
    """The recipe of what `renderer` plays from frame 0 on, beside the renderers of `others`."""
    info = bundle.manifest.bundle
    return Recipe(
        bundle=info.id,
        bundle_version=info.version,
        bundle_sha256=bundle.digest,
        seed=renderer.seed,
        steps=renderer.steps,
        rate_hz=renderer.rate_hz,
        block_samples=renderer.block_samples,
        lookahead_samples=renderer.lookahead_samples,
        stream_of=arrangement.stream_of,
        others=tuple(map(told_bundle, others)),
        preset=preset,
    )


def told_bundle(bundle: Bundle) -> str:
    """A bundle as a recipe tells one of several: id, version and SHA-256."""
    info = bundle.manifest.bundle
    return f"{info.id} {info.version} {bundle.digest}"


def recipe_text(recipe: Recipe) -> str:
    """The line that a MIDI file carries: ASCII, with mark and version before the JSON."""
    values = asdict(recipe) | _flags(recipe)
    return f"{MARK} {VERSION} {json.dumps(values, separators=(',', ':'))}"


def parse_recipe(text: str) -> Recipe | None:
    """The recipe in a text event; None for any other text.

    Raises MidiFileError, without the file's name, for a recipe of another version, a broken one, and one with
    values outside their ranges.
    """
    mark, _, rest = text.partition(" ")
    if mark != MARK:
        return None
    version, _, content = rest.partition(" ")
    if version != str(VERSION):
        raise MidiFileError(
            f"a take of version {version[:20]!r}; this Neume reads version {VERSION}: render it with the one "
            "that recorded it"
        )
    if len(content) > MAX_RECIPE_BYTES:
        raise MidiFileError(f"a recipe of {len(content)} bytes; allowed are at most {MAX_RECIPE_BYTES}")
    try:
        values = json.loads(content, object_pairs_hook=_unique)
    except (ValueError, RecursionError) as error:
        raise MidiFileError(f"recipe of a take: is not JSON: {error}") from None
    if not isinstance(values, dict):
        raise MidiFileError("recipe of a take: must be a JSON object")
    try:
        return Recipe(**_fields(values))
    except UsageError as faults:
        raise MidiFileError(str(faults)) from None


def _fields(values: dict[str, object]) -> dict[str, Any]:
    """The checked fields of a recipe. Raises UsageError with every fault."""
    faults: list[str] = []
    table = Table(values, "", faults)
    fields = {
        "bundle": table.text("bundle", ID),
        "bundle_version": table.text("bundle_version", SEMVER),
        "bundle_sha256": table.text("bundle_sha256", SHA256),
        "seed": table.integer("seed", 0, MAX_SEED),
        "steps": table.integer("steps", 0, MAX_STEPS),
        "rate_hz": table.integer("rate_hz", *RATES_HZ),
        "block_samples": table.integer("block_samples", 1, MAX_BLOCK_SAMPLES),
        "lookahead_samples": table.integer("lookahead_samples", 0, MAX_BLOCK_SAMPLES),
        "stream_of": table.integers("stream_of", UNUSED, CHANNELS - 1, CHANNELS),
        "others": table.texts("others", CHANNELS) if table.has("others") else (),
        "preset": table.text("preset", empty=True, longest=MAX_PRESET_CHARACTERS),
        "start_frame": table.integer("start_frame", 0, MAX_FRAME),
        "audio_frame": table.integer("audio_frame", 0, MAX_FRAME),
        "frames": table.integer("frames", 0, MAX_FRAME),
        "chased": table.integer("chased", 0, MAX_CHASED),
        "exact": bool(table.integer("exact", 0, 1)),
        "mpe": table.has("mpe") and bool(table.integer("mpe", 0, 1)),
    }
    if table.clean:
        _check_together(table, fields)
    table.close()
    if faults:
        raise UsageError(f"recipe of a take: {'; '.join(faults)}")
    return fields


def _flags(recipe: Recipe) -> dict[str, int]:
    return {"exact": int(recipe.exact), "mpe": int(recipe.mpe)}


def _check_together(table: Table, fields: dict[str, Any]) -> None:
    if len(fields["stream_of"]) != CHANNELS or max(fields["stream_of"]) < 0:
        table.fault("stream_of", f"must be the streams of {CHANNELS} channels, {UNUSED} for one not played")
    if not all(OTHER.fullmatch(other) for other in fields["others"]):
        table.fault("others", "must be an id, a version and a SHA-256 each, with blanks between them")
    if fields["audio_frame"] < fields["start_frame"]:
        table.fault("audio_frame", f"lies before start_frame, which is {fields['start_frame']}")
    if fields["chased"] and fields["start_frame"] < fields["block_samples"]:
        table.fault("chased", "must be 0 in a take that begins with the first block")


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    values = dict(pairs)
    if len(values) < len(pairs):
        raise ValueError("a key comes twice")
    return values
