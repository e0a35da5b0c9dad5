"""The shape of the project: rooms, packages, top level, and the commands that the README states."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).parent.parent
SETTINGS = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
ROOMS = ("synth", "models", "ui", "presets")
TOP_LEVEL = {*ROOMS, "tests", "pyproject.toml", "README.md", "LICENSE", "CHANGELOG.md"}


def tracked_or_new() -> list[str]:
    """Every file of the project that git does not ignore, relative to the root."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()


def test_listed_packages_are_the_folders_on_disk() -> None:
    folders = {"neume." + ".".join(path.parent.relative_to(ROOT).parts) for path in _package_files()}
    assert set(SETTINGS["tool"]["setuptools"]["packages"]) == folders


def _package_files() -> list[Path]:
    return [path for room in ROOMS for path in (ROOT / room).rglob("__init__.py")]


def test_rooms_map_to_their_own_folders() -> None:
    expected = {f"neume.{room}": room for room in ROOMS}
    assert SETTINGS["tool"]["setuptools"]["package-dir"] == expected


def test_every_folder_with_modules_is_a_package() -> None:
    modules = [Path(name) for name in tracked_or_new() if name.endswith(".py")]
    inside = [path for path in modules if path.parts[0] in ROOMS]
    assert [str(path) for path in inside if not (ROOT / path.parent / "__init__.py").exists()] == []


def test_top_level_holds_nothing_else() -> None:
    top = {name.split("/")[0] for name in tracked_or_new()}
    assert {name for name in top if not name.startswith(".")} == TOP_LEVEL


def test_files_stay_short() -> None:
    """At most 300 lines a module, so that each holds one idea."""
    modules = [ROOT / name for name in tracked_or_new() if name.endswith(".py")]
    lengths = {
        str(path.relative_to(ROOT)): len(path.read_text(encoding="utf-8").splitlines()) for path in modules
    }
    rooms = {name: length for name, length in lengths.items() if name.split("/")[0] in ROOMS}
    assert {name: length for name, length in rooms.items() if length > 300} == {}


def test_importing_the_command_line_needs_no_torch() -> None:
    code = "import sys; import neume.synth.cli; print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


def test_player_depends_on_no_training_library() -> None:
    names = {re.split(r"[<>=\[ ]", line)[0] for line in SETTINGS["project"]["dependencies"]}
    assert names & {"torch", "matplotlib", "onnxscript", "mirdata", "PyQt6", "PyQt5"} == set()


def test_namespace_links_reach_every_room(tmp_path: Path) -> None:
    for room in ROOMS:
        (tmp_path / room).mkdir()
    (tmp_path / "pyproject.toml").write_bytes((ROOT / "pyproject.toml").read_bytes())
    code = "import sys; from pathlib import Path; from link_namespace import link_rooms as link;"
    code += "link(Path(sys.argv[1])); print(link(Path(sys.argv[1])))"
    command = [sys.executable, "-c", code, str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT / ".ci", capture_output=True, text=True, check=True)
    namespace = Path(done.stdout.strip())
    assert {room: (namespace / "neume" / room).resolve() for room in ROOMS} == {
        r: tmp_path / r for r in ROOMS
    }


def test_readme_states_two_commands_that_ci_can_find(tmp_path: Path) -> None:
    """`.ci/run` runs the block under "Run the tests" word for word, here one that stops it early."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    blocks = re.findall(r"^```\n(.*?)\n```$", readme.split("## Commands")[0], re.MULTILINE | re.DOTALL)
    assert len(blocks) == 2
    assert blocks[0].endswith(".venv/bin/neume play --demo")
    assert blocks[1].endswith(".venv/bin/python .ci/check.py")
    (tmp_path / ".ci").mkdir()
    (tmp_path / ".ci" / "run").write_bytes((ROOT / ".ci" / "run").read_bytes())
    (tmp_path / "README.md").write_text(readme.replace(blocks[1], "echo found && exit 7"), encoding="utf-8")
    done = subprocess.run(
        ["bash", str(tmp_path / ".ci" / "run")], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (7, "echo found && exit 7\nfound\n")


def test_ci_fails_without_a_command(tmp_path: Path) -> None:
    (tmp_path / ".ci").mkdir()
    (tmp_path / ".ci" / "run").write_bytes((ROOT / ".ci" / "run").read_bytes())
    (tmp_path / "README.md").write_text("# Neume\n\n### Play\n\n```\ntrue\n```\n", encoding="utf-8")
    done = subprocess.run(
        ["bash", str(tmp_path / ".ci" / "run")], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "Run the tests" in done.stderr
