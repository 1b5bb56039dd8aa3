"""READ: catalogues (JSONL, JSON, CSV, TSV, Parquet; plain, gzip or Zstandard; files or stdin) become entities.

A sample of the records tells which field plays which role; what cannot be used is left out, counted and explained.
"""

from ltrr_cli.catalog.catalog import Catalog
from ltrr_cli.catalog.infer import Overrides, infer
from ltrr_cli.catalog.schema import Schema

__all__ = ["Catalog", "Overrides", "Schema", "infer"]
