"""Reads what `/metrics` says, and what it amounts to."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from prometheus_client.parser import text_string_to_metric_families


@dataclass(frozen=True)
class Sample:
    name: str
    labels: dict[str, str]
    value: float


@dataclass(frozen=True)
class Samples:
    found: tuple[Sample, ...]

    def of(self, name: str, **labels: str) -> Iterator[Sample]:
        for sample in self.found:
            if sample.name == name and labels.items() <= sample.labels.items():
                yield sample

    def total(self, name: str, **labels: str) -> float:
        return sum(sample.value for sample in self.of(name, **labels))

    def by(self, name: str, label: str) -> dict[str, float]:
        """The sums by the values of a label."""
        values = {sample.labels[label] for sample in self.of(name)}
        return {value: self.total(name, **{label: value}) for value in values}


def parse_samples(text: bytes) -> Samples:
    families = text_string_to_metric_families(text.decode())
    return Samples(tuple(Sample(s.name, s.labels, s.value) for family in families for s in family.samples))


def quantile(samples: Samples, histogram: str, share: float) -> float:
    """The upper bound of the step in which that share of the values ends; 0 where there is none."""
    steps = sorted((float(le), count) for le, count in samples.by(f"{histogram}_bucket", "le").items())
    if not steps or not steps[-1][1]:
        return 0.0
    return next(bound if math.isfinite(bound) else steps[-2][0] for bound, n in steps if n >= share * steps[-1][1])
