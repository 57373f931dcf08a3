"""The generated parts of README.md: tables from contracts/, between `<!-- name -->` marks.

`python -m tests.support.readme` writes them anew; a test fails while they are not what is there.
"""

from collections import Counter
from pathlib import Path

from mock_server import contract

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


def findings_table() -> str:
    """Return what can be found in the requests of a client."""
    rows = [
        "| Finding | Severity | What is wrong | What to do instead | Rests on |",
        "|---|---|---|---|---|",
    ]
    for row in contract.load_toml("findings.toml")["finding"]:
        ground = f"claim `{row['claim']}`" if "claim" in row else "the contract"
        instead = row["instead"].replace("{hint}", "…")
        rows.append(f"| `{row['id']}` | {row['severity']} | {row['says']} | {instead} | {ground} |")
    return "\n".join(rows)


PARTS = {
    "readings": readings_table,
    "claims": claims_table,
    "errors": errors_table,
    "magic": magic_table,
    "classic": classic_table,
    "findings": findings_table,
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
