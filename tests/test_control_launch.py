"""An engine started by a panel lives on its own, and one that cannot start says why."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time

import control_rig
import pytest
from control_rig import Caller, process, program, until

from neume.synth.control.client import EngineClient
from neume.synth.control.commands import Quit, ResetCounters
from neume.synth.control.errors import ControlError
from neume.synth.control.launch import is_running, launch_engine
from neume.synth.control.log_file import MAX_LOG_BYTES, last_line, log_path, open_log, shorten_log

folders = pytest.fixture(autouse=True)(control_rig.own_folders)


def python(code):
    return [sys.executable, "-c", code]


def test_a_launched_engine_listens_in_a_session_of_its_own_and_can_be_stopped():
    engine = launch_engine("rig", program("engine", "rig"))
    assert not engine.ended
    assert is_running("rig")
    assert os.getsid(engine.process_id) == engine.process_id != os.getsid(0)
    with EngineClient.connect("rig") as client:
        assert client.process_id == engine.process_id
        engine.stop()
        assert until(lambda: not client.alive) < 1.0
    assert engine.ended
    assert "signal 15" in engine.reason


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGSTOP])
def test_whatever_happens_to_its_starter_the_engine_goes_on(how):
    with process("start", "rig") as panel, EngineClient.connect("rig") as client:
        engine = client.process_id
        try:
            panel.send_signal(how)
            if how != signal.SIGSTOP:
                panel.wait()
            assert client.send(ResetCounters()).done
            assert (client.process_id, client.connections) == (engine, 1)
            assert client.send(Quit()).text == "bye"
            until(lambda: not client.alive)
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.kill(engine, signal.SIGKILL)


def test_an_engine_that_dies_at_its_start_says_why():
    code = "import sys; print('loading', file=sys.stderr); sys.exit('neume: bundle x: not found\\n\\n')"
    told = (
        r"'rig' ended at its start: neume: bundle x: not found \(exit code 1; its log is .*engine-rig\.log\)"
    )
    with pytest.raises(ControlError, match=told):
        launch_engine("rig", python(code))
    with pytest.raises(ControlError, match=r"it said nothing \(signal 9"):
        launch_engine("rig", python("import os; os.kill(os.getpid(), 9)"))


def test_an_engine_that_does_not_listen_in_time_is_stopped():
    code = "import os, time; print(os.getpid(), flush=True); time.sleep(60)"
    begin_s = time.monotonic()
    with pytest.raises(ControlError, match=r"does not listen after 1 s"):
        launch_engine("rig", python(code), timeout_s=1.0)
    assert time.monotonic() - begin_s < 5.0
    with pytest.raises(ProcessLookupError):
        os.kill(int(last_line(log_path("rig"))), 0)


def test_a_command_that_is_not_there_is_told():
    with pytest.raises(ControlError, match="'rig' cannot be started"):
        launch_engine("rig", ["/nowhere/neume"])


def test_an_engine_that_runs_is_not_started_again():
    with process("engine", "rig") as engine:
        with pytest.raises(ControlError, match="'rig' runs already"):
            launch_engine("rig", program("engine", "rig"))
        with Caller() as caller:
            assert caller.hello["process_id"] == engine.pid


def test_the_log_of_the_engine_before_is_kept_beside(folders):
    for word in ("first", "second"):
        with pytest.raises(ControlError, match=word):
            launch_engine("rig", python(f"import sys; sys.exit('{word}')"))
    assert last_line(log_path("rig")) == "second"
    assert last_line(log_path("rig").with_suffix(".log.1")) == "first"
    assert log_path("rig").parent == folders / "sta" / "neume"


def test_a_log_that_is_written_without_end_stays_short():
    """From a program that the log is the standard error of, as an engine's."""
    path = log_path("rig")
    descriptor = open_log(path)
    code = (
        "import os, pathlib, sys; from neume.synth.control.log_file import shorten_log\n"
        "for turn in range(400):\n"
        "    os.write(2, b'%06d ' % turn + b'x' * 16_000 + b'\\n')\n"
        "    shorten_log(pathlib.Path(sys.argv[1]))\n"
        "os.write(2, b'the end\\n')"
    )
    subprocess.run([*python(code), str(path)], stderr=descriptor, check=True)
    os.close(descriptor)
    kept = path.with_suffix(".log.1").read_bytes() + path.read_bytes()
    assert path.stat().st_size <= MAX_LOG_BYTES + 16_008
    assert len(kept) <= 2 * MAX_LOG_BYTES + 16_008
    numbers = [int(line.split()[0]) for line in kept.split(b"\n")[1:-2]]
    assert numbers == list(range(numbers[0], 400)), "the newest lines, none lost"
    assert last_line(path) == "the end"


def test_only_the_log_is_shortened(folders):
    other = folders / "other"
    other.write_bytes(b"x" * (MAX_LOG_BYTES + 1))
    with other.open("ab") as file:
        assert not shorten_log(log_path("rig"), file.fileno())
    assert other.stat().st_size == MAX_LOG_BYTES + 1
    assert not shorten_log(log_path("rig"), 2)


def test_the_last_line_of_a_log_is_printable(folders):
    log = folders / "log"
    assert last_line(log) == ""
    log.write_bytes(b"first\n\x1b[31mError:\x07 \xff broken\x1b[0m  \r\n\n   \n")
    assert last_line(log) == "Error: \ufffd broken"
    log.write_bytes(b"x" * 100_000)
    assert len(last_line(log)) == 8192
