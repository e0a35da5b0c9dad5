"""The bundles that a rack's parts name: found, checked and warmed up before the chain plays them.

Beside the rack's loader. Bundles are kept while parts name them and for one rack more, so that going back
costs nothing; the chain holds on to what still rings. A bundle that cannot be had is remembered, so that it
is not checked again at every turn of a knob.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from .bundle import Bundle, open_named
from .bundle.manifest_programs import ID
from .errors import BundleError, NeumeError, UsageError
from .rack.part import Part
from .rack_sections import Section, make_section
from .renderer import StreamRenderer
from .stages import load_stages

MOST_BUNDLES: Final = 4  # in one rack, the default one counted: a stranger's preset must not fill the memory
MOST_FAULTS_TOLD: Final = 3


class RackBundles:
    """The default section, and those that racks name one after another.

    One owner's thread calls, never the render thread: checking and warming up take their time. Files are read
    once and kept, so that a folder may be deleted or overwritten while its bundle plays.
    """

    def __init__(self, default: Section, seed: int) -> None:
        self.default = default
        self._seed = seed
        self._kept: dict[str, Section] = {}  # beside the default one, by the name that parts know it by
        self._used: frozenset[str] = frozenset()  # names in the last rack
        self._failed: dict[str, str] = {}  # why a name cannot be had

    def candidate(self, name_or_path: str | Path | None) -> Section:
        """What would play if that were the default bundle: checked, warmed up, nothing changed yet; the
        default section itself if it plays that one already.

        Raises BundleError with every fault, also for a bundle that does not go with the running engine.
        """
        bundle = open_named(name_or_path)
        if bundle.digest == self.default.bundle.digest:
            return self.default
        unlike = list(disagreements(bundle, self.default.renderer))
        if unlike:
            raise BundleError(str(bundle.folder), [f"it has {fault}" for fault in unlike])
        return self._section(bundle)

    def set_default(self, section: Section) -> None:
        """Parts without an instrument of their own play it from the next rack on, and those that name it."""
        if section.id != self.default.id:
            self._kept.setdefault(self.default.id, self.default)
        self.default = section
        self._failed.clear()

    def try_again(self) -> None:
        """What could not be had may have been mended: look again with the next rack."""
        self._failed.clear()

    def sections(self, parts: Mapping[int, Part]) -> tuple[dict[int, Section], dict[int, str]]:
        """What plays each part of a rack, and why nothing can play the others, in one line each."""
        found: dict[int, Section] = {}
        missing: dict[int, str] = {}
        for index, part in parts.items():
            try:
                found[index] = self._for(part, {self.default, *found.values()})
            except NeumeError as problem:
                missing[index] = str(problem)
        names = frozenset(part.instrument for part in parts.values())
        self._kept = {name: section for name, section in self._kept.items() if name in names | self._used}
        self._failed = {name: why for name, why in self._failed.items() if name in names}
        self._used = names
        return found, missing

    def wide_enough(self, section: Section, streams: int) -> Section:
        """The section, or one with the same models in its place if it has no room for so many streams."""
        if section.streams >= streams:
            return section
        wider = make_section(
            section.bundle, section.stages, streams, seed=self._seed, block_samples=self._block_samples
        )
        if section is self.default:
            self.default = wider
        self._kept = {name: wider if kept is section else kept for name, kept in self._kept.items()}
        return wider

    def _for(self, part: Part, playing: set[Section]) -> Section:
        name, version = part.instrument_id
        if not name or (name == self.default.id and version in ("", self.default.version)):
            return self.default
        if len(playing) >= MOST_BUNDLES and self._kept.get(name) not in playing:
            raise UsageError(f"bundle {name!r} is one too many, allowed in a rack are {MOST_BUNDLES}")
        section = self._named(name)
        if version not in ("", section.version):
            raise UsageError(
                f"bundle {name!r} is version {section.version}, the rack asks for {version}: install that "
                "one, or choose the instrument of the part anew"
            )
        return section

    def _named(self, name: str) -> Section:
        if name in self._failed:
            raise UsageError(self._failed[name])
        if name not in self._kept:
            try:
                self._kept[name] = self._opened(name)
            except NeumeError as problem:
                self._failed[name] = _line(problem)
                raise UsageError(self._failed[name]) from None
        return self._kept[name]

    def _opened(self, name: str) -> Section:
        if not ID.fullmatch(name):
            raise UsageError(f"{name[:80]!r} is not a bundle's name, which has a to z, 0 to 9 and -")
        bundle = open_named(name)
        unlike = "; ".join(disagreements(bundle, self.default.renderer))
        if unlike:
            raise UsageError(f"bundle {name!r} has {unlike}: to play it, start Neume with --bundle {name}")
        return self._section(bundle)

    def _section(self, bundle: Bundle) -> Section:
        stages = load_stages(bundle)
        streams = self.default.streams
        return make_section(bundle, stages, streams, seed=self._seed, block_samples=self._block_samples)

    @property
    def _block_samples(self) -> int:
        return self.default.renderer.block_samples


def disagreements(bundle: Bundle, engine: StreamRenderer) -> Iterator[str]:
    """What keeps a bundle from being played beside the engine's. Blocks may differ: a renderer makes them of
    any number of hops."""
    manifest = bundle.manifest
    for told, found, allowed in (
        ("a rate of {} Hz", manifest.mel.rate_hz, engine.rate_hz),
        ("hops of {} samples", manifest.mel.hop_samples, engine.spec.hop_samples),
        ("a look-ahead of {} hops", manifest.engine.lookahead_hops, engine.contract.lookahead_hops),
    ):
        if found != allowed:
            yield f"{told.format(found)}, allowed are {allowed}"


def _line(problem: NeumeError) -> str:
    """A problem in one line of bounded length, the first faults of a bundle that has many."""
    if isinstance(problem, BundleError) and len(problem.faults) > MOST_FAULTS_TOLD:
        told, more = problem.faults[:MOST_FAULTS_TOLD], len(problem.faults) - MOST_FAULTS_TOLD
        return f"bundle {problem.source}: {'; '.join(told)}; and {more} more: see `neume bundles check`"
    return str(problem)
