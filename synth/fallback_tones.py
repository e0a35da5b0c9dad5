"""How the fallback voice sounds each family of programs: facts in a table, and the spectra made of them.

Beside `fallback_voice`, which adds the partials up. Plain on purpose: a family is told by how its partials
fall off, how strong the even ones are, and how fast a note begins.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from .voices import DRUM_PROGRAM

PARTIALS: Final = 8
FAMILY_PROGRAMS: Final = 8  # GM level 1 sorts its 128 programs into sixteen families of eight
DRUM_TONE: Final = 0.5  # share of a drum's power that is its pitch; the rest is noise
DRUM_ATTACK_MS: Final = 1.0

# Family: amplitude of partial k is k ** -fall_off, times `even` for an even k; attack from silence to full.
TONES: Final = {
    "piano": (1.6, 1.0, 2.0),
    "chromatic percussion": (2.0, 0.5, 1.0),
    "organ": (0.8, 1.0, 5.0),
    "guitar": (1.4, 1.0, 2.0),
    "bass": (1.5, 1.0, 3.0),
    "strings": (1.2, 1.0, 40.0),
    "ensemble": (1.3, 1.0, 60.0),
    "brass": (1.0, 1.0, 25.0),
    "reed": (1.1, 0.4, 20.0),
    "pipe": (2.0, 0.6, 30.0),
    "synth lead": (1.0, 1.0, 5.0),
    "synth pad": (1.4, 1.0, 80.0),
    "synth effects": (1.4, 1.0, 40.0),
    "ethnic": (1.3, 1.0, 2.0),
    "percussive": (2.0, 0.5, 1.0),
    "sound effects": (1.5, 1.0, 5.0),
}


def tone_spectra() -> NDArray[np.float32]:
    """Amplitude of each partial of each program, `(129, PARTIALS)`; a row's sound has an RMS of 1, of the
    drum kit's row the share that is not noise."""
    k = np.arange(1, PARTIALS + 1)
    families = [np.where(k % 2, 1.0, even) * k**-fall_off for fall_off, even, _ in TONES.values()]
    spectra = np.repeat(np.array(families), FAMILY_PROGRAMS, axis=0)
    drum = np.where(k == 1, np.sqrt(DRUM_TONE), 0.0)
    spectra *= np.sqrt(2.0 / np.square(spectra).sum(axis=1, keepdims=True))
    return np.vstack([spectra, np.sqrt(2.0) * drum]).astype(np.float32)


def attack_samples(rate_hz: int) -> NDArray[np.int64]:
    """Length of each program's attack, `(129,)`."""
    families = [attack_ms for _, _, attack_ms in TONES.values()]
    attacks_ms = np.append(np.repeat(families, FAMILY_PROGRAMS), DRUM_ATTACK_MS)
    assert len(attacks_ms) == DRUM_PROGRAM + 1, "every program has a family"
    return np.asarray(np.round(attacks_ms * rate_hz / 1000.0), np.int64)
