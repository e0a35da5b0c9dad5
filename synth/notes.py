"""The note table of one stream: which notes sound, and what their channels' controllers say.

Second link of the chain. Events go in one at a time in order of their frames; the table is the whole musical
state of a stream, is of fixed size, and can be saved, restored and reset. Not thread-safe: the render
thread owns it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from .channels import Channels, ChannelState, home_of
from .events import (
    CHANNELS,
    ChannelPressure,
    ControlChange,
    MidiEvent,
    NoteOff,
    NoteOn,
    Panic,
    PitchBend,
    PolyPressure,
    ProgramChange,
    SystemReset,
)
from .voices import CHOKE_DB_PER_S, DRUM_PROGRAM, VoiceTable, velocity_db

SILENT_DB: Final = -90.0  # a voice this far below the loudest is over
HELD: Final = -1  # release frame of a note that has not been released
CHOKES: Final = {42: (46,), 44: (46,), 46: (42, 44), 71: (72,), 72: (71,), 73: (74,), 74: (73,), 80: (81,)}
SOFT_PEDAL_GAIN: Final = 0.75  # of the velocity, for notes begun while CC67 is down

SLOT = np.dtype(
    [
        ("active", np.bool_),
        ("key_down", np.bool_),
        ("sostenuto", np.bool_),
        ("channel", np.int16),
        ("key", np.int16),
        ("program", np.int16),
        ("velocity", np.float32),
        ("onset", np.int64),
        ("release", np.int64),
        ("decay_db_per_s", np.float32),
        ("release_db_per_s", np.float32),
        ("settle", np.int64),  # samples after the onset from which on a held note neither fades nor ages
        ("tuning", np.float32),
        ("pressure", np.float32),
        ("phase", np.float64),  # of the excitation at the last hop's end, in cycles
        ("pitch", np.float64),  # of the excitation at the last hop's end, in semitones; NaN before the first
    ]
)


@dataclass(frozen=True, slots=True)
class NoteTableState:
    """A copy of everything a `NoteTable` knows; restoring it continues sample for sample."""

    slots: NDArray[np.void]
    channels: tuple[ChannelState, ...]


class NoteTable:
    """Sounding and releasing notes of one stream, in `slots`, a structured array of fixed length."""

    def __init__(self, slots: int, voices: VoiceTable, rate_hz: int = 48_000) -> None:
        self.slots = np.zeros(slots, SLOT)
        self.voices = voices
        self.rate_hz = rate_hz
        self.channels = Channels()

    def reset(self) -> None:
        self.slots[:] = 0
        self.channels.reset()

    def state(self) -> NoteTableState:
        return NoteTableState(self.slots.copy(), self.channels.state())

    def restore(self, state: NoteTableState) -> None:
        self.slots[:] = state.slots
        self.channels.restore(state.channels)

    @property
    def sounding(self) -> int:
        """Number of slots in use, released notes that still ring included."""
        return int(np.count_nonzero(self.slots["active"]))

    def apply(self, event: MidiEvent) -> None:
        """Take one event into the table. Unknown controllers change nothing."""
        match event:
            case NoteOn():
                self._note_on(event)
            case NoteOff():
                self._key_up(event.channel, event.key, event.frame)
            case ControlChange():
                self._control(event)
            case PitchBend():
                self.channels[event.channel].bend = event.value
            case ChannelPressure():
                self.channels[event.channel].pressure = event.value
            case PolyPressure():
                chosen = self._sounding(event.channel) & (self.slots["key"] == event.key)
                self.slots["pressure"][chosen] = event.value / 127.0
            case ProgramChange():
                self.channels[event.channel].select_program(event.program)
            case SystemReset():
                self.slots["key_down"] = False
                self.slots["sostenuto"] = False
                self._release(self.slots["active"], event.frame)
                self.channels.reset()
            case Panic():  # pedals go up too: one that hangs would hold the next notes
                self.slots[:] = 0
                self.channels.lift_pedals()

    def levels_db(self, frame: int) -> NDArray[np.float32]:
        """Estimated level of each slot's note at `frame`, dB below the loudest note; shape `(slots,)`.

        Velocity, decay and release are in it, channel volume and expression are not.
        """
        return slot_levels_db(self.slots, frame, self.rate_hz)

    def retire(self, frame: int) -> None:
        """Free the slots whose notes have faded below hearing by `frame`."""
        if self.slots["active"].any():
            over = self.slots["active"] & (self.levels_db(frame) < SILENT_DB)
            self.slots[over] = 0

    def hurry_releases(self, kept: int) -> None:
        """Let at most `kept` released notes ring on, the latest ones; the others fade within 40 ms."""
        released = np.flatnonzero(self.slots["active"] & (self.slots["release"] != HELD))
        if released.size > kept:
            latest_last = released[np.argsort(self.slots["release"][released], kind="stable")]
            self.slots["release_db_per_s"][latest_last[: released.size - kept]] = CHOKE_DB_PER_S

    def _sounding(self, channel: int) -> NDArray[np.bool_]:
        return np.asarray(self.slots["active"] & (self.slots["channel"] == channel))

    def _ruled(self, channel: int) -> NDArray[np.bool_]:
        """The notes that a controller of a channel concerns, those of its members too."""
        if channel >= CHANNELS:
            return self._sounding(channel)
        return np.asarray(self.slots["active"] & (self.slots["channel"] % CHANNELS == channel))

    def _drums(self) -> NDArray[np.bool_]:
        return np.asarray(self.slots["program"] == DRUM_PROGRAM)

    def _note_on(self, event: NoteOn) -> None:
        channel = self.channels[event.channel]
        program = channel.sounding_program
        same = self._sounding(event.channel)
        if program == DRUM_PROGRAM:
            choked = self._drums() & np.isin(self.slots["key"], CHOKES.get(event.key, ()))
            kit = self._ruled(home_of(event.channel))
            self._release(kit & choked, event.frame, CHOKE_DB_PER_S)
        else:
            repeated = same & ~self._drums() & (self.slots["key"] == event.key)
            self.slots["key_down"][repeated] = False
            self.slots["sostenuto"][repeated] = False
            self._release(repeated, event.frame)
        index = self._free_slot(event.frame)
        slot = self.slots[index : index + 1]
        velocity = event.velocity * (SOFT_PEDAL_GAIN if channel.soft else 1.0)
        slot[:] = 0
        slot["active"] = slot["key_down"] = True
        slot["channel"], slot["key"], slot["program"] = event.channel, event.key, program
        slot["velocity"], slot["onset"], slot["release"] = max(1.0, velocity), event.frame, HELD
        for name in ("decay_db_per_s", "release_db_per_s"):
            slot[name] = getattr(self.voices, name)[program, event.key]
        slot["settle"] = int(self.voices.settle_s[program, event.key] * self.rate_hz)
        slot["tuning"] = self.voices.tuning_semitones[program, event.key]
        slot["pitch"] = np.nan

    def _free_slot(self, frame: int) -> int:
        """Index of the first free slot; with none free, of the quietest, released notes and drums first."""
        free = np.flatnonzero(~self.slots["active"])
        if free.size:
            return int(free[0])
        held = (self.slots["release"] == HELD) & ~self._drums()
        held_bonus_db = np.where(held, 200.0, 0.0)
        return int(np.argmin(self.levels_db(frame) + held_bonus_db))

    def _release(self, chosen: NDArray[np.bool_], frame: int, rate_db_per_s: float | None = None) -> None:
        """Release the chosen notes that are not released yet; a rate also hurries the ones that are."""
        fresh = chosen & (self.slots["release"] == HELD)
        self.slots["release"][fresh] = frame
        if rate_db_per_s is not None:
            self.slots["release_db_per_s"][chosen] = rate_db_per_s

    def _key_up(self, channel: int, key: int, frame: int) -> None:
        chosen = self._sounding(channel) & (self.slots["key"] == key)
        self.slots["key_down"][chosen] = False
        self._release_unheld(channel, frame)

    def _release_unheld(self, channel: int, frame: int) -> None:
        """Release the notes of a channel that neither key, sustain pedal nor sostenuto holds.

        Drums ring out: a drum has no release, only a choke.
        """
        if not self.channels[channel].sustain_down:
            loose = self._ruled(channel) & ~self.slots["key_down"] & ~self.slots["sostenuto"]
            self._release(loose & ~self._drums(), frame)

    def _control(self, event: ControlChange) -> None:
        channel = self.channels[event.channel]
        mine = self._ruled(event.channel)
        sostenuto_was_down = channel.sostenuto_down
        channel.control(event.controller, event.value)
        match event.controller:
            case 64:
                self._release_unheld(event.channel, event.frame)
            case 66 if not channel.sostenuto_down:
                self.slots["sostenuto"][mine] = False
                self._release_unheld(event.channel, event.frame)
            case 66 if not sostenuto_was_down:  # going down, it catches the keys that are down, no later ones
                self.slots["sostenuto"][mine & self.slots["key_down"]] = True
            case 121:
                self.slots["sostenuto"][mine] = False
                self.slots["pressure"][mine] = 0.0
                self._release_unheld(event.channel, event.frame)
            case 120:
                self.slots["key_down"][mine] = False
                self.slots["sostenuto"][mine] = False
                self._release(mine, event.frame, CHOKE_DB_PER_S)
            case 123 | 124 | 125 | 126 | 127:
                self.slots["key_down"][mine] = False
                self._release_unheld(event.channel, event.frame)


def slot_levels_db(
    slots: NDArray[np.void], frame: int | NDArray[np.int64], rate_hz: int
) -> NDArray[np.float32]:
    """`NoteTable.levels_db` of some slots; a `frame` of shape `(frames, 1)` gives `(frames, slots)`."""
    onset, release = slots["onset"], slots["release"]
    age_s = np.minimum(np.maximum(frame - onset, 0), slots["settle"]) / rate_hz
    released_s = np.maximum(frame - release, 0) * (release != HELD) / rate_hz
    fall = slots["decay_db_per_s"] * age_s + slots["release_db_per_s"] * released_s
    return np.asarray(velocity_db(slots["velocity"]) - fall, dtype=np.float32)
