"""Messages of an audio server's ports: each comes once, in order, and with the time of its arrival."""

from __future__ import annotations

import threading
import time
from itertools import pairwise

import pytest
import rtmidi
from hypothesis import given
from hypothesis import strategies as st
from jack_server import INSTALLED, realtime_is_allowed, stage_server

from neume.synth.midi_in import MidiInput
from neume.synth.midi_port import ArrivalTimes

needs_jack = pytest.mark.skipif(not INSTALLED, reason="jackd is not installed: apt-get install jackd2")
MESSAGES = 3000
TURN_S = 0.003  # three messages each
MS = 1_000_000

gaps_ns = st.lists(st.integers(0, 30 * MS), min_size=1, max_size=60)


def stamped(arrivals_ns, reading_every_ns, lost_ns=0):
    """Stamps of messages that are read at a steady pace; the times between may tell less than passed."""
    times, stamps, last_ns, now_ns = ArrivalTimes(0), [], None, 0
    waiting = list(arrivals_ns)
    while waiting:
        now_ns += reading_every_ns
        while waiting and waiting[0] <= now_ns:
            arrival_ns = waiting.pop(0)
            delta_ns = 0 if last_ns is None else max(0, arrival_ns - last_ns - lost_ns)
            stamps.append(times.of(delta_ns / 1e9, now_ns))
            last_ns = arrival_ns
        times.read(now_ns)
    return stamps


def arrivals_of(gaps):
    total, arrivals = 0, []
    for gap in gaps:
        total += gap
        arrivals.append(total)
    return arrivals


@given(gaps_ns, st.integers(MS, 12 * MS), st.integers(0, 5 * MS))
def test_no_stamp_is_further_off_than_readings_are_apart(gaps, reading_every_ns, lost_ns):
    arrivals = arrivals_of(gaps)
    stamps = stamped(arrivals, reading_every_ns, lost_ns)
    assert stamps == sorted(stamps)
    assert all(
        abs(stamp - arrival) <= reading_every_ns for stamp, arrival in zip(stamps, arrivals, strict=True)
    )


@given(gaps_ns, st.integers(MS, 12 * MS))
def test_the_error_never_grows(gaps, reading_every_ns):
    arrivals = arrivals_of(gaps)
    stamps = stamped(arrivals, reading_every_ns)
    errors = [stamp - arrival for stamp, arrival in zip(stamps, arrivals, strict=True)]
    assert all(later <= sooner + 1 for sooner, later in pairwise(errors))  # a rounded ns
    assert min(errors) >= -len(errors)


def test_a_message_read_at_once_makes_the_next_ones_exact():
    assert stamped([1 * MS, 8 * MS, 17 * MS], 4 * MS) == [4 * MS, 8 * MS, 17 * MS]


@needs_jack
@pytest.mark.skipif(
    INSTALLED and not realtime_is_allowed(), reason="JACK itself loses MIDI without real time"
)
def test_none_is_lost_and_none_comes_twice_while_python_is_busy():
    """A busy machine lets JACK itself lose a few; a callback that waits for Python lost two of three."""
    ending = threading.Event()

    def spin():
        while not ending.is_set():
            sum(range(2000))

    busy = [threading.Thread(target=spin) for _ in range(2)]
    with stage_server():
        piano = rtmidi.MidiOut(rtmidi.API_UNIX_JACK, "Piano")
        piano.open_virtual_port("keys")
        with MidiInput() as midi:
            try:
                for thread in busy:
                    thread.start()
                messages = _played(piano, midi)
            finally:
                ending.set()
                for thread in busy:
                    thread.join()
        piano.close_port()
        piano.delete()
    numbers = [message[1] + 128 * message[2] for _, message in messages]
    assert numbers == sorted({*numbers})
    assert len(numbers) > 0.99 * MESSAGES
    stamps_ns = [stamp for stamp, _ in messages]
    assert stamps_ns == sorted(stamps_ns)


def _played(piano, midi):
    """What comes of numbered pitch bends, about a thousand a second."""
    messages = []
    for first in range(0, MESSAGES, 3):
        for number in range(first, first + 3):
            piano.send_message(bytes((0xE0, number % 128, number // 128)))
        time.sleep(TURN_S)
        messages += midi.drain()
    deadline_s = time.monotonic() + 2.0
    while len(messages) < MESSAGES and time.monotonic() < deadline_s:
        time.sleep(0.01)
        messages += midi.drain()
    return messages
