"""Floats for properties: loading a model switches subnormals off in the whole process, so none is drawn."""

from functools import partial

from hypothesis import strategies as st

floats = partial(st.floats, allow_subnormal=False)
