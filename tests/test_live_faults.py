"""A live rack when things fail that should not: threads, devices, keyboards, bundles, plug-ins, knobs, disks.

The engines that lose their audio server or their life run in processes of their own.
"""

from __future__ import annotations

import contextlib
import resource
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import control_rig
import numpy as np
import pytest
import soundfile
from audio_rig import asynchronous_server, exists, heard, server_again
from jack_server import INSTALLED, jack_server
from plugin_factory import install_package
from test_engine_service import NEUME, PATIENCE_S, refused, until
from test_live import KEY_DOWN, MARGIN_MS, PIANO, Listener, Stage
from test_midi_in import keyboard
from test_play_jack import Capture
from test_underrun import BLOCK, RackRig
from tiny_songs import write_loud_bundle

from neume.synth.bundle import DEFAULT_BUNDLE, find_bundle, open_bundle
from neume.synth.control.client import EngineClient
from neume.synth.control.commands import (
    KeepLast,
    NoteOff,
    NoteOn,
    Quit,
    RecordStart,
    RecordStop,
    Subscribe,
)
from neume.synth.engine import EngineConfig
from neume.synth.errors import BundleError, UsageError
from neume.synth.live import LiveRack
from neume.synth.live_settings import LiveSettings
from neume.synth.rack.learn import Mapping
from neume.synth.rack.part import Insert, Part, Rack
from neume.synth.rack.preset_write import write_preset
from neume.synth.sources import PANIC
from neume.synth.stages import load_stages
from neume.synth.takes import read_take, unfinished_takes
from neume.synth.underrun import ADVICE

needs_jack = pytest.mark.skipif(not INSTALLED, reason="jackd is not installed: apt-get install jackd2")
RATE_HZ = 48_000
SUSTAIN_DOWN = bytes.fromhex("b0 40 7f")
LOW_KEY_DOWN, LOW_KEY_UP = bytes.fromhex("90 1c 7f"), bytes.fromhex("80 1c 40")

pytestmark = pytest.mark.slow  # paced by the clock, with JACK servers that die: for an idle machine

folders = pytest.fixture(autouse=True)(control_rig.own_folders)


@pytest.fixture(autouse=True)
def _alone(monkeypatch, tmp_path):
    """No audio server but one that a test starts, and nothing of the user's."""
    for variable, value in {
        "JACK_DEFAULT_SERVER": "neume-none",
        "JACK_NO_START_SERVER": "1",
        "XDG_DATA_HOME": str(tmp_path / "data"),
        "XDG_CACHE_HOME": str(tmp_path / "cache"),
        "OMP_NUM_THREADS": "1",
    }.items():
        monkeypatch.setenv(variable, value)


@pytest.fixture(scope="module")
def bundle(tmp_path_factory):
    folder = tmp_path_factory.mktemp("bundles") / "tiny"
    write_loud_bundle(folder)
    return str(folder)


class Recent(Listener):
    """Knows where in the stream it is."""

    def __init__(self):
        super().__init__()
        self._begin = self.end = 0

    def put(self, played, position):
        if not self.heard:
            self._begin = position
        super().put(played, position)
        self.end = position + len(played)

    def since(self, position):
        """What was played from there on, shape `(frames, 2)`."""
        pieces = [np.zeros((0, 2), np.float32), *self.heard]
        return np.concatenate(pieces)[max(0, position - self._begin) :]


class Evening(Stage):
    """A stage whose margin can be chosen, and whose listener knows where it is."""

    def __init__(self, rack, margin_ms=MARGIN_MS, **settings):
        self.said = []
        config = EngineConfig(steps=0, margin_ms=margin_ms)
        chosen = LiveSettings(needs_device=False, streams=4, engine=config, **settings)
        self.live = LiveRack(rack, chosen, self.said.append)
        self.listener = Recent()
        self.live.takes.feed.add(self.listener)

    def sounding(self):
        return sum(self.live.snapshot().sounding)

    def until_it_sounds(self):
        """From now on."""
        begin = self.listener.end
        self.until(lambda: np.abs(self.listener.since(begin)).max(initial=0.0) > 1e-4)

    def delay(self):
        """Samples from a key to its sound, as near as the clock is; nothing sounds before and after."""
        self.until(lambda: self.live.chain.silent)
        rendered = self.live.chain.frame
        self.until(lambda: self.listener.end > rendered)
        begin, stamp_ns = self.listener.end, time.monotonic_ns()
        pressed = self.live.engine.clock.frame_at(stamp_ns)
        self.live.keys.press(stamp_ns, KEY_DOWN)
        self.until(lambda: self.listener.since(begin).any())
        self.press(PANIC)
        return begin + int(np.flatnonzero(self.listener.since(begin).any(axis=1))[0]) - pressed


