"""The rules that decide an answer, by their ids: contracts/answer_rules.toml has their words.

Rule 1: whatever decides an answer names its rule at that place: each error and refusal has one.
Rule 2: the journal keeps the id, and the readings with another value than the default that the
rule or the charge depends on; nothing for what is served under the defaults, as most calls are.
"""

from collections.abc import Iterable
from enum import StrEnum
from functools import lru_cache

from mock_server.domain.readings import DEFAULT_READINGS, Readings, value_of
from mock_server.domain.records import dataclass


class AnswerRule(StrEnum):
    """A rule that decides an answer, in the order in which they are asked."""

    REQUEST_UNREADABLE = "request-unreadable"
    BODY_TOO_LARGE = "body-too-large"
    HEAD_TOO_LARGE = "head-too-large"
    PREFLIGHT = "preflight"
    HOST_OTHER = "host-other"
    STAGE_NOT_PUBLISHED = "stage-not-published"
    STAGE_UNKNOWN = "stage-unknown"
    ROUTE_UNKNOWN = "route-unknown"
    BODY_MULTIPART = "body-multipart"
    BODY_NOT_FORM = "body-not-form"
    CREDENTIALS_MISSING = "credentials-missing"
    KEY_MISSING = "key-missing"
    SIGNATURE_MISSING = "signature-missing"
    KEY_UNKNOWN = "key-unknown"
    CODE_UNKNOWN = "code-unknown"
    SCHEME_NOT_CAPITALS = "scheme-not-capitals"
    FAULT_OF_GATEWAY = "fault-of-gateway"
    TIMESTAMP_UNREADABLE = "timestamp-unreadable"
    TIMESTAMP_OUTSIDE = "timestamp-outside"
    NONCE_MISSING = "nonce-missing"
    NONCE_USED = "nonce-used"
    DIGEST_OF_NO_BODY = "digest-of-no-body"
    DIGEST_WRONG = "digest-wrong"
    SIGNATURE_METHOD_UNKNOWN = "signature-method-unknown"
    SIGNATURE_WRONG = "signature-wrong"
    STANDING = "standing"
    CREDIT_NONE = "credit-none"
    THROTTLED = "throttled"
    FAULT_OF_SERVICE = "fault-of-service"
    FIELD_NOT_TEXT = "field-not-text"
    CONTENT_MISSING = "content-missing"
    TEXT_NOT_ADDRESS = "text-not-address"
    TEXT_TOO_LONG = "text-too-long"
    CALLBACK_NOT_ADDRESS = "callback-not-address"
    STYLE_MISSING = "style-missing"
    STYLE_UNKNOWN = "style-unknown"
    SHORT_LINK_FLAG = "short-link-flag"
    TASK_ID_MISSING = "task-id-missing"
    TASK_UNKNOWN = "task-unknown"
    TASK_UNFINISHED = "task-unfinished"
    PAGE_OUT_OF_RANGE = "page-out-of-range"
    SERVED = "served"
    FAULT_BEFORE_THE_CALL = "fault-before-the-call"
    LEFT_WHILE_HELD = "left-while-held"
    NEVER_WHOLE = "never-whole"
    PICTURE = "picture"
    BUG = "bug"


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerRuleRow:
    """A row of contracts/answer_rules.toml, with the claims that it rests on and the readings that
    it depends on.
    """

    id: str
    step: str
    says: str
    claims: tuple[str, ...]
    readings: tuple[str, ...]


# What every charge depends on, and the form of every answer.
ALWAYS = ("charge.polls", "packages.order", "gateway.profile")


@lru_cache(maxsize=1024)
def kept(rule: AnswerRule, depends_on: tuple[str, ...], readings: Readings) -> str:
    """Return the ground of an answer in the form of the journal: `RULE ID=VALUE ID=VALUE`."""
    names = dict.fromkeys((*depends_on, *ALWAYS))
    changed = [f"{name}={value_of(readings, name)}" for name in names if _differs(readings, name)]
    if rule is AnswerRule.SERVED and not changed:
        return ""
    return " ".join([rule, *changed])


def read(ground: str) -> tuple[str, dict[str, str]]:
    """Return the rule and the readings of a row of the journal."""
    rule, *changed = ground.split(" ")
    return rule or AnswerRule.SERVED, dict(_pairs(changed))


def _differs(readings: Readings, name: str) -> bool:
    return value_of(readings, name) != value_of(DEFAULT_READINGS, name)


def _pairs(changed: Iterable[str]) -> Iterable[tuple[str, str]]:
    for each in changed:
        name, _, value = each.partition("=")
        yield name, value
