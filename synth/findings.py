"""What a check of the machine has found: one line each, with what to do about it."""

from __future__ import annotations

import enum
from dataclasses import dataclass


class Verdict(enum.Enum):
    OK = "ok"
    NOTE = "note"  # it plays, but something is in the way of low latency, or missing
    PROBLEM = "problem"  # no playing like this


@dataclass(frozen=True, slots=True)
class Finding:
    """`topic` is what was looked at, `text` what was found, `advice` what to do, empty if all is well."""

    topic: str
    verdict: Verdict
    text: str
    advice: str = ""


def ok(topic: str, text: str) -> Finding:
    return Finding(topic, Verdict.OK, text)


def note(topic: str, text: str, advice: str) -> Finding:
    return Finding(topic, Verdict.NOTE, text, advice)


def problem(topic: str, text: str, advice: str) -> Finding:
    return Finding(topic, Verdict.PROBLEM, text, advice)
