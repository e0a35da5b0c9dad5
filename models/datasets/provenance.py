"""What a bundle must say of the sets it was trained on: their names and, above all, their licences."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from neume.synth.errors import UsageError

from ..build import MANIFEST
from .table import UNSTATED

RENDERED: Final = "FluidR3 GM, rendered dry"
RENDERED_LICENCE: Final = "MIT"


def provenance(folders: Sequence[Path], data: str, licence: str) -> tuple[str, str]:
    """Data and licence for a bundle's manifest: as given, else as the folders' own manifests say.

    Raises UsageError where a given licence leaves out one of an imported set, or none is known.
    """
    manifests = [_manifest(folder) for folder in folders]
    imported = {str(manifest["licence"]) for manifest in manifests if "licence" in manifest}
    rendered = [manifest for manifest in manifests if "licence" not in manifest]
    if not licence and UNSTATED in imported:
        raise UsageError("the licence of some recordings is not stated: give --data-licence")
    left_out = sorted(text for text in imported - {UNSTATED} if licence and text not in licence)
    if left_out:
        raise UsageError(
            f"--data-licence {licence!r} leaves out {', '.join(left_out)}: a bundle must state it"
        )
    sources = {str(manifest["source"]) for manifest in manifests if "source" in manifest}
    found = ([RENDERED] if rendered else []) + sorted(sources)
    licences = ([RENDERED_LICENCE] if rendered else []) + sorted(imported - {RENDERED_LICENCE})
    return data or "; ".join(found), licence or " AND ".join(licences)


def _manifest(folder: Path) -> dict[str, Any]:
    path = folder / MANIFEST
    return dict(json.loads(path.read_text())) if path.is_file() else {}