# --- the render thread


@pytest.mark.parametrize(("stall_s", "margin_ms"), [(0.05, 20.0), (2.0, 100.0)])
def test_a_render_thread_that_stalls_is_told_and_the_sound_comes_back(bundle, stall_s, margin_ms):
    with Evening(PIANO, margin_ms, bundle=bundle) as stage:
        stage.press(LOW_KEY_DOWN)
        stage.until_it_sounds()
        before = stage.live.snapshot().underruns
        stage.live.engine.render.between_blocks(lambda: time.sleep(stall_s))
        stage.until(lambda: stage.live.snapshot().underruns > before)
        stage.until_it_sounds()
        stage.until(lambda: stage.live.snapshot().underrun is not None)
        now = stage.live.snapshot()
        assert str(now.underrun).endswith(ADVICE[now.underrun.stage])
        assert now.missing_frames > stall_s * RATE_HZ - now.latency.ring_target_samples - BLOCK
        stage.press(LOW_KEY_UP)
        delays = [stage.delay() for _ in range(3)]
        total = now.latency.total_samples
        assert abs(np.median(delays) - total) < RATE_HZ // 50, (total, delays)
        stage.until(lambda: stage.live.chain.silent)
        assert stage.live.chain.router.keys_down == 0


# --- a keyboard


@needs_jack
def test_a_keyboard_that_is_unplugged_lets_go_and_is_found_again(bundle):
    with jack_server(), Evening(PIANO, bundle=bundle) as stage:
        assert stage.live.device.name != "paced clock"
        with keyboard("Piano") as piano:
            stage.until(lambda: stage.live.snapshot().midi_ports == ("Piano:keys",))
            for message in (KEY_DOWN, SUSTAIN_DOWN):
                piano.send_message(message)
            stage.press(LOW_KEY_DOWN)
            stage.until(lambda: stage.sounding() == 2)
        stage.until(lambda: stage.sounding() == 1)
        assert stage.live.snapshot().midi_ports == ()
        stage.until_it_sounds()
        stage.press(LOW_KEY_UP)
        stage.until(lambda: stage.live.chain.silent)
        with keyboard("Piano") as piano:
            stage.until(lambda: stage.live.snapshot().midi_ports == ("Piano:keys",))
            piano.send_message(KEY_DOWN)
            stage.until(lambda: stage.sounding() == 1)


# --- a bundle


def test_a_bundle_that_is_deleted_while_it_plays_plays_on(tmp_path):
    folder = tmp_path / DEFAULT_BUNDLE
    shutil.copytree(find_bundle(DEFAULT_BUNDLE), folder)
    with Evening(PIANO, bundle=str(folder)) as stage:
        stage.press(LOW_KEY_DOWN)
        stage.until(lambda: stage.sounding() == 1)
        shutil.rmtree(folder)
        stage.until_it_sounds()
        stage.live.takes.start(tmp_path / "gig.wav")
        stage.live.load_preset("organ")
        stage.live.set_steps(1)
        stage.until(lambda: stage.live.snapshot().rack == "Organ")
        stage.press(LOW_KEY_UP)
        stage.until(lambda: stage.sounding() == 0)
        stage.press(KEY_DOWN)
        stage.until(lambda: stage.sounding() > 0)
        stage.until_it_sounds()
        now = stage.live.snapshot()
        assert (now.faults, now.steps) == ((), 1)
        finished = stage.live.takes.stop()
    assert finished.problem is None
    assert np.abs(soundfile.read(finished.audio)[0]).max() > 1e-4
    with pytest.raises(BundleError, match="there is no such folder"):
        LiveRack(PIANO, LiveSettings(bundle=str(folder)), print)


