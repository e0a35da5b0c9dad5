"""Installing bundles: good ones become visible whole, and whatever a stranger packs, nothing else happens."""

from __future__ import annotations

import io
import json
import os
import stat
import struct
import tempfile
import warnings
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer
from bundle_factory import write_bundle
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner, Result

from neume.synth import cli_bundles
from neume.synth.bundle import list_bundles, open_bundle, open_named
from neume.synth.bundle.install import (
    AlreadyInstalled,
    InstallCancelled,
    install_bundle,
    user_folder,
)
from neume.synth.bundle.unpack import DEVICES, LITTER, Limits, unpack
from neume.synth.errors import BundleError, OutputError


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's own folder of bundles, not there yet."""
    monkeypatch.setenv("NEUME_BUNDLES", "")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    return tmp_path / "data" / "neume" / "bundles"


@pytest.fixture(scope="module")
def contents() -> dict[str, bytes]:
    """The files of a good bundle called tiny."""
    with tempfile.TemporaryDirectory() as folder:
        write_bundle(Path(folder) / "tiny")
        return {path.name: path.read_bytes() for path in (Path(folder) / "tiny").iterdir()}


def write_zip(path: Path, members: list[tuple[str | zipfile.ZipInfo, bytes]], **options: int) -> Path:
    options = {"compression": zipfile.ZIP_DEFLATED} | options
    with warnings.catch_warnings(), zipfile.ZipFile(path, "w", **options) as archive:  # type: ignore[call-overload]
        warnings.simplefilter("ignore")  # of names that are there twice
        for name, content in members:
            archive.writestr(name, content)
    return path


def packed(folder: Path, contents: dict[str, bytes], prefix: str = "", **options: int) -> Path:
    members = [(prefix + name, content) for name, content in contents.items()]
    return write_zip(folder / "tiny.zip", members, **options)


def faults_of(source: Path, **options: object) -> list[str]:
    with pytest.raises(BundleError) as caught:
        install_bundle(source, **options)  # type: ignore[arg-type]
    assert caught.value.source == str(source)
    return caught.value.faults


def tree(folder: Path) -> dict[str, bytes]:
    """Every file below a folder, and every link as what it points to."""
    found = {}
    for path in sorted(folder.rglob("*")):
        if path.is_symlink():
            found[str(path.relative_to(folder))] = os.readlink(path).encode()
        elif path.is_file():
            found[str(path.relative_to(folder))] = path.read_bytes()
        else:
            found[str(path.relative_to(folder))] = b"folder"
    return found


# --- good ones


@pytest.mark.parametrize("prefix", ["", "tiny/", "My bundle (2)/"])
def test_a_zip_is_installed_under_its_id(
    tmp_path: Path, home: Path, contents: dict[str, bytes], prefix: str
) -> None:
    done = install_bundle(packed(tmp_path, contents, prefix))
    assert (done.folder, done.info.id, done.replaced) == (home / "tiny", "tiny", False)
    assert tree(home) == {"tiny": b"folder"} | {f"tiny/{name}": text for name, text in contents.items()}
    assert open_named("tiny").folder == home / "tiny"


def test_a_folder_is_installed_and_stays(tmp_path: Path, home: Path, contents: dict[str, bytes]) -> None:
    write_bundle(tmp_path / "somewhere")
    (tmp_path / "link").symlink_to(tmp_path / "somewhere")
    done = install_bundle(tmp_path / "link")
    assert done.folder == home / "tiny"
    assert not done.folder.is_symlink()
    assert tree(home / "tiny") == tree(tmp_path / "somewhere") == contents
    assert sorted(path.name for path in home.iterdir()) == ["tiny"]


def test_a_stored_zip_with_a_comment_and_litter(
    tmp_path: Path, home: Path, contents: dict[str, bytes]
) -> None:
    path = packed(tmp_path, contents, "tiny/", compression=zipfile.ZIP_STORED)
    with zipfile.ZipFile(path, "a") as archive:
        archive.comment = b"made by hand"
        for name in LITTER:
            archive.writestr(f"tiny/{name}", b"litter")
        archive.writestr("__MACOSX/tiny/._bundle.toml", b"litter")
    install_bundle(path)
    assert tree(home / "tiny") == contents


