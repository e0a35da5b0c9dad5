"""Opening a bundle's folder: a good one gives the bytes that were hashed, each rule has a spoilt one."""

from __future__ import annotations

import hashlib
import os
import socket
from collections.abc import Callable
from pathlib import Path

import pytest
from bundle_factory import file_contents, tiny_models_of, write_bundle

from neume.synth.bundle import open_bundle
from neume.synth.bundle.folder import MAX_BUNDLE_BYTES, MAX_FILE_BYTES, MAX_MANIFEST_BYTES
from neume.synth.errors import BundleError
from neume.synth.mel import MelSpec


def faults_of(folder: Path) -> list[str]:
    with pytest.raises(BundleError) as caught:
        open_bundle(folder)
    assert caught.value.source == str(folder)
    return caught.value.faults


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_bundle(tmp_path / "tiny")
    return tmp_path / "tiny"


def test_good_bundle_opens_with_every_file(tmp_path: Path) -> None:
    manifest = write_bundle(tmp_path / "tiny")
    bundle = open_bundle(tmp_path / "tiny")
    contents = file_contents(tiny_models_of(MelSpec()))
    assert (bundle.manifest, bundle.files, bundle.folder) == (manifest, contents, tmp_path / "tiny")
    assert bundle.model("denoiser") == contents["denoiser.onnx"]
    assert bundle.digest == hashlib.sha256((tmp_path / "tiny" / "bundle.toml").read_bytes()).hexdigest()


def test_checked_bytes_are_kept_whatever_happens_to_the_file(folder: Path) -> None:
    bundle = open_bundle(folder)
    before = bundle.model("inverter")
    (folder / "inverter.onnx").write_bytes(b"changed")
    assert bundle.model("inverter") == before


def missing_file(folder: Path) -> None:
    (folder / "golden.mid").unlink()


