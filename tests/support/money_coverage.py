"""The money rules that generated histories exercised: a machine that never reaches a rule
proves nothing of it.
"""

from collections.abc import Iterator

from tests.support.money import Answer, Books, SentNotice

EVERYTHING = {
    "low", "repeated", "zero", "zero repeated", "expiry", "posted", "not posted yet",
    "B403MI", "B403MQ", "B403ME", "B403MO", "I403AA", "T429PA", "I404NF",
    "spent and expired", "last millisecond", "instant of expiry", "contested", "top-up",
    "450", "charged refusal", "free query", "free query without a credit", "every package paid",
    "two days", "reset after a notice",
}  # fmt: skip


def met(books: Books) -> Iterator[str]:
    """Return the names of the rules that this history exercised."""
    yield from {name for notice in books.notices for name in _of_notice(notice)}
    yield from {name for answer in books.answers for name in _of_answer(books, answer)}
    paid = [answer for answer in books.answers if answer.charged]
    packages = [shelf.bought for shelf in books.shelves]
    if books.contested:
        yield "contested"
    if len({answer.package for answer in paid}) == len(packages) > 1:
        yield "every package paid"
    if packages and books.base > packages[-1].size:
        yield "top-up"
    if len({answer.event.at // 86_400_000 for answer in paid}) > 1:
        yield "two days"


def _of_notice(notice: SentNotice) -> Iterator[str]:
    if notice.url:
        yield "posted" if notice.posted else "not posted yet"
    if notice.kind == "expiry":
        yield "expiry"
        return
    word = "low" if notice.remaining else "zero"
    yield f"{word} repeated" if notice.repeated else word
    if notice.repeated:
        yield "repeated"


def _of_answer(books: Books, answer: Answer) -> Iterator[str]:
    at = answer.event.at
    ends = [shelf.bought.expires_at for shelf in books.shelves]
    if answer.code is not None:
        yield answer.code
    if answer.code == "B403MQ" and any(
        shelf.left and shelf.bought.expires_at <= at for shelf in books.shelves
    ):
        yield "spent and expired"
    if at in ends:
        yield "instant of expiry"
    if at + 1 in ends and answer.charged:
        yield "last millisecond"
    if answer.refused:
        yield "charged refusal" if answer.charged else str(answer.status)
    elif answer.worth is not None and not answer.charged:
        yield "free query" if answer.package else "free query without a credit"
