"""What goes wrong between the engine and those who control it, in words for their user."""

from __future__ import annotations

from ..errors import NeumeError


class ControlError(NeumeError):
    """A line that is no command, an engine that is not there or does not answer, a name that is taken."""