def test_installed_files_have_no_marks_of_their_source(
    tmp_path: Path, home: Path, contents: dict[str, bytes]
) -> None:
    members: list[tuple[str | zipfile.ZipInfo, bytes]] = []
    for name, content in contents.items():
        info = zipfile.ZipInfo(name)
        info.external_attr = (stat.S_IFREG | 0o6777) << 16
        members.append((info, content))
    install_bundle(write_zip(tmp_path / "tiny.zip", members))
    for path in (home / "tiny").iterdir():
        assert path.stat().st_mode & 0o7111 == 0


def test_progress_grows_to_the_end(tmp_path: Path, contents: dict[str, bytes]) -> None:
    seen: list[tuple[int, int]] = []
    install_bundle(packed(tmp_path, contents), progress=lambda copied, told: seen.append((copied, told)))
    copied = [pair[0] for pair in seen[:-1]]
    assert copied == sorted(copied)
    assert copied[-1] == sum(map(len, contents.values()))
    assert all(0 <= done <= told for done, told in seen)


# --- one that is there already


def test_nothing_is_replaced_without_asking(tmp_path: Path, home: Path, contents: dict[str, bytes]) -> None:
    path = packed(tmp_path, contents)
    install_bundle(path)
    (home / "tiny" / "card.md").write_bytes(b"mine")
    before = tree(home)
    with pytest.raises(AlreadyInstalled) as caught:
        install_bundle(path)
    error = caught.value
    assert (error.info.id, error.origin, error.folder, error.replaces) == (
        "tiny",
        "user",
        home / "tiny",
        True,
    )
    assert tree(home) == before
    assert install_bundle(path, replace=True).replaced
    assert tree(home / "tiny") == contents
    assert [entry.name for entry in home.iterdir()] == ["tiny"]


