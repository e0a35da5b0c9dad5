"""What the instrument browser works out without a window: words, rows, quality, drags, cards."""

from __future__ import annotations

import panel_rig

# isort: split
import unicodedata
from pathlib import Path

import pytest
from bundle_factory import file_contents, tiny_manifest, tiny_models_of
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QMimeData
from PySide6.QtGui import QImage

from neume.synth.bundle import manifest_text
from neume.synth.bundle.search import ListedBundle
from neume.synth.mel import MelSpec
from neume.ui.browser.card import (
    LONGEST_CARD,
    LONGEST_WORD,
    MOST_LINES,
    MOST_MARKS,
    card_of,
    load_card,
    read_picture,
    shortened,
)
from neume.ui.browser.catalogue import catalogue_of
from neume.ui.browser.drag import MIME, dragged_instrument, instrument_mime
from neume.ui.browser.quality import LIMITS_DB, STEPS, quality_step
from neume.ui.browser.rows import (
    ALL,
    FAMILY,
    FAVOURITES,
    RECENTS,
    BundleRow,
    FamilyRow,
    InstrumentRow,
    Wanted,
    rows_of,
)
from neume.ui.browser.search_text import fold, search, words_of

BUILT_IN = Path(panel_rig.__file__).parent.parent / "models" / "bundles" / "neume-gm"
TINY = tiny_manifest(file_contents(tiny_models_of(MelSpec())))


def listed(name, *, manifest=TINY, hidden=False, faults=()):
    return ListedBundle(name, Path("/bundles") / name, "user", hidden, manifest, faults)


CATALOGUE = catalogue_of(
    [
        listed("bad", manifest=None, faults=("one", "two")),
        listed("first"),
        listed("second"),
        listed("hidden", hidden=True),
    ]
)
KEYS = [instrument.key for instrument in CATALOGUE.instruments]


class Entry:
    def __init__(self, name, number, family="Strings", bundle="Neume GM neume-gm"):
        self.name, self.words = name, words_of(name, str(number), family, bundle)

    def __repr__(self):
        return self.name


def found(query, *entries):
    return [entry.name for entry in search(query, entries)]


# --- words


@given(st.text())
def test_folding_twice_is_folding_once(text):
    assert fold(fold(text)) == fold(text)


@given(st.text())
def test_case_and_accents_make_no_difference(text):
    composed, apart = unicodedata.normalize("NFC", text), unicodedata.normalize("NFD", text)
    assert fold(composed) == fold(apart)
    ascii_text = text.encode("ascii", "ignore").decode()
    assert fold(ascii_text.upper()) == fold(ascii_text.lower())


def test_letters_without_their_marks():
    assert fold("  Flûte  À BEC ") == "flute a bec"
    assert fold("Straße, Ørsted, Łódź, Æther") == "strasse, orsted, lodz, aether"


def test_every_word_must_be_found_somewhere():
    violin, viola = Entry("Violin", 40), Entry("Viola", 41)
    assert found("strings vio", violin, viola) == ["Violin", "Viola"]
    assert found("neume VIOLIN 40", violin, viola) == ["Violin"]
    assert found("violin 41", violin, viola) == []
    assert found("  ", violin, viola) == ["Violin", "Viola"]


def test_better_hits_come_first():
    entries = [
        Entry("Harpsichord", 6, "Piano"),
        Entry("Fortepiano", 9),
        Entry("Electric Piano 1", 4, "Piano"),
        Entry("Pianola", 50, "Piano"),
        Entry("Piano", 51, "Piano"),
        Entry("Violin", 40),
    ]
    names = ["Piano", "Pianola", "Electric Piano 1", "Fortepiano", "Harpsichord"]
    assert found("piano", *entries) == names


def test_a_number_finds_its_program_first():
    entries = [Entry("FX 4 (atmosphere)", 99), Entry("Violin", 40), Entry("Piano", 4)]
    assert found("4", *entries) == ["Piano", "FX 4 (atmosphere)", "Violin"]


entries = st.lists(
    st.builds(Entry, st.text(max_size=12), st.integers(0, 128), st.text(max_size=5)), max_size=8
)


