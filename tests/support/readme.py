"""The generated parts of README.md: tables from contracts/, between `<!-- name -->` marks.

`python -m tests.support.readme` writes them anew; a test fails while they are not what is there.
"""

from collections import Counter
from dataclasses import replace
from pathlib import Path

from mock_server import contract
from mock_server.domain import notices
from mock_server.domain.billing import Package
from mock_server.domain.notices import Notice
from mock_server.domain.readings import Readings

README = Path(__file__).parents[2] / "README.md"
CERTAINTIES = ("documented", "observed", "assumed")


def readings_table() -> str:
    """Return the table of readings."""
    rows = [
        "| Reading | Question | Default | Else | Certainty | Advice |",
        "|---|---|---|---|---|---|",
    ]
    for reading in contract.load_toml("readings.toml")["reading"]:
        others = ", ".join(f"`{word}`" for word in reading["alternatives"])
        rows.append(
            f"| `{reading['id']}` | {reading['question']} | `{reading['default']}` | {others} "
            f"| {reading['certainty']} | {reading['advice']} |"
        )
    return "\n".join(rows)


def claims_table() -> str:
    """Return how many claims there are of each certainty."""
    claims = contract.load_toml("claims.toml")["claim"]
    counted = Counter(claim["certainty"] for claim in claims)
    meaning = {
        "documented": "stated on a public page of the vendor or the gateway",
        "observed": "seen in captured answers or in clients that work",
        "assumed": "by analogy, or simply a choice",
    }
    rows = ["| Certainty | Claims | Meaning |", "|---|---|---|"]
    rows += [f"| {name} | {counted[name]} | {meaning[name]} |" for name in CERTAINTIES]
    return "\n".join(rows)


def errors_table() -> str:
    """Return the gateway errors: how to meet each, what a client should do, how sure it is."""
    certainty = {
        claim["id"]: claim["certainty"] for claim in contract.load_toml("claims.toml")["claim"]
    }
    rows = [
        "| Code | HTTP | `X-Ca-Error-Message` | How to meet it | What a client should do | Sure? |",
        "|---|" + "---|" * 5,
    ]
    magic = {
        each["error"]: each["app_code"]
        for each in contract.load_toml("magic.toml")["magic"]
        if "error" in each
    }
    for error in contract.load_toml("errors.toml")["error"]:
        code = error["code"]
        ordered = f"`APPCODE {magic[code]}`, or by order" if code in magic else "by order"
        message = error["message"].replace("{reason}", "…")
        rows.append(
            f"| `{error['code']}` | {error['status']} | {message} | {error['how'] or ordered} "
            f"| {error['advice']} | {certainty[error['claim']]} |"
        )
    rows.append(
        "| none | 450 | none: the service refuses, see `remark` in the body | leave out `text`; "
        "`APPCODE mock-refused` | do not retry: fix the request | observed |"
    )
    return "\n".join(rows)


def magic_table() -> str:
    """Return the magic credentials."""
    rows = ["| App code | What happens |", "|---|---|"]
    rows += [
        f"| `{each['app_code']}` | {each['says']} |"
        for each in contract.load_toml("magic.toml")["magic"]
    ]
    return "\n".join(rows)


def classic_table() -> str:
    """Return the messages of older instances."""
    rows = ["| `X-Ca-Error-Message` | HTTP | Stands for |", "|---|---|---|"]
    for row in contract.load_toml("errors.toml")["classic"]:
        codes = ", ".join(f"`{code}`" for code in row["codes"]) or "by order"
        rows.append(f"| {row['message'].replace('{reason}', '…')} | {row['status']} | {codes} |")
    return "\n".join(rows)


def notices_timeline() -> str:
    """Return a package's life as a small diagram, by the rules themselves."""
    bought, readings = [_PACKAGE], Readings()
    watch, lines = notices.order_placed(bought, 0), [_line(0, 50, "order: 50 calls for 24 days")]
    for day, left in ((2, 10), (3, 9), (20, 0)):
        due = notices.came_due(watch, bought, day * _DAY, readings)
        lines += [_notice(notice) for notice in due.notices]
        told = None if due.told else bought[0].notice_at
        bought = [replace(bought[0], remaining=left, notice_at=told)]
        watch, notice = notices.call_charged(due.watch, bought, day * _DAY, readings)
        lines.append(_notice(notice) if notice else _line(day, left, "a fifth is left"))
    lines.append(_line(24, 0, "expired: calls are refused with B403ME, no longer with B403MQ"))
    return "\n".join(["```text", "day  balance", *lines, "```"])


_DAY = notices.DAY_MS
_PACKAGE = Package(
    id=1, account="", offer="50", credits=50, remaining=50, fen=1500, bought_at=0,
    expires_at=24 * _DAY, notice_at=17 * _DAY,
)  # fmt: skip


def _line(day: int, left: int, says: str) -> str:
    return f"{day:>3}  {left:>2} {'█' * round(left / 5):<10} {says}"


def _notice(notice: Notice) -> str:
    kind = notice.kind.replace("_", " ")
    return _line(notice.at // _DAY, notice.remaining, f"● {kind}: {notice.text.split(':')[0]}")


PARTS = {
    "notices": notices_timeline,
    "readings": readings_table,
    "claims": claims_table,
    "errors": errors_table,
    "magic": magic_table,
    "classic": classic_table,
}


def generated(text: str) -> str:
    """Return the README with its generated parts as they should be."""
    for name, table in PARTS.items():
        before, start, rest = text.partition(f"<!-- {name} -->\n")
        _, end, after = rest.partition(f"<!-- /{name} -->")
        text = f"{before}{start}{table()}\n{end}{after}"
    return text


if __name__ == "__main__":
    README.write_text(generated(README.read_text("utf-8")), "utf-8")
