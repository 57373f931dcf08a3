"""The tables of metrics and of the fields of the JSON log."""

from mock_server import json_log
from mock_server.metrics.definitions import METRICS, Metric, Scope

HEAD = ["| Metric | Kind | Meaning | Labels |", "|---|---|---|---|"]


def metrics_of_a_server() -> str:
    """Return the metrics that servers add up to."""
    return _table(Scope.SERVER)


def metrics_of_the_database() -> str:
    """Return the metrics that are the same at every server."""
    return _table(Scope.DATABASE)


def buckets() -> str:
    """Return the buckets of each histogram."""
    rows = ["| Histogram | Buckets, in seconds |", "|---|---|"]
    rows += [
        f"| `{each.full_name}` | {', '.join(f'{bound:g}' for bound in each.buckets)} |"
        for each in METRICS
        if each.buckets
    ]
    return "\n".join(rows)


def log_fields() -> str:
    """Return the fields of each kind of line."""
    rows = ["| Line | Field | Meaning |", "|---|---|---|"]
    for kind, fields in (
        ("every", json_log.EVERY_LINE),
        ("a call", json_log.CALL_LINE),
        ("lines left out", json_log.LEFT_OUT_LINE),
        ("an exception", json_log.ERROR_LINE),
    ):
        rows += [f"| {kind} | `{name}` | {says} |" for name, says in fields.items()]
    return "\n".join(rows)


def _table(scope: Scope) -> str:
    return "\n".join([*HEAD, *(_row(each) for each in METRICS if each.scope is scope)])


def _row(metric: Metric) -> str:
    labels = "<br>".join(f"`{name}`: {says}" for name, says in metric.labels.items())
    return f"| `{metric.full_name}` | {metric.kind} | {metric.says} | {labels} |"


PARTS = {
    "metrics-of-a-server": metrics_of_a_server,
    "metrics-of-the-database": metrics_of_the_database,
    "metric-buckets": buckets,
    "log-fields": log_fields,
}
