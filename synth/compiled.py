"""Machine code for the innermost loops of the audio path: numba behind a typed decorator.

What is called from a compiled function must stand in the same module, its constants too: the cache knows of
changes to that file alone.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba

Function = TypeVar("Function", bound=Callable[..., Any])


def compiled(function: Function) -> Function:
    """The function as machine code, made at its first call and kept for later processes where a folder for
    that can be written to. It runs without Python's lock, and divides as numpy does."""
    try:
        made = numba.njit(cache=True, nogil=True, error_model="numpy")(function)
    except RuntimeError:  # numba knows no folder to keep it in
        made = numba.njit(nogil=True, error_model="numpy")(function)
    return cast(Function, made)