# --- plug-ins

BRITTLE = """
import sys
import numpy as np

class Sound:
    name = "Brittle"
    parameters = ()
    tail_s = 0.0
    keys = 0

    def prepare(self, rate_hz, block_samples):
        self._silence = np.zeros((block_samples, 2), np.float32)

    def render(self, events, start_frame):
        self.keys += len(events)
        return self.give() if self.keys else self._silence

    def process(self, audio):
        return self.give() if audio.any() else audio

    def reset(self): ...

    def set(self, parameter_id, value): ...

    def state(self): ...

    def restore(self, state): ...

class Raises(Sound):
    def give(self):
        raise ValueError("brittle")

class Exits(Sound):
    def give(self):
        sys.exit("brittle")

class Infinite(Sound):
    def give(self):
        return self._silence + np.float32(np.inf)

class ExitsWhenMade:
    def __init__(self):
        sys.exit("brittle")
"""
FAULTS = {"raises": "ValueError: brittle", "exits": "SystemExit: brittle", "infinite": "not finite"}


@pytest.fixture
def _brittle(tmp_path, monkeypatch):
    """A package whose instruments and effects fail at the first key."""
    kinds = {"raises": "Raises", "exits": "Exits", "infinite": "Infinite", "exits-when-made": "ExitsWhenMade"}
    offered = {plugin: f"brittle:{kind}" for plugin, kind in kinds.items()}
    doors = {"neume.instruments": offered, "neume.effects": offered}
    install_package(tmp_path, "brittle", doors, {"brittle": BRITTLE})
    monkeypatch.syspath_prepend(tmp_path)
    yield
    del sys.modules["brittle"]


@pytest.mark.usefixtures("_brittle")
@pytest.mark.parametrize("plugin", FAULTS)
def test_a_plugin_that_fails_is_silent_and_named_and_the_rest_plays(bundle, plugin):
    wet = Part("wet", program=0, inserts=(Insert(plugin),))
    rack = Rack("brittle", (wet, Part("guest", instrument=f"plugin:{plugin}")))
    with Evening(rack, bundle=bundle) as stage:
        stage.press(LOW_KEY_DOWN)
        stage.until(lambda: len(stage.live.snapshot().faults) == 2)
        guest, insert = stage.live.snapshot().faults
        assert "instrument 'Brittle' is silent from now on" in guest
        assert f"insert 1 ({plugin})" in insert
        assert all(FAULTS[plugin] in fault for fault in (guest, insert))
        stage.until_it_sounds()
        stage.live.load_preset("guitar")
        stage.until(lambda: stage.live.snapshot().faults == ())


@pytest.mark.usefixtures("_brittle")
def test_a_plugin_that_cannot_be_made_leaves_its_part_silent(bundle):
    opened = open_bundle(Path(bundle))
    with RackRig((opened, load_stages(opened)), PIANO) as rig:
        guest = Part("guest", instrument="plugin:exits-when-made")
        ready, problems = rig.loader.ready(Rack("brittle", (guest, *PIANO.parts)))
        assert "SystemExit: brittle" in problems[0]
        rig.chain.set_rack(ready)
        keys = rig.listen()
        rig.begin()
        assert rig.delay(keys) == rig.engine.latency.total_samples


# --- knobs


def test_a_knob_that_turned_a_part_that_is_gone_ends_nothing(bundle):
    parts = (*PIANO.parts, Part("second", program=0))
    rack = Rack("two", parts, mappings=(Mapping(None, 16, "part.1.volume_db", -60.0, 12.0),))
    with Evening(rack, bundle=bundle) as stage:
        for position in range(127, -1, -1):
            stage.press(bytes((0xB0, 16, position)))
        begin = stage.listener.end
        while stage.listener.end < begin + RATE_HZ // 8:
            time.sleep(0.01)  # its owner does not come by meanwhile
        stage.live.load_preset("grand-piano")
        stage.press(KEY_DOWN)
        stage.until_it_sounds()
        assert stage.live.rack.name == "Grand piano"


