"""Colours, sizes and the style sheet of the panel: everything that views paint with comes from here."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Final

from PySide6.QtGui import QColor, QPalette
from PySide6.QtWidgets import QApplication

BASE_PX: Final = 14  # a panel's text; scaled with the screen by Qt
BIG_PX: Final = 22
HUGE_PX: Final = 64  # stage mode: read from two metres
TOUCH_PX: Final = 36  # the least height of anything that a finger must hit


@dataclass(frozen=True, slots=True)
class Theme:
    """One set of colours, each as `#rrggbb`. `ok`, `warning` and `alarm` differ in lightness, too."""

    name: str
    ground: str  # behind everything
    surface: str  # of a view
    raised: str  # of a control
    edge: str
    text: str
    dim: str  # less important text; still 4.5 to 1 against `surface`
    accent: str  # chosen, sounding, moving
    on_accent: str  # text on it
    ok: str
    warning: str
    alarm: str

    def colour(self, name: str, alpha: int = 255) -> QColor:
        """The colour of that name, `alpha` 0 (clear) to 255."""
        colour = QColor(getattr(self, name))
        colour.setAlpha(alpha)
        return colour


DARK: Final = Theme(
    name="dark",
    ground="#101216",
    surface="#181b21",
    raised="#242933",
    edge="#363d4a",
    text="#eceff4",
    dim="#a3adbd",
    accent="#58c9b3",
    on_accent="#06231d",
    ok="#7fd88f",
    warning="#f2c14e",
    alarm="#ff6b5e",
)
LIGHT: Final = Theme(
    name="light",
    ground="#e4e7ec",
    surface="#f6f7f9",
    raised="#ffffff",
    edge="#bcc4d0",
    text="#171b22",
    dim="#566072",
    accent="#08735f",
    on_accent="#ffffff",
    ok="#1c7a34",
    warning="#8a5a00",
    alarm="#b3261e",
)
THEMES: Final = {theme.name: theme for theme in (DARK, LIGHT)}
_current = DARK


def theme() -> Theme:
    """The theme that is shown now. Painters ask at every paint; nothing keeps a colour."""
    return _current


def use_theme(application: QApplication, name: str) -> None:
    """Show the theme of that name, the dark one if there is none of that name."""
    global _current
    _current = THEMES.get(name, DARK)
    application.setPalette(_palette(_current))
    application.setStyleSheet(style_sheet(_current))


def _palette(shown: Theme) -> QPalette:
    role = QPalette.ColorRole
    palette = QPalette()
    for place, name in (
        (role.Window, "surface"),
        (role.WindowText, "text"),
        (role.Base, "ground"),
        (role.AlternateBase, "surface"),
        (role.Text, "text"),
        (role.Button, "raised"),
        (role.ButtonText, "text"),
        (role.ToolTipBase, "raised"),
        (role.ToolTipText, "text"),
        (role.PlaceholderText, "dim"),
        (role.Highlight, "accent"),
        (role.HighlightedText, "on_accent"),
        (role.Link, "accent"),
    ):
        palette.setColor(place, shown.colour(name))
    return palette


def style_sheet(shown: Theme) -> str:
    """Qt style sheet. A widget's property `look` says what it is: title, dim, alarm, chosen, flat, card."""
    text = _SHEET
    for field in fields(shown):
        text = text.replace(f"@{field.name};", f"{getattr(shown, field.name)};")
    return text


_SHEET: Final = f"""
* {{ font-size: {BASE_PX}px; }}
QWidget {{ color: @text; }}
QMainWindow, QDialog {{ background: @ground; }}
QToolTip {{ background: @raised; color: @text; border: 1px solid; border-color: @edge; padding: 4px; }}
QLabel[look="title"] {{ font-size: {BIG_PX}px; font-weight: 600; }}
QLabel[look="dim"] {{ color: @dim; }}
QLabel[look="warning"] {{ color: @warning; }}
QLabel[look="alarm"] {{ color: @alarm; }}
QFrame[look="card"] {{ background: @surface; border: 1px solid; border-color: @edge; border-radius: 8px; }}
QPushButton, QToolButton, QComboBox, QSpinBox, QDoubleSpinBox, QLineEdit {{
    background: @raised; border: 1px solid; border-color: @edge; border-radius: 6px; padding: 4px 10px;
    min-height: {TOUCH_PX - 12}px;
}}
QLineEdit, QSpinBox, QDoubleSpinBox {{ background: @ground; }}
QPushButton:hover, QToolButton:hover, QComboBox:hover {{ border-color: @accent; }}
QPushButton:focus, QToolButton:focus, QComboBox:focus, QLineEdit:focus, QSpinBox:focus, QListView:focus,
QTreeView:focus, QDoubleSpinBox:focus {{ border: 2px solid; border-color: @accent; }}
QPushButton:checked, QToolButton:checked, QPushButton[look="chosen"] {{
    background: @accent; color: @on_accent; border-color: @accent;
}}
QPushButton:disabled, QToolButton:disabled, QComboBox:disabled {{ color: @dim; background: @surface; }}
QPushButton[look="alarm"] {{ background: @alarm; color: @ground; border-color: @alarm; font-weight: 700; }}
QPushButton[look="flat"], QToolButton[look="flat"] {{ background: transparent; border-color: transparent; }}
QPushButton[look="flat"]:hover, QToolButton[look="flat"]:hover {{ border-color: @accent; }}
QComboBox::drop-down {{ border: none; width: 20px; }}
QComboBox QAbstractItemView, QMenu {{ background: @raised; border: 1px solid; border-color: @edge; }}
QMenu::item {{ padding: 6px 18px; }}
QMenu::item:selected {{ background: @accent; color: @on_accent; }}
QListView, QTreeView, QTextBrowser {{
    background: @ground; border: 1px solid; border-color: @edge; border-radius: 6px; outline: none;
}}
QListView::item, QTreeView::item {{ padding: 5px; }}
QListView::item:selected, QTreeView::item:selected {{ background: @accent; color: @on_accent; }}
QTabBar::tab {{
    background: transparent; color: @dim; padding: 8px 16px; border-bottom: 3px solid transparent;
}}
QTabBar::tab:selected {{ color: @text; border-bottom: 3px solid; border-bottom-color: @accent; }}
QTabWidget::pane {{ border: none; }}
QScrollArea, QScrollArea > QWidget > QWidget {{ background: transparent; border: none; }}
QScrollBar:vertical {{ background: transparent; width: 12px; }}
QScrollBar:horizontal {{ background: transparent; height: 12px; }}
QScrollBar::handle {{ background: @edge; border-radius: 5px; min-height: 30px; min-width: 30px; }}
QScrollBar::add-line, QScrollBar::sub-line {{ width: 0; height: 0; }}
QProgressBar {{ background: @ground; border: 1px solid; border-color: @edge; border-radius: 6px;
    text-align: center; }}
QProgressBar::chunk {{ background: @accent; border-radius: 5px; }}
QSplitter::handle {{ background: @ground; }}
"""
