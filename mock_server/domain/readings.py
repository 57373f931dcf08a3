"""Readings: open questions about the vendor, and one account's answers to them, as a frozen value.

Rule 1: code that depends on an open question asks this value, never a setting or a constant.
Rule 2: contracts/readings.toml lists the same ids, questions and allowed values; a test compares
both.
"""

from collections.abc import Mapping
from dataclasses import field, fields, replace
from typing import Any, Literal, get_args

from mock_server.domain.records import dataclass
from mock_server.domain.suggestions import unknown
from mock_server.domain.usage_errors import UsageError


class ReadingError(UsageError):
    """An unknown reading, or a value that it does not allow; the message lists what is valid."""


def _reading(reading_id: str, default: str) -> Any:
    return field(default=default, metadata={"id": reading_id})


@dataclass(frozen=True, slots=True, kw_only=True)
class Readings:
    """One answer to every open question; the defaults are the likeliest."""

    appcode_in_query: Literal["ignored", "accepted"] = _reading("appcode.in_query", "ignored")
    appcode_scheme: Literal["any-case", "capitals"] = _reading("appcode.scheme", "any-case")
    appcode_unknown: Literal["400", "401"] = _reading("appcode.unknown", "400")
    gateway_profile: Literal["vpc", "classic"] = _reading("gateway.profile", "vpc")
    classic_route: Literal["invalid-url", "invalid-path-or-method"] = _reading(
        "classic.route", "invalid-url"
    )
    callback_delivery: Literal["once", "retried", "at-least-once"] = _reading(
        "callback.delivery", "once"
    )
    callback_on_failure: Literal["none", "empty-list"] = _reading("callback.on_failure", "none")
    callback_timing: Literal["after-status", "before-status"] = _reading(
        "callback.timing", "after-status"
    )
    charge_polls: Literal["every-200", "submit-only"] = _reading("charge.polls", "every-200")
    notices_at_zero: Literal["once", "repeated"] = _reading("notices.at_zero", "once")
    packages_order: Literal["earliest-expiry", "oldest-purchase"] = _reading(
        "packages.order", "earliest-expiry"
    )
    picture_lifetime: Literal["24h", "unlimited"] = _reading("picture.lifetime", "24h")
    refusal_status: Literal["450", "200"] = _reading("refusal.status", "450")
    signature_nonce: Literal["optional", "required"] = _reading("signature.nonce", "optional")
    signature_empty_value: Literal["name-only", "with-equals"] = _reading(
        "signature.empty_value", "name-only"
    )
    style_unknown: Literal["refused", "accepted"] = _reading("style.unknown", "refused")
    text_too_long: Literal["refused", "task-fails"] = _reading("text.too_long", "refused")
    text_not_url: Literal["accepted", "refused"] = _reading("text.not_url", "accepted")
    image_content: Literal["decoded", "address"] = _reading("image.content", "decoded")
    image_charset: Literal["any", "utf-8-only"] = _reading("image.charset", "any")
    short_link_flag: Literal["lenient", "strict"] = _reading("short_link.flag", "lenient")
    address_target: Literal["as-written", "normalized"] = _reading("address.target", "as-written")
    address_login: Literal["sent", "ignored"] = _reading("address.login", "sent")
    callback_address: Literal["accepted", "refused"] = _reading("callback.address", "accepted")
    body_type: Literal["any", "form-only"] = _reading("body.type", "any")
    query_method: Literal["post", "post-or-get"] = _reading("query.method", "post")
    host_check: Literal["none", "vendor-host"] = _reading("host.check", "none")
    throttle_retry_after: Literal["absent", "sent"] = _reading("throttle.retry_after", "absent")
    envelope: Literal["showapi", "bare"] = _reading("envelope", "showapi")
    envelope_text_field: Literal["remark", "msg"] = _reading("envelope.text_field", "remark")
    ret_code_type: Literal["integer", "string"] = _reading("ret_code.type", "integer")
    task_id_form: Literal["hex-24", "digits-19"] = _reading("task_id.form", "hex-24")
    task_words: Literal["lower-case", "upper-case", "other-words", "numbers"] = _reading(
        "task.words", "lower-case"
    )
    task_unfinished: Literal["empty-list", "refused"] = _reading("task.unfinished", "empty-list")
    result_item: Literal["string", "object"] = _reading("result.item", "string")
    result_none: Literal["empty-list", "null"] = _reading("result.none", "empty-list")
    fields_unnamed: Literal["absent", "present"] = _reading("fields.unnamed", "absent")
    result_count: Literal["1", "4"] = _reading("result.count", "1")
    list_shape: Literal["flat", "pagebean"] = _reading("list.shape", "flat")
    list_order: Literal["newest-first", "oldest-first"] = _reading("list.order", "newest-first")
    list_retention: Literal["24h", "72h"] = _reading("list.retention", "24h")
    picture_gone: Literal["404", "403"] = _reading("picture.gone", "404")
    # Every call uses its readings as a key of caches, so their hash is computed once.
    _hash: int = field(init=False, repr=False, compare=False, default=0)

    def __post_init__(self) -> None:
        """Compute the hash of the values."""
        object.__setattr__(self, "_hash", hash(tuple(as_mapping(self).values())))

    def __hash__(self) -> int:
        """Return the hash of the values."""
        return self._hash


_FIELDS = {item.metadata["id"]: item for item in fields(Readings) if "id" in item.metadata}
ALLOWED: dict[str, tuple[str, ...]] = {
    reading_id: get_args(item.type) for reading_id, item in _FIELDS.items()
}


def with_readings(readings: Readings, changes: Mapping[str, str]) -> Readings:
    """Return the readings with `{id: value}` changed. Raises ReadingError for an unknown id or
    value.
    """
    for reading_id, value in changes.items():
        if reading_id not in ALLOWED:
            raise ReadingError(unknown("reading", reading_id, ALLOWED))
        if value not in ALLOWED[reading_id]:
            allowed = " or ".join(map(repr, ALLOWED[reading_id]))
            raise ReadingError(f"reading {reading_id} takes {allowed}, not {value[:64]!r}")
    values: dict[str, Any] = {_FIELDS[name].name: value for name, value in changes.items()}
    return replace(readings, **values)


def as_mapping(readings: Readings) -> dict[str, str]:
    """Return `{id: value}` for every reading."""
    return {name: getattr(readings, item.name) for name, item in _FIELDS.items()}


def value_of(readings: Readings, reading_id: str) -> str:
    """Return the value of one reading. Raises KeyError for an unknown id."""
    value: str = getattr(readings, _FIELDS[reading_id].name)
    return value


DEFAULT_READINGS = Readings()
