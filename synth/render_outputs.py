"""The files of one rendering: the mix, its stems in a folder beside it, and a side-car that says how.

They appear together or not at all, the side-car last: where it is, the rendering is complete.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from .audio_file import CONTAINERS, AudioFile, AudioFormat, unwritable
from .errors import OutputError

Float32 = NDArray[np.float32]
SIDE_CAR_SUFFIX: Final = ".json"
STEM_PREFIX: Final = "channel-"
MAX_SIDE_CAR_BYTES: Final = 1 << 20


class RenderOutputs:
    """A context: on leaving it without `publish`, nothing of the rendering is left.

    `stems` names the stems in their order, without suffix; `samples` is how long the files may become.
    """

    def __init__(
        self,
        output: Path,
        stems: Sequence[str],
        form: AudioFormat,
        rate_hz: int,
        *,
        seed: int = 0,
        samples: int = 0,
    ) -> None:
        self.output = output
        self._folder = stem_folder(output)
        self._made_folder = False
        self.files: list[AudioFile] = []
        try:
            if stems:
                self._make_folder()
            for target in (output, *(self._folder / f"{name}{output.suffix}" for name in stems)):
                file = AudioFile(target, form, rate_hz, seed=seed, expected_samples=samples)
                self.files.append(file)
        except BaseException:
            self._discard()
            raise

    def __enter__(self) -> RenderOutputs:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._discard()

    def write(self, audio: Float32) -> None:
        """Append a chunk, `(samples, 2 + 2 * stems)`."""
        for index, file in enumerate(self.files):
            file.write(audio[:, 2 * index : 2 * index + 2])

    def finish(self) -> None:
        """Bring all files to the disk, still without their names."""
        for file in self.files:
            file.finish()

    def publish(self, side_car: Mapping[str, Any]) -> None:
        """Give the files their names; stems of an earlier rendering that has others go."""
        try:
            side_car_path(self.output).unlink(missing_ok=True)
        except OSError as error:
            raise unwritable(side_car_path(self.output), error) from None
        for file in reversed(self.files):
            file.publish()
        _remove_other_stems(self._folder, {file.target for file in self.files})
        write_side_car(self.output, side_car)
        self._made_folder = False

    def _make_folder(self) -> None:
        try:
            if not self._folder.is_dir():
                self._folder.mkdir()
                self._made_folder = True
        except OSError as error:
            raise unwritable(self._folder, error) from None

    def _discard(self) -> None:
        for file in self.files:
            file.discard()
        if self._made_folder:
            with contextlib.suppress(OSError):
                self._folder.rmdir()


def stem_folder(output: Path) -> Path:
    return output.with_name(f"{output.stem}.stems")


def stem_name(channels: Sequence[int], program: str) -> str:
    """`channel-01-acoustic-grand-piano`; channels counted as musicians do."""
    numbers = "+".join(f"{channel + 1:02}" for channel in channels)
    return STEM_PREFIX + numbers + "-" + re.sub(r"[^a-z0-9]+", "-", program.lower()).strip("-")


def side_car_path(output: Path) -> Path:
    return output.with_name(output.name + SIDE_CAR_SUFFIX)


def finished(output: Path, recipe: Mapping[str, Any]) -> bool:
    """Whether `output` was rendered completely by this very recipe; its side-car says so.

    Raises `OutputError` if something else is in the way.
    """
    if output.is_dir():
        raise OutputError(f"{output}: is a folder; name a file")
    if not output.exists():
        return False
    side_car = read_side_car(output)
    if side_car is not None and side_car.get("recipe") == recipe and _files_are_there(output, side_car):
        return True
    made = "made in another way" if side_car else "not made by Neume, or not finished"
    raise OutputError(f"{output}: is there already, {made}; --overwrite replaces it")


def read_side_car(output: Path) -> dict[str, Any] | None:
    try:
        with open(side_car_path(output), "rb") as file:
            content = json.loads(file.read(MAX_SIDE_CAR_BYTES))
    except (OSError, ValueError, RecursionError):
        return None
    return content if isinstance(content, dict) else None


def write_side_car(output: Path, content: Mapping[str, Any]) -> None:
    path = side_car_path(output)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with open(temporary, "w", encoding="utf-8") as file:
            json.dump(content, file, indent=2, ensure_ascii=False, allow_nan=False)
            file.write("\n")
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except OSError as error:
        raise unwritable(path, error) from None
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)


def _files_are_there(output: Path, side_car: Mapping[str, Any]) -> bool:
    sizes = side_car.get("files")
    if not isinstance(sizes, dict) or output.name not in sizes:
        return False
    try:
        return all((output.parent / name).stat().st_size == size for name, size in sizes.items())
    except (OSError, ValueError):
        return False


def _remove_other_stems(folder: Path, ours: set[Path]) -> None:
    with contextlib.suppress(OSError):
        for path in folder.glob(f"{STEM_PREFIX}*"):
            if path.suffix in CONTAINERS and path not in ours:
                path.unlink()
