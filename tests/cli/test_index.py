"""`ltrr index` builds, adds, deletes and shows."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from ltrr_cli.cli.rejected import PARTIAL

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Ltrr, Open


def test_build_says_what_it_inferred_and_what_to_do_next(ltrr: Ltrr, tmp_path: Path) -> None:
    """Roles, attributes, what was ignored and why, bad records with line and reason, and the next command."""
    rows = [{"id": f"{n}", "title": f"Song {n}", "plays": n, "note": "same"} for n in range(20)]
    lines = [json.dumps(row) for row in rows]
    lines.insert(3, "{broken")
    lines.insert(9, json.dumps({"title": "no id"}))
    catalog = tmp_path / "songs.jsonl"
    catalog.write_text("\n".join(lines))
    done = ltrr("index", "build", catalog, "--index", tmp_path / "x.ltrr")
    assert done.code == PARTIAL
    assert "x.ltrr: 20 entities" in done.out
    assert "  id          id\n" in done.out
    assert "  title       title\n" in done.out
    assert "Next: ltrr query" in done.out
    assert "20 encoded" in done.out
    assert "2 bad records left out, the first at" in done.err
    assert "songs.jsonl:4: not JSON" in done.err
    assert "20 taken over" in ltrr("index", "build", catalog, "--index", tmp_path / "x.ltrr").out


def test_build_as_json(ltrr: Ltrr, catalog: Path, tmp_path: Path) -> None:
    """Scripts get counts, the schema and the bad records."""
    row = ltrr("index", "build", catalog, "--index", tmp_path / "x.ltrr", "--json").json
    assert (row["entities"], row["bad_count"], row["bad"], row["encoded"]) == (40, 0, [], 40)
    assert row["schema"]["title"] == "title"
    assert row["index"].endswith("x.ltrr")


def test_field_options_override_the_inference(ltrr: Ltrr, tmp_path: Path) -> None:
    """Each role can be given, several texts in order, and '' takes a role away."""
    catalog = tmp_path / "c.jsonl"
    rows = [{"key": f"k{n}", "a": f"first {n}", "b": f"second {n}", "c": f"third {n}", "kind": "x"} for n in range(5)]
    catalog.write_text("\n".join(map(json.dumps, rows)))
    options = ["--id-field", "key", "--title-field", "b", "--text-field", "c", "--text-field", "a", "--type-field", ""]
    options += ["--popularity-field", "", "--creator-field", "kind"]
    schema = ltrr("index", "build", catalog, "-i", tmp_path / "x.ltrr", "--json", *options).json["schema"]
    assert (schema["id"], schema["title"], schema["text"]) == ("key", "b", ["c", "a"])
    assert (schema["type"], schema["popularity"], schema["creator"]) == ("", "", "kind")
    done = ltrr("index", "build", catalog, "-i", tmp_path / "y.ltrr", "--title-field", "nope")
    assert done.code == 1
    assert "no record has the field 'nope'" in done.err
    assert not (tmp_path / "y.ltrr").exists()


def test_strict_and_quiet(ltrr: Ltrr, tmp_path: Path) -> None:
    """Strict stops at the first bad record; quiet prints only what is wrong."""
    catalog = tmp_path / "c.jsonl"
    catalog.write_text('{"id": "1", "title": "one"}\n{"id": "2", "title": "two"}\nbroken\n')
    done = ltrr("index", "build", catalog, "-i", tmp_path / "x.ltrr", "--strict")
    assert done.code == 1
    assert "c.jsonl:3" in done.err
    done = ltrr("index", "build", catalog, "-i", tmp_path / "x.ltrr", "--quiet")
    assert (done.code, done.out) == (PARTIAL, "")
    assert done.err.count("\n") == 1


def test_build_from_stdin_beside_a_file_name(process: Ltrr, catalog: Path) -> None:
    """`-` reads standard input; without an --index the catalogue's name gives the index's, in this folder."""
    done = process("index", "build", "-", stdin=catalog.read_bytes())
    assert (done.code, "--index" in done.err) == (2, True)
    assert (
        process("index", "build", "-", "--index", "x.ltrr", "--json", stdin=catalog.read_bytes()).json["entities"] == 40
    )
    assert process("index", "info", "--json").json["path"] == "x.ltrr"


def test_a_catalogue_cannot_write_to_the_terminal(ltrr: Ltrr, tmp_path: Path) -> None:
    """Field names with escape sequences are shown escaped."""
    catalog = tmp_path / "c.jsonl"
    rows = [{"id": f"{n}", "title": f"t {n}", "\x1b[31mred\x07": f"v{n % 2}"} for n in range(8)]
    catalog.write_text("\n".join(map(json.dumps, rows)))
    done = ltrr("index", "build", catalog, "-i", tmp_path / "x.ltrr")
    assert "\\x1b[31mred\\x07" in done.out
    assert not {"\x1b", "\x07"} & set(done.out + done.err)


def test_progress_bars_are_for_terminals(terminal: Open, catalog: Path, tmp_path: Path) -> None:
    """A terminal sees the steps; they vanish, and what remains is the summary."""
    opened = terminal("index", "build", catalog, "--index", tmp_path / "x.ltrr")
    opened.until("Next: ")
    assert opened.process.wait(60) == 0
    assert "encoding" in opened.raw
    quiet = terminal("index", "build", catalog, "--index", tmp_path / "y.ltrr", "--quiet")
    assert quiet.process.wait(60) == 0


def test_add_replaces_and_delete_removes(ltrr: Ltrr, index: Path, tmp_path: Path) -> None:
    """An added entity is found, one with a known id is replaced, a deleted one is gone."""
    more = tmp_path / "more.jsonl"
    more.write_text('{"id": "e00", "title": "Zanzibar"}\n{"id": "new", "title": "Xylophone"}\n')
    done = ltrr("index", "add", more, "-i", index)
    assert done.code == 0, done.err
    assert ltrr("index", "info", "--json", "-i", index).json["entities"] == 41
    assert ltrr("query", "xylophone", "--ids", "-k", "1", "-i", index).out == "new\n"
    assert ltrr("query", "zanzibar", "--ids", "-k", "1", "-i", index).out == "e00\n"
    done = ltrr("index", "delete", "new", "nobody", "new", "-i", index, "--json")
    assert (done.code, done.json) == (3, {"deleted": 1, "missing": ["nobody"]})
    assert "new" not in ltrr("query", "xylophone", "--ids", "-i", index).out.split()
    assert ltrr("index", "delete", "e00", "-i", index).code == 0
    done = ltrr("index", "delete", "nobody", "-i", index)
    assert (done.code, done.out, done.err) == (1, "deleted 0 entities\n", "not in the index: nobody\n")


def test_delete_reads_ids_from_a_pipe(process: Ltrr, index: Path) -> None:
    """One on each line; none at all is a mistake."""
    done = process("index", "delete", "-", "e02", "-i", index, "--json", stdin="e00\r\ne01\n\nnobody")
    assert (done.code, done.json) == (3, {"deleted": 3, "missing": ["nobody"]})
    done = process("index", "delete", "-", "-i", index, stdin="\n")
    assert (done.code, "no ids on stdin" in done.err) == (2, True)


def test_add_needs_an_index(ltrr: Ltrr, catalog: Path, tmp_path: Path) -> None:
    """It does not make one by accident."""
    done = ltrr("index", "add", catalog, "-i", tmp_path / "none.ltrr")
    assert done.code == 1
    assert "ltrr index build" in done.err


def test_info_contract(ltrr: Ltrr, built: Path) -> None:
    """Scripts may count on these keys and types."""
    row = ltrr("index", "info", "--json", "-i", built).json
    assert row["entities"] == 40
    for key in ("segments", "impressions", "events", "learned_version"):
        assert isinstance(row[key], int)
    assert {"lexical", "popular", "structured", "semantic", "memory"} <= set(row["strategies"])
    assert {"actions", "arms", "weights", "sizes", "ranker", "policy_version"} <= set(row)


@pytest.mark.parametrize("columns", [40, 80])
def test_info_fits_one_screen(columns: int, ltrr: Ltrr, built: Path) -> None:
    """Every arm with its bar, within the width and 40 lines."""
    lines = ltrr("index", "info", "-i", built, COLUMNS=str(columns)).out.splitlines()
    assert len(lines) <= 40
    assert max(map(len, lines[1:])) <= columns
    assert any(line.startswith("semantic") and "█" in line for line in lines)


def test_generated_queries(ltrr: Ltrr, tmp_path: Path) -> None:
    """A doc2query model is used at build, by `add` too; what it is not is an error with its remedy, no traceback."""
    pytest.importorskip("onnx", reason="the extra 'export' is not installed")
    from seq2seq import write_seq2seq

    catalog, root = tmp_path / "c.jsonl", tmp_path / "x.ltrr"
    catalog.write_text('{"id": "1", "title": "Love Rain", "text": "a song about summer"}\n')
    model = write_seq2seq(tmp_path / "m")
    done = ltrr("index", "build", catalog, "--index", root, "--query-generator", model)
    assert (done.code, "generated   1 query" in done.out) == (0, True)
    catalog.write_text('{"id": "2", "title": "Night Train"}\n')
    done = ltrr("index", "add", catalog, "--index", root)
    assert "note: 1 of 1 entities have no generated queries" in done.err
    done = ltrr("index", "add", catalog, "--index", root, "--query-generator", model, "--json")
    assert done.json["generated"] == 1
    done = ltrr("index", "build", catalog, "--index", root, "--query-generator", tmp_path)
    assert (done.code, "there is no encoder_model.onnx" in done.err, "optimum-cli" in done.err) == (1, True, True)
    assert ltrr("index", "build", catalog, "--index", root, "--generated-queries", "3").code == 2


def test_update_and_rollback(ltrr: Ltrr, catalog: Path, tmp_path: Path) -> None:
    """Partial records change fields; info says what is kept; a rollback takes it back, and says so."""
    index = tmp_path / "x.ltrr"
    ltrr("index", "build", catalog, "-i", index)
    row = json.loads(catalog.read_text().splitlines()[0])
    changes = tmp_path / "changes.csv"
    changes.write_text(f"id,title\n{row['id']},Quokka\nnope,x\n")
    done = ltrr("index", "update", changes, "-i", index)
    assert (done.code, done.out) == (3, "changed 1 entity; 1 encoded\n")
    assert "1 bad record left out, the first at" in done.err
    assert "the index has no entity 'nope'" in done.err
    assert ltrr("index", "show", row["id"], "-i", index, "--json").json["title"] == "Quokka"
    assert "kept for ltrr index rollback" in ltrr("index", "info", "-i", index).out
    assert ltrr("index", "rollback", "-i", index).out.startswith("back to the catalogue of generation 1: 40 entities")
    assert ltrr("index", "show", row["id"], "-i", index, "--json").json["title"] == row["title"]
    assert ltrr("index", "update", changes, "-i", index, "--json", "--quiet").json["changed"] == 1
