from dataclasses import replace

import pytest

from mock_server.domain.account.accounts import Account, AccountTemplate, first_clock
from mock_server.domain.clock import Clock
from mock_server.domain.readings import DEFAULT_READINGS

NOW = 1_700_000_000_000


def account() -> Account:
    return Account(
        id="abc", name="abc", app_code="c0de", app_key="203753385", app_secret="s3cret", seed=1,
        readings=DEFAULT_READINGS, origin=AccountTemplate(readings={}), created_at=NOW,
        clock=Clock(base_at=NOW, real_base_at=NOW),
    )  # fmt: skip


@pytest.mark.claim("res-id-form")
def test_the_id_of_an_answer_is_24_hex_digits_of_the_seed_and_the_count() -> None:
    first, second = account().res_id, replace(account(), answers=1).res_id

    assert first == "f64f2c119d3eecd91caeb856"
    assert second != first
    assert replace(account(), id="other", app_code="x", created_at=0).res_id == first


def test_the_secrets_of_an_account_are_its_code_and_its_secret() -> None:
    assert account().secrets == ("c0de", "s3cret")


def test_a_clock_starts_at_the_real_time_by_default() -> None:
    assert first_clock(AccountTemplate(readings={}), NOW).now(NOW + 5) == NOW + 5
    assert first_clock(AccountTemplate(readings={}, clock_at=0, rate=2.0), NOW).now(NOW + 5) == 10
    assert first_clock(AccountTemplate(readings={}, clock_at=7, frozen=True), NOW).now(NOW + 5) == 7


def test_the_secrets_of_an_account_are_not_in_what_it_says_of_itself() -> None:
    assert not [secret for secret in account().secrets if secret in repr(account())]
