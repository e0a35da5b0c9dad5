"""What the instruments of parts are called: the programs of bundles by name, read off the panel's thread."""

from __future__ import annotations

from functools import partial
from typing import Final

from PySide6.QtCore import QObject, Signal

from neume.synth.bundle.folder import MAX_MANIFEST_BYTES
from neume.synth.bundle.manifest_read import parse_manifest
from neume.synth.bundle.search import DEFAULT_BUNDLE, find_bundle
from neume.synth.engine_snapshot import EngineSnapshot
from neume.synth.errors import BundleError
from neume.synth.manifest import MANIFEST_NAME
from neume.synth.rack.part import PLUGIN_PREFIX, Part

from ..engine_model import EngineModel
from .errands import Errands

DRUM_KIT: Final = 128


class InstrumentNames(QObject):
    """Belongs to the panel's thread. Until a bundle has been read, its programs are called by number."""

    changed = Signal()

    def __init__(self, engine: EngineModel) -> None:
        super().__init__()
        self.default = DEFAULT_BUNDLE  # the bundle that parts without one are played by
        self._programs: dict[str, dict[int, str]] = {}
        self._asked: set[str] = set()
        self._errands = Errands(self)
        self._told = ""
        engine.snapshot_came.connect(self._follow)

    def program(self, bundle: str, number: int) -> str:
        """The name of a program; of the default bundle for an empty `bundle`."""
        known = self.known(bundle, number)
        if known is not None:
            return known
        return self.tr("Drum kit") if number == DRUM_KIT else self.tr("Program {0}").format(number + 1)

    def known(self, bundle: str, number: int) -> str | None:
        """The same, None as long as the bundle has not been read."""
        wanted = bundle or self.default
        self._look_for(wanted)
        return self._programs.get(wanted, {}).get(number)

    def instrument(self, part: Part, sounding: int | None = None) -> str:
        """Of a part that follows program changes, the one that is `sounding`, if that is known."""
        if part.instrument.startswith(PLUGIN_PREFIX):
            return part.instrument.removeprefix(PLUGIN_PREFIX)
        number = part.program if part.program is not None else sounding
        return self.tr("As MIDI says") if number is None else self.program(part.instrument, number)

    def source(self, part: Part) -> str:
        """Where the instrument comes from, as the small line below its name."""
        if part.instrument.startswith(PLUGIN_PREFIX):
            return self.tr("plug-in")
        follows = self.tr("follows programs") if part.program is None else ""
        return follows or part.instrument or self.default

    def _follow(self, snapshot: EngineSnapshot) -> None:
        if snapshot.bundle != self._told:
            self._told = snapshot.bundle
            self.default = snapshot.bundle.split(" ")[0] or DEFAULT_BUNDLE
            self.changed.emit()

    def _look_for(self, bundle: str) -> None:
        if bundle not in self._asked:
            self._asked.add(bundle)
            self._errands.run(
                partial(_read_programs, bundle), partial(self._heard, bundle), lambda _reason: None
            )

    def _heard(self, bundle: str, programs: dict[int, str]) -> None:
        self._programs[bundle] = programs
        self.changed.emit()


def _read_programs(bundle: str) -> dict[int, str]:
    """Number → name. Raises `BundleError` or `OSError` where there is none to read."""
    path = find_bundle(bundle) / MANIFEST_NAME
    with path.open("rb") as stream:
        content = stream.read(MAX_MANIFEST_BYTES + 1)
    if len(content) > MAX_MANIFEST_BYTES:
        raise BundleError(str(path), [f"is too large: at most {MAX_MANIFEST_BYTES} bytes are allowed"])
    manifest = parse_manifest(content.decode(errors="replace"), str(path))
    return {program.number: program.name for program in manifest.programs}
