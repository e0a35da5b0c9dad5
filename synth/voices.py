"""What a bundle knows of each program's notes: how fast they fade, how fast they release, how they are tuned.

Measured once on the reference (see `neume.models.voicing`), stored in the manifest, and used to decide when a
slot is free, how loud a note's excitation is, and at which pitch it runs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

PROGRAMS: Final = 128
DRUM_PROGRAM: Final = 128  # row of the drum kit, after the 128 melodic programs
KEYS: Final = 128
MAX_RATE_DB_PER_S: Final = 4000.0
LEAST_DRUM_DECAY_DB_PER_S: Final = 3.0  # a drum is never released: it must fade to give its slot back
NEVER_S: Final = 3600.0  # as the time after which a held note fades no more
CHOKE_DB_PER_S: Final = 2000.0  # hi-hat choke and "all sound off": silent after some 40 ms


@dataclass(frozen=True, slots=True)
class VoiceTable:
    """Per program (row, 128 is the drum kit) and key (column): five `(129, 128)` float32 arrays.

    `decay_db_per_s`: fall of a held note, for `settle_s` at most: an organ's loop sounds on;
    `release_db_per_s`: further fall after its release;
    `tuning_semitones`: pitch of the note above its key, an octave below it where an organ's stops sound there
    (drums: pitch of the drum's strongest partial);
    `phase_cycles`: where in its period a note's excitation begins, so that the pulses of low notes come when
    the reference's do.
    """

    decay_db_per_s: NDArray[np.float32]
    release_db_per_s: NDArray[np.float32]
    tuning_semitones: NDArray[np.float32]
    settle_s: NDArray[np.float32]
    phase_cycles: NDArray[np.float32]

    @staticmethod
    def from_anchors(rows: Mapping[int, Mapping[str, Sequence[float]]]) -> VoiceTable:
        """Spread measured anchors over all keys. Each row holds `keys` and, per anchor key, the
        other columns; `settle_s` and `phase_cycles` may be missing.

        Programs without a row fade and release at moderate defaults and are in tune.
        """
        decay = np.full((PROGRAMS + 1, KEYS), 6.0, np.float32)
        release = np.full((PROGRAMS + 1, KEYS), 200.0, np.float32)
        tuning = np.zeros((PROGRAMS + 1, KEYS), np.float32)
        settle = np.full((PROGRAMS + 1, KEYS), NEVER_S, np.float32)
        phase = np.zeros((PROGRAMS + 1, KEYS), np.float32)
        every_key = np.arange(KEYS)
        for program, row in rows.items():
            keys = np.asarray(row["keys"])
            decay[program] = np.interp(every_key, keys, row["decay_db_per_s"])
            release[program] = np.interp(every_key, keys, row["release_db_per_s"])
            nearest = np.abs(every_key[:, None] - keys).argmin(axis=1)  # tunings jump, by octaves too
            tuning[program] = np.asarray(row["tuning_semitones"])[nearest]
            for name, column in (("settle_s", settle), ("phase_cycles", phase)):
                if len(row.get(name, ())):
                    column[program] = np.asarray(row[name])[nearest]
        np.clip(decay, 0.0, MAX_RATE_DB_PER_S, out=decay)
        decay[DRUM_PROGRAM] = np.maximum(decay[DRUM_PROGRAM], LEAST_DRUM_DECAY_DB_PER_S)
        np.clip(release, 1.0, MAX_RATE_DB_PER_S, out=release)
        return VoiceTable(decay, release, tuning, settle, phase)
