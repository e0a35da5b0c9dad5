"""Live input through real JACK MIDI ports, played by rtmidi's own outputs."""

import contextlib
import time

import pytest
import rtmidi
from jack_server import INSTALLED, jack_server

from neume.synth import midi_in
from neume.synth.midi_backend import QUEUE_MESSAGES, SPARE_CLIENTS, MidiBackend, list_ports

needs_jack = pytest.mark.skipif(not INSTALLED, reason="jackd is not installed: apt-get install jackd2")
PATIENCE_S = 20.0
CONNECTED_S = 0.1  # a connection of JACK is there from one of the next periods on

NOTE_ON, NOTE_OFF, SUSTAIN = bytes.fromhex("90 3c 64"), bytes.fromhex("80 3c 40"), bytes.fromhex("b0 40 7f")
GM_RESET = bytes.fromhex("f0 7e 7f 09 01 f7")


class MidiInput(midi_in.MidiInput):
    """Waits for JACK when it has opened a port."""

    def poll(self):
        before = self.ports
        super().poll()
        if set(self.ports) - set(before):
            time.sleep(CONNECTED_S)


@pytest.fixture(scope="module")
def server():
    with jack_server() as process:
        yield process


@contextlib.contextmanager
def keyboard(name):
    """A MIDI output port that others can connect to; unplugged at the end."""
    output = rtmidi.MidiOut(rtmidi.API_UNIX_JACK, name)
    output.open_virtual_port("keys")
    try:
        yield output
    finally:
        output.close_port()
        output.delete()


def drain(midi, count):
    """Drain until `count` messages have come."""
    messages = []
    deadline = time.monotonic() + PATIENCE_S
    while len(messages) < count and time.monotonic() < deadline:
        messages += midi.drain()
        time.sleep(0.002)
    return messages


class Arrivals:
    """A clock that counts its readings: one for each message that has arrived."""

    def __init__(self):
        self.count = 0

    def __call__(self):
        self.count += 1
        return time.monotonic_ns()

    def wait_for(self, count):
        deadline = time.monotonic() + PATIENCE_S
        while self.count < count:
            assert time.monotonic() < deadline, f"{self.count} of {count} messages have come"
            time.sleep(0.001)


@pytest.fixture
def arrivals():
    return Arrivals()


def contents(messages):
    return [message for _, message in messages]


@needs_jack
def test_all_ports_are_opened_and_every_message_is_stamped(server):
    with keyboard("Piano") as piano, keyboard("Organ") as organ, MidiInput() as midi:
        assert list_ports() == midi.ports == ("Piano:keys", "Organ:keys")
        assert (midi.problem, midi.missing) == (None, ())
        before_ns = time.monotonic_ns()
        piano.send_message(NOTE_ON)
        messages = drain(midi, 1)
        organ.send_message(SUSTAIN)
        messages += drain(midi, 1)
        after_ns = time.monotonic_ns()
        assert contents(messages) == [NOTE_ON, SUSTAIN]
        stamps = [stamp for stamp, _ in messages]
        assert before_ns < stamps[0] < stamps[1] < after_ns
        assert midi.drain() == []


@needs_jack
def test_messages_of_all_ports_come_in_the_order_of_their_arrival(server, arrivals):
    with keyboard("Piano") as piano, keyboard("Organ") as organ, MidiInput(clock_ns=arrivals) as midi:
        for count, (port, message) in enumerate([(organ, NOTE_ON), (piano, SUSTAIN), (organ, NOTE_OFF)], 1):
            port.send_message(message)
            arrivals.wait_for(count)
        assert contents(midi.drain()) == [NOTE_ON, SUSTAIN, NOTE_OFF]


@needs_jack
def test_sysex_comes_through(server):
    with keyboard("Piano") as piano, MidiInput() as midi:
        piano.send_message(GM_RESET)
        assert contents(drain(midi, 1)) == [GM_RESET]


@needs_jack
def test_the_stamp_is_the_time_of_arrival_not_of_the_drain(server, arrivals):
    with keyboard("Piano") as piano, MidiInput(clock_ns=arrivals) as midi:
        piano.send_message(NOTE_ON)
        arrivals.wait_for(1)
        between_ns = time.monotonic_ns()
        piano.send_message(NOTE_OFF)
        arrivals.wait_for(2)
        (first, _), (second, _) = midi.drain()
        assert first < between_ns < second < time.monotonic_ns()


@needs_jack
def test_ports_are_chosen_by_part_of_their_name(server):
    with keyboard("Grand Piano") as piano, keyboard("Organ") as organ, MidiInput(["piano", "drums"]) as midi:
        assert midi.ports == ("Grand Piano:keys",)
        assert midi.missing == ("drums",)
        organ.send_message(SUSTAIN)
        piano.send_message(NOTE_ON)
        assert contents(drain(midi, 1)) == [NOTE_ON]
        with keyboard("Drums"):
            midi.poll()
            assert midi.ports == ("Grand Piano:keys", "Drums:keys")
            assert midi.missing == ()


