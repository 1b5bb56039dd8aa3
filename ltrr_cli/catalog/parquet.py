"""Parquet through Polars, a slice of rows at a time."""

from __future__ import annotations

import datetime as dt
import decimal
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ltrr_cli.errors import CatalogError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import polars as pl

    from ltrr_cli.catalog.source import Meter
    from ltrr_cli.catalog.stream import Stream

MAGIC = b"PAR1"
_ROWS = 1 << 15
_MAX_SPOOLED = 8 << 30


def read_parquet(path: Path, name: str, meter: Meter) -> Iterator[tuple[int, Mapping[str, object]]]:
    """Yield the rows, numbered from 1, with plain Python values; dates become ISO 8601 text.

    Raises:
        CatalogError: the file is damaged or holds what Polars cannot read.
    """
    import polars as pl

    size = path.stat().st_size
    total = int(_collect(pl.scan_parquet(path).select(pl.len()), name).item())
    number = 0
    for begin in range(0, total, _ROWS):
        part = _collect(pl.scan_parquet(path).slice(begin, _ROWS), name)
        meter.bytes_read = size * min(total, begin + _ROWS) // total
        for row in part.iter_rows(named=True):
            number += 1
            yield number, {key: _plain(value) for key, value in row.items()}


def spooled(stream: Stream, meter: Meter) -> Iterator[tuple[int, Mapping[str, object]]]:
    """Read Parquet that comes through a pipe or compressed: its index is at its end, so it goes to a temporary file.

    Raises:
        CatalogError: as `read_parquet`, and for more than 8 GiB.
    """
    with tempfile.NamedTemporaryFile(suffix=".parquet") as file:
        written = 0
        for piece in stream:
            written += len(piece)
            if written > _MAX_SPOOLED:
                raise CatalogError("more than 8 GiB of Parquet", where=stream.name, next="store it uncompressed")
            file.write(piece)
        file.flush()
        done = meter.bytes_read
        for numbered in read_parquet(Path(file.name), stream.name, meter):
            meter.bytes_read = done
            yield numbered


def _collect(frame: pl.LazyFrame, name: str) -> pl.DataFrame:
    try:
        return frame.collect()
    except (KeyboardInterrupt, SystemExit, MemoryError):
        raise
    except BaseException as error:  # noqa: BLE001 – a panic in Polars' native code does not derive from Exception
        reason = (str(error).splitlines() or [type(error).__name__])[0][:300]
        raise CatalogError(f"cannot read Parquet: {reason}", where=name, next="write the file anew") from None


def _plain(value: Any) -> object:
    """Return a Parquet value as JSON would hold it."""
    if value is None or isinstance(value, (str, int, float)):
        return value
    if isinstance(value, (dt.date, dt.time)):
        return value.isoformat()
    if isinstance(value, (decimal.Decimal, dt.timedelta)):
        return float(value) if isinstance(value, decimal.Decimal) else value.total_seconds()
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    return value
