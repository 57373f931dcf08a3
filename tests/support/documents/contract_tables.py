"""Tables generated from contracts/ and fixtures/scenarios/."""

from collections import Counter
from dataclasses import fields, replace

from mock_server import contract
from mock_server.domain.billing import notices
from mock_server.domain.billing.charges import Package
from mock_server.domain.billing.notices import Notice
from mock_server.domain.durations import DAY_MS, show_duration
from mock_server.domain.faults.kinds import KINDS
from mock_server.domain.readings import Readings
from mock_server.rehearsal.receivers.delivery import all_deliveries

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
    """Return the number of claims by certainty."""
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
    """Return the gateway errors: how to cause each, what a client should do, how certain it is."""
    certainty = {
        claim["id"]: claim["certainty"] for claim in contract.load_toml("claims.toml")["claim"]
    }
    rows = [
        "| Code | HTTP | `X-Ca-Error-Message` | How to meet it | Means | What a client should do "
        "| Sure? |",
        "|---|" + "---|" * 6,
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
            f"| {error['means']} | {error['advice']} | {certainty[error['claim']]} |"
        )
    rows.append(
        "| none | 450 | none: the service refuses, see `remark` in the body | leave out `text`; "
        "`APPCODE mock-refused` | fix | do not retry: fix the request | observed |"
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


def faults_table() -> str:
    """Return the faults: how to order each, what two clients see, and what is booked."""
    rows = [
        "| Stage | Fault | Parameters | What happens | Example | `http.client` | curl | Decided "
        "| Sent | Charged | Tasks |",
        "|---|" + "---|" * 10,
    ]
    for row in contract.load_toml("faults.toml")["fault"]:
        kind = KINDS[row["kind"]]
        names = [f"`--{_flag(field.name)}`" for field in fields(kind.fault)]
        rows.append(
            f"| {kind.stage} | `{kind.name}` | {' '.join(names) or 'none'} | {row['says']} "
            f"| `{_command(row['order'])}` | `{row['python']}` | exit {row['curl']} "
            f"| {row.get('status', 'nothing')} | {row.get('sent', 'the answer')} "
            f"| {row.get('charges', 0)} | {_tasks(row)} |"
        )
    return "\n".join(rows)


def callback_faults_table() -> str:
    """Return the faults of callbacks: how to order each, and what a receiver sees."""
    rows = [
        "| Fault | Parameters | What happens to it | Example | A receiver sees | Recorded |",
        "|---|" + "---|" * 5,
    ]
    for row in contract.load_toml("faults.toml")["callback"]:
        names = [f"`--{_flag(field.name)}`" for field in fields(KINDS[row["kind"]].fault)]
        rows.append(
            f"| `{row['kind']}` | {' '.join(names) or 'none'} | {row['says']} "
            f"| `{_command(row['order'])}` | {row['sees']} | {row['state']} |"
        )
    return "\n".join(rows)


def deliveries_table() -> str:
    """Return the deliveries to a receiver: what each is, and what a good receiver does."""
    rows = [
        "| Delivery | What comes | A good receiver | Answers | Faults and readings |",
        "|---|" + "---|" * 4,
    ]
    for each in all_deliveries():
        made = [f"`{_command(dict(fault))}`" for fault in each.faults]
        readings = each.account.get("readings", {})
        made += [f"`{name}` = `{word}`" for name, word in readings.items()]
        answers = {"none": "anything: the sender does not wait"}.get(each.answers, each.answers)
        rows.append(
            f"| `{each.id}` | {each.says} | {each.client} | {answers} "
            f"| {', '.join(made) or 'none'} |"
        )
    return "\n".join(rows)


def ambiguous_table() -> str:
    """Return the failures that a client cannot tell apart."""
    rows = ["| The client sees | Ordered with | What is true |", "|---|---|---|"]
    for row in contract.load_toml("faults.toml")["ambiguous"]:
        ordered = " and ".join(f"`{_command(order)}`" for order in row["orders"])
        rows.append(f"| `{row['symptom']}` | {ordered} | {row['truth']} |")
    return "\n".join(rows)


def _command(order: dict[str, object]) -> str:
    options = [f"--{_flag(name)} {_said(name, order[name])}" for name in order if name != "kind"]
    return " ".join([str(order["kind"]), *options])


def _flag(name: str) -> str:
    return name.removesuffix("_ms").replace("_", "-")


def _said(name: str, value: object) -> str:
    if name.endswith("_ms") and isinstance(value, int):
        return show_duration(value).replace(" ", "")
    text = str(value)
    return f"'{text}'" if "*" in text else text


def _tasks(row: dict[str, object]) -> str:
    tasks = str(row.get("tasks", 0))
    return f"{tasks}: {row['later']}" if "later" in row else tasks


def magic_texts_table() -> str:
    """Return the magic texts."""
    rows = ["| `text` | What becomes of its task |", "|---|---|"]
    rows += [
        f"| `{each['text']}` | {each['says']} |"
        for each in contract.load_toml("magic.toml")["text"]
    ]
    return "\n".join(rows)


def classic_table() -> str:
    """Return the messages of older instances."""
    rows = ["| `X-Ca-Error-Message` | HTTP | Means | Stands for |", "|---|---|---|---|"]
    for row in contract.load_toml("errors.toml")["classic"]:
        codes = ", ".join(f"`{code}`" for code in row["codes"]) or "by order"
        message = row["message"].replace("{reason}", "…")
        rows.append(f"| {message} | {row['status']} | {row['means']} | {codes} |")
    return "\n".join(rows)


def notices_timeline() -> str:
    """Return the life of a package as a small diagram, computed by the rules."""
    bought, readings = [_PACKAGE], Readings()
    watch, lines = notices.order_placed(bought, 0), [_line(0, 50, "order: 50 calls for 24 days")]
    for day, left in ((2, 10), (3, 9), (20, 0)):
        due = notices.came_due(watch, bought, day * _DAY, readings)
        lines += [_notice(notice) for notice in due.notices]
        told = None if due.notified else bought[0].notice_at
        bought = [replace(bought[0], remaining=left, notice_at=told)]
        watch, notice = notices.call_charged(due.watch, bought, day * _DAY, readings)
        lines.append(_notice(notice) if notice else _line(day, left, "a fifth is left"))
    lines.append(_line(24, 0, "expired: calls are refused with B403ME, no longer with B403MQ"))
    return "\n".join(["```text", "day  balance", *lines, "```"])


_DAY = DAY_MS
_PACKAGE = Package(
    id=1, account="", offer="50", credits=50, remaining=50, fen=1500, bought_at=0,
    expires_at=24 * _DAY, notice_at=17 * _DAY,
)  # fmt: skip


def _line(day: int, left: int, says: str) -> str:
    return f"{day:>3}  {left:>2} {'█' * round(left / 5):<10} {says}"


def _notice(notice: Notice) -> str:
    kind = notice.kind.replace("_", " ")
    return _line(notice.at // _DAY, notice.remaining, f"● {kind}: {notice.text.split(':')[0]}")


def scenarios_table() -> str:
    """Return the scenarios that come with the simulator."""
    rows = ["| Scenario | What happens | A good client |", "|---|---|---|"]
    for name, values in contract.scenarios().items():
        rows.append(f"| `{name}` | {values['says']} | {values['client'].removeprefix('It ')} |")
    return "\n".join(rows)


def findings_table() -> str:
    """Return the possible findings."""
    rows = [
        "| Finding | Severity | What is wrong | What to do instead | Rests on |",
        "|---|---|---|---|---|",
    ]
    for row in contract.load_toml("findings.toml")["finding"]:
        ground = f"claim `{row['claim']}`" if "claim" in row else "the contract"
        instead = row["instead"].replace("{hint}", "…")
        severity = row["severity"] + "".join(
            f"; error under `{name}={word}`" for name, word in row.get("refused", {}).items()
        )
        rows.append(f"| `{row['id']}` | {severity} | {row['says']} | {instead} | {ground} |")
    return "\n".join(rows)


def styles_table() -> str:
    """Return the style ids."""
    rows = ["| `style_id` | Style | Vendor's name |", "|---|---|---|"]
    rows += [
        f"| `{each['id']}` | {each['english']} | {', '.join(each['names'])} |"
        for each in contract.load_toml("styles.toml")["style"]
    ]
    return "\n".join(rows)


def offers_table() -> str:
    """Return the price list."""
    rows = ["| Calls | Yuan | Yuan per call |", "|---|---|---|"]
    for offer in contract.load_toml("pricing.toml")["offer"]:
        once = " (trial, once)" if offer.get("trial") else ""
        calls, fen = offer["credits"], offer["fen"]
        rows.append(f"| {calls}{once} | {fen / 100:g} | {fen / 100 / calls:.3f} |")
    return "\n".join(rows)


def answer_rules_table() -> str:
    """Return the rules that decide an answer, in the order in which they are asked."""
    rows = ["| Rule | Decided | What | Claims | Readings |", "|---|---|---|---|---|"]
    for rule in contract.load_answer_rules().values():
        claims, readings = (
            ", ".join(f"`{each}`" for each in ids) for ids in (rule.claims, rule.readings)
        )
        rows.append(f"| `{rule.id}` | {rule.step} | {rule.says} | {claims} | {readings} |")
    return "\n".join(rows)


def claims_list() -> str:
    """Return every claim with its certainty and evidence."""
    rows = ["| Claim | Statement | Certainty | Evidence |", "|---|---|---|---|"]
    rows += [
        f"| `{each['id']}` | {each['says']} | {each['certainty']} | {each['evidence']} |".replace(
            "\n", " "
        )
        for each in contract.load_toml("claims.toml")["claim"]
    ]
    return "\n".join(rows)


PARTS = {
    "scenarios": scenarios_table,
    "notices": notices_timeline,
    "readings": readings_table,
    "claims": claims_table,
    "answer-rules": answer_rules_table,
    "claims-list": claims_list,
    "styles": styles_table,
    "offers": offers_table,
    "errors": errors_table,
    "magic": magic_table,
    "magic-texts": magic_texts_table,
    "classic": classic_table,
    "faults": faults_table,
    "callback_faults": callback_faults_table,
    "deliveries": deliveries_table,
    "ambiguous": ambiguous_table,
    "findings": findings_table,
}