@needs_jack
def test_the_virtual_port_takes_connections_from_others(server):
    with MidiInput() as midi:
        output = rtmidi.MidiOut(rtmidi.API_UNIX_JACK, "Sequencer")
        names = output.get_ports()
        (number,) = [number for number, name in enumerate(names) if name.endswith(":Neume")]
        output.open_port(number)
        output.send_message(NOTE_ON)
        assert contents(drain(midi, 1)) == [NOTE_ON]
        assert midi.ports == ()  # it is not one of the keyboards
        output.close_port()
        output.delete()


@needs_jack
def test_no_virtual_port_if_none_is_wanted(server):
    with MidiInput(virtual=False):
        output = rtmidi.MidiOut(rtmidi.API_UNIX_JACK, "Sequencer")
        assert output.get_ports() == []
        output.delete()


@needs_jack
def test_no_client_is_made_for_a_keyboard_that_comes_while_music_plays(server, monkeypatch):
    """That would stop the render thread for longer than a block may be late."""
    made, make = [], MidiBackend._made_client
    monkeypatch.setattr(MidiBackend, "_made_client", lambda backend: made.append(1) or make(backend))
    with MidiInput() as midi:
        at_the_start = len(made)
        for turn in range(2 * SPARE_CLIENTS):
            with keyboard(f"Piano {turn}") as piano, keyboard(f"Organ {turn}") as organ:
                midi.poll()
                for port in (piano, organ):
                    port.send_message(SUSTAIN)
                    port.send_message(NOTE_ON)
                assert sorted(contents(drain(midi, 4))) == [NOTE_ON, NOTE_ON, SUSTAIN, SUSTAIN]
                piano.send_message(NOTE_OFF)
            midi.poll()
            midi.drain()
        assert midi.ports == ()
        assert len(made) == at_the_start


@needs_jack
def test_an_unplugged_keyboard_lets_its_keys_and_pedals_go(server):
    with keyboard("Organ") as organ, MidiInput() as midi:
        with keyboard("Piano") as piano:
            midi.poll()
            played = [
                "90 3c 64",
                "91 3e 64",
                "90 40 64",
                "90 40 00",
                "90 41 64",
                "80 41 00",
                "b1 40 7f",
                "b2 40 7f",
                "b2 40 00",
            ]
            for message in played:
                piano.send_message(bytes.fromhex(message))
            organ.send_message(bytes.fromhex("90 30 64"))
            assert len(drain(midi, len(played) + 1)) == len(played) + 1
            midi.poll()
            assert midi.drain() == []  # nothing is released while it is there
        midi.poll()
        assert midi.ports == ("Organ:keys",)
        releases = midi.drain()
        assert set(contents(releases)) == {bytes.fromhex(m) for m in ("80 3c 40", "81 3e 40", "b1 40 00")}
        assert len(releases) == 3
        midi.poll()
        assert midi.drain() == []


@needs_jack
def test_what_was_queued_before_unplugging_is_played_and_released(server, arrivals):
    with MidiInput(clock_ns=arrivals) as midi:
        with keyboard("Piano") as piano:
            midi.poll()
            piano.send_message(NOTE_ON)
            arrivals.wait_for(1)
        midi.poll()
        (first, pressed), (second, released) = midi.drain()
        assert (pressed, released) == (NOTE_ON, NOTE_OFF)
        assert first < second


@needs_jack
def test_a_port_that_comes_back_is_opened_again(server):
    with MidiInput(["piano"]) as midi:
        for _ in range(3):
            assert midi.missing == ("piano",)
            with keyboard("Piano") as piano:
                midi.poll()
                piano.send_message(NOTE_ON)
                assert contents(drain(midi, 1)) == [NOTE_ON]
            midi.poll()
            assert contents(midi.drain()) == [NOTE_OFF]


@needs_jack
def test_closing_releases_what_is_held(server):
    with keyboard("Piano") as piano:
        with MidiInput() as midi:
            piano.send_message(NOTE_ON)
            drain(midi, 1)
        assert contents(midi.drain()) == [NOTE_OFF]
        assert (midi.drain(), midi.ports) == ([], ())
        midi.poll()  # after closing nothing is opened again
        assert midi.ports == ()
        midi.close()


@needs_jack
def test_a_full_queue_loses_messages_but_leaves_no_key_held(server, arrivals):
    with keyboard("Piano") as piano, MidiInput(clock_ns=arrivals) as midi:
        piano.send_message(NOTE_ON)
        sent = 1
        while sent <= QUEUE_MESSAGES:
            for _ in range(64):
                piano.send_message(bytes.fromhex("e0 00 40"))
            sent += 64
            arrivals.wait_for(sent)
        piano.send_message(NOTE_OFF)  # lost
        arrivals.wait_for(sent + 1)
        messages = contents(midi.drain())
        assert len(messages) == QUEUE_MESSAGES + 1
        assert (messages[0], messages[-1]) == (NOTE_ON, NOTE_OFF)
        piano.send_message(NOTE_ON)
        assert contents(drain(midi, 1)) == [NOTE_ON]
