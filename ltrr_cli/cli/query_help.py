"""What `ltrr query --help` says."""

from __future__ import annotations

HELP = """Search.

With TEXT, answer it. Without TEXT, answer the queries that are piped in, one a line, as JSON lines and at once; a line
is plain text or {"query": …, "k": …, "query_id": …, "user_id": …, "session_id": …, "filter": …, "context": {…}}. In a
terminal without TEXT, start a prompt that also takes feedback.

A filter says what may be found at all: FIELD = VALUE (!= is not, : has these words, < <= > >= compare) or FIELD in (A,
B), joined by and, or, not and parentheses. In a TEXT, genre:rock, year:>=1990, artist:"the who" and -genre:pop are
filters too. A FIELD is an attribute of the catalogue, or type, title or id.

More of the same list: --offset 10 --query-id ID, with the id of the first answer. Such a list stays as it was, whatever
is learned meanwhile. Without an id, --seed gives the same list as long as nothing new was learned.

Exit codes: 0, 1 for an error, 2 for a wrong call, 4 for no results with --fail-empty."""
EPILOG = """\b
Examples:
  ltrr query sad songs from the 90s
  ltrr query love -k 3 --explain
  ltrr query love --json | jq -r '.results[0].title'
  ltrr query < queries.txt > answers.jsonl
  ltrr query < queries.jsonl --trec > run.txt
  ltrr query love --csv > love.csv
  ltrr query love --ids -0 | xargs -0 -n 1 echo
  ltrr query --query-id 019ab2c4d5e6f708192a3b --offset 10
  ltrr query love --strategies lexical,semantic:20 --no-log
  ltrr query love --context device=phone --context holiday=1
  ltrr query --interleave policy:live single:lexical
  ltrr query love --filter 'year >= 1990 and genre = rock' --type song
  ltrr query 'love genre:rock -artist:queen year:>=1990' --facets genre,year
  ltrr query love --cap artist:2 --diversity 0.2
"""
