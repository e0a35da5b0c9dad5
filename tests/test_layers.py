"""Both stages are the same model as a stream and as a whole, and with tokens packed or in slots."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

from neume.models.inverter import Inverter, InverterConfig  # noqa: E402
from neume.models.spectrogram import Denoiser, MeanModel, SpectrogramConfig, slot_tokens  # noqa: E402
from neume.models.tokens import COLUMN, RaggedTokens  # noqa: E402
from neume.synth.conditioning import FEATURES  # noqa: E402
from neume.synth.mel import MelSpec  # noqa: E402

SPEC = MelSpec()
SMALL = SpectrogramConfig(
    width=32, token_hidden=32, layers=2, hidden=32, heads=4, window=5, denoiser_width=16, denoiser_layers=2
)
SMALL_INVERTER = InverterConfig(width=24, hidden=24, layers=2, bands=20)
STREAMS, FRAMES, SLOTS = 2, 12, 6


@pytest.fixture(autouse=True)
def _reproducible():
    torch.manual_seed(3)


def shaken(model):
    """The model with every zero-initialised weight made to matter."""
    for parameter in model.parameters():
        parameter.data += 0.05 * torch.randn_like(parameter)
    return model.eval()


def conditioning() -> torch.Tensor:
    """Random but possible note tokens: half of the slots in use, drums among them."""
    raw = torch.zeros(STREAMS, FRAMES, SLOTS, len(FEATURES))
    used = torch.rand(STREAMS, FRAMES, SLOTS) < 0.5
    columns = {
        "active": torch.ones(used.shape),
        "program": torch.randint(126, 129, used.shape).float(),
        "key": torch.randint(0, 128, used.shape).float(),
        "bend_semitones": torch.randn(used.shape),
        "velocity": torch.randint(1, 128, used.shape).float(),
        "age_samples": torch.randint(1, 90_000, used.shape).float(),
        "release_age_samples": torch.randint(-1, 5_000, used.shape).float(),
        "gain_db": -12 * torch.rand(used.shape),
        "level_db": -60 * torch.rand(used.shape),
    }
    for name, value in columns.items():
        raw[..., COLUMN[name]] = value * used
    return raw


@torch.no_grad()
@pytest.mark.parametrize("sizes", [(1,) * 12, (5, 7), (2, 3, 7), (11, 1)])
def test_mean_model_streams_as_it_runs_whole(sizes):
    model, raw = shaken(MeanModel(SMALL, SPEC)), conditioning()
    whole = model(*slot_tokens(raw), model.initial_states(STREAMS))
    states, start, parts = model.initial_states(STREAMS), 0, []
    for size in sizes:
        *made, states = model(*slot_tokens(raw[:, start : start + size]), states)
        parts.append(made)
        start += size
    for index, wanted in enumerate(whole[:3]):
        torch.testing.assert_close(torch.cat([part[index] for part in parts], dim=1), wanted)


@torch.no_grad()
def test_packed_tokens_give_what_slots_give():
    model, raw = shaken(MeanModel(SMALL, SPEC)), conditioning()
    flat = raw.flatten(0, 1)
    rows, slots = torch.nonzero(flat[..., 0], as_tuple=True)
    packed = RaggedTokens(flat[rows, slots], rows, len(flat))
    in_slots = model(*slot_tokens(raw), model.initial_states(STREAMS))
    in_pack = model(packed, STREAMS, model.initial_states(STREAMS))
    for wanted, made in zip(in_slots[:3], in_pack[:3], strict=True):
        torch.testing.assert_close(made, wanted)


@torch.no_grad()
def test_a_frame_does_not_see_the_future():
    model, raw = shaken(MeanModel(SMALL, SPEC)), conditioning()
    before = model(*slot_tokens(raw), model.initial_states(STREAMS))[0]
    raw[:, 7:] = conditioning()[:, 7:]
    after = model(*slot_tokens(raw), model.initial_states(STREAMS))[0]
    torch.testing.assert_close(after[:, :7], before[:, :7], rtol=0, atol=0)
    assert not torch.allclose(after[:, 7:], before[:, 7:])


@torch.no_grad()
def test_silence_is_the_floor_and_gain_is_linear():
    model = MeanModel(SMALL, SPEC)
    mean = model(*slot_tokens(torch.zeros(1, 4, SLOTS, len(FEATURES))), model.initial_states(1))[0]
    torch.testing.assert_close(mean, torch.full_like(mean, SPEC.log_floor))
    raw = conditioning()
    raw[..., COLUMN["gain_db"]] = 0.0
    loud = model(*slot_tokens(raw), model.initial_states(STREAMS))[0]
    raw[..., COLUMN["gain_db"]] = -6.0 * raw[..., 0]
    quiet = model(*slot_tokens(raw), model.initial_states(STREAMS))[0]
    sounding = quiet > SPEC.log_floor + 3.0
    assert sounding.any()
    fall_db = (loud - quiet)[sounding] * 20 / torch.log(torch.tensor(10.0))
    torch.testing.assert_close(fall_db, torch.full_like(fall_db, 6.0), rtol=0, atol=0.05)


@torch.no_grad()
def test_denoiser_streams_as_it_runs_whole():
    model = shaken(Denoiser(SMALL, SPEC))
    noisy, context = torch.randn(STREAMS, FRAMES, SPEC.mels), torch.randn(STREAMS, FRAMES, SMALL.width)
    level = torch.tensor([0.7])
    whole, _ = model(noisy, level, context, model.initial_states(STREAMS))
    first, states = model(noisy[:, :5], level, context[:, :5], model.initial_states(STREAMS))
    second, _ = model(noisy[:, 5:], level, context[:, 5:], states)
    torch.testing.assert_close(torch.cat([first, second], dim=1), whole)


@torch.no_grad()
def test_inverter_streams_as_it_runs_whole():
    model = shaken(Inverter(SMALL_INVERTER, SPEC))
    mel = -4 + torch.randn(STREAMS, FRAMES, SPEC.mels)
    excitation = 0.1 * torch.randn(STREAMS, FRAMES, SPEC.hop_samples, 2)
    whole, _ = model(mel, excitation, model.initial_states(STREAMS))
    first, states = model(mel[:, :5], excitation[:, :5], model.initial_states(STREAMS))
    second, _ = model(mel[:, 5:], excitation[:, 5:], states)
    torch.testing.assert_close(torch.cat([first, second], dim=1), whole)


@torch.no_grad()
def test_inverter_is_silent_without_excitation():
    model = shaken(Inverter(SMALL_INVERTER, SPEC))
    mel = torch.zeros(1, FRAMES, SPEC.mels)
    audio, _ = model(mel, torch.zeros(1, FRAMES, SPEC.hop_samples, 2), model.initial_states(1))
    assert audio.abs().max() == 0.0


@torch.no_grad()
def test_untrained_inverter_reconstructs_the_level_of_its_target():
    """The built-in first guess: noise shaped to a flat target comes out at the target, within 3 dB."""
    model = Inverter(InverterConfig(), SPEC)
    target = -5.0
    generator = torch.Generator().manual_seed(1)
    noise = torch.randn(1, 60, SPEC.hop_samples, 2, generator=generator) * 0.1
    noise[..., 0] = 0.0
    audio, _ = model(torch.full((1, 60, SPEC.mels), target), noise, model.initial_states(1))
    made = SPEC.analyse(audio.flatten().numpy())[10:, 5:-5].mean()
    guess_db = 20 * float(made - target) / float(torch.log(torch.tensor(10.0)))
    assert -23.0 < guess_db < -14.0, "the noise starts 20 dB below the target, so that tones come first"
