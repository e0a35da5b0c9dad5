"""Bundles, the plugin format: folders of data that hold the trained models and say how to drive them."""

from .folder import Bundle, open_bundle
from .manifest_read import parse_manifest
from .manifest_write import manifest_text
from .search import DEFAULT_BUNDLE, ListedBundle, find_bundle, list_bundles, open_named

__all__ = [
    "DEFAULT_BUNDLE",
    "Bundle",
    "ListedBundle",
    "find_bundle",
    "list_bundles",
    "manifest_text",
    "open_bundle",
    "open_named",
    "parse_manifest",
]
