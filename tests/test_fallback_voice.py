"""The fallback voice: in tune, without steps, following pedals, bend, velocity and volume, and cheap."""

from __future__ import annotations

import time

import numpy as np
import pytest

from neume.synth.events import ControlChange, NoteOff, NoteOn, Panic, PitchBend, ProgramChange
from neume.synth.fallback_tones import PARTIALS, TONES, tone_spectra
from neume.synth.fallback_voice import TOP_SHARE, FallbackVoice, sine_sums
from neume.synth.notes import NoteTable
from neume.synth.voices import VoiceTable

RATE_HZ, BLOCK = 48_000, 512
ORGAN = ProgramChange(0, 0, 19)


def steady_voices(**anchors):
    """Notes of every program keep their level while they are held."""
    row = {"keys": [0], "decay_db_per_s": [0.0], "release_db_per_s": [100.0], "tuning_semitones": [0.0]}
    return VoiceTable.from_anchors(dict.fromkeys(range(129), row | anchors))


class Band:
    """Streams of notes and a voice that plays them."""

    def __init__(self, *events, streams=1, voices=None, slots=64):
        self.tables = [NoteTable(slots, voices or steady_voices(), RATE_HZ) for _ in range(streams)]
        self.voice = FallbackVoice(self.tables, RATE_HZ)
        self.frame = 0
        self.tell(*events)

    def tell(self, *events, stream=0):
        for event in events:
            self.tables[stream].apply(event)

    def play(self, samples, block=BLOCK):
        """`(streams, samples)`, in blocks of `block` samples and a shorter last one."""
        pieces = []
        while samples:
            count = min(block, samples)
            pieces.append(self.voice.render(self.frame, count))
            self.frame += count
            samples -= count
        return np.concatenate(pieces, axis=1)


def peaks_hz(audio, around_hz):
    """The frequency of the strongest line near each given one: a parabola through a Gaussian window's log."""
    n = len(audio)
    window = np.exp(-0.5 * ((np.arange(n) - n / 2) / (n / 12)) ** 2)
    spectrum = np.log(np.abs(np.fft.rfft(audio * window)) + 1e-12)
    found = []
    for near_hz in around_hz:
        first = int(near_hz * 0.97 * n / RATE_HZ)
        peak = first + int(np.argmax(spectrum[first : int(near_hz * 1.03 * n / RATE_HZ) + 2]))
        left, middle, right = spectrum[peak - 1 : peak + 2]
        found.append((peak + 0.5 * (left - right) / (left - 2 * middle + right)) * RATE_HZ / n)
    return np.array(found)


def rms(audio):
    return float(np.sqrt(np.mean(np.square(audio))))


def db(ratio):
    return 20.0 * np.log10(ratio)


# --- pitch


