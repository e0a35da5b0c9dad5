"""What a player gives up under load, in which order, and when it takes it back."""

import pytest

from neume.synth.events import NoteOff, NoteOn
from neume.synth.notes import NoteTable
from neume.synth.shedding import ALL_RELEASES, DEEPEST_MERGE, Load, Shedder, load_ladder
from neume.synth.voices import CHOKE_DB_PER_S, VoiceTable

LADDER = load_ladder(2, (0, 1, 2, 4, 8))


def test_steps_go_first_then_old_releases():
    assert (Load(2), Load(1), Load(0), Load(0, 24), Load(0, 8), Load(0, 0)) == LADDER
    assert str(Load(1)) == "1 steps"
    assert str(Load(0, 8)) == "0 steps, 8 released notes a part"


def test_streams_are_merged_between_them():
    ladder = load_ladder(1, (0, 1, 2), DEEPEST_MERGE)
    told = ["1 steps", "0 steps", "0 steps, half the streams", "0 steps, one stream a bundle"]
    told += [f"0 steps, one stream a bundle, {kept} released notes a part" for kept in (24, 8, 0)]
    assert [str(load) for load in ladder] == told


@pytest.mark.parametrize("merges", range(DEEPEST_MERGE + 1))
def test_what_cannot_be_merged_is_passed_by_on_the_way_down_and_up(merges):
    shedder = Shedder(load_ladder(1, (0, 1), DEEPEST_MERGE), 10.0, lambda: merges)
    down, up = [], []
    while shedder.load.releases > 0:
        if shedder.observe(20.0):
            down.append(shedder.load)
    while shedder.rung:
        if shedder.observe(1.0):
            up.append(shedder.load)
    depths = list(range(1, merges + 1))
    assert [load.merged for load in down] == [0, *depths, 2, 2, 2]
    assert up == [*reversed(down[:-1]), Load(1)]


def test_three_tight_blocks_of_twelve_take_one_rung():
    shedder = Shedder(LADDER, block_ms=10.0)
    took = [9.5, 4.0, 4.0, 9.5, 4.0, 4.0, 4.0, 9.5]
    assert [shedder.observe(ms) for ms in took] == [False] * 7 + [True]
    assert shedder.load == Load(1)
    assert not any(shedder.observe(ms) for ms in (9.5, 9.5)), "it counts from the start again"


def test_a_block_is_tight_when_the_ring_would_run_dry_although_it_lasts_longer():
    shedder = Shedder(LADDER, block_ms=10.0)
    assert [shedder.observe(7.5, ready_ms=8.0) for _ in range(3)] == [False, False, True]
    shedder = Shedder(LADDER, block_ms=10.0)
    assert not any(shedder.observe(7.5, ready_ms=50.0) for _ in range(100))


def test_it_goes_to_the_bottom_and_no_further():
    shedder = Shedder(LADDER, block_ms=10.0)
    for _ in range(100):
        shedder.observe(20.0)
    assert shedder.load == LADDER[-1]


def test_a_calm_time_gives_one_rung_back_and_a_busy_block_starts_it_anew():
    shedder = Shedder(LADDER, block_ms=10.0)
    for _ in range(6):
        shedder.observe(20.0)
    assert shedder.rung == 2
    calm = [shedder.observe(3.0) for _ in range(399)]
    shedder.observe(6.0)
    calm += [shedder.observe(3.0) for _ in range(399)]
    assert not any(calm)
    assert shedder.observe(3.0)
    assert shedder.rung == 1


def test_the_oldest_releases_are_hurried():
    table = NoteTable(8, VoiceTable.from_anchors({}))
    for number in range(5):
        table.apply(NoteOn(number, 0, 60 + number, 90))
    for number in range(4):
        table.apply(NoteOff(100 + 10 * number, 0, 63 - number))
    table.hurry_releases(ALL_RELEASES)
    assert not (table.slots["release_db_per_s"] == CHOKE_DB_PER_S).any()
    table.hurry_releases(1)
    hurried = table.slots["key"][table.slots["release_db_per_s"] == CHOKE_DB_PER_S]
    assert sorted(hurried.tolist()) == [61, 62, 63], "the last released, and the one that is held, stay"


def test_what_came_back_too_early_waits_twice_as_long():
    shedder = Shedder(LADDER, block_ms=10.0)
    waited = []
    for _ in range(7):
        while not shedder.observe(20.0):
            pass
        blocks = 1
        while not shedder.observe(1.0):
            blocks += 1
        waited.append(blocks / 100.0)
    assert waited == [4.0, 8.0, 16.0, 32.0, 64.0, 64.0, 64.0]
    for _ in range(1000):
        shedder.observe(7.0)
    while not shedder.observe(20.0):
        pass
    assert sum(not shedder.observe(1.0) for _ in range(400)) == 399, "a relapse long ago is forgotten"