@given(entries, st.text(max_size=6))
def test_hits_are_exactly_the_entries_that_hold_every_word(entries, query):
    hits = search(query, entries)
    asked = fold(query).split()
    for entry in entries:
        words = entry.words
        places = (words.name, words.number, words.family, words.bundle)
        holds = all(
            any(word in place for place in (words.name, words.family, words.bundle))
            or words.number.startswith(word)
            for word in asked
        )
        assert (entry in hits) == holds, places
    assert len(hits) == len({id(hit) for hit in hits})


# --- rows


def test_the_tree_has_every_bundle_family_and_program():
    rows = rows_of(CATALOGUE, Wanted(default_bundle="second"))
    bundles = [(row.bundle.name, row.default) for row in rows if isinstance(row, BundleRow)]
    assert bundles == [("second", True), ("first", False), ("bad", False), ("hidden", False)]
    families = [(row.bundle, row.family, row.count) for row in rows if isinstance(row, FamilyRow)]
    assert families[:3] == [("second", "Piano", 1), ("second", "Other", 127), ("second", "Drums", 1)]
    assert sorted(row.key for row in rows if isinstance(row, InstrumentRow)) == sorted(KEYS)
    assert len({row.key for row in rows}) == len(rows)


def test_a_program_without_a_sound_of_its_own_names_its_relative():
    assert CATALOGUE.by_key["first:0"].relative == ""
    assert CATALOGUE.by_key["first:5"].relative == "Acoustic Grand Piano"
    assert CATALOGUE.by_key["first:5"].quality_db == 8.25


def test_programs_are_counted_as_on_a_keyboard():
    assert CATALOGUE.by_key["first:0"].number == "1"
    assert CATALOGUE.by_key["first:127"].number == "128"
    assert CATALOGUE.by_key["first:128"].number == ""


@pytest.mark.parametrize("closed", [{"/bundles/first"}, {"first/Other"}, {"/bundles/first", "first/Other"}])
def test_what_is_folded_away_is_not_there(closed):
    rows = rows_of(CATALOGUE, Wanted(closed=frozenset(closed)))
    shown = [row.key for row in rows if isinstance(row, InstrumentRow) and row.instrument.bundle == "first"]
    assert shown == ([] if "/bundles/first" in closed else ["first:0", "first:128"])
    assert rows_of(CATALOGUE, Wanted(query="piano", closed=frozenset(closed)))  # a search looks everywhere


@given(st.lists(st.sampled_from([*KEYS, "gone:3", "", "nonsense"]), max_size=6))
def test_favourites_and_recents_keep_their_order_and_leave_out_what_is_gone(keys):
    there = [key for key in dict.fromkeys(keys) if key in CATALOGUE.by_key]
    favourites = rows_of(CATALOGUE, Wanted(filter=FAVOURITES, favourites=tuple(keys)))
    recents = rows_of(CATALOGUE, Wanted(filter=RECENTS, recents=tuple(keys), favourites=tuple(keys)))
    assert [row.key for row in favourites] == [row.key for row in recents] == there
    assert all(row.favourite and row.with_bundle for row in favourites + recents)


@given(st.text(max_size=5), st.sampled_from([ALL, FAVOURITES, RECENTS, f"{FAMILY}Piano", f"{FAMILY}None"]))
def test_whatever_is_asked_for_each_row_comes_once(query, chosen):
    wanted = Wanted(query=query, filter=chosen, favourites=tuple(KEYS[:3]), recents=tuple(KEYS[2:9]))
    rows = rows_of(CATALOGUE, wanted)
    assert len({row.key for row in rows}) == len(rows)


def test_a_search_finds_bad_bundles_by_name():
    assert [row.key for row in rows_of(CATALOGUE, Wanted(query="bad"))] == ["/bundles/bad"]


def test_twenty_bundles_are_quick():
    """Far below a second: a keystroke must not be felt."""
    import time

    many = catalogue_of([listed(f"bundle-{number}") for number in range(20)])
    begin_s = time.perf_counter()
    assert len(rows_of(many, Wanted())) == 20 * (1 + 3 + 129)
    assert len(rows_of(many, Wanted(query="program 1"))) > 20
    assert time.perf_counter() - begin_s < 1.0


