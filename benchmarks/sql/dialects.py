"""What DuckDB, ClickHouse and PostgreSQL spell differently; the rest of `sql` is common to all three.

Templates name their parts: ``text``, ``part``, ``list``, ``at`` and so on are SQL already. Instants are
columns without a zone that hold UTC, in microseconds.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchmarks.sql.errors import Untranslatable
from segmentation_pipeline.rules.clock import to_date

if TYPE_CHECKING:
    from collections.abc import Callable

_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_BLANKS = "\t\n\v\f\r \x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000" + "".join(map(chr, range(0x2000, 0x200B)))
"""Every character of the Unicode property White_Space."""


@dataclass(frozen=True, slots=True)
class Dialect:
    """How one database writes names, literals and the functions that rules need."""

    name: str
    column: Callable[[str], str]
    text: Callable[[str], str]
    instant: Callable[[int], str]
    """Microseconds since 1970 as a literal of the type of the columns."""
    day: Callable[[int], str]
    """Days since 1970 as a literal."""
    double: str
    or_false: str
    """A truth, with null as false."""
    lower: str
    contains: str
    starts_with: str
    ends_with: str
    trimmed: str
    """Text without the ``blanks`` at its ends."""
    local_date: str
    month_and_day: str
    """A date as month × 100 + day."""
    micros: str
    """An instant as microseconds since 1970."""
    divided: str
    """The whole quotient of two integers that are not negative."""
    wide: str
    """An integer that sums cannot overflow."""
    cast: str
    """A value as a wider number ``kind``, null as null."""
    array: str
    """A list of literals of one SQL type, ``kind``."""
    has_any: str
    some_element: str
    """Whether a predicate over ``x`` holds for an element of a list."""
    no_element: str
    within: str
    """Whether two instants lie at most so many microseconds apart, the later one first."""
    null_lists: bool = True
    """Whether a column of lists can hold null."""


def _plain_text(value: str) -> str:
    if "\0" in value:
        raise Untranslatable("text with a null character")
    return "'" + value.replace("'", "''") + "'"


def _escaped_text(value: str) -> str:
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _undotted(name: str) -> str:
    """Quote a name; ClickHouse reads a dot in one as a nested column."""
    return "`" + name.replace(".", "__") + "`"


def _wall(micros: int) -> str:
    try:
        at = _EPOCH + dt.timedelta(microseconds=micros)
    except OverflowError:
        raise Untranslatable("an instant outside the years 1 to 9999") from None
    return at.replace(tzinfo=None).isoformat(" ", "microseconds")


def _timestamp(micros: int) -> str:
    return f"TIMESTAMP '{_wall(micros)}'"


def _date(day: int) -> str:
    return f"DATE '{_calendar(day)}'"


def _calendar(day: int) -> str:
    try:
        return to_date(day).isoformat()
    except ValueError:
        raise Untranslatable("a day outside the years 1 to 9999") from None


def _datetime64(micros: int) -> str:
    wall = _wall(micros)
    _within_centuries(wall)
    return f"toDateTime64('{wall}', 6, 'UTC')"


def _date32(day: int) -> str:
    date = _calendar(day)
    _within_centuries(date)
    return f"toDate32('{date}')"


def _within_centuries(written: str) -> None:
    if not "1900" <= written < "2299":
        raise Untranslatable("a time that ClickHouse cannot hold: before 1900 or after 2298")


DUCKDB = Dialect(
    name="DuckDB",
    column=_quoted,
    text=_plain_text,
    instant=_timestamp,
    day=_date,
    double="'{value}'::DOUBLE",
    or_false="coalesce({truth}, false)",
    lower="lower({text})",
    contains="contains({text}, {part})",
    starts_with="starts_with({text}, {part})",
    ends_with="ends_with({text}, {part})",
    trimmed=f"trim({{text}}, {_plain_text(_BLANKS)})",
    local_date="({at} AT TIME ZONE 'UTC' AT TIME ZONE {zone})::DATE",
    month_and_day="(month({date}) * 100 + day({date}))",
    micros="epoch_us({at})",
    divided="({above} // {below})",
    wide="{value}",
    cast="CAST({value} AS {kind})",
    array="[{literals}]",
    has_any="list_has_any({list}, {array})",
    some_element="len(list_filter({list}, lambda x: {truth})) > 0",
    no_element="len(list_filter({list}, lambda x: {truth})) = 0",
    within="epoch_us({late}) - epoch_us({early}) <= {micros}",
)

CLICKHOUSE = Dialect(
    name="ClickHouse",
    column=_undotted,
    text=_escaped_text,
    instant=_datetime64,
    day=_date32,
    double="toFloat64({value})",
    or_false="ifNull({truth}, false)",
    lower="lowerUTF8({text})",
    contains="position({text}, {part}) > 0",
    starts_with="startsWith({text}, {part})",
    ends_with="endsWith({text}, {part})",
    # Its own `trim` knows bytes, not characters.
    trimmed=f"replaceRegexpOne({{text}}, '^[{_BLANKS}]*$', '')",
    local_date="toDate32(toTimeZone({at}, {zone}))",
    month_and_day="(toMonth({date}) * 100 + toDayOfMonth({date}))",
    micros="toUnixTimestamp64Micro({at})",
    divided="intDiv({above}, {below})",
    wide="toInt128({value})",
    cast="CAST({value} AS Nullable({kind}))",
    array="[{literals}]",
    has_any="hasAny({list}, {array})",
    some_element="arrayExists(x -> {truth}, {list})",
    no_element="not arrayExists(x -> {truth}, {list})",
    within="toUnixTimestamp64Micro({late}) - toUnixTimestamp64Micro({early}) <= {micros}",
    null_lists=False,
)

POSTGRES = Dialect(
    name="PostgreSQL",
    column=_quoted,
    text=_plain_text,
    instant=_timestamp,
    day=_date,
    double="'{value}'::double precision",
    or_false="coalesce({truth}, false)",
    lower="lower({text})",
    contains="strpos({text}, {part}) > 0",
    starts_with="starts_with({text}, {part})",
    ends_with="right({text}, length({part})) = {part}",
    trimmed=f"btrim({{text}}, {_plain_text(_BLANKS)})",
    local_date="({at} AT TIME ZONE 'UTC' AT TIME ZONE {zone})::date",
    month_and_day="(extract(month from {date}) * 100 + extract(day from {date}))",
    micros="(extract(epoch from {at}) * 1000000)::bigint",
    divided="({above} / {below})",
    wide="{value}",
    cast="CAST({value} AS {kind})",
    array="ARRAY[{literals}]::{kind}[]",
    has_any="{list} && {array}",
    some_element="EXISTS (SELECT 1 FROM unnest({list}) AS elements(x) WHERE {truth})",
    no_element="NOT EXISTS (SELECT 1 FROM unnest({list}) AS elements(x) WHERE {truth})",
    within="{late} - {early} <= interval '{micros} microseconds'",
)