def test_hiding_a_bundle_of_another_folder_is_asked_too(
    tmp_path: Path, home: Path, contents: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NEUME_BUNDLES", str(tmp_path / "first"))
    write_bundle(tmp_path / "first" / "tiny")
    path = packed(tmp_path, contents)
    with pytest.raises(AlreadyInstalled) as caught:
        install_bundle(path)
    assert (caught.value.origin, caught.value.replaces) == ("NEUME_BUNDLES", False)
    assert not install_bundle(path, replace=True).replaced
    assert (home / "tiny").is_dir()
    assert (tmp_path / "first" / "tiny").is_dir()


@pytest.mark.parametrize("kind", ["link", "file", "empty folder", "broken link"])
def test_whatever_has_the_name_is_replaced_only_when_asked(
    tmp_path: Path, home: Path, contents: dict[str, bytes], kind: str
) -> None:
    home.mkdir(parents=True)
    write_bundle(tmp_path / "linked")
    match kind:
        case "link":
            (home / "tiny").symlink_to(tmp_path / "linked")
        case "file":
            (home / "tiny").write_text("mine")
        case "empty folder":
            (home / "tiny").mkdir()
        case _:
            (home / "tiny").symlink_to(tmp_path / "nowhere")
    path = packed(tmp_path, contents)
    with pytest.raises(AlreadyInstalled):
        install_bundle(path)
    install_bundle(path, replace=True)
    assert tree(home / "tiny") == contents
    assert not (home / "tiny").is_symlink()
    assert tree(tmp_path / "linked") == contents  # what a link pointed to is untouched


def test_a_bundle_may_be_replaced_by_itself(tmp_path: Path, home: Path, contents: dict[str, bytes]) -> None:
    install_bundle(packed(tmp_path, contents))
    assert install_bundle(home / "tiny", replace=True).replaced
    assert tree(home / "tiny") == contents


def test_a_replacement_cut_short_is_brought_back(
    tmp_path: Path, home: Path, contents: dict[str, bytes]
) -> None:
    """As a process leaves it that is killed between the two renames."""
    write_bundle(home / ".replaced-tiny-abc_1234" / "bundle")
    (home / ".installing-abc").mkdir()
    (home / ".installing-old").mkdir()
    os.utime(home / ".installing-old", (0, 0))
    with pytest.raises(AlreadyInstalled):
        install_bundle(packed(tmp_path, contents))
    assert sorted(path.name for path in home.iterdir()) == [".installing-abc", "tiny"]
    assert tree(home / "tiny") == contents


# --- cancelling and failing


def test_cancelling_at_any_moment_leaves_nothing(
    tmp_path: Path, home: Path, contents: dict[str, bytes]
) -> None:
    path = packed(tmp_path, contents)
    calls = 0

    def count(_copied: int, _told: int) -> None:
        nonlocal calls
        calls += 1

    install_bundle(path, root=tmp_path / "counted", progress=count)
    assert calls > len(contents)
    for last in range(calls):
        left = last

        def stop(_copied: int, _told: int) -> None:
            nonlocal left
            if left == 0:
                raise InstallCancelled("enough")
            left -= 1

        with pytest.raises(InstallCancelled):
            install_bundle(path, progress=stop)
        assert tree(home) == {}


def test_a_bad_one_tells_every_fault_and_leaves_nothing(
    tmp_path: Path, home: Path, contents: dict[str, bytes]
) -> None:
    bad = contents | {"card.md": b"changed", "extra.py": b"print('never run')"}
    del bad["golden.mid"]
    told = " ".join(faults_of(packed(tmp_path, bad)))
    for part in ("card.md: its SHA-256", "extra.py", "golden.mid: No such file"):
        assert part in told
    assert tree(home) == {}


def test_what_a_further_check_refuses_is_not_installed(
    tmp_path: Path, home: Path, contents: dict[str, bytes]
) -> None:
    def refuse(bundle: object) -> None:
        raise BundleError("somewhere", ["too slow", "too loud"])

    assert faults_of(packed(tmp_path, contents), check=refuse) == ["too slow", "too loud"]
    assert tree(home) == {}


def test_a_root_that_cannot_be_written(tmp_path: Path, contents: dict[str, bytes]) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(OutputError, match="cannot be written"):
        install_bundle(packed(tmp_path, contents), root=tmp_path / "file" / "bundles")


def test_sources_that_are_none(tmp_path: Path, home: Path) -> None:
    assert faults_of(tmp_path / "nothing") == ["there is no such file or folder"]
    (tmp_path / "text.zip").write_text("no zip")
    assert "no sound zip archive" in faults_of(tmp_path / "text.zip")[0]
    (tmp_path / "empty").mkdir()
    assert faults_of(tmp_path / "empty") == ["holds no bundle.toml"]
    os.mkfifo(tmp_path / "pipe")
    assert faults_of(tmp_path / "pipe") == ["there is no such file or folder"]
    assert tree(home) == {}


# --- strangers' names


BAD_NAMES = [
    "../evil.txt",
    "../../../evil.txt",
    "/etc/evil.txt",
    "sub/evil.txt",
    "sub/",
    "C:\\evil.txt",
    "..\\evil.txt",
    "a\nb",
    "-x",
    ".hidden",
    "",
    "nul.txt",
    "Com1",
    "x" * 200,
    "\u202etxt.exe",
]


@pytest.mark.parametrize("name", BAD_NAMES)
@pytest.mark.parametrize("prefix", ["", "tiny/"])
def test_a_name_that_is_not_plain_is_refused(
    tmp_path: Path, contents: dict[str, bytes], name: str, prefix: str
) -> None:
    members: list[tuple[str | zipfile.ZipInfo, bytes]] = [
        (prefix + other, content) for other, content in contents.items()
    ]
    before = tree(tmp_path)
    source = write_zip(tmp_path / "tiny.zip", [*members, (zipfile.ZipInfo(prefix + name), b"evil")])
    if prefix + name == "tiny/":
        install_bundle(source, root=tmp_path / "elsewhere")  # the folder itself, as many packers write it
        return
    assert faults_of(source)
    source.unlink()
    assert {path: text for path, text in tree(tmp_path).items() if not path.startswith("data")} == before


@pytest.mark.parametrize("prefix", ["../", "/", "./", "C:/", "..\\x/", "a/b/"])
def test_a_folder_that_is_not_plain_is_refused(
    tmp_path: Path, contents: dict[str, bytes], prefix: str
) -> None:
    assert "is not a plain file name" in faults_of(packed(tmp_path, contents, prefix))[0]


def test_two_folders_are_not_one_bundle(tmp_path: Path, contents: dict[str, bytes]) -> None:
    members: list[tuple[str | zipfile.ZipInfo, bytes]] = [
        (prefix + name, content) for prefix in ("a/", "b/") for name, content in contents.items()
    ]
    assert faults_of(write_zip(tmp_path / "two.zip", members))


@pytest.mark.parametrize("second", ["card.md", "CARD.MD"])
def test_a_name_twice_is_refused(tmp_path: Path, contents: dict[str, bytes], second: str) -> None:
    members: list[tuple[str | zipfile.ZipInfo, bytes]] = [*contents.items(), (second, b"other")]
    assert faults_of(write_zip(tmp_path / "two.zip", members)) == [
        "'card.md': is there 2 times, large or small"
    ]


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFDIR, stat.S_IFCHR, stat.S_IFIFO, stat.S_IFSOCK])
def test_links_and_devices_of_a_zip_are_refused(
    tmp_path: Path, contents: dict[str, bytes], kind: int
) -> None:
    info = zipfile.ZipInfo("card.md")
    info.external_attr = (kind | 0o777) << 16
    others = [(name, content) for name, content in contents.items() if name != "card.md"]
    source = write_zip(tmp_path / "tiny.zip", [*others, (info, b"/etc/passwd")])
    assert faults_of(source) == ["'card.md': is a link, a folder or a device; a bundle holds only files"]


