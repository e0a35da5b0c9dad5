"""The rows as Qt's list model: texts for screen readers and tool tips, instruments that can be dragged."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from PySide6.QtCore import QAbstractListModel, QMimeData, QModelIndex, QPersistentModelIndex, Qt

from .drag import MIME, instrument_mime
from .rows import BundleRow, FamilyRow, InstrumentRow, Row

Index = QModelIndex | QPersistentModelIndex
ROW_ROLE: Final = Qt.ItemDataRole.UserRole
_NO_INDEX: Final = QModelIndex()


class InstrumentModel(QAbstractListModel):
    """Belongs to the panel's thread. `default_bundle` is the one that a drag names by an empty text."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[Row] = []
        self.default_bundle = ""

    def show(self, rows: list[Row]) -> None:
        """Other rows; the list keeps its place if only what the same rows say has changed."""
        if rows == self.rows:
            return
        if [row.key for row in rows] == [row.key for row in self.rows]:
            self.rows = rows
            self.dataChanged.emit(self.index(0), self.index(len(rows) - 1))
            return
        self.beginResetModel()
        self.rows = rows
        self.endResetModel()

    def row_at(self, index: Index) -> Row | None:
        return self.rows[index.row()] if index.isValid() and index.row() < len(self.rows) else None

    def index_of(self, key: str) -> QModelIndex:
        """The row of that key, an invalid index if it is not shown."""
        number = next((n for n, row in enumerate(self.rows) if row.key == key), -1)
        return self.index(number) if number >= 0 else QModelIndex()

    def touch(self, key: str) -> None:
        """Let a row be painted again."""
        index = self.index_of(key)
        if index.isValid():
            self.dataChanged.emit(index, index)

    def rowCount(self, parent: Index = _NO_INDEX) -> int:
        return 0 if parent.isValid() else len(self.rows)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        row = self.row_at(index)
        if row is None:
            return None
        if role == ROW_ROLE:
            return row
        if role == Qt.ItemDataRole.DisplayRole:
            return _name(row)
        if role in (Qt.ItemDataRole.AccessibleTextRole, Qt.ItemDataRole.ToolTipRole):
            return self._told(row)
        return None

    def flags(self, index: Index) -> Qt.ItemFlag:
        usual = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable
        dragged = isinstance(self.row_at(index), InstrumentRow)
        return usual | Qt.ItemFlag.ItemIsDragEnabled if dragged else usual

    def mimeTypes(self) -> list[str]:
        return [MIME]

    def mimeData(self, indexes: Sequence[QModelIndex]) -> QMimeData:
        row = self.row_at(indexes[0]) if indexes else None
        if not isinstance(row, InstrumentRow):
            return QMimeData()
        return instrument_mime(self.named(row.instrument.bundle), row.instrument.program)

    def named(self, bundle: str) -> str:
        """How the rack names a bundle: not at all if it is the one that the engine plays by default."""
        return "" if bundle == self.default_bundle else bundle

    def supportedDragActions(self) -> Qt.DropAction:
        return Qt.DropAction.CopyAction

    def _told(self, row: Row) -> str:
        match row:
            case BundleRow(bundle=bundle):
                return self._told_of_bundle(row, str(bundle.folder))
            case FamilyRow(family=family, count=count):
                return self.tr("{0}, {1} instruments").format(family, count)
            case InstrumentRow(instrument=instrument):
                text = self.tr("{0} of {1}").format(instrument.name, instrument.bundle_title)
                if instrument.number:
                    text += self.tr(", program {0}").format(instrument.number)
                if instrument.relative:
                    text += self.tr(", sounds as {0}").format(instrument.relative)
                return text + (self.tr(", favourite") if row.favourite else "")

    def _told_of_bundle(self, row: BundleRow, folder: str) -> str:
        manifest = row.bundle.manifest
        if manifest is None:
            return "\n".join((self.tr("{0} cannot be played:").format(folder), *row.bundle.faults))
        text = f"{manifest.bundle.name} {manifest.bundle.version}, {folder}"
        if row.bundle.hidden:
            return text + self.tr(", hidden by another bundle of its name")
        return text + (self.tr(", played by default") if row.default else "")


def _name(row: Row) -> str:
    match row:
        case BundleRow(bundle=bundle):
            return bundle.manifest.bundle.name if bundle.manifest else bundle.name
        case FamilyRow(family=family):
            return family
        case InstrumentRow(instrument=instrument):
            return instrument.name