def test_a_knob_for_a_part_that_is_not_there_ends_nothing(bundle):
    with Evening(PIANO, bundle=bundle) as stage:
        with pytest.raises(UsageError, match="names no value of the rack 'piano'"):
            stage.live.learn("part.9.volume_db")
        for position in (100, 90, 80):
            stage.press(bytes((0xB0, 16, position)))
            begin = stage.listener.end
            stage.until(lambda begin=begin: stage.listener.end > begin + RATE_HZ // 8)
        stage.press(KEY_DOWN)
        stage.until_it_sounds()


# --- an engine in a process of its own


@pytest.fixture
def preset(tmp_path):
    """A dry piano: what sounds is a note."""
    path = tmp_path / "dry.toml"
    write_preset(Rack("Dry piano", (Part("Piano", program=0),)), path)
    return path


@contextlib.contextmanager
def engine(*arguments):
    """`neume engine`; it is ended in order, since JACK holds up others where a client has just vanished."""
    command = [NEUME, "engine", "--name", "faults", "--streams", "2", *map(str, arguments)]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    try:
        yield process
        process.terminate()
        process.communicate(timeout=PATIENCE_S)
    finally:
        process.kill()
        process.communicate()


@contextlib.contextmanager
def panel():
    """A client of that engine."""
    with EngineClient.connect("faults", PATIENCE_S) as client:
        client.post(Subscribe(60.0))
        yield client


def held(count):
    return lambda now: sum(now.sounding) == count


class States:
    """The states that a device goes through."""

    def __init__(self):
        self.seen = []

    def come_to(self, *states):
        def happened(now):
            if self.seen[-1:] != [now.device_state]:
                self.seen.append(now.device_state)
            return now.device_state in states

        return happened


@needs_jack
def test_held_notes_sound_on_when_the_device_goes_and_comes_back(bundle, preset):
    states = States()
    with (
        asynchronous_server() as server,
        engine("--bundle", bundle, "--preset", preset) as process,
        panel() as client,
    ):
        client.post(NoteOn(part=0, key=28, velocity=127))
        until(client, held(1))
        until(client, states.come_to("playing"))
        server.kill()
        until(client, states.come_to("waiting"))
        assert sum(client.latest.sounding) == 1
        begin = client.latest.played_frames
        until(client, lambda now: now.played_frames > begin + RATE_HZ // 4)
        with server_again(server):
            until(client, states.come_to("back", "playing"))
            with Capture() as capture:
                capture.connect()
                assert np.abs(heard(capture, 0.1 * RATE_HZ)).max() > 1e-4
            until(client, states.come_to("playing"))
            assert sum(client.latest.sounding) == 1
            client.post(NoteOff(part=0, key=28))
            until(client, held(0))
            assert client.send(Quit()).done
            assert process.wait(PATIENCE_S) == 0
    told = iter(states.seen)
    assert all(state in told for state in ("playing", "lost", "waiting", "back", "playing")), states.seen


KEYBOARD = """
import sys, rtmidi
output = rtmidi.MidiOut(rtmidi.API_UNIX_JACK, "Piano")
output.open_virtual_port("keys")
print("ready", flush=True)
for line in sys.stdin:
    output.send_message(bytes.fromhex(line))
"""


@contextlib.contextmanager
def keyboard_process():
    """A keyboard that may lose its server; gives what plays a message on it."""
    command = [sys.executable, "-c", KEYBOARD]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
    with subprocess.Popen(command, text=True, **pipes) as process:
        assert process.stdout.readline() == "ready\n"
        try:
            yield lambda message: print(message.hex(), file=process.stdin, flush=True)
            process.stdin.close()
            process.wait(PATIENCE_S)
        finally:
            process.kill()


@needs_jack
def test_a_keyboard_whose_server_dies_lets_go_and_is_found_again(bundle, preset):
    with asynchronous_server() as server, contextlib.ExitStack() as closing:
        process = closing.enter_context(engine("--bundle", bundle, "--preset", preset))
        client = closing.enter_context(panel())
        with keyboard_process() as play:
            until(client, lambda now: now.midi_ports == ("Piano:keys",))
            play(LOW_KEY_DOWN)
            until(client, held(1))
            server.kill()
            until(client, held(0))
        with server_again(server):
            with keyboard_process() as play:
                until(client, lambda now: now.midi_ports == ("Piano:keys",))
                play(LOW_KEY_DOWN)
                until(client, held(1))
            assert client.send(Quit()).done
            assert process.wait(PATIENCE_S) == 0


# --- its life, and the disk


def children(process_id):
    path = Path(f"/proc/{process_id}/task/{process_id}/children")
    return [int(child) for child in path.read_text(encoding="ascii").split()]


@needs_jack
def test_an_engine_that_is_killed_is_noticed_replaced_and_its_take_is_readable(bundle, preset, tmp_path):
    arguments = ("--bundle", bundle, "--preset", preset)
    with asynchronous_server(), contextlib.ExitStack() as closing:
        process = closing.enter_context(engine(*arguments))
        client = closing.enter_context(panel())
        assert client.send(RecordStart(tmp_path / "gig.wav")).done
        client.post(NoteOn(part=0, key=28, velocity=127))
        until(client, held(1))
        begin = client.latest.played_frames
        until(client, lambda now: now.played_frames > begin + RATE_HZ * 3 // 4)
        assert unfinished_takes(tmp_path) == (), "it is being recorded"
        (audio_process,) = children(process.pid)
        process.send_signal(signal.SIGKILL)
        killed_s = time.monotonic()
        control_rig.until(lambda: not client.alive)
        assert time.monotonic() - killed_s < 2.0
        assert "faults" in client.problem
        control_rig.until(lambda: not exists(audio_process))

        (left,) = unfinished_takes(tmp_path)
        audio, rate_hz = soundfile.read(left.audio)
        assert left.seconds == len(audio) / rate_hz > 0.3
        assert np.abs(audio).max() > 1e-3
        assert [type(event).__name__ for event in read_take(left.midi).events] == ["NoteOn"]

        closing.enter_context(engine(*arguments))
        control_rig.until(lambda: client.alive, PATIENCE_S)
        assert client.connections == 2
        client.post(NoteOn(part=0, key=40, velocity=127))
        until(client, held(1))
        assert client.send(RecordStart(tmp_path / "gig.wav")).done
        begin = client.latest.played_frames
        until(client, lambda now: now.played_frames > begin + RATE_HZ // 4)
        assert client.send(RecordStop()).text == str(tmp_path / "gig.wav")
        kept = list((tmp_path / "cache" / "neume" / "last-minutes").glob("neume-*"))
        assert len(kept) == 1, "what the killed engine remembered is gone"
        assert left.audio.is_file()


def test_a_disk_that_is_full_ends_the_take_and_not_the_sound(bundle, preset, tmp_path):
    limit_bytes = 300_000
    arguments = ("--bundle", bundle, "--preset", preset, "--silent")
    with engine(*arguments) as process, panel() as client:
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (limit_bytes, limit_bytes))
        assert client.send(RecordStart(tmp_path / "gig.wav")).done
        for key in range(28, 31):
            client.post(NoteOn(part=0, key=key, velocity=127))
            begin = client.latest.played_frames if client.latest else 0
            until(client, lambda now, begin=begin: now.played_frames > begin + RATE_HZ // 2)
        assert "gig.wav: cannot be written: File too large" in refused(client, RecordStop())
        audio, _ = soundfile.read(tmp_path / "gig.wav")
        assert len(audio) == (limit_bytes - 80) // 6
        assert np.abs(audio[-RATE_HZ // 4 :]).max() > 1e-3
        assert len(read_take(tmp_path / "gig.take.mid").events) == 3, "what there was room for goes on"
        assert "cannot be written" in refused(client, KeepLast(tmp_path / "last.wav"))
        assert not (tmp_path / "last.wav").exists()
        client.post(NoteOn(part=0, key=40, velocity=127))
        until(client, lambda now: now.meters.master_peak > 1e-3 and sum(now.sounding) == 4)
        assert client.send(RecordStart(tmp_path / "short.wav")).done
        begin = client.latest.played_frames
        until(client, lambda now: now.played_frames > begin + RATE_HZ // 4)
        assert client.send(RecordStop()).done
        assert np.abs(soundfile.read(tmp_path / "short.wav")[0]).max() > 1e-3
