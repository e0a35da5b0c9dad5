"""Properties of the settings' logic without widgets: which MIDI inputs are meant, how a device is called."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from neume.synth.device_list import AudioOutput
from neume.synth.output_names import call_of, output_called
from neume.ui.settings.audio_choice import blocks_with, host_apis, label_of, of_host_api, rates_of
from neume.ui.settings.languages import languages
from neume.ui.settings.midi_names import is_chosen, lasting_name, with_port, without_port
from neume.ui.settings.sampler_card import provider_words

PORTS = st.lists(
    st.text("abK1:# 0", min_size=1, max_size=12).filter(str.strip), min_size=1, max_size=5, unique=True
)


@given(PORTS, st.data())
def test_a_lasting_name_means_its_port(ports, data):
    port = data.draw(st.sampled_from(ports))
    assert is_chosen(port, [lasting_name(port, ports)])


def test_alsa_addresses_change_and_are_left_out():
    assert lasting_name("Keys:Keys MIDI 1 20:0", ["Keys:Keys MIDI 1 20:0"]) == "Keys:Keys MIDI 1"
    twins = ["Keys:Keys MIDI 1 20:0", "Keys:Keys MIDI 1 24:0"]
    assert lasting_name(twins[0], twins) == twins[0]
    assert lasting_name("Keys 2", ["Keys 2"]) == "Keys 2"


@given(PORTS, st.data())
def test_adding_a_port_keeps_the_others(ports, data):
    chosen = tuple(data.draw(st.lists(st.sampled_from(ports), min_size=1, unique=True)))
    port = data.draw(st.sampled_from(ports))
    more = with_port(chosen, port, ports)
    assert is_chosen(port, more)
    assert all(is_chosen(other, more) for other in ports if is_chosen(other, chosen))


@given(PORTS, st.data())
def test_leaving_a_port_keeps_the_others(ports, data):
    chosen = tuple(data.draw(st.lists(st.sampled_from(ports), unique=True)))
    port = data.draw(st.sampled_from(ports))
    fewer = without_port(chosen, port, ports)
    others = [other for other in ports if other != port and is_chosen(other, chosen)]
    assert all(is_chosen(other, fewer) for other in others)
    inside = any(port.lower() in name.lower() or name.lower() in port.lower() for name in others)
    if fewer and not inside:
        assert not is_chosen(port, fewer)
    if not others and not any(name not in ports for name in chosen):
        assert fewer == () or not is_chosen(port, fewer)


OUTPUTS = st.lists(
    st.builds(
        AudioOutput,
        number=st.just(0),
        name=st.one_of(st.text("aB1 ", min_size=1, max_size=4), st.sampled_from(["a, ALSA", "11"])),
        host_api=st.sampled_from(["ALSA", "JACK", "OSS"]),
        channels=st.just(2),
        default_rate_hz=st.just(48_000),
        rates_hz=st.sampled_from([(), (44_100,), (44_100, 48_000)]),
        latency_ms=st.just(5.0),
        default=st.booleans(),
    ),
    max_size=6,
).map(lambda found: [_numbered(output, 10 + index) for index, output in enumerate(found)])


def _numbered(output, number):
    values = {name: getattr(output, name) for name in AudioOutput.__dataclass_fields__}
    return AudioOutput(**{**values, "number": number})


@given(OUTPUTS)
def test_every_output_is_reached_by_what_it_is_called(outputs):
    for output in outputs:
        assert output_called(call_of(output, outputs), outputs) is output


@given(OUTPUTS)
def test_no_two_outputs_are_listed_alike(outputs):
    labels = [label_of(output, outputs) for output in outputs]
    assert all(label.startswith(output.name) for label, output in zip(labels, outputs, strict=True))
    if not any("(" in output.name for output in outputs):
        assert len(set(labels)) == len(labels)


@given(OUTPUTS, st.text("aB1, ALS", max_size=6))
def test_an_output_is_found_by_what_is_nearest_to_its_whole_name(outputs, text):
    found = output_called(text, outputs)
    calls = {str(o.number) for o in outputs} | {o.name.lower() for o in outputs}
    if text.lower() in calls:
        assert text in (str(found.number), found.name) or text.lower() in (
            found.name.lower(),
            f"{found.name}, {found.host_api}".lower(),
        )
    assert (found is None) == (
        text.lower() not in calls
        and not any(text.lower() in f"{o.name}".lower() for o in outputs)
        and not any(text.lower() == f"{o.name}, {o.host_api}".lower() for o in outputs)
    )


@given(OUTPUTS)
def test_host_apis_part_the_outputs(outputs):
    parts = [of_host_api(outputs, name) for name in host_apis(outputs)]
    assert sum(map(len, parts)) == len(outputs)
    assert of_host_api(outputs, "") == tuple(outputs)


@given(OUTPUTS, st.integers(0, 200_000))
def test_what_is_chosen_is_always_offered(outputs, chosen):
    for output in (*outputs, None):
        rates_hz = rates_of(output, chosen)
        assert chosen in rates_hz or not chosen
        assert list(rates_hz) == sorted(rates_hz)
        assert 0 not in rates_hz
    assert chosen in blocks_with(chosen) or not chosen


def test_providers_are_called_as_people_call_them():
    assert provider_words("CPUExecutionProvider") == "CPU"
    assert provider_words("CUDAExecutionProvider, OtherExecutionProvider") == (
        "NVIDIA CUDA, OtherExecutionProvider"
    )
    assert provider_words("") == ""


def test_languages_are_those_with_a_translation(tmp_path: Path):
    assert languages(tmp_path) == [("English", "en")]
    (tmp_path / "neume_de.qm").touch()
    assert languages(tmp_path) == [("Deutsch", "de"), ("English", "en")]
