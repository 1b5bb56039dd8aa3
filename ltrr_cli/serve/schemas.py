"""JSON Schemas of what the server answers; members that are not named here may be added."""

from __future__ import annotations

from typing import Any

_TEXT: dict[str, Any] = {"type": "string"}
_WHOLE: dict[str, Any] = {"type": "integer"}
_NUMBER: dict[str, Any] = {"type": "number"}
_MAYBE: dict[str, Any] = {"type": ["number", "null"]}


def _object(needed: dict[str, Any], more: dict[str, Any] | None = None) -> dict[str, Any]:
    return {"type": "object", "properties": {**needed, **(more or {})}, "required": list(needed)}


def _array(items: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": items}


def _values(of: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "additionalProperties": of}


_EVENT = _object(
    {"status": {"enum": ["recorded", "repeated", "refused"]}},
    {"event_id": _TEXT, "reason": _TEXT, "known_action": {"type": "boolean"}},
)
PROBLEM = _object(
    {"type": _TEXT, "title": _TEXT, "status": _WHOLE, "detail": _TEXT},
    {
        "where": _TEXT,
        "next": _TEXT,
        "events": {**_array(_EVENT), "description": "of a batch that was refused: each event, and why"},
    },
)
ANSWER = _object(
    {
        "query_id": _TEXT,
        "query": _TEXT,
        "took_ms": _NUMBER,
        "results": _array(
            _object(
                {
                    "rank": _WHOLE,
                    "id": _TEXT,
                    "type": _TEXT,
                    "title": _TEXT,
                    "score": _MAYBE,
                    "strategies": _values(_WHOLE),
                },
                {"passage": _TEXT, "contributions": _values(_MAYBE), "shown": {"type": "object"}},
            )
        ),
    },
    {
        "did_you_mean": _TEXT,
        "notes": _array(_TEXT),
        "failed": _values(_TEXT),
        "filter": _object({"text": _TEXT, "entities": {"type": ["integer", "null"]}}),
        "facets": _object({"of": _TEXT, "entities": _WHOLE, "fields": {"type": "object"}}),
        "readings": _array(_TEXT),
        "context": _values(_MAYBE),
        "arms": _array(_object({"name": _TEXT, "depth": _WHOLE, "returned": _WHOLE, "ms": _MAYBE, "error": _TEXT})),
        "propensity": _NUMBER,
        "mode": _TEXT,
    },
)
RECEIVED = _object({"recorded": _WHOLE, "repeated": _WHOLE, "refused": _WHOLE, "events": _array(_EVENT)})
EVENT = _object(
    {
        "action_name": {"type": "string", "minLength": 1, "maxLength": 64, "description": "click, like, play …"},
        "query_id": {"type": "string", "minLength": 1, "description": "the id of the answer that was acted on"},
        "event_attributes": _object(
            {"object": _object({"object_id": {"type": "string", "description": "the id of the entity"}})},
            {
                "event_id": {"type": "string", "description": "by default made of what the event says"},
                "dwell_ms": {"type": "number", "minimum": 0, "description": "how long it was used"},
            },
        ),
    },
    {
        "timestamp": {"type": "string", "format": "date-time", "description": "by default now"},
        "user_id": _TEXT,
        "session_id": _TEXT,
    },
)
UNDONE = _object({"undone": {"type": "boolean"}})
COMPLETIONS = _object(
    {"completions": _array(_object({"text": _TEXT, "kind": _TEXT, "score": _NUMBER, "entity_id": _TEXT}))}
)
_READING = {"text": _TEXT, "start": _WHOLE, "end": _WHOLE, "attribute": _TEXT, "probability": _MAYBE}
UNDERSTOOD = _object(
    {
        "query": _TEXT,
        "words": _array(_TEXT),
        "readings": _array(_object({**_READING, "value": _TEXT, "entities": _WHOLE, "types": _values(_MAYBE)})),
        "ranges": _array(_object({**_READING, "low": _MAYBE, "high": _MAYBE})),
        "types": _array(_object({"type": _TEXT, "probability": _MAYBE})),
    }
)
RELATED = _object(
    {
        "id": _TEXT,
        "results": _array(
            _object(
                {
                    "rank": _WHOLE,
                    "id": _TEXT,
                    "type": _TEXT,
                    "title": _TEXT,
                    "score": _MAYBE,
                    "contributions": _values(_MAYBE),
                }
            )
        ),
    }
)
_POSTERIOR = {"mean": _MAYBE, "deviation": _MAYBE, "pulls": _WHOLE, "depth": _WHOLE}
EXPLAINED = _object(
    {
        "query_id": _TEXT,
        "query": _TEXT,
        "id": _TEXT,
        "type": _TEXT,
        "title": _TEXT,
        "rank": _WHOLE,
        "score": _MAYBE,
        "arms": _array(_object({"name": _TEXT, "rank": _WHOLE, "returned": _WHOLE, "ms": _MAYBE, **_POSTERIOR})),
        "features": _array(_object({"name": _TEXT, "value": _MAYBE, "weight": _MAYBE, "part": _MAYBE})),
        "readings": _array(_TEXT),
        "reserved": {"type": ["object", "null"]},
        "policy": _object({"version": _WHOLE, "mode": _TEXT, "propensity": _MAYBE, "explored": {"type": "boolean"}}),
        "ranker_version": _WHOLE,
    }
)
_REGRET = _object({"at": _MAYBE, "pages": _WHOLE, "mean": _MAYBE, "low": _MAYBE, "high": _MAYBE})
ARMS = _object(
    {
        "policy_version": _WHOLE,
        "untrained": {"type": "boolean"},
        "ranker_version": _WHOLE,
        "ranker": _TEXT,
        "impressions": _WHOLE,
        "events": _WHOLE,
        "arms": _array(_object({"name": _TEXT, "share": _MAYBE, **_POSTERIOR})),
        "weights": _array(_object({"name": _TEXT, "weight": _MAYBE, "prior": _MAYBE, "meaning": _TEXT})),
        "recent": _object({"pages": _WHOLE, "acted": _MAYBE, "reward": _MAYBE}),
        "rewards": _array(
            _object({"at": _MAYBE, "pages": _WHOLE, "acted": _MAYBE, "reward": _MAYBE, "shares": _values(_MAYBE)})
        ),
        "regret": {"anyOf": [{"type": "null"}, _object({"total": _REGRET, "spans": _array(_REGRET)})]},
    }
)
HEALTH = _object({"status": {"enum": ["ok"]}, "version": _TEXT})
