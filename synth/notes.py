"""The note table of one stream: which notes sound, and what their channels' controllers say.

Second link of the chain. Events go in one at a time in order of their frames; the table is the whole musical
state of a stream, is of fixed size, and can be saved, restored and reset. Not thread-safe: the render
thread owns it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .channels import WITH_MEMBERS, Channels, ChannelState, home_of
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
from .hop_kernel import HELD, SILENT_DB, levels_db, retire
from .voices import CHOKE_DB_PER_S, DRUM_PROGRAM, VoiceTable

__all__ = ["HELD", "SILENT_DB", "SLOT", "Controls", "NoteTable", "NoteTableState"]

CHOKES: Final = {42: (46,), 44: (46,), 46: (42, 44), 71: (72,), 72: (71,), 73: (74,), 74: (73,), 80: (81,)}
SOFT_PEDAL_GAIN: Final = 0.75  # of the velocity, for notes begun while CC67 is down

SLOT = np.dtype(  # the largest fields first and without gaps: numpy is slow with fields that are not aligned
    [
        ("onset", np.int64),
        ("release", np.int64),
        ("settle", np.int64),  # samples after the onset from which on a held note neither fades nor ages
        ("phase", np.float64),  # of the excitation at the last hop's end, in cycles
        ("pitch", np.float64),  # of the excitation at the last hop's end, in semitones; NaN before the first
        ("velocity", np.float32),
        ("decay_db_per_s", np.float32),
        ("release_db_per_s", np.float32),
        ("tuning", np.float32),
        ("pressure", np.float32),
        ("channel", np.int32),
        ("key", np.int16),
        ("program", np.int16),
        ("active", np.bool_),
        ("key_down", np.bool_),
        ("sostenuto", np.bool_),
        ("drum", np.bool_),
    ]
)


@dataclass(frozen=True, slots=True)
class NoteTableState:
    """A copy of everything a `NoteTable` knows; restoring it continues sample for sample."""

    slots: NDArray[np.void]
    channels: tuple[ChannelState, ...]


class Controls(NamedTuple):
    """What a channel says to its notes; all but the first two are 0 to 1."""

    bend_semitones: float
    gain_db: float
    modulation: float
    pressure: float
    sustain: float


class NoteTable:
    """Sounding and releasing notes of one stream, in `slots`, a structured array of fixed length.

    `control_changes` grows with whatever may change a controller. `phase` and `pitch` of a note are the
    excitation's.
    """

    def __init__(self, slots: int, voices: VoiceTable, rate_hz: int = 48_000) -> None:
        self.slots = np.zeros(slots, SLOT)
        self.voices = voices
        self.rate_hz = rate_hz
        self.channels = Channels()
        self.control_changes = 0
        self._standing = np.zeros((WITH_MEMBERS, len(Controls._fields)))
        self._changed()

    def reset(self) -> None:
        self.slots[:] = 0
        self.channels.reset()
        self._changed()

    def state(self) -> NoteTableState:
        return NoteTableState(self.slots.copy(), self.channels.state())

    def restore(self, state: NoteTableState) -> None:
        self.slots[:] = state.slots
        self.channels.restore(state.channels)
        self._changed()

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
                self._changed(event.channel)
                self._control(event)
            case PitchBend():
                self._changed(event.channel)
                self.channels[event.channel].bend = event.value
            case ChannelPressure():
                self._changed(event.channel)
                self.channels[event.channel].pressure = event.value
            case PolyPressure():
                chosen = self._sounding(event.channel) & (self.slots["key"] == event.key)
                self.slots["pressure"][chosen] = event.value / 127.0
            case ProgramChange():
                self._changed(event.channel)
                self.channels[event.channel].select_program(event.program)
            case SystemReset():
                self.slots["key_down"] = False
                self.slots["sostenuto"] = False
                self._release(self.slots["active"], event.frame)
                self.channels.reset()
                self._changed()
            case Panic():  # pedals go up too: one that hangs would hold the next notes
                self.slots[:] = 0
                self.channels.lift_pedals()
                self._changed()

    def standing(self) -> NDArray[np.float64]:
        """What each channel says to its notes, `(WITH_MEMBERS, len(Controls._fields))`; a row is right if
        the channel has been used."""
        for channel in self._changed_channels:
            self._standing[channel] = _controls(self.channels[channel])
            for member in self.channels.members_of(channel):
                self._standing[member] = _controls(self.channels[member])
        self._changed_channels.clear()
        return self._standing

    def levels_db(self, frame: int) -> NDArray[np.float32]:
        """Estimated level of each slot's note at `frame`, dB below the loudest note; shape `(slots,)`.

        Velocity, decay and release are in it, channel volume and expression are not.
        """
        return levels_db(self.slots, frame, self.rate_hz)

    def retire(self, frame: int) -> None:
        """Free the slots whose notes have faded below hearing by `frame`."""
        retire(self.slots, frame, self.rate_hz)

    def hurry_releases(self, kept: int) -> None:
        """Let at most `kept` released notes ring on, the latest ones; the others fade within 40 ms."""
        released = np.flatnonzero(self.slots["active"] & (self.slots["release"] != HELD))
        if released.size > kept:
            latest_last = released[np.argsort(self.slots["release"][released], kind="stable")]
            rates_db_per_s, hurried = self.slots["release_db_per_s"], latest_last[: released.size - kept]
            if (rates_db_per_s[hurried] != CHOKE_DB_PER_S).any():  # else they have been told already
                rates_db_per_s[hurried] = CHOKE_DB_PER_S

    def _changed(self, channel: int | None = None) -> None:
        """The controllers of a channel, or those of all."""
        self.control_changes += 1
        if channel is None:
            self._changed_channels = set(range(CHANNELS))
        else:
            self._changed_channels.add(channel)

    def _sounding(self, channel: int) -> NDArray[np.bool_]:
        return np.asarray(self.slots["active"] & (self.slots["channel"] == channel))

    def _ruled(self, channel: int) -> NDArray[np.bool_]:
        """The notes that a controller of a channel concerns, those of its members too."""
        if channel >= CHANNELS:
            return self._sounding(channel)
        return np.asarray(self.slots["active"] & (self.slots["channel"] % CHANNELS == channel))

    def _drums(self) -> NDArray[np.bool_]:
        return np.asarray(self.slots["drum"])

    def _note_on(self, event: NoteOn) -> None:
        channel = self.channels[event.channel]
        program = channel.sounding_program
        if program == DRUM_PROGRAM:
            choked = self._drums() & np.isin(self.slots["key"], CHOKES.get(event.key, ()))
            kit = self._ruled(home_of(event.channel))
            self._release(kit & choked, event.frame, CHOKE_DB_PER_S)
        else:
            repeated = self._sounding(event.channel) & (self.slots["key"] == event.key)
            if repeated.any():
                repeated &= ~self._drums()
                self.slots["key_down"][repeated] = False
                self.slots["sostenuto"][repeated] = False
                self._release(repeated, event.frame)
        index = self._free_slot(event.frame)
        self.slots[index] = 0
        slot = self.slots[index]  # itself, not a copy
        velocity = event.velocity * (SOFT_PEDAL_GAIN if channel.soft else 1.0)
        slot["active"] = slot["key_down"] = True
        slot["channel"], slot["key"], slot["program"] = event.channel, event.key, program
        slot["drum"] = program == DRUM_PROGRAM
        slot["velocity"], slot["onset"], slot["release"] = max(1.0, velocity), event.frame, HELD
        for name in ("decay_db_per_s", "release_db_per_s"):
            slot[name] = getattr(self.voices, name)[program, event.key]
        slot["settle"] = int(self.voices.settle_s[program, event.key] * self.rate_hz)
        slot["tuning"] = self.voices.tuning_semitones[program, event.key]
        slot["phase"] = self.voices.phase_cycles[program, event.key]
        slot["pitch"] = np.nan
        if event.channel >= CHANNELS:  # a member may never have been heard of
            self._changed_channels.add(event.channel)

    def _free_slot(self, frame: int) -> int:
        """Index of the first free slot; with none free, of the quietest, released notes and drums first."""
        first = int(self.slots["active"].argmin())
        if not self.slots["active"][first]:
            return first
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
            bound = self.slots["key_down"] | self.slots["sostenuto"] | self._drums()
            self._release(self._ruled(channel) & ~bound, frame)

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


def _controls(state: ChannelState) -> Controls:
    positions = (state.modulation / 127.0, state.pressure / 127.0, state.sustain / 127.0)
    return Controls(state.bend_semitones, state.gain_db, *positions)
