"""Submits: JSON with a callback, a form, and signed; beside servers that answer a fixed text."""

from collections.abc import Iterator
from dataclasses import replace

from benchmarks.calls import submit_form, submit_json, submit_signed
from benchmarks.comparison import Case, compare, stub_cases
from benchmarks.figures import Figure
from benchmarks.part import Bench, Part
from benchmarks.servers import Server

CONTENDERS = ("mountebank", "Prism", "WireMock", "moto", "nginx")
QUICK_CONTENDERS = CONTENDERS[:2]


def measure(bench: Bench) -> Iterator[Figure]:
    """Yield the figures at 32 connections with every contender, and at 128 with the stubs."""
    names = bench.pick(CONTENDERS, QUICK_CONTENDERS)
    with bench.server() as server, bench.contender_servers(*names) as others:
        ours, stubs = submits(server), stub_cases(bench, others)
        yield from compare(bench, ours | stubs, connections=32, rounds=bench.rounds)
        warm = {
            name: replace(case, warm_ups=1)
            for name, case in stubs.items()
            if name in QUICK_CONTENDERS
        }
        yield from compare(
            bench, {JSON: ours[JSON]} | warm, connections=128, rounds=bench.few_rounds
        )


JSON = "submit (JSON, callback)"


def submits(server: Server) -> dict[str, Case]:
    """Return the three submits, each to an account of its own, whose clock stands still."""
    json, form, signed = (server.account(frozen=True) for _ in range(3))
    return {
        JSON: Case(
            request=submit_json(server.url, json.app_code), pid=server.pid,
            count=lambda: server.charged(json),
        ),
        "submit (form)": Case(
            request=submit_form(server.url, form.app_code), pid=server.pid,
            count=lambda: server.charged(form),
        ),
        "submit (signed)": Case(
            request=submit_signed(server.url, signed.app_key, signed.app_secret), pid=server.pid,
            count=lambda: server.charged(signed),
        ),
    }  # fmt: skip


PART = Part(
    name="submit",
    title="Submit",
    says="Each submit is booked, charged, judged and written to the journal; the stubs answer a "
    "fixed text to the same request. The clock of the account stands still, so no callback is "
    "delivered meanwhile: the part `callbacks` measures those. A signed submit has a nonce and a "
    "signature of its own in every call. Afterwards the account must have been charged for "
    "every call that was answered.",
    measure=measure,
    uses=CONTENDERS,
)
