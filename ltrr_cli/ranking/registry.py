"""The registry of the ranker's features: their names, in order, and what each says.

A feature is a number about in [0, 1], nan where it is absent; it does not depend on how many candidates were drawn
after the arms' first three. n is the memory's evidence for the query, in rewards of today's worth.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

OF_ARM: Mapping[str, str] = {
    "score": "the arm's score as a share of its best; absent where the best is not above 0",
    "reciprocal_rank": "1 / rank in the arm",
    "present": "1 where the arm found the candidate, 0 where it ran and did not",
}
"""Features of each arm that ran, named `<arm>.<feature>`."""

COMMON: Mapping[str, str] = {
    "agreement": "share of the arms that ran which found the candidate",
    "similarity": "cosine of the query's and the candidate's best vectors, for every candidate; less by how little the "
    "encoder knows the query's language",
    "similarity.share": "similarity as a share of the semantic arm's best score",
    "company": "cosine to the middle of lexical's first three, the better weighing more",
    "title.same": "the title is the query",
    "title.covered": "share of the query's words, by idf, that the title has",
    "title.filled": "share of the title's words that the query has",
    "title.prefix": "share of the query's words that the title begins with, in order",
    "title.phrase": "share of the query's pairs of neighbours that are neighbours in the title",
    "title.named": "the whole title stands in the query",
    "title.bm25": "BM25 of the title as a share of the most that the query's words can score",
    "creator.bm25": "the same of the creator",
    "attributes.bm25": "the same of the attributes",
    "text.bm25": "the same of the text",
    "words.covered": "share of the query's words, by idf, that any field has",
    "words.share": "BM25 summed over the fields, as a share of the most that lexical's first three have",
    "words.whole": "the same of all fields as one text",
    "values": "share of the understood values, by probability, that the candidate has",
    "title.read": "probability that a part of the query is meant as the candidate's title or alias",
    "type": "the candidate is of the type that the query names, times the reading's probability",
    "type.likely": "probability of the candidate's type, by the types and the titles that the query names",
    "numbers": "summed probability of the ranges that the query asks for and the candidate lies in",
    "popularity": "the catalogue's popularity, as a share of entities that are less popular",
    "freshness": "how new it is by its own date or year, as a share of entities that are older",
    "rewarded": "observed reward over all queries, logarithmic; 1 for the most rewarded, from 100 events on",
    "memory.mean": "the memory's smoothed rate relative to its best, whoever found the candidate",
    "memory.acted": "the same where the candidate was acted on under this query or one like it, else 0",
    "memory.evidence": "the candidate's own reward under this query, saturating: a / (a + 4)",
    "memory.observed": "observed reward under this query relative to its best entity, times n / (n + 4)",
    "memory.predicted": "predicted score, fading as evidence comes: times 4 / (n + 4)",
    "user.entity": "the user's own reward for the entity, saturating: m / (m + 1)",
    "user.lately": "how lately the user acted on it: 1 for the last, half after 20 others, times how sure it is that "
    "people come back, whatever they ask",
    "user.type": "share of the user's rewards that went to entities of its type",
    "user.similarity": "cosine to the middle of what the user rewarded most, dislikes subtracted",
    "user.company": "how much people act on it together with what the person likes, as a share of the most",
    "user.values": "share of the values of what the person likes, each by how much, that the candidate has",
    "user.done": "the user acted on it under this very query, times how sure it is that nobody does so twice",
    "session.similarity": "cosine to the middle of what the session acted on, the latest counting most",
    "session.title": "share of the words of the session's earlier queries that the title has",
    "text.unsure": "the best score of lexical, popular and fuzzy, times 4 / (n + 4): where behaviour is known …",
    "similarity.unsure": "`similarity` times 4 / (n + 4): … looks matter less",
    "title.unsure": "`title.covered` times 4 / (n + 4)",
}

SHARPENED = (
    "lexical.score",
    "popular.score",
    "agreement",
    "similarity.share",
    "company",
    "title.covered",
    "title.filled",
    "words.covered",
    "words.share",
    "words.whole",
    "text.unsure",
)
SHARP = ".sharp"
"""`<feature>.sharp` is the fourth power of one of these: among the best a small gap counts more than among the rest."""


def names(arms: Sequence[str]) -> tuple[str, ...]:
    """Return the feature names for these arms, in the order of `features`."""
    return _names(tuple(arms))


@lru_cache(maxsize=256)
def _names(arms: tuple[str, ...]) -> tuple[str, ...]:
    plain = (*(f"{arm}.{part}" for part in OF_ARM for arm in arms), *COMMON)
    return (*plain, *(f"{name}{SHARP}" for name in sharpened(plain)))


def sharpened(plain: Sequence[str]) -> list[str]:
    """Return which of the names have a sharp twin, in the order of `SHARPENED`."""
    known = set(plain)
    return [name for name in SHARPENED if name in known]


def meaning(name: str) -> str:
    """Return what a feature says; empty for a name that no feature has today."""
    if name.endswith(SHARP):
        return f"`{name.removesuffix(SHARP)}` to the fourth power" if name.removesuffix(SHARP) in SHARPENED else ""
    return COMMON.get(name) or OF_ARM.get(name.rpartition(".")[2], "")