@pytest.mark.parametrize("make", ["link", "folder", "pipe"])
def test_links_folders_and_pipes_of_a_folder_are_refused(tmp_path: Path, home: Path, make: str) -> None:
    folder = tmp_path / "tiny"
    write_bundle(folder)
    card = folder / "card.md"
    card.unlink()
    match make:
        case "link":
            (tmp_path / "outside.md").write_bytes(b"# Tiny\n")
            card.symlink_to(tmp_path / "outside.md")
        case "folder":
            card.mkdir()
        case _:
            os.mkfifo(card)
    assert faults_of(folder) == ["'card.md': is a link, a folder or a device; a bundle holds only files"]
    assert tree(home) == {}


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_other_packings_are_refused(tmp_path: Path, contents: dict[str, bytes], method: int) -> None:
    assert f"is packed by method {method}; allowed: stored, deflated" in " ".join(
        faults_of(packed(tmp_path, contents, compression=method))
    )


def test_an_encrypted_zip_is_refused(tmp_path: Path, contents: dict[str, bytes]) -> None:
    source = packed(tmp_path, contents)
    raw = bytearray(source.read_bytes())
    for signature, offset in ((b"PK\3\4", 6), (b"PK\1\2", 8)):
        raw[raw.find(signature) + offset] |= 1
    source.write_bytes(raw)
    assert "is encrypted" in faults_of(source)[0]


# --- bombs


def zip_of_zeros(path: Path, name: str, length: int) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive, archive.open(name, "w") as file:
        for _ in range(length >> 20):
            file.write(bytes(1 << 20))
    return path


def test_a_bomb_of_one_file_stops_at_the_limit(tmp_path: Path, home: Path) -> None:
    source = zip_of_zeros(tmp_path / "bomb.zip", "bundle.toml", 40 << 20)
    assert source.stat().st_size < 1 << 20
    largest = 0

    def watch(copied: int, _told: int) -> None:
        nonlocal largest
        largest = max(largest, copied)

    faults = faults_of(source, limits=Limits(file_bytes=5 << 20), progress=watch)
    assert faults == [f"bundle.toml: is longer than the {5 << 20} bytes that are allowed"]
    assert largest <= 5 << 20
    assert tree(home) == {}


