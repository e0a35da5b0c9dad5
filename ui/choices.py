"""What the user has chosen in the panel, kept between starts in a TOML file of the user's state folder."""

from __future__ import annotations

import contextlib
import os
import tomllib
from collections.abc import Callable
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any, Final

import platformdirs
import tomlkit
from PySide6.QtCore import QObject, QTimer, Signal

FILE: Final = "panel.toml"
LARGEST_BYTES: Final = 262_144
MOST_ENTRIES: Final = 500  # of favourites and of what was used lately
RECENTS: Final = 24
SAVE_AFTER_MS: Final = 500


@dataclass(frozen=True, slots=True)
class Choices:
    """All of it. What is None or empty is left to the engine. Instruments are named `bundle:program`."""

    theme: str = "dark"
    language: str = ""  # empty: the system's
    geometry: str = ""  # Qt's, base64
    view: str = "rack"
    favourites: tuple[str, ...] = ()
    recents: tuple[str, ...] = ()  # the latest first
    bundle: str = ""
    audio_device: str = ""
    host_api: str = ""
    rate_hz: int = 0
    block_samples: int = 128
    low_latency: bool = False
    midi_inputs: tuple[str, ...] = ()
    steps: int = -1  # -1: what the bundle says
    streams: int = 0  # 0: what the machine can hold
    margin_ms: float = 0.0
    fallback: str = "silence"
    mpe: bool = False
    hover_audition: bool = True  # an instrument is heard when the mouse rests on it
    octave: int = 4  # of the computer keyboard's first key
    fixed_velocity: int = 0  # 0: by where a key is hit
    record_folder: str = ""
    sound_below: str = ""  # the spectrogram: waveform or spectrum; empty, as 0 below: the usual one
    sound_range_db: int = 0  # of the spectrogram's colours
    sound_span_ms: int = 0  # of the waveform
    first_run: bool = True


class ChoiceStore(QObject):
    """The choices now, written shortly after they change. Belongs to the panel's thread.

    A file that cannot be read is set aside, never overwritten; `problem` says so. One that cannot be written
    is told by `problem`, too, and the panel goes on.
    """

    changed = Signal(object)  # Choices

    def __init__(self, path: Path | None = None, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.path = path or platformdirs.user_state_path("neume", appauthor=False) / FILE
        self.problem: str | None = None
        self.now = self._read()
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self.save)

    def change(self, **values: Any) -> None:
        """Choose something else, by field name."""
        chosen = replace(self.now, **values)
        if chosen != self.now:
            self.now = chosen
            self._timer.start(SAVE_AFTER_MS)
            self.changed.emit(chosen)

    def used(self, instrument: str) -> None:
        """An instrument was loaded: the latest of those used lately."""
        others = tuple(name for name in self.now.recents if name != instrument)
        self.change(recents=(instrument, *others)[:RECENTS])

    def save(self) -> None:
        """Write the file whole, or leave the old one."""
        self._timer.stop()
        unfinished = self.path.with_name(f".{self.path.name}.{os.getpid()}")
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            unfinished.write_text(tomlkit.dumps(asdict(self.now)), encoding="utf-8")
            os.replace(unfinished, self.path)
        except OSError as error:
            self.problem = f"{self.path}: choices cannot be kept: {error.strerror or error}"
            with contextlib.suppress(OSError):
                unfinished.unlink(missing_ok=True)

    def _read(self) -> Choices:
        try:
            if not self.path.exists():
                return Choices()
            if self.path.stat().st_size > LARGEST_BYTES:
                raise ValueError(f"more than {LARGEST_BYTES} bytes")
            return _choices(tomllib.loads(self.path.read_text(encoding="utf-8")))
        except (OSError, ValueError) as error:  # not TOML and not UTF-8 are ValueErrors
            self.problem = f"{self.path}: cannot be read ({error}); it is kept beside the new one"
            with contextlib.suppress(OSError):
                os.replace(self.path, self.path.with_name(f"{self.path.name}.broken"))
            return Choices()


def _choices(values: dict[str, Any]) -> Choices:
    """The choices of a file: what is unknown or of the wrong type is left at its default."""
    default = Choices()
    kept: dict[str, Any] = {}
    for field in fields(Choices):
        reader = _READERS[type(getattr(default, field.name))]
        with contextlib.suppress(ValueError, KeyError):
            kept[field.name] = reader(values[field.name])
    return replace(default, **kept)


def _exactly(kind: type) -> Callable[[Any], Any]:
    def read(value: Any) -> Any:
        if type(value) is not kind:
            raise ValueError(value)
        return value

    return read


def _texts(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or len(value) > MOST_ENTRIES:
        raise ValueError(value)
    return tuple(entry for entry in value if type(entry) is str)


def _number(value: Any) -> float:
    if type(value) not in (int, float):
        raise ValueError(value)
    return float(value)


_READERS: Final[dict[type, Callable[[Any], Any]]] = {
    str: _exactly(str),
    int: _exactly(int),
    bool: _exactly(bool),
    float: _number,
    tuple: _texts,
}