def changed_byte(folder: Path) -> None:
    content = bytearray((folder / "inverter.onnx").read_bytes())
    content[len(content) // 2] ^= 1
    (folder / "inverter.onnx").write_bytes(content)


def truncated_file(folder: Path) -> None:
    (folder / "denoiser.onnx").write_bytes((folder / "denoiser.onnx").read_bytes()[:-1])


def unlisted_file(folder: Path) -> None:
    (folder / "extra.py").write_text("print('never run')")


def unlisted_folder(folder: Path) -> None:
    (folder / "more").mkdir()


def many_unlisted_files(folder: Path) -> None:
    for number in range(20):
        (folder / f"x{number:02}").touch()


def link_out(folder: Path) -> None:
    outside = folder.parent / "outside.mid"
    outside.write_bytes((folder / "golden.mid").read_bytes())
    (folder / "golden.mid").unlink()
    (folder / "golden.mid").symlink_to(outside)


def manifest_is_a_link(folder: Path) -> None:
    (folder / "bundle.toml").rename(folder.parent / "bundle.toml")
    (folder / "bundle.toml").symlink_to(folder.parent / "bundle.toml")


def folder_for_a_file(folder: Path) -> None:
    (folder / "card.md").unlink()
    (folder / "card.md").mkdir()


def pipe_for_a_file(folder: Path) -> None:
    (folder / "card.md").unlink()
    os.mkfifo(folder / "card.md")


def socket_for_a_file(folder: Path) -> None:
    (folder / "card.md").unlink()
    with socket.socket(socket.AF_UNIX) as end:
        end.bind(str(folder / "card.md"))


def huge_file(folder: Path) -> None:
    os.truncate(folder / "golden.flac", MAX_FILE_BYTES + 1)


def huge_bundle(folder: Path) -> None:
    for name in ("golden.flac", "golden.mid", "card.md"):
        os.truncate(folder / name, MAX_FILE_BYTES - 1)


def huge_manifest(folder: Path) -> None:
    os.truncate(folder / "bundle.toml", MAX_MANIFEST_BYTES + 1)


def no_manifest(folder: Path) -> None:
    (folder / "bundle.toml").unlink()


def no_folder(folder: Path) -> None:
    folder.rename(folder.parent / "elsewhere")


def manifest_not_text(folder: Path) -> None:
    (folder / "bundle.toml").write_bytes(b"schema = 1 # \xff")


def manifest_with_a_fault(folder: Path) -> None:
    text = (folder / "bundle.toml").read_text(encoding="utf-8")
    (folder / "bundle.toml").write_text(text.replace("block_hops = 2", "block_hops = 3"), encoding="utf-8")


BROKEN = {
    missing_file: "golden.mid: No such file or directory",
    changed_byte: "inverter.onnx: its SHA-256 is ",
    truncated_file: "denoiser.onnx: its SHA-256 is ",
    unlisted_file: "'extra.py': is not listed under [files]",
    unlisted_folder: "'more': is not listed under [files]",
    many_unlisted_files: "12 more files are not listed under [files]",
    link_out: "golden.mid: is a link, a bundle holds only regular files",
    manifest_is_a_link: "bundle.toml: is a link",
    folder_for_a_file: "card.md: is not a regular file",
    pipe_for_a_file: "card.md: is not a regular file",
    socket_for_a_file: "card.md: No such device or address",
    huge_file: f"golden.flac: is {MAX_FILE_BYTES + 1} bytes long, at most {MAX_FILE_BYTES} are allowed",
    huge_bundle: f"bytes, at most {MAX_BUNDLE_BYTES} are allowed",
    huge_manifest: f"bundle.toml: is {MAX_MANIFEST_BYTES + 1} bytes long",
    no_manifest: "bundle.toml: No such file or directory",
    no_folder: "bundle.toml: No such file or directory",
    manifest_not_text: "bundle.toml: is not UTF-8 text",
    manifest_with_a_fault: "engine.block_hops: 3 is none of 1, 2, 4",
}


@pytest.mark.parametrize(("spoil", "fault"), BROKEN.items(), ids=[spoil.__name__ for spoil in BROKEN])
def test_spoilt_folder_is_refused(folder: Path, spoil: Callable[[Path], None], fault: str) -> None:
    spoil(folder)
    told = faults_of(folder)
    assert [line for line in told if fault in line], told
    assert len(told) == (9 if spoil is many_unlisted_files else 1), told


def test_faults_of_several_files_are_told_together(folder: Path) -> None:
    for spoil in (missing_file, changed_byte, unlisted_file):
        spoil(folder)
    assert len(faults_of(folder)) == 3


def test_manifest_that_reaches_out_of_the_folder(folder: Path) -> None:
    """Even a file that exists, with the right hash, is not read from outside."""
    outside = folder.parent / "secret"
    outside.write_bytes(b"secret")
    digest = hashlib.sha256(b"secret").hexdigest()
    text = (folder / "bundle.toml").read_text(encoding="utf-8")
    text = text.replace("[files]", f'[files]\n"../secret" = "{digest}"\n"{outside}" = "{digest}"')
    (folder / "bundle.toml").write_text(text, encoding="utf-8")
    assert len([fault for fault in faults_of(folder) if "must be a plain file name" in fault]) == 2


def test_expected_id(folder: Path) -> None:
    assert open_bundle(folder, "tiny").manifest.bundle.id == "tiny"
    with pytest.raises(BundleError, match="its folder is called other, its id is tiny: rename the folder"):
        open_bundle(folder, "other")


def test_a_linked_folder_is_the_users_choice(folder: Path) -> None:
    link = folder.parent / "link"
    link.symlink_to(folder)
    assert open_bundle(link).manifest.bundle.id == "tiny"


def test_no_file_stays_open(folder: Path) -> None:
    before = len(os.listdir("/proc/self/fd"))
    open_bundle(folder)
    huge_file(folder)
    faults_of(folder)
    assert len(os.listdir("/proc/self/fd")) == before
