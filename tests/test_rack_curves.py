"""Velocity curves: tables that never turn a note into silence and never lose the order of touches."""

from __future__ import annotations

from itertools import pairwise

import pytest

from neume.synth.rack.curves import EXPONENTS, LINEAR, SHAPES, VelocityCurve, fixed


def test_linear_changes_nothing() -> None:
    assert LINEAR.table == tuple(range(128))


@pytest.mark.parametrize("shape", EXPONENTS)
def test_curves_rise_from_1_to_127(shape: str) -> None:
    table = VelocityCurve(shape).table
    assert (len(table), table[0], table[1] >= 1, table[127]) == (128, 0, True, 127)
    assert all(softer <= louder for softer, louder in pairwise(table))


def test_soft_is_above_linear_and_hard_below() -> None:
    soft, hard = VelocityCurve("soft").table, VelocityCurve("hard").table
    assert all(soft[v] > v > hard[v] for v in range(20, 110))
    assert (soft[64], hard[64]) == (84, 42)


def test_fixed_is_one_velocity_for_all_touches() -> None:
    assert fixed(100).table == (0, *[100] * 127)


def test_every_shape_has_a_table() -> None:
    for shape in SHAPES:
        table = VelocityCurve(shape, 1 if shape == "fixed" else None).table
        assert all(1 <= velocity <= 127 for velocity in table[1:])
