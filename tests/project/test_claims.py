"""Every statement on the vendor has a certainty, code that cites it, and a test that proves it."""

import re
from collections import Counter
from functools import cache

import pytest

from mock_server import contract
from tests.support import scans
from tests.support.scans import ROOT

CLAIMS = {claim["id"]: claim for claim in contract.load_toml("claims.toml")["claim"]}
SOURCES = sorted(
    path
    for folder, ending in (("mock_server", "*.py"), ("mock_server", "*.sql"),
                           ("contracts", "*.*"), ("tests/contract", "*.toml"))
    for path in (ROOT / folder).rglob(ending)
    if path.name != "claims.toml"
)  # fmt: skip


@cache
def marked() -> dict[str, set[str]]:
    """Return the tests of each claim."""
    return scans.marked_claims(ROOT / "tests")


@cache
def text_of(name: str) -> str:
    """Return the text of a file, which several claims may name."""
    return (ROOT / name).read_text("utf-8")


def test_no_claim_is_made_twice() -> None:
    ids = Counter(claim["id"] for claim in contract.load_toml("claims.toml")["claim"])

    assert [claim for claim, count in ids.items() if count > 1] == []


def test_a_claim_says_what_on_which_evidence_and_how_certain() -> None:
    for claim_id, claim in CLAIMS.items():
        assert set(claim) == {"id", "says", "evidence", "certainty", "code"}, claim_id
        assert re.fullmatch(scans.CLAIM_ID, claim_id), claim_id
        assert claim["certainty"] in ("documented", "observed", "assumed"), claim_id
        assert claim["says"].endswith("."), claim_id


def test_only_what_is_assumed_has_no_evidence() -> None:
    for claim_id, claim in CLAIMS.items():
        if claim["certainty"] != "assumed":
            assert not claim["evidence"].startswith("none"), claim_id


def test_a_claim_has_a_test() -> None:
    for claim_id in CLAIMS:
        assert claim_id in marked(), f"no test is marked @pytest.mark.claim({claim_id!r})"


def test_the_code_that_obeys_a_claim_names_it() -> None:
    for claim_id, claim in CLAIMS.items():
        assert claim["code"], claim_id
        for name in claim["code"]:
            assert claim_id in text_of(name), f"{name} does not name {claim_id}"


def test_tests_are_marked_with_claims_that_exist() -> None:
    assert {name: tests for name, tests in marked().items() if name not in CLAIMS} == {}


def test_comments_name_claims_that_exist() -> None:
    for path in SOURCES:
        cited = scans.cited_in_text(path.read_text("utf-8"))
        assert sorted(cited - set(CLAIMS)) == [], path


@pytest.mark.parametrize("name", ["openapi", "admin.openapi"])
def test_documents_name_claims_that_exist(name: str) -> None:
    cited = set(scans.cited_in_document(contract.document(name)))

    assert sorted(cited - set(CLAIMS)) == []


@pytest.mark.parametrize(
    ("table", "part"), [("errors", "error"), ("errors", "classic"), ("readings", "reading")]
)
def test_the_rows_of_a_table_rest_on_claims_that_exist(table: str, part: str) -> None:
    rows = contract.load_toml(f"{table}.toml")[part]

    assert sorted({row["claim"] for row in rows} - set(CLAIMS)) == []


def test_what_a_reading_flips_is_as_certain_as_its_claim() -> None:
    readings = contract.load_toml("readings.toml")["reading"]

    assert {row["id"]: row["certainty"] for row in readings} == {
        row["id"]: CLAIMS[row["claim"]]["certainty"] for row in readings
    }


def test_every_claim_that_the_contract_rests_on_is_in_the_contract_or_an_inner_matter() -> None:
    cited = set(scans.cited_in_document(contract.document("openapi")))
    inner = {
        # The document has no field, status or header that shows these.
        "callback-content-type", "callback-timeout", "error-content-type", "form-first-value",
        "gateway-reasons", "header-case", "invoice-ordinary", "invoice-special", "keep-alive",
        "multipart-refused", "notice-at-a-call", "notice-at-zero", "notice-expiry",
        "notice-low-balance", "notice-repeats", "notice-reset", "order-of-checks",
        "package-expiry-zone", "package-validity", "packages-order", "price-list",
        "result-content-type", "server-header", "task-duration", "vendor-host",
    }  # fmt: skip

    assert set(CLAIMS) - cited == inner