# --- quality


def test_quality_falls_in_five_steps():
    assert quality_step(None) == 0
    assert quality_step(0.0) == STEPS
    assert [quality_step(limit_db) for limit_db in LIMITS_DB] == [5, 4, 3, 2]
    assert [quality_step(limit_db + 0.01) for limit_db in LIMITS_DB] == [4, 3, 2, 1]
    assert quality_step(1000.0) == 1


# --- drags


@given(st.from_regex(r"([a-z0-9][a-z0-9-]{0,62})?", fullmatch=True), st.integers(0, 128))
def test_a_drag_carries_its_instrument(bundle, program):
    assert dragged_instrument(instrument_mime(bundle, program)) == (bundle, program)


@given(st.binary(max_size=20))
def test_other_drags_carry_none(content):
    mime = QMimeData()
    mime.setData(MIME, QByteArray(content))
    told = dragged_instrument(mime)
    assert (
        told is None or f"{told[0]}:{told[1]}".encode() == content or content.split(b":")[1].startswith(b"0")
    )
    assert dragged_instrument(QMimeData()) is None


# --- cards


def picture_bytes(width, height, kind="PNG"):
    image = QImage(width, height, QImage.Format.Format_RGB32)
    image.fill(0)
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    assert image.save(buffer, kind)
    return bytes(buffer.data().data())


def test_pictures_are_small_or_none():
    assert read_picture("a.png", picture_bytes(30, 20)).width() == 30
    assert read_picture("a.jpg", picture_bytes(30, 20, "JPEG")).height() == 20
    assert read_picture("a.png", picture_bytes(1000, 10)).width() == 640
    assert read_picture("a.png", picture_bytes(3000, 3000)) is None  # small as a file, large in memory
    assert read_picture("a.png", picture_bytes(30, 20, "BMP")) is None
    assert read_picture("a.svg", b"<svg/>") is None
    assert read_picture("a.png", b"\x89PNG\r\n\x1a\n" + bytes(100)) is None


@given(st.text(max_size=LONGEST_WORD))
def test_a_short_card_is_shown_whole(text):
    assert card_of(text).text == "\n".join(text.replace("\0", "").splitlines())


@given(st.text(st.sampled_from("a |*_`~<[]()!>-#\n\t&;"), min_size=1, max_size=9), st.integers(1, 30_000))
def test_no_card_is_longer_or_wilder_than_can_be_laid_out(piece, times):
    card = card_of(piece * times)
    assert len(card.text) <= LONGEST_CARD * (1 + 1 / LONGEST_WORD) + 10
    assert len(card.text.splitlines()) <= MOST_LINES + 2
    assert max(map(len, card.text.split()), default=0) <= LONGEST_WORD
    assert card.plain or sum(map(card.text.count, "*_`[]<")) <= MOST_MARKS


def test_a_long_card_ends_somewhere():
    assert shortened("line\n" * 9000).splitlines()[-1] == "..."
    assert len(shortened("line\n" * 4000).splitlines()) == MOST_LINES + 2


def test_the_built_in_card_is_read_whole():
    card = load_card(BUILT_IN)
    assert card.text.startswith("# Neume GM")
    assert not card.text.endswith("...")
    assert not card.plain


def test_only_pictures_that_the_bundle_holds_are_read(tmp_path):
    text = "![a](a.png) ![b][r] ![c](../c.png) ![d](d.png)\n\n[r]: b.jpg\n"
    contents = file_contents(tiny_models_of(MelSpec())) | {
        "card.md": text.encode(),
        "a.png": picture_bytes(30, 20),
        "b.jpg": picture_bytes(30, 20, "JPEG"),
        "unnamed.png": picture_bytes(30, 20),
    }
    for name, content in contents.items():
        (tmp_path / name).write_bytes(content)
    (tmp_path / "bundle.toml").write_text(manifest_text(tiny_manifest(contents)), encoding="utf-8")
    assert list(load_card(tmp_path).pictures) == ["a.png", "b.jpg"]
