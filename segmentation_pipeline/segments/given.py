"""Rows written in a segment test as the frames that evaluation reads."""

from __future__ import annotations

import datetime as dt
import decimal
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import polars as pl

from segmentation_pipeline.catalog.contracts import polars_type, table_schema
from segmentation_pipeline.catalog.derivations import DERIVATIONS, inputs
from segmentation_pipeline.catalog.derived import derive
from segmentation_pipeline.catalog.types import (
    Boolean,
    Date,
    Datetime,
    Decimal,
    Enum,
    FieldType,
    Integer,
    ListOf,
    Number,
    Text,
)
from segmentation_pipeline.diagnostics import Diagnostic, did_you_mean
from segmentation_pipeline.documents import Mapping, Node, Scalar, Sequence
from segmentation_pipeline.errors import DefinitionError, Position
from segmentation_pipeline.index.build import HISTORY
from segmentation_pipeline.rules.clock import LENGTHS, Clock
from segmentation_pipeline.rules.literals import read_literal
from segmentation_pipeline.rules.time_grammar import read_moment

if TYPE_CHECKING:
    from segmentation_pipeline.catalog.model import Catalog, ObjectType
    from segmentation_pipeline.rules.moments import Unit

_AS_OF = re.compile(r"as_of(?:\s*([-+])\s*(\d+)\s*(minute|hour|day|week)s?)?")
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


