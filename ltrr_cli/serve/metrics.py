"""Counters for Prometheus, added up over all worker processes.

With several workers each writes into files of its own in a shared folder, as prometheus_client does it; whichever
worker is asked adds them up. Figures of the index are read from it when they are asked for.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from prometheus_client.core import Metric

    from ltrr_cli.engine.info import Info
    from ltrr_cli.engine.regret import Regrets

_SECONDS = (0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


class Metrics:
    """The counters of one process; `folder` is where several processes meet, "" for one alone."""

    def __init__(self, folder: str = "") -> None:
        if folder:
            os.environ["PROMETHEUS_MULTIPROC_DIR"] = folder  # read when the module is imported, and nowhere else
        from prometheus_client import CollectorRegistry, Counter, Histogram

        self._folder = folder
        self._registry = CollectorRegistry()
        self._requests = Counter(
            "ltrr_requests", "Requests, by route and status.", ("route", "status"), registry=self._registry
        )
        self._seconds = Histogram(
            "ltrr_request_seconds",
            "Seconds from a request to the end of its answer.",
            ("route",),
            buckets=_SECONDS,
            registry=self._registry,
        )
        self._events = Counter(
            "ltrr_feedback_events", "Events, by what became of them.", ("status",), registry=self._registry
        )
        self._empty = Counter("ltrr_empty_answers", "Answers without a result.", registry=self._registry)
        self._failed = Counter(
            "ltrr_failed_arms", "Arms that failed or were too slow.", ("arm",), registry=self._registry
        )

    def request(self, route: str, status: int, seconds: float) -> None:
        """Count a request."""
        self._requests.labels(route, str(status)).inc()
        self._seconds.labels(route).observe(seconds)

    def events(self, statuses: list[str]) -> None:
        """Count events by what became of them."""
        for status in statuses:
            self._events.labels(status).inc()

    def answer(self, *, empty: bool, failed: list[str]) -> None:
        """Count an answer."""
        if empty:
            self._empty.inc()
        for arm in failed:
            self._failed.labels(arm).inc()

    def text(self, info: Info, regrets: Regrets | None) -> str:
        """Return all of it in Prometheus' text format."""
        from prometheus_client import CollectorRegistry, generate_latest
        from prometheus_client.multiprocess import MultiProcessCollector

        counters = self._registry
        if self._folder:
            counters = CollectorRegistry()
            MultiProcessCollector(counters, self._folder)  # type: ignore[no-untyped-call]
        state = CollectorRegistry()
        state.register(_State(info, regrets))
        return (generate_latest(counters) + generate_latest(state)).decode()


class _State:
    """Figures of the index, as they are now."""

    def __init__(self, info: Info, regrets: Regrets | None) -> None:
        self._info = info
        self._regrets = regrets

    def collect(self) -> Iterator[Metric]:
        """Yield them."""
        from prometheus_client.core import GaugeMetricFamily

        info = self._info
        figures = {
            "entities": (info.entities, "Entities of the index."),
            "segments": (info.segments, "Segments of the index."),
            "impressions": (info.impressions, "Answers in the log."),
            "events": (info.events, "Events that were learned."),
            "generation": (info.generation, "Generation of the index."),
            "policy_version": (info.policy_version, "Version of the policy."),
            "ranker_version": (info.ranker_version, "Version of the live ranker."),
        }
        for name, (value, about) in figures.items():
            yield GaugeMetricFamily(f"ltrr_index_{name}", about, value=value)
        sizes = GaugeMetricFamily("ltrr_index_bytes", "Bytes on the disk, by part.", labels=("part",))
        for part, size in info.sizes.items():
            sizes.add_metric((part,), size)
        yield sizes
        arms = GaugeMetricFamily(
            "ltrr_arm_expected_reward", "What an arm's first hits are expected to earn.", labels=("arm",)
        )
        for arm in info.arms:
            arms.add_metric((arm.name,), arm.reward)
        yield arms
        if self._regrets is not None:
            latest = self._regrets.spans[-1]
            lost = GaugeMetricFamily(
                "ltrr_policy_regret",
                "What an answer of late was worth less than what the policy would choose now, by its own model.",
                labels=("bound",),
            )
            for bound in ("low", "mean", "high"):
                lost.add_metric((bound,), getattr(latest, bound))
            yield lost
