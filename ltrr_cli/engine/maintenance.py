"""What is done to an index as a whole: made, changed, checked and repaired. None of it needs an open engine."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ltrr_cli.engine.arguments import checked_moment, one_line

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import BinaryIO

    from ltrr_cli.catalog import Overrides
    from ltrr_cli.engine.adopt import Adopted
    from ltrr_cli.engine.build import Built
    from ltrr_cli.engine.compact import Compacted
    from ltrr_cli.engine.forget import Forgotten
    from ltrr_cli.engine.restore import Repaired
    from ltrr_cli.engine.rollback import RolledBack
    from ltrr_cli.engine.update import Updated
    from ltrr_cli.engine.verify import Verified
    from ltrr_cli.records import Bad


class Maintenance:
    """The part of `Engine` that works on index directories; one writer at a time, readers go on."""

    @staticmethod
    def build(
        sources: str | Path | Sequence[str | Path],
        index: str | Path,
        *,
        encoder: str | None = None,
        overrides: Overrides | None = None,
        strict: bool = False,
        add: bool = False,
        holdout: float | None = None,
        suggest: bool = True,
        vectors: Sequence[str] = (),
        sparse: str | None = None,
        query_generator: str | None = None,
        generated_queries: int | None = None,
        private: bool = False,
        stdin: BinaryIO | None = None,
        on_bad: Callable[[Bad], None] | None = None,
        progress: Callable[[str, int, int | None], None] = lambda *_: None,
    ) -> Built:
        """Make the index directory, or make it anew.

        The old index stays until the new one is whole, and what was learned is kept. With `add` the entities join those
        of the index and replace those with the same id; fields have the roles that they have there.

        `sources` are catalogue files, `-` is `stdin`; `overrides` say which fields play which role where inference is
        wrong; `encoder` is a folder or a hub name; `strict` stops at the first bad record, else `on_bad` is told of
        every one that is left out. `holdout` in [0, 0.9] is written into ltrr.toml: the share of queries whose feedback
        is logged but never learned. `suggest`: values that an entity's text names are suggested for it, see
        `suggestions`. `vectors` are files of vectors made elsewhere (`FILE` or `NAME=FILE`, see `catalog.vectors`),
        each an arm `vectors:NAME`; `sparse` is the folder of a masked-language model for the arm `sparse` ("" for
        none). `query_generator` is the folder of an encoder-decoder (doc2query, see `encoder.seq2seq`) that makes at
        most `generated_queries` (1 to 20, default 3) queries for an entity; it is used now and not kept, what it made
        is ("" for none). `private` makes directories 0700 and files 0600; it holds for all that is written later, as
        the index's own mode says so. `progress` is told (step, units since the last call, units in all or None).
        """
        from ltrr_cli.catalog import Catalog
        from ltrr_cli.catalog import Overrides as Roles
        from ltrr_cli.engine.build import build
        from ltrr_cli.engine.schemas import schema_to_join

        listed = [sources] if isinstance(sources, str | Path) else list(sources)
        like = schema_to_join(Path(index)) if add else None
        catalog = Catalog(listed, overrides=overrides or Roles(), like=like, strict=strict, stdin=stdin, on_bad=on_bad)
        return build(
            Path(index),
            catalog,
            encoder=encoder,
            add=add,
            holdout=holdout,
            suggest=suggest,
            vectors=vectors,
            sparse=sparse,
            query_generator=query_generator,
            generated_queries=generated_queries,
            private=private,
            progress=progress,
        )

    @staticmethod
    def update(
        sources: str | Path | Sequence[str | Path],
        index: str | Path,
        *,
        strict: bool = False,
        stdin: BinaryIO | None = None,
        on_bad: Callable[[Bad], None] | None = None,
        progress: Callable[[str, int, int | None], None] = lambda *_: None,
    ) -> Updated:
        """Change some fields of entities; the fields that a record does not name stay as they are.

        Records are merged by id, in order; a field that is null, or an empty cell, is emptied, and a new field is a new
        attribute. An id that the index does not have makes a bad record: `strict` stops at it, else `on_bad` is told.
        Fields are called as in the catalogue, or as `ltrr index export` writes them. The changed entities are held in
        memory.
        """
        from ltrr_cli.engine.update import update

        listed = [sources] if isinstance(sources, str | Path) else list(sources)
        return update(Path(index), listed, strict=strict, stdin=stdin, on_bad=on_bad, progress=progress)

    @staticmethod
    def rollback(index: str | Path) -> RolledBack:
        """Put the catalogue before the last build, add, update or delete live again; twice: the later one again.

        What was learned stays. Raises `UsageError` where no earlier catalogue is kept: one is, until `compact`.
        """
        from ltrr_cli.engine.rollback import rollback

        return rollback(Path(index))

    @staticmethod
    def delete(index: str | Path, ids: Sequence[str]) -> list[str]:
        """Delete entities; returns the ids that the index does not have."""
        from ltrr_cli.engine.removal import delete

        return delete(Path(index), ids)

    @staticmethod
    def compact(index: str | Path, *, progress: Callable[[str, int, int | None], None] = lambda *_: None) -> Compacted:
        """Merge all segments of an index into one, as a build of its living entities would make it.

        No earlier catalogue is kept: what was deleted or replaced is then gone from the disk.
        """
        from ltrr_cli.engine.compact import compact

        return compact(Path(index), progress=progress)

    @staticmethod
    def encode(index: str | Path, *, progress: Callable[[str, int, int | None], None] = lambda *_: None) -> int:
        """Encode the texts of an index whose build stopped before all vectors were there; returns how many it did."""
        from ltrr_cli.engine.later import encode

        return encode(Path(index), progress=progress)

    @staticmethod
    def relearn(index: str | Path, *, progress: Callable[[int], None] = lambda _: None) -> None:
        """Make the learned state again, from the logs alone."""
        from ltrr_cli.engine.learn import rebuild

        rebuild(Path(index), progress=progress)

    @staticmethod
    def forget_user(index: str | Path, user: str, *, now: float | None = None) -> Forgotten:
        """Remove a user from the logs and from all that is learned; says what went.

        The index stays open to others meanwhile; it is learned again from the logs that are left.
        """
        from ltrr_cli.engine.forget import forget

        return forget(Path(index), one_line(user, "user"), now=checked_moment(now))

    @staticmethod
    def verify(
        index: str | Path, *, deep: bool = False, progress: Callable[[str, int, int | None], None] = lambda *_: None
    ) -> Verified:
        """Compare every file and log line with its checksum; `deep` looks into them, and folds the logs again."""
        from ltrr_cli.engine.verify import verify

        return verify(Path(index), deep=deep, progress=progress)

    @staticmethod
    def repair(index: str | Path, *, progress: Callable[[str, int, int | None], None] = lambda *_: None) -> Repaired:
        """Make what is damaged again from what is not: segments from their entities, learned state from the logs."""
        from ltrr_cli.engine.restore import repair

        return repair(Path(index), progress=progress)

    @staticmethod
    def adopt(
        source: str | Path,
        index: str | Path,
        *,
        encoder: str | None = None,
        progress: Callable[[str, int, int | None], None] = lambda *_: None,
    ) -> Adopted:
        """Make an index of your own from one that somebody else made, without opening any file with native code.

        `encoder` is a folder or a hub name; by default the package's. Raises `IndexDirectoryError`, saying why, for
        what no ltrr would have written.
        """
        from ltrr_cli.engine.adopt import adopt

        return adopt(Path(source), Path(index), encoder=encoder, progress=progress)
