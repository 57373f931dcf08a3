"""The dashboard, the alerts and the example of a scrape use metrics and labels that exist."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from mock_server.metrics.definitions import METRICS, Kind, Metric, Scope
from mock_server.web.admin.guard import OPEN_PATHS

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "docs" / "examples" / "prometheus"
DASHBOARD: dict[str, Any] = json.loads((EXAMPLES / "grafana-dashboard.json").read_text("utf-8"))
SCRAPE: dict[str, Any] = yaml.safe_load((EXAMPLES / "prometheus.yml").read_text("utf-8"))
ALERTS: dict[str, Any] = yaml.safe_load((EXAMPLES / "artqr-alerts.yml").read_text("utf-8"))
# Labels that Prometheus itself adds.
OF_PROMETHEUS = {"instance", "job", "le"}
# A metric in a query, with its selector.
USED = re.compile(r"(artqr_mock_\w+)(?:\{([^}]*)\})?")
GROUPED = re.compile(r"by \(([^)]*)\)")


def series() -> dict[str, Metric]:
    """Return every name that a query can use."""
    found = {}
    for metric in METRICS:
        ends = ("_bucket", "_sum", "_count") if metric.kind is Kind.HISTOGRAM else ("",)
        found.update({f"{metric.full_name}{end}": metric for end in ends})
    return found


def queries() -> Iterator[tuple[str, str]]:
    """Return every query with its place."""
    for panel in DASHBOARD["panels"]:
        for target in panel.get("targets", []):
            yield panel["title"], target["expr"]
    for each in DASHBOARD["annotations"]["list"]:
        yield each["name"], each["expr"]
    for variable in DASHBOARD["templating"]["list"]:
        if variable["type"] == "query":
            yield variable["name"], variable["definition"]
    for group in ALERTS["groups"]:
        for rule in group["rules"]:
            yield rule["alert"], rule["expr"]


@pytest.mark.parametrize(("place", "query"), [*queries()])
def test_a_query_uses_metrics_and_labels_that_exist(place: str, query: str) -> None:
    known = series()
    used = USED.findall(query)
    assert used or "up{" in query, place

    assert [name for name, _ in used if name not in known] == []
    labels = {label for name, _ in used for label in known[name].labels} | OF_PROMETHEUS
    for name, selector in used:
        named = set(re.findall(r"(\w+)\s*(?:=~|!~|!=|=)", selector))
        assert named <= {*known[name].labels, *OF_PROMETHEUS}
    grouped = {label.strip() for found in GROUPED.findall(query) for label in found.split(",")}
    assert grouped <= labels
    for name, _ in used:  # what only grows is shown as a rate or a sum; a state is not
        if known[name].kind is not Kind.GAUGE and "label_values" not in query:
            assert re.search(rf"(rate|increase|resets|sum|sum by \(\w+\) )\({name}", query)
    is_shared = any(known[name].scope is Scope.DATABASE for name, _ in used)
    assert not is_shared or "sum" not in query  # the same at every server


def test_the_dashboard_shows_every_metric() -> None:
    shown = {series()[name].name for _, query in queries() for name, _ in USED.findall(query)}

    assert {metric.name for metric in METRICS} == shown


def test_the_panels_have_their_own_places_and_texts() -> None:
    panels = DASHBOARD["panels"]
    taken: set[tuple[int, int]] = set()
    for panel in panels:
        at = panel["gridPos"]
        cells = {(at["x"] + dx, at["y"] + dy) for dx in range(at["w"]) for dy in range(at["h"])}
        assert not cells & taken
        assert at["x"] + at["w"] <= 24
        taken |= cells
        assert panel["type"] == "row" or panel["description"].endswith(".")
    assert len({panel["id"] for panel in panels}) == len(panels)


def test_the_example_scrapes_our_route_with_a_token() -> None:
    (job,) = SCRAPE["scrape_configs"]

    assert job["metrics_path"] == "/_mock/metrics"
    assert job["metrics_path"] not in OPEN_PATHS
    assert job["authorization"]["credentials_file"]
    assert SCRAPE["rule_files"] == ["artqr-alerts.yml"]
    up = next(q for _, q in queries() if q.startswith("up"))
    assert f'job="{job["job_name"]}"' in up


def test_a_redirect_is_no_refusal() -> None:
    rules = {rule["alert"]: rule["expr"] for group in ALERTS["groups"] for rule in group["rules"]}
    (refused,) = re.findall(r'status=~"([^"]*)"', rules["ClientCallsRefused"])

    found = [each for each in ("200", "302", "403", "450", "503") if re.fullmatch(refused, each)]

    assert found == ["403", "450", "503"]


def test_the_alerts_say_what_is_wrong() -> None:
    rules = [rule for group in ALERTS["groups"] for rule in group["rules"]]

    assert len({rule["alert"] for rule in rules}) == len(rules) > 0
    assert all(rule["annotations"]["summary"].endswith(".") for rule in rules)