@pytest.mark.parametrize("key", [28, 45, 60, 69, 88, 100])
@pytest.mark.parametrize(("bend", "tuning"), [(0, 0.0), (4096, 0.0), (-8192, 0.25)])
def test_every_partial_is_within_a_cent(key, bend, tuning):
    voices = steady_voices(tuning_semitones=[tuning])
    band = Band(ORGAN, PitchBend(0, 0, bend), NoteOn(0, 0, key, 100), voices=voices)
    audio = band.play(RATE_HZ * 2)[0, RATE_HZ // 2 :]
    first_hz = 440.0 * 2.0 ** ((key + tuning + 2.0 * bend / 8192 - 69) / 12)
    wanted_hz = first_hz * np.arange(1, PARTIALS + 1)
    wanted_hz = wanted_hz[wanted_hz < TOP_SHARE * RATE_HZ]
    cents = 1200.0 * np.log2(peaks_hz(audio, wanted_hz) / wanted_hz)
    assert np.abs(cents).max() < 1.0


def test_a_bend_glides():
    band = Band(ORGAN, NoteOn(0, 0, 69, 100))
    before = band.play(4 * BLOCK)
    band.tell(PitchBend(band.frame, 0, 8191))
    turn = band.play(BLOCK)
    after = band.play(RATE_HZ)
    audio = np.concatenate([before, turn, after], axis=1)[0]
    steps = np.abs(np.diff(audio))
    assert steps[4 * BLOCK - 1 :].max() <= 1.2 * steps[BLOCK : 4 * BLOCK - 1].max(), "faster by 12 %, no jump"
    assert peaks_hz(after[0], [493.9]) == pytest.approx([440.0 * 2 ** (2 * 8191 / 8192 / 12)], rel=3e-4)


def test_a_partial_above_the_top_is_left_out():
    band = Band(ORGAN, NoteOn(0, 0, 127, 100))
    spectrum = np.abs(np.fft.rfft(band.play(RATE_HZ)[0] * np.hanning(RATE_HZ)))
    first_hz = 440.0 * 2.0 ** ((127 - 69) / 12)  # 12.5 kHz
    bins = np.arange(len(spectrum))
    assert spectrum[np.abs(bins - first_hz) > 50].max() < 1e-3 * spectrum.max()


def test_sums_of_sines_are_what_they_say():
    random = np.random.default_rng(3)
    cycles = (20.0 * random.random((5, 700))).astype(np.float32)
    amplitudes = random.random((5, PARTIALS)).astype(np.float32)
    k = np.arange(1, PARTIALS + 1)
    wanted = np.einsum("tp,tsp->ts", amplitudes, np.sin(2 * np.pi * cycles[..., None] * k))
    assert np.abs(sine_sums(cycles, amplitudes) - wanted).max() < 2e-4


# --- time


@pytest.mark.parametrize("block", [1, 255, 256, 257, 1024, 4096])
def test_the_length_of_the_blocks_cannot_be_heard(block):
    """Levels run in straight lines over a block, so they differ by a little; phases do not."""
    length = 300 if block == 1 else 20_000
    tune = (ORGAN, PitchBend(0, 0, 300), NoteOn(100, 0, 60, 100), NoteOn(0, 0, 67, 60))
    assert rms(Band(*tune).play(length, block) - Band(*tune).play(length)) < 1e-4 * rms(
        Band(*tune).play(length)
    )


def test_a_note_begins_on_its_sample():
    for onset in (0, 1, 700, 1023):
        band = Band(NoteOn(onset, 0, 60, 127))
        heard = np.flatnonzero(band.play(2048)[0])
        assert onset <= heard[0] <= onset + 2


def test_a_saved_state_goes_on_sample_for_sample():
    band = Band(NoteOn(0, 0, 60, 100), NoteOn(0, 9, 38, 100))
    band.play(1000)
    state, frame = band.voice.state(), band.frame
    wanted = band.play(3000)
    band.play(777)
    band.voice.restore(state)
    band.frame = frame
    assert np.array_equal(band.play(3000), wanted)
    band.voice.reset()
    assert band.voice.oscillators["identity"].max() < 0


# --- loudness


def level_of(*events):
    band = Band(ORGAN, *events, NoteOn(0, 0, 60, 127))
    band.play(RATE_HZ // 10)
    return rms(band.play(RATE_HZ // 2))


@pytest.mark.parametrize("velocity", [1, 40, 90])
def test_velocity_is_followed(velocity):
    band = Band(ORGAN, NoteOn(0, 0, 60, velocity))
    band.play(RATE_HZ // 10)
    assert db(rms(band.play(RATE_HZ // 2)) / level_of()) == pytest.approx(
        40 * np.log10(velocity / 127), abs=0.1
    )


@pytest.mark.parametrize("controller", [7, 11])
def test_volume_and_expression_are_followed_and_glide(controller):
    as_is = level_of()
    changed = level_of(ControlChange(0, 0, controller, 50))
    before = 100 if controller == 7 else 127
    assert db(changed / as_is) == pytest.approx(40 * np.log10(50 / before), abs=0.1)
    band = Band(ORGAN, NoteOn(0, 0, 60, 127))
    loud = band.play(4 * BLOCK)[0]
    band.tell(ControlChange(band.frame, 0, controller, 0))
    audio = np.concatenate([loud, band.play(4 * BLOCK)[0]])
    assert np.abs(np.diff(audio)).max() <= 1.05 * np.abs(np.diff(loud[BLOCK:])).max()
    assert np.abs(audio[-BLOCK:]).max() < 1e-4


def test_released_notes_fall_and_the_pedal_holds_them():
    band = Band(ORGAN, ControlChange(0, 0, 64, 127), NoteOn(0, 0, 60, 100), NoteOff(1000, 0, 60))
    band.play(RATE_HZ // 4)
    held = rms(band.play(4800))
    assert rms(band.play(4800)) == pytest.approx(held, rel=0.01)
    band.tell(ControlChange(band.frame, 0, 64, 0))
    falling = [rms(band.play(4800)) for _ in range(4)]
    assert np.diff(db(np.array(falling) / held)) == pytest.approx([-10.0] * 3, abs=0.3), "100 dB a second"


def test_every_family_has_the_same_loudness():
    spectra = tone_spectra()
    assert spectra.shape == (8 * len(TONES) + 1, PARTIALS)
    assert np.square(spectra[:-1]).sum(axis=1) / 2 == pytest.approx(np.ones(128))


def test_a_drum_is_a_burst_of_noise_from_its_sample_on():
    voices = steady_voices(decay_db_per_s=[200.0])
    band = Band(NoteOn(300, 9, 38, 127), voices=voices)
    audio = band.play(RATE_HZ // 2)[0]
    assert not audio[:300].any()
    early, late = rms(audio[300:1300]), rms(audio[-4800:])
    assert early > 0.02
    assert db(late / early) < -60.0
    spectrum = np.abs(np.fft.rfft(audio[300:4396]))
    assert np.median(spectrum) > 0.01 * spectrum.max(), "no lone lines"


# --- no clicks


def test_a_panic_and_a_stolen_slot_fade():
    for last_words in ((Panic(4 * BLOCK),), (NoteOn(4 * BLOCK, 0, 72, 1),)):
        band = Band(ORGAN, NoteOn(0, 0, 60, 127), slots=1)
        before = band.play(4 * BLOCK)[0]
        band.tell(*last_words)
        after = band.play(BLOCK)[0]
        largest = np.abs(np.diff(before)).max() + np.abs(before).max() / 128
        assert np.abs(np.diff(np.concatenate([before, after]))).max() <= largest
        assert np.abs(after[200:]).max() < 0.01 * np.abs(before).max()


def test_streams_are_apart():
    band = Band(streams=3)
    band.tell(NoteOn(0, 0, 60, 100), stream=1)
    audio = band.play(2048)
    assert [row.any() for row in audio] == [False, True, False]
    assert (band.voice.powers(band.frame) > 0).tolist() == [False, True, False]


@pytest.mark.parametrize(("streams", "notes"), [(1, 64), (16, 4)])
def test_sixty_four_notes_cost_little(streams, notes):
    """Less than a millisecond; other programs may be busy here."""
    band = Band(streams=streams)
    for stream in range(streams):
        band.tell(*(NoteOn(0, 0, 30 + key, 100) for key in range(notes)), stream=stream)
    took_s = []
    for _ in range(60):
        begin_s = time.perf_counter()
        band.play(BLOCK)
        took_s.append(time.perf_counter() - begin_s)
    assert min(took_s) < 0.005
