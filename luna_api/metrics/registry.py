"""Counters and histograms of this process. Their names are a contract with Prometheus rules and Grafana."""

from collections.abc import Iterable

from prometheus_client import CollectorRegistry, Counter, Histogram, ProcessCollector, generate_latest

from luna_api.metrics.schemas import RouteLatency

_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 120.0)


class Registry:
    """The figures of one application; made anew for each, so that two in one process do not mix."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        ProcessCollector(registry=self._registry)
        self._latency = Histogram(
            "luna_http_request_seconds",
            "Latency of requests",
            ["method", "route"],
            buckets=_BUCKETS,
            registry=self._registry,
        )
        self._requests = Counter(
            "luna_http_requests", "Requests", ["method", "route", "status"], registry=self._registry
        )
        self.answers = Counter(
            "luna_answers", "Questions answered or declined", ["answered", "mode"], registry=self._registry
        )
        self.answer_seconds = Histogram(
            "luna_answer_seconds", "Latency of answers by part", ["part"], buckets=_BUCKETS, registry=self._registry
        )
        self.dropped_sentences = Counter(
            "luna_unsupported_sentences", "Sentences dropped by the citation check", registry=self._registry
        )
        self.attempts = Counter(
            "luna_model_attempts",
            "Answers that a language model was to write, by what became of it",
            ["role", "outcome"],
            registry=self._registry,
        )
        self.uploads = Counter("luna_uploads", "Uploads by outcome", ["outcome"], registry=self._registry)
        self.rate_limited = Counter("luna_rate_limited", "Requests over the rate limit", registry=self._registry)

    def observe(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count one request."""
        self._latency.labels(method, route).observe(seconds)
        self._requests.labels(method, route, str(status)).inc()

    def exposition(self) -> bytes:
        """All figures in Prometheus' text format."""
        return generate_latest(self._registry)

    def routes(self) -> list[RouteLatency]:
        """Latency by route since the start."""
        counts: dict[tuple[str, str], dict[float, float]] = {}
        sums: dict[tuple[str, str], float] = {}
        errors: dict[tuple[str, str], int] = {}
        for sample in self._samples():
            key = (sample.labels.get("method", ""), sample.labels.get("route", ""))
            if sample.name == "luna_http_request_seconds_bucket":
                counts.setdefault(key, {})[float(sample.labels["le"])] = sample.value
            elif sample.name == "luna_http_request_seconds_sum":
                sums[key] = sample.value
            elif sample.name == "luna_http_requests_total" and sample.labels["status"][:1] in {"0", "5"}:
                errors[key] = errors.get(key, 0) + int(sample.value)
        return sorted(
            (_latency(key, buckets, sums.get(key, 0.0), errors.get(key, 0)) for key, buckets in counts.items()),
            key=lambda row: -row.count,
        )

    def _samples(self) -> Iterable:  # type: ignore[type-arg]
        for metric in self._registry.collect():
            yield from metric.samples


def _latency(key: tuple[str, str], buckets: dict[float, float], total_s: float, errors: int) -> RouteLatency:
    count = int(max(buckets.values(), default=0))

    def bound(share: float) -> float:
        edges = sorted(buckets)
        reached = next((edge for edge in edges if buckets[edge] >= share * count), edges[-1])
        return _BUCKETS[-1] * 1e3 if reached == float("inf") else reached * 1e3

    return RouteLatency(
        method=key[0],
        route=key[1],
        count=count,
        errors=errors,
        mean_ms=round(total_s / count * 1e3, 3) if count else 0.0,
        p50_ms=bound(0.5),
        p95_ms=bound(0.95),
    )
