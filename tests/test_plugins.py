"""The doors for plug-ins: found without being imported, refused with a reason, built-ins first."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from plugin_factory import install_package

from neume.synth.effects.load import load_effect
from neume.synth.plugins import (
    EFFECTS_GROUP,
    INSTRUMENTS_GROUP,
    PluginError,
    list_plugins,
    load_plugin,
    plugin_faults,
    plugin_names,
)

BUILT_IN = {
    "chorus": "neume.synth.effects.chorus:Chorus",
    "delay": "neume.synth.effects.delay:Delay",
    "equaliser": "neume.synth.effects.equaliser:Equaliser",
    "reverb": "neume.synth.effects.reverb:Reverb",
}


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder in front of the search path. Modules that a test writes there have names of their own."""
    monkeypatch.syspath_prepend(tmp_path)
    return tmp_path


def test_built_in_effects_come_through_the_same_door() -> None:
    own = {plugin.id: plugin.target for plugin in list_plugins(EFFECTS_GROUP) if plugin.built_in}
    assert own == BUILT_IN
    for effect_id in BUILT_IN:
        assert load_effect(effect_id).parameters


def test_a_package_is_found_with_its_version(path: Path) -> None:
    install_package(path, "loud-box", {EFFECTS_GROUP: {"louder": "loud_box:Louder"}}, version="3.2")
    (found,) = (plugin for plugin in list_plugins(EFFECTS_GROUP) if plugin.id == "louder")
    assert (found.package, found.version, found.target) == ("loud-box", "3.2", "loud_box:Louder")
    assert (found.built_in, found.faults) == (False, ())
    assert "louder" in plugin_names(EFFECTS_GROUP)
    assert "louder" not in plugin_names(INSTRUMENTS_GROUP)


def test_only_what_is_asked_for_is_imported(path: Path) -> None:
    entries = {"one": "plugin_one:thing", "two": "plugin_two:thing"}
    modules = {"plugin_one": "thing = 1\n", "plugin_two": "thing = 2\n"}
    install_package(path, "two-things", {EFFECTS_GROUP: entries}, modules)
    code = (
        "import sys; from neume.synth.plugins import *;"
        "loaded = lambda: [m for m in ('plugin_one', 'plugin_two') if m in sys.modules];"
        "list_plugins('neume.effects'), plugin_faults('neume.effects'); print(loaded());"
        "print(load_plugin('neume.effects', 'two'), loaded())"
    )
    environment = {**os.environ, "PYTHONPATH": str(path)}
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n2 ['plugin_two']\n"


def test_nothing_of_that_name() -> None:
    with pytest.raises(PluginError, match=r"there is no 'nothing' in neume\.effects; there are .*"):
        load_plugin(EFFECTS_GROUP, "nothing")
    with pytest.raises(PluginError, match=r"there is no 'x' in no\.such\.group; there are none"):
        load_plugin("no.such.group", "x")


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("import no_such_library_at_all", "ModuleNotFoundError: No module named 'no_such_library_at_all'"),
        ("raise ValueError('two\\nlines')", "ValueError: two lines"),
        ("import sys; sys.exit(3)", "SystemExit: 3"),
        ("other = 1", "AttributeError: module .* has no attribute 'thing'"),
        ("def (", "SyntaxError: .*"),
    ],
    ids=["library", "raises", "exits", "lacks", "syntax"],
)
def test_a_failing_import_is_one_line(
    path: Path, request: pytest.FixtureRequest, source: str, reason: str
) -> None:
    module = f"failing_{request.node.callspec.id}"
    install_package(path, "failing", {EFFECTS_GROUP: {"fails": f"{module}:thing"}}, {module: source})
    with pytest.raises(PluginError, match=f"^'fails' of package failing cannot be imported .*{reason}$"):
        load_plugin(EFFECTS_GROUP, "fails")


