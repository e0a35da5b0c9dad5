"""bundle.toml: what is written is read back, and each rule has one deliberately broken manifest."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from broken_manifests import BROKEN, MANIFEST, TEXT
from bundle_factory import DRUMS, PIANO
from hypothesis import given
from hypothesis import strategies as st

from neume.synth.bundle import manifest_text, parse_manifest
from neume.synth.bundle.manifest_models import MEL_RANGES
from neume.synth.errors import BundleError
from neume.synth.manifest import BundleInfo, BundleManifest
from neume.synth.mel import MelSpec
from neume.synth.voices import NEVER_S


def faults_of(text: str) -> list[str]:
    with pytest.raises(BundleError) as caught:
        parse_manifest(text, "tiny")
    return caught.value.faults


def test_written_manifest_reads_back_equal() -> None:
    assert parse_manifest(TEXT, "tiny") == MANIFEST


def test_programs_may_come_in_any_order() -> None:
    shuffled = replace(MANIFEST, programs=MANIFEST.programs[::-1])
    assert parse_manifest(manifest_text(shuffled), "tiny") == MANIFEST


printable = st.text(st.characters(exclude_categories=("C", "Z")), min_size=1, max_size=200)
finite = st.floats(-1e9, 1e9, allow_subnormal=False)


@given(printable, st.dictionaries(printable, finite, max_size=5))
def test_any_printable_text_and_finite_metric_reads_back(name: str, metrics: dict[str, float]) -> None:
    manifest = replace(
        MANIFEST,
        bundle=replace(MANIFEST.bundle, name=name),
        provenance=replace(MANIFEST.provenance, metrics=metrics),
    )
    assert parse_manifest(manifest_text(manifest), "tiny") == manifest


def test_integers_are_taken_for_numbers() -> None:
    text = TEXT.replace("low_hz = 20.0", "low_hz = 20")
    assert parse_manifest(text, "tiny") == MANIFEST


def test_substituted_programs_sound_as_their_substitute() -> None:
    voices = MANIFEST.voice_table()
    assert [MANIFEST.resolve(number) for number in (0, 1, 127, 128)] == [0, 0, 0, 128]
    for key, anchor in zip(PIANO.keys, range(3), strict=True):
        assert voices.decay_db_per_s[[0, 77], key] == pytest.approx(PIANO.decay_db_per_s[anchor])
        assert voices.release_db_per_s[[0, 77], key] == pytest.approx(PIANO.release_db_per_s[anchor])
        assert voices.tuning_semitones[[0, 77], key] == pytest.approx(PIANO.tuning_semitones[anchor])
    assert voices.tuning_semitones[128, 36] == pytest.approx(DRUMS.tuning_semitones[0])
    assert np.isfinite(voices.decay_db_per_s).all()


def test_a_voice_that_is_not_said_to_settle_never_does() -> None:
    voices = MANIFEST.voice_table()
    assert (voices.settle_s[128] == NEVER_S).all()
    organ = replace(PIANO, settle_s=(4.0, 4.0, 3600.0))
    first = replace(MANIFEST.programs[0], voice=organ)
    settled = replace(MANIFEST, programs=(first, *MANIFEST.programs[1:])).voice_table()
    assert settled.settle_s[0, [21, 60, 108]].tolist() == [4.0, 4.0, 3600.0]


def test_texture_is_1_where_nothing_is_said() -> None:
    assert "texture" not in TEXT
    assert MANIFEST.sampling.texture_with(4) == 1.0
    rough = replace(MANIFEST, sampling=replace(MANIFEST.sampling, texture=(1.0, 1.0, 0.8, 0.6)))
    read = parse_manifest(manifest_text(rough), "test").sampling
    assert read == rough.sampling
    assert [read.texture_with(steps) for steps in (0, 1, 2, 4)] == [1.0, 1.0, 0.8, 0.6]


def test_block_samples() -> None:
    assert MANIFEST.block_samples == 512


@pytest.mark.parametrize(("old", "new", "fault"), BROKEN.values(), ids=list(BROKEN))
def test_broken_manifest_is_refused_with_its_fault(old: str, new: str, fault: str) -> None:
    assert old in TEXT
    assert [told for told in faults_of(TEXT.replace(old, new, 1)) if fault in told]


TABLES = ("bundle", "mel", "engine", "sampling", "stages", "stages.inverter", "provenance", "golden")
ROWS = ("stages.denoiser.states", "parameters", "programs")


@pytest.mark.parametrize("header", [*(f"[{name}]\n" for name in TABLES), *(f"[[{name}]]\n" for name in ROWS)])
def test_unknown_key_in_every_table(header: str) -> None:
    text = TEXT if header in TEXT else TEXT.replace("[stages.spectrogram]", header + "[stages.spectrogram]")
    (told,) = faults_of(text.replace(header, header + "surprise = 1\n", 1))
    assert told.endswith("surprise: unknown key, remove it")


def test_unknown_key_in_a_voice() -> None:
    told = faults_of(TEXT.replace("voice = { ", "voice = { surprise = 1, ", 1))
    assert told == ["programs[0].voice.surprise: unknown key, remove it"]


def test_two_parameters_with_one_id() -> None:
    twice = replace(MANIFEST, parameters=MANIFEST.parameters * 2)
    assert faults_of(manifest_text(twice)) == ["parameters: two parameters have the same id"]


def test_all_faults_are_told_at_once() -> None:
    text = TEXT.replace("block_hops = 2", "block_hops = 3").replace("seed = 7", "seed = -1")
    text = text.replace('"cosine"', '"linear"').replace("number = 127", "number = 200")
    told = faults_of(text)
    for path in ("engine.block_hops", "golden.seed", "sampling.schedule", "programs[127].number"):
        assert [fault for fault in told if fault.startswith(path + ":")], path
    assert len(told) == 4


def test_empty_manifest_names_each_missing_section_once() -> None:
    told = faults_of("schema = 1")
    sections = ("bundle", "mel", "engine", "sampling", "stages", "files", "provenance", "golden", "programs")
    assert sorted(fault.split(":")[0] for fault in told) == sorted(sections)


def test_error_is_one_line_and_names_the_source() -> None:
    with pytest.raises(BundleError, match=r"^bundle tiny: schema: 2 came, this player reads 1$") as caught:
        parse_manifest("schema = 2", "tiny")
    assert "\n" not in str(caught.value)


def test_mel_ranges_cover_the_fields_and_the_default_contract() -> None:
    spec = MelSpec()
    for name, (low, high) in MEL_RANGES.items():
        assert low <= getattr(spec, name) <= high


@pytest.mark.parametrize("version", ["0.1.0", "1.2.3-rc.1", "10.0.0+build.5"])
def test_semantic_versions(version: str) -> None:
    info: BundleInfo = replace(MANIFEST.bundle, version=version)
    manifest: BundleManifest = replace(MANIFEST, bundle=info)
    assert parse_manifest(manifest_text(manifest), "tiny").bundle.version == version


def test_sections_are_in_reading_order() -> None:
    headers = ["[bundle]", "[mel]", "[engine]", "[sampling]", "[files]", "[golden]", "[[programs]]"]
    assert all(TEXT.index(a) < TEXT.index(b) for a, b in pairwise(headers))