@dataclass(frozen=True, slots=True)
class Given:
    """Reads rows by the types of the catalog; local times lie in the test's zone."""

    catalog: Catalog
    clock: Clock

    def frames(self, node: Node | None) -> dict[str, pl.LazyFrame]:
        """Return a frame for every table of the catalog; the tables not given are empty."""
        rows: dict[str, list[dict[str, Any]]] = {}
        if node is not None and not _is_null(node):
            if not isinstance(node, Mapping):
                raise _problem("`given` is a mapping from tables to rows", node.at)
            for name, listed in node.entries:
                known = (*self.catalog.table_names(), HISTORY)
                if name.text not in known:
                    hint = did_you_mean(name.text, known)
                    raise _problem(f"unknown table `{name.text}`", name.at, hint, rule="unknown-table")
                rows[name.text] = self._rows(name.text, listed)
        frames = {name: self._frame(name, rows.get(name, [])).lazy() for name in self.catalog.table_names()}
        return frames | {HISTORY: self._history(rows.get(HISTORY, []))}

    def _history(self, rows: list[dict[str, Any]]) -> pl.LazyFrame:
        """Return published transitions, each with the key of its object."""
        schema = {name: polars_type(kind) for name, kind in self._columns(HISTORY).items()}
        return pl.LazyFrame(rows, schema=schema, orient="row").rename({"segment": "segment_id"})

    def _columns(self, table: str) -> dict[str, FieldType]:
        if table == HISTORY:
            keys = {kind.key: kind.fields[kind.key].type for kind in self.catalog.objects.values()}
            return {"segment": Text(), "change": Enum(("entered", "exited")), "at": Datetime(), **keys}
        if (kind := self.catalog.object_of_table(table)) is not None:
            return {name: found.type for name, found in kind.fields.items()}
        if (source := self.catalog.source_of_table(table)) is not None:
            return {name: found.type for name, found in source.columns.items()}
        return {name: found.type for name, found in self.catalog.tables[table].columns.items()}

    def _rows(self, table: str, node: Node) -> list[dict[str, Any]]:
        if _is_null(node):
            return []
        if not isinstance(node, Sequence):
            raise _problem(f"`{table}` takes a list of rows", node.at)
        columns, key = self._columns(table), self._key(table)
        rows = []
        for number, item in enumerate(node.items, start=1):
            if not isinstance(item, Mapping):
                raise _problem("a row is a mapping from columns to values", item.at)
            row = self._row(item, columns)
            if key is not None and row.get(key) is None:
                row[key] = number if columns[key] == Integer() else f"row-{number}"
            rows.append(row)
        return rows

    def _key(self, table: str) -> str | None:
        if (kind := self.catalog.object_of_table(table)) is not None:
            return kind.key
        source = self.catalog.source_of_table(table)
        return source.id if source is not None else None

    def _row(self, node: Mapping, columns: dict[str, FieldType], prefix: str = "") -> dict[str, Any]:
        row: dict[str, Any] = {}
        for name, value in node.entries:
            column = prefix + name.text
            if column in columns:
                row[column] = self._value(columns[column], value)
            elif isinstance(value, Mapping) and any(known.startswith(f"{column}.") for known in columns):
                row |= self._row(value, columns, f"{column}.")
            elif _is_null(value) and any(known.startswith(f"{column}.") for known in columns):
                continue
            else:
                hint = did_you_mean(column, columns)
                raise _problem(f"unknown column `{column}`", name.at, hint, rule="unknown-column")
        return row

    def _value(self, kind: FieldType, node: Node) -> Any:
        if _is_null(node):
            return None
        if isinstance(kind, ListOf):
            if not isinstance(node, Sequence):
                raise _problem("a list is expected here", node.at)
            return [self._value(kind.of, item) for item in node.items]
        if not isinstance(node, Scalar):
            raise _problem(f"a {kind} is expected here", node.at)
        try:
            return self._scalar(kind, node)
        except OverflowError as error:
            raise _problem(f"`{node.text}` lies outside the years 1 to 9999", node.at) from error
        except ValueError as error:
            raise _problem(str(error), node.at) from error

    def _scalar(self, kind: FieldType, node: Scalar) -> Any:
        match kind:
            case Text() | Enum():
                return node.text
            case Number():
                value = node.plain
                return float(value) if isinstance(value, float) else read_literal(kind, node.text)
            case Decimal():
                return decimal.Decimal(str(read_literal(kind, node.text)))
            case Datetime():
                return _EPOCH + dt.timedelta(microseconds=self._instant(node.text))
            case Date():
                return dt.date.fromordinal(self._day(node.text) + _EPOCH.toordinal())
            case Boolean() | Integer():
                return read_literal(kind, node.text)
        raise ValueError(f"no values of type {kind}")

    def _day(self, text: str) -> int:
        if _AS_OF.fullmatch(text.strip()):
            return self.clock.local_day(self._instant(text))
        return self.clock.days(read_moment(text))[0]

    def _instant(self, text: str) -> int:
        """Return an instant in microseconds: absolute, in the test's zone, or against ``as_of``."""
        match = _AS_OF.fullmatch(text.strip())
        if match is None:
            return self.clock.extent(read_moment(text))[0]
        sign, amount, unit = match.groups()
        if sign is None:
            return self.clock.as_of
        moved = int(amount) * LENGTHS[cast("Unit", unit)]
        return self.clock.as_of + (moved if sign == "+" else -moved)

    def _frame(self, table: str, rows: list[dict[str, Any]]) -> pl.DataFrame:
        schema = dict(table_schema(self.catalog, table))
        schema.pop("object_index", None)
        if not rows:
            return pl.DataFrame(schema=schema)
        given = {name for row in rows for name in row}
        for name, found in self._columns(table).items():
            if name in given and name not in schema:
                schema[name] = polars_type(found)
        frame = pl.DataFrame(
            [{name: row.get(name) for name in schema} for row in rows], schema=schema, orient="row"
        )
        kind = self.catalog.object_of_table(table)
        return frame if kind is None else _derived(kind, frame, rows)


def _derived(kind: ObjectType, frame: pl.DataFrame, rows: list[dict[str, Any]]) -> pl.DataFrame:
    """Compute derived fields where a row leaves one out and has something to compute it from."""
    computed = derive(kind, frame)
    for name, derived in ((found.name, found.derived) for found in kind.fields.values()):
        if derived is None or name not in frame.columns:
            continue
        needed = inputs(DERIVATIONS[derived])
        due = [name not in row and any(row.get(one) is not None for one in needed) for row in rows]
        value = pl.when(pl.Series("due", due, dtype=pl.Boolean)).then(computed[name]).otherwise(pl.col(name))
        frame = frame.with_columns(value.alias(name))
    return frame


def _is_null(node: Node) -> bool:
    return isinstance(node, Scalar) and node.is_null


def _problem(
    message: str, at: Position, hint: str | None = None, *, rule: str = "test-rows"
) -> DefinitionError:
    return DefinitionError([Diagnostic(rule, message, at, hint)])
