"""What a server says of itself, read by the parser of Prometheus' own library."""

from typing import Any

import urllib3
from prometheus_client.openmetrics.parser import (
    text_string_to_metric_families as open_metrics_families,
)
from prometheus_client.parser import text_string_to_metric_families

OPEN_METRICS = "application/openmetrics-text; version=1.0.0"


class Scrape:
    """One answer of `/_mock/metrics`."""

    def __init__(self, text: str, *, is_open_metrics: bool = False) -> None:
        parse: Any = open_metrics_families if is_open_metrics else text_string_to_metric_families
        self.families = {family.name: family for family in parse(text)}
        self.samples = {
            (sample.name, tuple(sorted(sample.labels.items()))): sample.value
            for family in self.families.values()
            for sample in family.samples
        }

    def value(self, name: str, **labels: str) -> float:
        """Return a series, 0 if it is not there; `name` without the prefix of all."""
        return float(self.samples.get((f"artqr_mock_{name}", tuple(sorted(labels.items()))), 0.0))

    def total(self, name: str, **labels: str) -> float:
        """Return the sum of all series with these labels."""
        wanted = set(labels.items())
        return float(
            sum(
                value
                for (found, its), value in self.samples.items()
                if found == f"artqr_mock_{name}" and wanted <= set(its)
            )
        )


def scrape(url: str, accept: str = "", **headers: str) -> Scrape:
    """Ask a server for its metrics."""
    answer = urllib3.request(
        "GET", f"{url}/_mock/metrics", headers={"Accept": accept, **headers}, retries=False
    )
    assert answer.status == 200, answer.data
    return Scrape(answer.data.decode(), is_open_metrics="openmetrics" in accept)
