#!/usr/bin/env bash
# Search, act and learn from the shell. Usage: examples/pipeline.sh [INDEX]
set -euo pipefail
cd "$(dirname "$0")/.."
here=data/sample
index=${1:-$(mktemp -d)/music.ltrr}
export LTRR_INDEX=$index

# Build from standard input: any tool may make the catalogue.
cat $here/catalog.jsonl | ltrr index build - --quiet

# One query; the answer is JSON.
ltrr query "90s sad songs" -k 3 --json | python3 -c 'import json, sys; print("first:", json.load(sys.stdin)["results"][0]["title"])'

# A query a line in, an answer a line out; simulated clicks go straight back in.
python3 -c 'import itertools, json, sys
for line in itertools.islice(open(sys.argv[1], encoding="utf-8"), 40): print(json.loads(line)["query"])' $here/queries.jsonl |
  ltrr query -k 10 |
  python3 examples/simulate_clicks.py $here/queries.jsonl $here/qrels.tsv |
  ltrr feedback ingest -

ltrr index info --json | python3 -c 'import json, sys; print("events learned:", json.load(sys.stdin)["events"])'
