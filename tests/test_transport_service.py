"""Files and auditions over the control link, in a real engine process: nobody waits for what takes long."""

from __future__ import annotations

import time

import pytest
from test_engine_service import client as client
from test_engine_service import folders as folders
from test_engine_service import refused, until
from tiny_songs import note, write_song

from neume.synth.control.commands import Audition, PlayFile, SetValue, Subscribe, Transport


@pytest.fixture(autouse=True)
def _own_cache(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def test_a_panel_plays_a_file(client, tmp_path):
    client.post(Subscribe(30.0))
    song = write_song(tmp_path / "song.mid", [*note(60, 0.0, 1.0), *note(64, 1.0, 20.0)], length_s=30.0)
    assert "no MIDI file is loaded" in refused(client, Transport("play"))
    broken = tmp_path / "broken.mid"
    broken.write_text("no song")
    assert str(broken) in refused(client, PlayFile(broken))
    until(client, lambda now: now.transport is None)
    assert client.send(PlayFile(song)).done
    until(client, lambda now: now.transport is not None and now.transport.length_s == 30.0)
    assert client.send(Transport("play", loop=True)).done
    until(client, lambda now: now.transport.playing and now.transport.position_s > 0.2)
    until(client, lambda now: sum(now.sounding) >= 1)
    assert client.latest.transport.loop
    assert client.send(Transport("pause", position_s=12.5)).done
    until(client, lambda now: now.transport.position_s == 12.5 and not now.transport.playing)
    assert client.send(Transport("stop")).done
    until(client, lambda now: now.transport.position_s == 0.0)


def test_commands_for_a_file_that_is_being_read_wait_for_it(client, tmp_path):
    client.post(Subscribe(30.0))
    song = write_song(tmp_path / "song.mid", note(60, 0.0, 25.0), length_s=30.0)
    loading = client.ask(PlayFile(song))
    playing = client.ask(Transport("play", position_s=5.0))
    assert client.send(SetValue("part.0.volume_db", -3.0)).done, "the owner does not wait"
    assert loading.result(30.0).done
    assert playing.result(30.0).done
    until(client, lambda now: now.transport is not None and now.transport.position_s > 5.0)


def test_an_audition_is_answered_when_it_begins(client):
    begun_s = time.monotonic()
    asked = client.ask(Audition(program=73))
    assert client.send(SetValue("part.0.volume_db", -3.0)).done, "the owner does not wait"
    reply = asked.result(60.0)
    assert reply.done, reply.text
    assert time.monotonic() - begun_s < 60.0
    assert client.send(Audition()).done
    assert "not found in" in client.ask(Audition(program=1, bundle="no-such")).result(60.0).text
