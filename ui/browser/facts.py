"""What a bundle says of itself, as lines for people: name and value."""

from __future__ import annotations

from statistics import median
from typing import Final

from PySide6.QtCore import QCoreApplication

from neume.synth.bundle.search import ListedBundle
from neume.synth.manifest import BundleManifest

SECONDS_AN_HOUR: Final = 3600.0


def facts_of(bundle: ListedBundle) -> list[tuple[str, str]]:
    """Licence, data, figures, folder; a bad bundle has only its folder."""
    place = [(_tr("Folder"), f"{bundle.folder}"), (_tr("Found by"), bundle.origin)]
    return (
        [*place] if bundle.manifest is None else [*_said(bundle.manifest), *place, *_learned(bundle.manifest)]
    )


def _said(manifest: BundleManifest) -> list[tuple[str, str]]:
    info = manifest.bundle
    own = sum(program.substitute == program.number for program in manifest.programs)
    measured = [program.quality_db for program in manifest.programs if program.quality_db is not None]
    facts = [
        (_tr("What"), info.description),
        (_tr("Version"), info.version),
        (_tr("Licence"), info.licence),
        (_tr("Programs"), _tr("{0}, {1} with a sound of their own").format(len(manifest.programs), own)),
    ]
    if measured:
        text = _tr("median {0:.1f} dB from the reference").format(median(measured))
        facts.append((_tr("Quality"), text))
    return facts


def _learned(manifest: BundleManifest) -> list[tuple[str, str]]:
    origin = manifest.provenance
    return [
        (_tr("Training"), _tr("{0:.1f} hours").format(origin.training_time_s / SECONDS_AN_HOUR)),
        (_tr("Learned from"), origin.data),
        (_tr("Licences of that"), origin.data_licence),
    ]


def _tr(text: str) -> str:
    return QCoreApplication.translate("BundleFacts", text)