def test_a_bomb_of_many_files_stops_at_the_limit(tmp_path: Path, home: Path) -> None:
    zeros = bytes(1 << 20)
    members: list[tuple[str | zipfile.ZipInfo, bytes]] = [(f"f{number}", zeros) for number in range(30)]
    source = write_zip(tmp_path / "bomb.zip", [("bundle.toml", b""), *members])
    assert faults_of(source, limits=Limits(total_bytes=3 << 20)) == [f"holds more than {3 << 20} bytes"]
    assert tree(home) == {}


@pytest.mark.parametrize("told", [0, 10, (1 << 32) - 2])
def test_sizes_that_the_headers_tell_are_not_believed(
    tmp_path: Path, home: Path, told: int, contents: dict[str, bytes]
) -> None:
    source = zip_of_zeros(tmp_path / "bomb.zip", "bundle.toml", 8 << 20)
    raw = bytearray(source.read_bytes())
    struct.pack_into("<L", raw, raw.find(b"PK\1\2") + 24, told)  # of the table of contents
    source.write_bytes(raw)
    assert faults_of(source, limits=Limits(file_bytes=1 << 20))
    assert tree(home) == {}


def test_many_entries_are_refused_before_they_are_listed(tmp_path: Path) -> None:
    members: list[tuple[str | zipfile.ZipInfo, bytes]] = [(f"f{number}", b"") for number in range(30_000)]
    source = write_zip(tmp_path / "many.zip", members, compression=zipfile.ZIP_STORED)
    assert "would be read at once" in faults_of(source)[0]
    few = write_zip(tmp_path / "few.zip", members[:100], compression=zipfile.ZIP_STORED)
    assert faults_of(few) == ["holds more than 65 files"]


def test_a_folder_of_many_files_is_refused(tmp_path: Path) -> None:
    for number in range(70):
        (tmp_path / f"f{number}").touch()
    assert faults_of(tmp_path) == ["holds more than 65 files"]


# --- whatever comes


@pytest.fixture(scope="module")
def good_zip(contents: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in contents.items():
            archive.writestr(f"tiny/{name}", content)
    return buffer.getvalue()


@pytest.fixture(scope="module")
def place() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "bystander").write_text("untouched")
        yield Path(folder)


def installed_or_refused(place: Path, content: bytes, contents: dict[str, bytes]) -> None:
    """The one property: the good bundle as it was packed, or a refusal that leaves nothing."""
    source, root = place / "some.zip", place / "root"
    source.write_bytes(content)
    try:
        faults = ["none"]
        install_bundle(source, root=root, replace=True, limits=Limits(total_bytes=16 << 20))
    except BundleError as error:
        faults = error.faults
    assert faults
    assert all(fault.strip() for fault in faults)
    found = tree(place)
    assert found.pop("bystander") == b"untouched"
    assert found.pop("some.zip") == content
    assert found.pop("root") == b"folder"
    good = {"root/tiny": b"folder"} | {f"root/tiny/{name}": text for name, text in contents.items()}
    assert found in ({}, good)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 1 << 20), st.integers(0, 255)), min_size=1, max_size=8))
def test_a_zip_with_changed_bytes(
    place: Path, good_zip: bytes, contents: dict[str, bytes], changes: list[tuple[int, int]]
) -> None:
    raw = bytearray(good_zip)
    headers = [at for at in range(len(raw) - 4) if raw[at : at + 2] == b"PK"]
    for at, value in changes:
        start = headers[at % len(headers)]
        raw[min(len(raw) - 1, start + at // len(headers) % 60)] = value  # where it hurts: in the headers
    installed_or_refused(place, bytes(raw), contents)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 1 << 20), st.binary(max_size=40))
def test_a_zip_cut_short_or_with_a_tail(
    place: Path, good_zip: bytes, contents: dict[str, bytes], length: int, tail: bytes
) -> None:
    installed_or_refused(place, good_zip[: length % (len(good_zip) + 1)] + tail, contents)


