"""Lines of many points for Qt, written by numpy: a thousand QPointF would cost more than the line."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import shiboken6
from numpy.typing import NDArray
from PySide6.QtGui import QPolygonF

BYTES: Final = 16  # of a QPointF: two doubles
_VoidPtr: Final[Any] = shiboken6.VoidPtr  # its stub knows nothing of what it takes


def polyline(x: NDArray[np.floating], y: NDArray[np.floating]) -> QPolygonF:
    """The points `(x[i], y[i])`."""
    count = len(x)
    line = QPolygonF()
    line.resize(count)
    if count:
        points = np.frombuffer(_VoidPtr(line.data(), count * BYTES, True), np.float64)
        points[0::2], points[1::2] = x, y
    return line
