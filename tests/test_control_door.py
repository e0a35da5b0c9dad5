"""Where an engine listens: one of each name, found again after a kill, closed to everybody else."""

from __future__ import annotations

import contextlib
import os
import socket
import stat
import threading

import control_rig
import pytest
from control_rig import Caller, process, running, until

from neume.synth.control.address import (
    Address,
    check_private,
    control_folders,
    find_address,
    make_private,
    own_address,
)
from neume.synth.control.door import Door, knock
from neume.synth.control.errors import ControlError
from neume.synth.control.peer import check_peer, peer_user

folders = pytest.fixture(autouse=True)(control_rig.own_folders)
BOTH = pytest.mark.parametrize("unix", [True, False], ids=["unix", "tcp"])


def permissions(path):
    return stat.S_IMODE(path.stat().st_mode)


@BOTH
def test_only_the_user_can_reach_the_door(unix):
    with Door(own_address("rig"), unix=unix) as door:
        address = door.address
        found = address.socket_path if unix else address.port_path
        assert (permissions(address.folder), permissions(found), permissions(address.lock_path)) == (
            0o700,
            0o600,
            0o600,
        )
        assert door.listener.getsockname()[0] == ("127.0.0.1" if not unix else str(found)[0])
    assert not found.exists()


@BOTH
def test_a_second_engine_of_the_name_is_refused_and_another_name_is_not(unix):
    with Door(own_address("rig"), unix=unix):
        with pytest.raises(ControlError, match=rf"'rig' runs already \(process {os.getpid()}\)"):
            Door(own_address("rig"), unix=unix)
        knock(own_address("rig"), 1.0)[0].close()  # the first is still there
        Door(own_address("other"), unix=unix).close()
    Door(own_address("rig"), unix=unix).close()


def test_one_of_many_that_start_at_once_gets_the_name():
    address, doors, faults = own_address("rig"), [], []
    start = threading.Barrier(8)

    def open_door():
        start.wait()
        try:
            doors.append(Door(address))
        except ControlError as fault:
            faults.append(str(fault))

    threads = [threading.Thread(target=open_door) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(doors), len(faults)) == (1, 7)
    knock(address, 1.0)[0].close()
    doors[0].close()


def test_the_socket_of_a_killed_engine_is_replaced():
    with process("engine", "rig") as engine:
        with pytest.raises(ControlError, match=rf"process {engine.pid}"):
            Door(own_address("rig"))
        engine.kill()
        engine.wait()
    assert own_address("rig").socket_path.exists()
    with pytest.raises(ControlError, match="no engine 'rig' is running: Connection refused"):
        knock(find_address("rig", control_folders()), 1.0)
    with running(), Caller() as caller:
        assert caller.hello["process_id"] == os.getpid()


def test_an_engine_whose_lock_was_removed_keeps_its_socket():
    with Door(own_address("rig")) as door:
        door.address.lock_path.unlink()
        with pytest.raises(ControlError, match=r"runs already \(process unknown"):
            Door(own_address("rig"))


@pytest.mark.parametrize("name", ["", "Main", "../x", "a/b", "a" * 33, "-a", "a b"])
def test_names_are_file_names_at_most(name):
    with pytest.raises(ControlError, match="small letters"):
        own_address(name)


def test_without_a_runtime_folder_the_state_folder_serves(folders, monkeypatch):
    monkeypatch.setattr("neume.synth.control.address._runtime_folder", lambda: None)
    with running(), Caller():
        assert own_address("rig").folder == folders / "sta" / "neume" / "run"


def test_a_folder_that_others_can_enter_is_not_used(folders):
    runtime = folders / "run" / "neume"
    runtime.mkdir(mode=0o755)
    with pytest.raises(ControlError, match="0700"):
        check_private(runtime)
    assert own_address("rig").folder == folders / "sta" / "neume" / "run"
    state = folders / "sta" / "neume" / "run"
    state.chmod(0o750)
    with pytest.raises(ControlError, match=r"no folder for the engine's socket.*0700.*0700.*XDG_RUNTIME_DIR"):
        own_address("rig")


def test_a_folder_that_others_could_replace_is_not_used(folders):
    shared = folders / "shared"
    shared.mkdir()
    shared.chmod(0o777)
    with pytest.raises(ControlError, match="others may replace it"):
        make_private(shared / "neume")
    shared.chmod(0o1777)  # sticky, like /tmp
    make_private(shared / "neume")
    (folders / "link").symlink_to(shared / "neume")
    with pytest.raises(ControlError, match="0700"):
        check_private(folders / "link")


def test_a_path_too_long_for_a_socket_is_told(folders):
    deep = folders / ("x" * 100)
    deep.mkdir(mode=0o700)
    with pytest.raises(ControlError, match=r"cannot listen in .*too long"):
        Door(Address("rig", deep))
    assert not any(name.suffix == ".sock" for name in deep.iterdir())


def test_the_peer_of_a_socket_is_known_and_must_be_this_user():
    near, far = socket.socketpair()
    with near, far:
        assert peer_user(near) == os.geteuid()
    check_peer(os.geteuid())
    check_peer(None)
    with pytest.raises(ControlError, match=rf"user {os.geteuid() + 1} may not control"):
        check_peer(os.geteuid() + 1)


def test_a_stranger_is_turned_away_before_it_can_say_anything(monkeypatch):
    with running() as (server, _):
        monkeypatch.setattr("neume.synth.control.visitor.peer_user", lambda _: os.geteuid() + 1)
        with Caller() as caller:
            assert "may not control" in caller.hello["text"]
            assert caller.hear() is None
        assert (server.clients, server.failure) == (0, None)


def test_on_tcp_nobody_gets_in_without_the_secret():
    with running(unix=False) as (server, _):
        address = own_address("rig")
        for first in (b"wrong\n", b"\n", b'{"kind":"quit"}\n'):
            connection, secret = knock(address, 5.0)
            with connection, contextlib.suppress(ConnectionResetError, BrokenPipeError):
                connection.sendall(first)
                assert connection.recv(100) == b""
        assert len(secret) == 64
        with Caller() as caller:
            caller.say('{"kind":"reset_counters","request":1}')
            assert caller.hear()["done"]
        until(lambda: server.clients == 0)


def test_on_tcp_who_says_nothing_is_not_waited_for():
    with running(unix=False) as (server, _):
        connection, _secret = knock(own_address("rig"), 5.0)
        with connection:
            until(lambda: server.clients == 1)
            assert connection.recv(100) == b""
            assert until(lambda: server.clients == 0) < 3.0
