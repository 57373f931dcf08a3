"""Metrics for Prometheus."""

from flask import Blueprint, Response, request

from mock_server.actions.reports import metrics as actions
from mock_server.extras import install_command
from mock_server.simulator import Simulator
from mock_server.web.problems import problem


def add_routes(routes: Blueprint, simulator: Simulator) -> None:
    """Add `/metrics`."""

    @routes.get("/metrics")
    def metrics() -> Response:
        recorder = simulator.recorder
        if recorder is None:
            return problem(501, "Not counted", _why_not())
        text, content_type = actions.exposition(
            simulator, recorder, request.headers.get("Accept", "")
        )
        return Response(text, content_type=content_type)


def _why_not() -> str:
    try:
        import prometheus_client  # noqa: F401, PLC0415 - an extra, and slow to load
    except ImportError:
        return f"metrics need prometheus_client: {install_command('metrics')}, then start anew"
    return "this server counts nothing: metrics are those of `artqr-mock serve`"
