"""Context: named features of a query in [-1, 1], the only thing by which the policy tells queries apart.

A feature that does not apply is absent, so that the policy cannot mistake "unknown" for "zero".
"""

from __future__ import annotations

import math
from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ltrr_cli.memory.recall import Recall
    from ltrr_cli.records import Query, Understood

QUESTIONS = frozenset(["what", "who", "which", "when", "where", "why", "how", "is", "are", "does", "do", "can"])
_MAX_IDF = 12.0


def context(query: Query, understood: Understood, recall: Recall) -> dict[str, float]:
    """Return the features of one query."""
    words = understood.words
    features: dict[str, float] = {"words": min(1.0, math.log1p(len(words)) / math.log(16))}
    if words:
        features["characters"] = min(1.0, sum(map(len, words)) / 64)
        features["digits"] = sum(any(c.isdigit() for c in word) for word in words) / len(words)
        features["question"] = float(words[0] in QUESTIONS)
        features["non_latin"] = sum(not word.isascii() for word in words) / len(words)
    if understood.stems:
        features["unseen"] = understood.unseen / len(understood.stems)
        features["idf.highest"] = min(1.0, max(understood.idf) / _MAX_IDF)
        features["idf.mean"] = min(1.0, sum(understood.idf) / len(understood.idf) / _MAX_IDF)
    if understood.tags and words:
        covered = {word for tag in understood.tags for word in range(tag.start, tag.end)}
        features["tags.covered"] = len(covered) / len(words)
        features["tags.surest"] = max(tag.probability for tag in understood.tags)
        for attribute in sorted({tag.attribute for tag in understood.tags})[:4]:
            features[f"tag.{attribute}"] = max(tag.probability for tag in understood.tags if tag.attribute == attribute)
    if len(recall.rows):
        features["memory.evidence"] = recall.evidence / (recall.evidence + 4)
        features["memory.best"] = float(recall.scores[0])
        features["memory.predicted"] = float(recall.predicted.max())
        features["memory.known"] = float(recall.known)
    moment = datetime.fromtimestamp(query.time, UTC)
    features["weekend"] = float(moment.weekday() >= 5)
    features["hour.sine"] = math.sin(moment.hour / 24 * 2 * math.pi)
    features["hour.cosine"] = math.cos(moment.hour / 24 * 2 * math.pi)
    features["user.known"] = float(bool(query.user))
    return features
