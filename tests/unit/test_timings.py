"""Histograms that observe many amounts at once: the same as one after the other."""

from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry, Histogram, generate_latest

from mock_server.metrics.definitions import SHORT_S
from mock_server.metrics.timings import Timings

# Sums of these are exact, in whatever order they are added; some of them are bounds.
AMOUNTS = st.one_of(
    st.sampled_from([0.25, 0.5, 10.0, 0.0]), st.integers(0, 4096).map(lambda n: n / 256)
)


@given(st.lists(st.tuples(st.sampled_from("ab"), AMOUNTS), max_size=60), st.integers(0, 60))
def test_amounts_are_observed_as_if_they_came_one_by_one(
    observed: list[tuple[str, float]], counted_after: int
) -> None:
    shown = []
    for together in (False, True):
        registry, timings = CollectorRegistry(), Timings()
        histogram = Histogram("h", "says", ["name"], buckets=SHORT_S, registry=registry)
        for place, (name, amount) in enumerate(observed):
            if not together:
                histogram.labels(name).observe(amount)
                continue
            timings.add(histogram.labels(name), amount)
            if place == counted_after:
                timings.count()
        timings.count()
        lines = generate_latest(registry).decode().splitlines()
        shown.append([line for line in lines if "_created" not in line])

    assert shown[0] == shown[1]
