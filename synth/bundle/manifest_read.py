"""Reading `bundle.toml`: one pass that checks every field and every rule between fields, all faults told."""

from __future__ import annotations

import re
import tomllib
from typing import Final

from ..errors import BundleError
from ..manifest import (
    CARD_NAME,
    LICENCE_NAME,
    MANIFEST_NAME,
    SCHEMA,
    BundleInfo,
    BundleManifest,
    Golden,
    Provenance,
    Sampling,
)
from .manifest_models import MAX_STEPS, SHA256, read_engine, read_mel, read_sampling, read_stages
from .manifest_programs import ID, read_parameters, read_programs
from .toml_fields import Table

SEMVER: Final = re.compile(
    r"(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(-[0-9A-Za-z.-]+)?(\+[0-9A-Za-z.-]+)?", re.A
)
# A plain name, so that no file can lie outside the folder: no separator, no "..", no drive.
FILE_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,126}")
MAX_FILES: Final = 64
MAX_METRICS: Final = 512
MAX_DESCRIPTION: Final = 1000
MAX_SEED: Final = (1 << 63) - 1
MAX_TRAINING_S: Final = 1e9
MAX_METRIC: Final = 1e9
LOWEST_TOLERANCE_DB: Final = -200.0


def parse_manifest(text: str, source: str) -> BundleManifest:
    """The manifest in `text`; `source` names it in the error. Raises `BundleError` with every fault found."""
    try:
        values = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise BundleError(source, [f"bundle.toml is not TOML: {error}"]) from error
    faults: list[str] = []
    root = Table(values, "", faults)
    if root.integer("schema", 0, 1 << 31) != SCHEMA:
        raise BundleError(source, faults or [f"schema: {values['schema']} came, this player reads {SCHEMA}"])
    sampling = read_sampling(root.table("sampling"))
    files = _files(root.table("files"))
    manifest = BundleManifest(
        bundle=_bundle(root.table("bundle")),
        mel=read_mel(root.table("mel")),
        engine=read_engine(root.table("engine")),
        sampling=sampling,
        stages=read_stages(root.table("stages"), files),
        files=files,
        programs=read_programs(root),
        parameters=read_parameters(root),
        provenance=_provenance(root.table("provenance")),
        golden=_golden(root.table("golden"), sampling, files),
    )
    root.close()
    if faults:
        raise BundleError(source, faults)
    return manifest


def _bundle(table: Table) -> BundleInfo:
    info = BundleInfo(
        id=table.text("id", ID),
        name=table.text("name"),
        version=table.text("version", SEMVER),
        licence=table.text("licence"),
        description=table.text("description", longest=MAX_DESCRIPTION),
    )
    table.close()
    return info


def _files(table: Table) -> dict[str, str]:
    names = table.keys()
    if len(names) > MAX_FILES:
        table.fault("files", f"lists {len(names)} files, at most {MAX_FILES} are allowed")
        return {}
    for name in names:
        if not FILE_NAME.fullmatch(name) or name == MANIFEST_NAME:
            table.fault(
                name, "must be a plain file name in the bundle's own folder, and not the manifest itself"
            )
    for name in (CARD_NAME, LICENCE_NAME):
        if name not in names:
            table.fault(name, "is missing: every bundle has one")
    return {name: table.text(name, SHA256) for name in names}


def _provenance(table: Table) -> Provenance:
    metrics = table.table("metrics")
    if len(metrics.keys()) > MAX_METRICS:
        table.fault("metrics", f"has {len(metrics.keys())} entries, at most {MAX_METRICS} are allowed")
    provenance = Provenance(
        data=table.text("data", longest=MAX_DESCRIPTION),
        data_licence=table.text("data_licence", longest=MAX_DESCRIPTION),
        code_version=table.text("code_version"),
        training_time_s=table.number("training_time_s", 0.0, MAX_TRAINING_S),
        parity_error=table.number("parity_error", 0.0, MAX_METRIC),
        metrics={
            name: metrics.number(name, -MAX_METRIC, MAX_METRIC) for name in metrics.keys()[:MAX_METRICS]
        },
    )
    table.close()
    return provenance


def _golden(table: Table, sampling: Sampling, files: dict[str, str]) -> Golden:
    golden = Golden(
        midi=table.choice("midi", files),
        audio=table.choice("audio", files),
        seed=table.integer("seed", 0, MAX_SEED),
        steps=table.integer("steps", 0, MAX_STEPS),
        tolerance_db=table.number("tolerance_db", LOWEST_TOLERANCE_DB, 0.0),
    )
    table.close()
    if table.clean and sampling.steps_allowed and golden.steps not in sampling.steps_allowed:
        table.fault("steps", f"{golden.steps} is none of sampling.steps_allowed")
    return golden
