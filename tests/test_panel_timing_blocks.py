"""What the time view shows, without its widgets: block times, deadlines, their picture, the words."""

from __future__ import annotations

import panel_rig  # noqa: F401  offscreen, before Qt

# isort: split
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ordinary_floats import floats
from panel_rig import quiet_snapshot

from neume.synth.block_timer import STAGES
from neume.synth.engine_snapshot import DeviceFacts
from neume.synth.latency import latency_sum
from neume.synth.underrun import ADVICE, OTHER_PROGRAMS, Underrun, explained
from neume.ui.timing.block_picture import BlockColours, block_columns
from neume.ui.timing.block_ring import BLOCKS, BlockRing
from neume.ui.timing.deadline import Deadline
from neume.ui.timing.facts import facts_text
from neume.ui.timing.wordings import (
    advice,
    part_meaning,
    part_name,
    stage_meaning,
    stage_name,
    underrun_text,
)

TOLD = 16  # blocks that a snapshot knows
COLOURS = BlockColours(0xFF000000, 0xFF000001, 0xFF000002, 0xFF000003, 0xFF000004)


def time_of(block):
    return np.float32(block % 997 / 100)


def told(blocks):
    """What a snapshot says that comes after so many blocks."""
    return tuple(float(time_of(block)) for block in range(max(0, blocks - TOLD), blocks))


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 10**9), st.lists(st.integers(0, 40), min_size=1, max_size=40))
def test_each_block_is_kept_once_and_what_nobody_told_is_a_hole(begin, steps):
    ring = BlockRing()
    ring.put(begin, told(begin))
    blocks, known = begin, set(range(max(0, begin - TOLD), begin))
    for step in steps:
        before, blocks = blocks, blocks + step
        assert ring.put(blocks, told(blocks)) in ((before, blocks), None)
        known |= set(range(max(0, before, blocks - TOLD), blocks))
    wanted = range(blocks - 600, blocks + 3)
    expected = [time_of(block) if block in known else np.nan for block in wanted]
    assert np.array_equal(
        ring.times_ms(wanted[0], wanted[-1] + 1), np.array(expected, np.float32), equal_nan=True
    )


@pytest.mark.parametrize("after", [3, 100, 5000 + 10 * BLOCKS])
def test_another_engine_that_counts_anew_leaves_nothing_of_the_old_one(after):
    ring = BlockRing()
    ring.put(5000, told(5000))
    assert ring.put(after, told(after)) is None
    kept = ring.times_ms(after - 50, after)
    assert np.isfinite(kept).sum() == min(TOLD, after)


def test_the_same_snapshot_again_is_nothing_new():
    ring = BlockRing()
    ring.put(50, told(50))
    assert ring.put(50, told(50)) == (50, 50)


@pytest.mark.parametrize(("block", "device"), [(512, 128), (256, 256), (256, 64), (1024, 512)])
def test_the_deadline_is_the_one_that_underruns_are_explained_by(block, device):
    latency = latency_sum(
        rate_hz=48_000, block_samples=block, lookahead_samples=256, device_block_samples=device
    )
    deadline = Deadline.of(latency)
    start_ms = latency.milliseconds(latency.start_level_samples)
    for took_ms in (0.99 * deadline.deadline_ms, 1.01 * deadline.deadline_ms):
        times_ms = {"inverter": took_ms, "mixer": 0.0, "block": took_ms}
        underrun = explained(times_ms, latency.milliseconds(block), start_ms)
        assert underrun.allowed_ms == pytest.approx(deadline.deadline_ms)
        assert (underrun.stage == OTHER_PROGRAMS) == (deadline.look(took_ms) != "alarm")
    assert deadline.budget_ms <= deadline.deadline_ms <= deadline.block_ms < deadline.top_ms


@given(st.lists(floats(0.0, 40.0) | st.just(float("nan")), min_size=1, max_size=50), st.integers(20, 300))
def test_a_bar_is_as_high_as_its_time_and_as_red_as_it_is_late(times_ms, rows):
    deadline = Deadline(10.0, 5.0, 8.0)
    picture = block_columns(np.array(times_ms, np.float32), deadline, rows, COLOURS)
    assert picture.shape == (rows, len(times_ms))
    for took_ms, column in zip(times_ms, picture.T.tolist(), strict=True):
        if took_ms != took_ms:
            assert set(column) == {COLOURS.unknown}
            continue
        bar = [colour for colour in column if colour != COLOURS.ground]
        wanted = COLOURS.calm if took_ms <= 5.0 else COLOURS.tight if took_ms <= 8.0 else COLOURS.late
        assert set(bar) <= {wanted}
        assert abs(len(bar) - min(1.0, took_ms / 15.0) * rows) <= 1.0
        assert column[rows - len(bar) :] == bar  # it stands on the ground


def test_everything_that_an_engine_names_has_words():
    latency = quiet_snapshot().latency
    for part, _ in latency.parts():
        assert part_meaning(part)
        assert part_name(part) != part or part == part_name(part).lower()
    for stage in STAGES:
        assert stage_meaning(stage)
        assert stage_name(stage) != stage
    for stage in ADVICE:  # all that `explained` can name, as test_underrun.py sees to
        assert advice(stage)
        assert "--" not in advice(stage)  # this is a panel
        assert advice(stage) != ADVICE[stage]
    assert len({advice(stage) for stage in ADVICE}) == len(ADVICE)
    assert stage_name("of tomorrow") == "of tomorrow"
    assert advice("of tomorrow") == ""


def test_an_underrun_is_told_with_its_stage_and_times():
    text = underrun_text(Underrun("denoiser", 14.2, 8.0))
    for word in ("Denoiser", "14.2", "8.0"):
        assert word in text
    assert "other programs" in underrun_text(Underrun(OTHER_PROGRAMS, 3.0, 8.0))


def test_facts_leave_out_what_is_not_known():
    assert facts_text(quiet_snapshot(allowed_steps=())) == ""
    full = quiet_snapshot(
        provider="CUDAExecutionProvider",
        steps=0,
        chosen_steps=2,
        device_facts=DeviceFacts("USB Audio", "JACK", 44_100, 64),
        device_state="lost",
        render_priority="real time, priority 4",
    )
    text = facts_text(full)
    for fact in ("CUDA", "chosen: 2", "USB Audio (JACK)", "44.1 kHz", "64", "lost", "priority 4"):
        assert fact in text