parts = st.sampled_from(
    ["..", ".", "", "tiny", "a", "~", "bundle.toml", "card.md", "C:", "\\", "nul", "é", "x\0y"]
)
names = st.lists(parts, min_size=1, max_size=4).map("/".join) | st.text(max_size=12)
entries = st.tuples(
    names, st.sampled_from([0, stat.S_IFREG, stat.S_IFLNK, stat.S_IFDIR]), st.binary(max_size=50)
)


@settings(max_examples=80, deadline=None)
@given(st.lists(entries, max_size=6), st.sampled_from(["", "tiny/", None]))
def test_a_zip_with_any_names(
    place: Path, contents: dict[str, bytes], extra: list[tuple[str, int, bytes]], prefix: str | None
) -> None:
    buffer = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(buffer, "w") as archive:
        warnings.simplefilter("ignore")
        for name, content in contents.items() if prefix is not None else ():
            archive.writestr(f"{prefix}{name}", content)
        for name, kind, content in extra:
            info = zipfile.ZipInfo("x")
            info.filename = name  # as it is: the constructor would cut it at a NUL
            info.external_attr = (kind | 0o777) << 16
            archive.writestr(info, content)
    installed_or_refused(place, buffer.getvalue(), contents)


@settings(max_examples=25, deadline=None)
@given(st.dictionaries(st.from_regex(r"[a-z][a-z0-9._-]{0,9}", fullmatch=True), st.binary(max_size=3000)))
def test_unpacking_gives_what_was_packed(files: dict[str, bytes]) -> None:
    files = {name: text for name, text in files.items() if name.split(".")[0] not in DEVICES}
    files["bundle.toml"] = b"anything"
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder) / "some.zip", Path(folder) / "target"
        target.mkdir()
        write_zip(source, list(files.items()))
        unpack(source, target, Limits(), lambda copied, told: None)
        assert tree(target) == files


# --- the command


def bundles(*arguments: str) -> Result:
    app = typer.Typer()
    cli_bundles.register(app)
    app.callback()(lambda: None)
    return CliRunner().invoke(app, ["bundles", *arguments])


def test_the_command_installs_and_refuses(tmp_path: Path, home: Path, contents: dict[str, bytes]) -> None:
    source = packed(tmp_path, contents)
    done = bundles("install", str(source))
    assert (done.exit_code, done.stdout) == (0, f"tiny 0.1.0: installed in {home / 'tiny'}\n")
    again = bundles("install", str(source))
    assert again.exit_code == 1
    assert again.stderr == (
        f"neume: {source}: tiny is installed already (user: {home / 'tiny'}); "
        "to install this one all the same, add --replace\n"
    )
    replaced = bundles("install", str(source), "--replace", "--json")
    assert json.loads(replaced.stdout) == {"source": str(source), "folder": str(home / "tiny"), "faults": []}


def test_the_command_tells_every_fault(tmp_path: Path, home: Path, contents: dict[str, bytes]) -> None:
    source = packed(tmp_path, {name: text for name, text in contents.items() if name == "bundle.toml"})
    done = bundles("install", str(source))
    assert done.exit_code == 1
    lines = done.stderr.splitlines()
    assert len(lines) == len(contents) - 1
    assert all(line.startswith(f"neume: {source}: ") for line in lines)
    assert json.loads(bundles("install", str(source), "--json").stdout)["folder"] is None
    assert [bundle for bundle in list_bundles() if bundle.origin == "user"] == []


def test_the_built_in_bundle_can_be_installed_beside_itself(tmp_path: Path) -> None:
    built_in = next(bundle for bundle in list_bundles() if bundle.origin == "built-in")
    with pytest.raises(AlreadyInstalled):
        install_bundle(built_in.folder)
    done = install_bundle(built_in.folder, replace=True)
    assert done.folder == user_folder() / built_in.name
    assert open_bundle(done.folder).manifest == built_in.manifest
