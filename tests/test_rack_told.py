"""The rack in a reply: with its preset and revision, and never one that the other side refuses."""

from __future__ import annotations

import pytest

from neume.synth.control.commands import LONGEST_RACK
from neume.synth.control.errors import ControlError
from neume.synth.control.rack_told import read_told, told_text
from neume.synth.rack.part import Part, Rack
from neume.synth.rack.played import PlayedRack

RACK = Rack('Für "Elise"', (Part("Klavier 🎹", program=0), Part("Bass", program=32)))


@pytest.mark.parametrize("preset", ["", "mine", "/home/me/" + "a" * 300 + ".toml"])
def test_what_is_told_is_what_is_played(preset):
    played = PlayedRack(RACK, preset, 7)
    assert read_told(told_text(played)) == played


def test_a_rack_that_is_too_long_is_not_told():
    endless = Rack("x" * (LONGEST_RACK + 1), RACK.parts)
    with pytest.raises(ControlError, match=f"characters; told are {LONGEST_RACK}"):
        told_text(PlayedRack(endless))


@pytest.mark.parametrize("text", ["", "no JSON", '{"kind":"rack","revision":1,"preset":""}'])
def test_another_text_is_refused_in_one_line(text):
    with pytest.raises(ControlError) as caught:
        read_told(text)
    assert "\n" not in str(caught.value)
