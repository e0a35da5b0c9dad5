"""Reading a manifest's programs, their measured voices and the bundle's parameters."""

from __future__ import annotations

import re
from typing import Final

from ..manifest import ALL_PROGRAMS, Parameter, Program, VoiceAnchors
from ..voices import KEYS, MAX_RATE_DB_PER_S, NEVER_S
from .toml_fields import Table, ascending

ID: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
MAX_QUALITY_DB: Final = 1000.0
MAX_TUNING_SEMITONES: Final = 128.0  # a drum's strongest partial may lie anywhere
MAX_PARAMETERS: Final = 128
MAX_PARAMETER: Final = 1e9


def read_programs(root: Table) -> tuple[Program, ...]:
    """The entries of 0 to 128, each at its own index."""
    tables = root.tables("programs", 2 * ALL_PROGRAMS)
    programs = tuple(_program(table) for table in tables)
    if not all(table.clean for table in tables):
        return programs
    numbers = [program.number for program in programs]
    if sorted(numbers) != list(range(ALL_PROGRAMS)):
        missing = sorted(set(range(ALL_PROGRAMS)) - set(numbers))
        double = sorted({number for number in numbers if numbers.count(number) > 1})
        root.fault(
            "programs",
            f"each of 0 to {ALL_PROGRAMS - 1} once: missing {_some(missing)}, double {_some(double)}",
        )
        return programs
    ordered = tuple(sorted(programs, key=lambda program: program.number))
    for table, program in zip(tables, programs, strict=True):
        _check_substitute(table, program, ordered[program.substitute])
    return ordered


def _check_substitute(table: Table, program: Program, substitute: Program) -> None:
    own = program.substitute == program.number
    if own and program.voice is None:
        table.fault("voice", f"is missing: program {program.number} sounds itself")
    elif not own and program.voice is not None:
        table.fault(
            "voice", f"would never be heard: program {substitute.number} sounds for program {program.number}"
        )
    elif substitute.substitute != substitute.number or substitute.voice is None:
        table.fault("substitute", f"program {substitute.number} has no voice of its own")


def _program(table: Table) -> Program:
    program = Program(
        number=table.integer("number", 0, ALL_PROGRAMS - 1),
        name=table.text("name"),
        family=table.text("family"),
        substitute=table.integer("substitute", 0, ALL_PROGRAMS - 1),
        quality_db=table.number("quality_db", 0.0, MAX_QUALITY_DB) if table.has("quality_db") else None,
        voice=_voice(table.table("voice")) if table.has("voice") else None,
    )
    table.close()
    return program


def _voice(table: Table) -> VoiceAnchors:
    further = [name for name in ("settle_s", "phase_cycles") if table.has(name)]
    voice = VoiceAnchors(
        keys=table.integers("keys", 0, KEYS - 1, KEYS),
        decay_db_per_s=table.numbers("decay_db_per_s", 0.0, MAX_RATE_DB_PER_S, KEYS),
        release_db_per_s=table.numbers("release_db_per_s", 0.0, MAX_RATE_DB_PER_S, KEYS),
        tuning_semitones=table.numbers("tuning_semitones", -MAX_TUNING_SEMITONES, MAX_TUNING_SEMITONES, KEYS),
        settle_s=table.numbers("settle_s", 0.1, NEVER_S, KEYS) if "settle_s" in further else (),
        phase_cycles=table.numbers("phase_cycles", 0.0, 1.0, KEYS) if "phase_cycles" in further else (),
    )
    table.close()
    if not table.clean:
        return voice
    if not ascending(voice.keys):
        table.fault("keys", "must hold at least one key and ascend")
    for name in ("decay_db_per_s", "release_db_per_s", "tuning_semitones", *further):
        if len(getattr(voice, name)) != len(voice.keys):
            table.fault(name, f"has {len(getattr(voice, name))} values for {len(voice.keys)} keys")
    return voice


def read_parameters(root: Table) -> tuple[Parameter, ...]:
    """The bundle's own controls; a bundle may have none."""
    parameters = tuple(_parameter(table) for table in root.tables("parameters", MAX_PARAMETERS))
    if len({parameter.id for parameter in parameters}) < len(parameters):
        root.fault("parameters", "two parameters have the same id")
    return parameters


def _parameter(table: Table) -> Parameter:
    parameter = Parameter(
        id=table.text("id", ID),
        name=table.text("name"),
        unit=table.text("unit", empty=True),
        minimum=table.number("minimum", -MAX_PARAMETER, MAX_PARAMETER),
        maximum=table.number("maximum", -MAX_PARAMETER, MAX_PARAMETER),
        default=table.number("default", -MAX_PARAMETER, MAX_PARAMETER),
    )
    table.close()
    ordered = parameter.minimum <= parameter.default <= parameter.maximum
    if table.clean and not (ordered and parameter.minimum < parameter.maximum):
        table.fault("default", "must lie between minimum and maximum, and these must differ")
    return parameter


def _some(numbers: list[int]) -> str:
    """At most five of them, written out."""
    return (", ".join(map(str, numbers[:5])) + (" ..." if len(numbers) > 5 else "")) or "none"