def test_two_packages_with_one_id_are_both_refused(path: Path) -> None:
    """Even if both name the same target."""
    install_package(path, "box-a", {EFFECTS_GROUP: {"fuzz": "fuzz:Fuzz", "only-a": "fuzz:Fuzz"}})
    install_package(path, "box-b", {EFFECTS_GROUP: {"fuzz": "fuzz:Fuzz"}})
    told = "in neume.effects: box-a and box-b offer that id, none is used until only one is installed"
    assert plugin_faults(EFFECTS_GROUP) == (
        f"'fuzz' of package box-a {told}",
        f"'fuzz' of package box-b {told}",
    )
    assert "fuzz" not in plugin_names(EFFECTS_GROUP)
    assert "only-a" in plugin_names(EFFECTS_GROUP)
    with pytest.raises(PluginError, match="box-a and box-b offer that id"):
        load_plugin(EFFECTS_GROUP, "fuzz")


def test_built_in_ones_win(path: Path) -> None:
    install_package(path, "better-reverb", {EFFECTS_GROUP: {"reverb": "better:Reverb"}})
    assert plugin_faults(EFFECTS_GROUP) == (
        "'reverb' of package better-reverb in neume.effects: the id of a built-in one, which is used",
    )
    assert plugin_names(EFFECTS_GROUP).count("reverb") == 1
    assert load_plugin(EFFECTS_GROUP, "reverb").__module__ == "neume.synth.effects.reverb"


@pytest.mark.parametrize("plugin_id", ["Fuzz", "../fuzz", "9fuzz", "fuzz box", "f" * 64])
def test_ids_that_no_preset_could_name(path: Path, plugin_id: str) -> None:
    install_package(path, "odd", {EFFECTS_GROUP: {plugin_id: "fuzz:Fuzz"}})
    assert plugin_id not in plugin_names(EFFECTS_GROUP)
    (fault,) = plugin_faults(EFFECTS_GROUP)
    assert fault.startswith(f"{plugin_id!r} of package odd in neume.effects: an id begins with a letter")


def test_a_package_whose_metadata_is_gone_still_works(path: Path) -> None:
    install_package(
        path, "bare", {EFFECTS_GROUP: {"bare": "bare_module:thing"}}, {"bare_module": "thing = 7"}
    )
    (path / "bare-1.0.dist-info" / "METADATA").unlink()
    assert load_plugin(EFFECTS_GROUP, "bare") == 7


NO_EFFECTS = {
    "raises": ("def Thing(): raise KeyError('x')", "cannot be made: KeyError: 'x'"),
    "number": ("Thing = 3", "cannot be made: TypeError: .*"),
    "empty": ("class Thing: pass", "no method prepare; it has no method process; .*; its parameters are no"),
    "half": (
        "class Thing:\n name = 'x'\n parameters = ()\n tail_s = 0\n"
        " prepare = process = set = reset = state = print\n",
        "breaks the contract: it has no method restore$",
    ),
}
WITH_PARAMETERS = (
    "from neume.synth.manifest import Parameter as P\n"
    "class Thing:\n name = 'x'\n tail_s = 0\n"
    " prepare = process = set = reset = state = restore = print\n"
    " parameters = ({},)\n"
)
BAD_PARAMETERS = {
    "text": ("'mix'", "a parameter has no id, name, unit, minimum, maximum, default"),
    "default": ("P('mix', 'Mix', '', 0, 1, 2)", "parameter mix: minimum <= default <= maximum does not hold"),
    "endless": ("P('mix', 'Mix', '', 0, float('inf'), 2)", "parameter mix: .* or one is not finite"),
    "twice": ("P('a', 'A', '', 0, 1, 0), P('a', 'B', '', 0, 1, 0)", "two parameters have the same id"),
}
BROKEN = NO_EFFECTS | {
    key: (WITH_PARAMETERS.format(parameters), reason) for key, (parameters, reason) in BAD_PARAMETERS.items()
}


@pytest.mark.parametrize("case", BROKEN)
def test_what_is_no_effect_is_refused(path: Path, case: str) -> None:
    source, reason = BROKEN[case]
    install_package(
        path, "broken", {EFFECTS_GROUP: {"thing": f"no_effect_{case}:Thing"}}, {f"no_effect_{case}": source}
    )
    with pytest.raises(PluginError, match=reason):
        load_effect("thing")
