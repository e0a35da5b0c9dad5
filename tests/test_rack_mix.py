"""From the rack to the mixer and the streams: strips, mute and solo, and which parts share."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neume.synth.errors import UsageError
from neume.synth.mixer import Strip
from neume.synth.rack.assign import assign, assign_fewer
from neume.synth.rack.part import Insert, Part, Rack
from neume.synth.rack.preset_search import open_preset
from neume.synth.rack.strips import part_strips, stream_strips


def rack(*parts: Part) -> Rack:
    return Rack("Test", parts)


A, B, C = (Part(name, program=0) for name in "ABC")
DRUMS = Part("Drums", program=128)
OTHER = Part("Other", instrument="other")


# --- strips


def test_strips_are_the_parts_volumes_and_pans() -> None:
    assert part_strips(rack(replace(A, volume_db=-6.0, pan=0.5), B)) == [Strip(-6.0, 0.5), Strip()]


SILENT = {
    "nothing": ((A, B, C), []),
    "muted": ((A, replace(B, muted=True), C), [1]),
    "soloed": ((A, replace(B, soloed=True), C), [0, 2]),
    "two soloed": ((replace(A, soloed=True), B, replace(C, soloed=True)), [1]),
    "soloed and muted": ((A, replace(B, soloed=True, muted=True), C), [0, 1, 2]),
}


@pytest.mark.parametrize(("parts", "silent"), SILENT.values(), ids=list(SILENT))
def test_mute_and_solo(parts: tuple[Part, ...], silent: list[int]) -> None:
    strips = part_strips(rack(*parts))
    assert [index for index, strip in enumerate(strips) if strip.muted] == silent


def test_parts_that_share_a_stream_meet_in_the_middle() -> None:
    parts = replace(A, volume_db=-2.0, pan=-1.0), replace(B, volume_db=-4.0, pan=0.5), replace(C, pan=1.0)
    assert stream_strips(rack(*parts), (0, 0, 1)) == [Strip(-3.0, -0.25), Strip(0.0, 1.0)]


def test_silent_parts_do_not_count_and_a_stream_of_them_alone_is_silent() -> None:
    parts = replace(A, volume_db=-2.0), replace(B, volume_db=-40.0, muted=True), replace(C, muted=True)
    assert stream_strips(rack(*parts), (0, 0, 1)) == [Strip(-2.0, 0.0), Strip(0.0, 0.0, muted=True)]


# --- streams


def test_one_stream_each_where_there_are_enough() -> None:
    assert assign(rack(A, B, DRUMS), 3) == (0, 1, 2)
    assert assign(rack(A, B, DRUMS), 16) == (0, 1, 2)


def test_drums_are_the_last_to_share() -> None:
    assert assign(rack(DRUMS, A, B), 2) == (0, 1, 1)
    assert assign(rack(DRUMS, A, B), 1) == (0, 0, 0)


def test_gm_on_fewer_streams_keeps_its_drums_apart_and_its_groups_even() -> None:
    streams = assign(open_preset("gm"), 4)
    assert streams.count(streams[9]) == 1
    assert sorted(streams.count(stream) for stream in range(4)) == [1, 4, 4, 7]
    assert assign(open_preset("gm"), 1) == (0,) * 16


def test_the_likest_share_first() -> None:
    reverb = (Insert("reverb"),)
    assert assign(rack(A, replace(B, inserts=reverb), replace(C, inserts=reverb)), 2) == (0, 1, 1)
    assert assign(rack(replace(A, pan=-1.0), replace(B, pan=1.0), replace(C, pan=-0.8)), 2) == (0, 1, 0)
    assert assign(rack(replace(A, volume_db=-20.0), B, replace(C, volume_db=-19.0)), 2) == (0, 1, 0)


def test_instruments_never_share() -> None:
    assert assign(rack(A, OTHER, B), 2) == (0, 1, 0)
    assert assign(rack(A, OTHER, B), 1) == (0, 1, 0)
    assert assign(rack(A, replace(A, bundle_version="1.0.0", instrument="x"), OTHER), 1) == (0, 1, 2)


def test_merged_further_the_likest_join_the_first_of_them() -> None:
    made = rack(A, replace(DRUMS, pan=0.5), replace(C, pan=0.5), replace(B, pan=0.1))
    assert assign_fewer(made, (0, 1, 2, 3), 3) == (0, 1, 2, 0)
    assert assign_fewer(made, (0, 1, 2, 3), 2) == (0, 1, 0, 0)
    assert assign_fewer(made, (3, 2, 1, 3), 1) == (3, 3, 3, 3)


def test_at_least_one_stream() -> None:
    with pytest.raises(UsageError, match="0 streams; a rack needs at least 1"):
        assign(rack(A), 0)


parts = st.builds(
    Part,
    name=st.just("X"),
    instrument=st.sampled_from(["", "", "other"]),
    program=st.sampled_from([None, 0, 128]),
    pan=st.sampled_from([-1.0, 0.0, 1.0]),
    volume_db=st.sampled_from([0.0, -10.0]),
)


@given(st.lists(parts, min_size=1, max_size=16), st.integers(1, 16))
def test_any_rack_on_any_number_of_streams(chosen: list[Part], streams: int) -> None:
    made = rack(*chosen)
    assigned = assign(made, streams)
    instruments = {part.instrument_id for part in chosen}
    assert assigned == assign(made, streams)
    assert len(set(assigned)) == max(len(instruments), min(streams, len(chosen)))
    assert list(dict.fromkeys(assigned)) == list(range(max(assigned) + 1))  # counted from 0 as they appear
    for stream in set(assigned):
        assert len({p.instrument_id for p, own in zip(chosen, assigned, strict=True) if own == stream}) == 1
    assert len(stream_strips(made, assigned)) == max(assigned) + 1
    for fewer in (2, 1):
        merged = assign_fewer(made, assigned, fewer)
        assert len(set(merged)) == max(len(instruments), min(fewer, len(set(assigned))))
        assert set(merged) <= set(assigned)
        together = [
            {merged[i] for i, own in enumerate(assigned) if own == stream} for stream in set(assigned)
        ]
        assert all(len(streams) == 1 for streams in together), "what shares a stream stays together"
