"""The calls that a probe can make: each written once, for the real service and for the model.

Rule 1: a move says what is sent and nothing of what is answered: that is the model's.
Rule 2: a move that a stranger could make carries credentials that nobody has, so that it costs
nothing whatever the gateway answers.
Rule 3: an odd submit that is accepted is also a task to follow, so one submit can be odd in
several ways.
"""

from base64 import b64encode
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from itertools import product

from mock_server.domain.call.calls import Operation
from mock_server.domain.task.source_images import SourceRead, unreachable
from mock_server.probe import request as of
from mock_server.probe.request import UNKNOWN_CODE, UNKNOWN_TASK, ProbeRequest, Sender

ANY_LISTENER = "http://listener.invalid"
IMAGE_PATH = "/source.png"
# The path and login that a callback is asked for: not in normal form, so that both readings of
# addresses show.
CALLBACK_PATH = "/odd/../%7eprobe/"
CALLBACK_LOGIN = "probe:word"
CALLBACK_AUTHORIZATION = f"Basic {b64encode(CALLBACK_LOGIN.encode()).decode()}"
STRANGER = f"APPCODE {UNKNOWN_CODE}"
UNPRINTABLE_TEXT = "https://example.com/" + "a" * 2950  # more than a QR code holds
NO_READ = SourceRead(content="")
Build = Callable[[Sender], ProbeRequest]


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """One call that a probe can make.

    `task`: the move whose task it asks for. `sees_tasks`: its answer shows tasks. `needs`:
    `signature` or `listener`. `is_own`: it has the buyer's credentials, so it may cost a credit.
    `image_read`: what a service that reads the source image finds. `decides_outcome`: a reading
    decides how the task ends, not chance. `kind`: the submit whose task is the same for whoever
    polls, `called_kind`: for whoever is called back, '' if nobody is. `is_heard`: it is no call,
    the probe listens for the callbacks of a task.
    """

    name: str
    says: str
    operation: Operation | None
    build: Build
    task: str | None = None
    sees_tasks: bool = False
    needs: frozenset[str] = frozenset()
    is_own: bool = True
    image_read: SourceRead = NO_READ
    decides_outcome: bool = False
    kind: str = ""
    called_kind: str = ""
    is_heard: bool = False

    @property
    def is_submit(self) -> bool:
        """Whether it can make a task."""
        return self.operation is Operation.SUBMIT_TASK and self.is_own


def _stranger(sender: Sender, operation: Operation = Operation.SUBMIT_TASK) -> ProbeRequest:
    return of.form(sender, operation, {"text": "https://example.com"}, STRANGER)


def _query(sender: Sender, task_id: str = UNKNOWN_TASK, authorization: str = "") -> ProbeRequest:
    return of.form(sender, Operation.QUERY_TASK, {"task_id": task_id}, authorization)


def _wrong_path(sender: Sender) -> ProbeRequest:
    return of.to_path(sender, "/artqr-mock-probe/no-such-path", {}, STRANGER)


def _other_host(sender: Sender) -> ProbeRequest:
    return of.with_header(_stranger(sender), "Host", "another-host.invalid")


def _json_body(sender: Sender) -> ProbeRequest:
    request = _stranger(sender)
    request = of.with_header(request, "Content-Type", "application/json; charset=UTF-8")
    return of.with_body(request, b'{"text":"https://example.com"}')


def _by_get(sender: Sender) -> ProbeRequest:
    return of.by_get(_query(sender, authorization=STRANGER))


def _lower_case(sender: Sender) -> ProbeRequest:
    return _query(sender, authorization=f"appcode {sender.app_code}")


def _in_query(sender: Sender) -> ProbeRequest:
    request = of.without(_query(sender), "Authorization")
    return of.with_query(request, {"AppCode": sender.app_code})


def _no_nonce(sender: Sender) -> ProbeRequest:
    return of.without(of.signed(_query(sender), sender, secret=of.WRONG_SECRET), "X-Ca-Nonce")


def _signed(sender: Sender) -> ProbeRequest:
    return of.signed(_query(sender), sender)


def _with_equals(sender: Sender) -> ProbeRequest:
    fields = {"task_id": UNKNOWN_TASK, "empty": ""}
    return of.signed_with_equals(of.form(sender, Operation.QUERY_TASK, fields), sender)


SIGNATURE, LISTENER = "signature", "listener"
_SIGNED = frozenset({SIGNATURE})
_QUERY = Operation.QUERY_TASK
UNKNOWN = Move(
    name="unknown task", says="query a task that never was", operation=_QUERY, build=_query
)
SIGNED = Move(
    name="signed", says="the same query, signed", operation=_QUERY, build=_signed, needs=_SIGNED
)
WITH_EQUALS = Move(
    name="signed with equals", says="sign an empty value as `name=`", operation=_QUERY,
    build=_with_equals, needs=_SIGNED,
)  # fmt: skip
LIST = Move(
    name="list", says="list the tasks", operation=Operation.LIST_TASKS, sees_tasks=True,
    build=lambda sender: of.form(
        sender, Operation.LIST_TASKS, {"page": "1", "maxResult": "50"}
    ),
)  # fmt: skip
# In the order in which equally good ones are made.
FIXED = (
    Move(name="wrong path", says="call a path that no operation has", operation=None,
         build=_wrong_path, is_own=False),
    Move(name="unknown app code", says="call with an app code that nobody has", operation=None,
         build=_stranger, is_own=False),
    Move(name="another host", says="name another host in the Host header", operation=None,
         build=_other_host, is_own=False),
    Move(name="JSON body", says="send JSON instead of a form", operation=None, build=_json_body,
         is_own=False),
    Move(name="query by GET", says="query by GET", operation=_QUERY, build=_by_get, is_own=False),
    Move(name="no nonce", says="sign wrongly and without a nonce", operation=_QUERY,
         build=_no_nonce, needs=_SIGNED),
    UNKNOWN,
    Move(name="appcode in lower case", says="write the scheme in lower case", operation=_QUERY,
         build=_lower_case),
    Move(name="app code in the query", says="send the app code in the query only",
         operation=_QUERY, build=_in_query),
    SIGNED,
    WITH_EQUALS,
    LIST,
)  # fmt: skip

# What a submit encodes, and which odd values it can have besides.
PLAIN, NOT_URL, TOO_LONG, NO_IMAGE, IMAGE = (
    "a URL", "a text that is no URL", "a text that is too long", "an image that is not there",
    "an image in GB18030",
)  # fmt: skip
FLAG, BAD_CALLBACK, CALLBACK, STYLE = (
    "an odd short link flag", "a callback to no address", "a callback", "an unknown style",
)  # fmt: skip
# More tasks of the same kind, for what only shows while a task is new.
AGAIN = ("another URL", "a third URL", "a fourth URL")
_CONTENT = {
    **{name: {"text": f"https://example.com/{name.split()[1]}"} for name in AGAIN},
    PLAIN: {"text": "https://example.com/probe"},
    NOT_URL: {"text": "no URL, but words"},
    TOO_LONG: {"text": UNPRINTABLE_TEXT},
    NO_IMAGE: {"qr_code_url": "http://artqr-probe.invalid/none.png"},
    IMAGE: {},
}
_IMAGES = {
    NO_IMAGE: unreachable().read,
    IMAGE: SourceRead(content="https://example.com/\u7801", charset="GB18030"),
}


def submit(content: str = PLAIN, odd: Iterable[str] = ()) -> Move:
    """Return the submit of a content, odd in these ways."""
    parts = frozenset(odd)
    decides = content in (TOO_LONG, NO_IMAGE, IMAGE)
    shown = [content, *(each for each in (FLAG, BAD_CALLBACK, CALLBACK, STYLE) if each in parts)]
    return Move(
        name=f"submit {', '.join(shown)}",
        says=f"submit {', '.join(shown)}",
        operation=Operation.SUBMIT_TASK,
        build=lambda sender: of.form(
            sender, Operation.SUBMIT_TASK, _fields(content, parts, sender.listener)
        ),
        needs=frozenset({LISTENER} if CALLBACK in parts or content == IMAGE else ()),
        image_read=_IMAGES.get(content, SourceRead(content="")),
        decides_outcome=decides,
        kind=f"submit {content if decides else PLAIN}",
        called_kind=f"submit {content if decides else PLAIN}, {CALLBACK}"
        if CALLBACK in parts
        else "",
    )


def _fields(content: str, odd: frozenset[str], listener: str) -> dict[str, str]:
    fields = dict(_CONTENT[content])
    if content == IMAGE:
        fields["qr_code_url"] = listener + IMAGE_PATH
    fields["style_id"] = "artqr_probe_no_style" if STYLE in odd else "food_fryrice"
    if FLAG in odd:
        fields["is_use_temp_short_link"] = "maybe"
    if BAD_CALLBACK in odd:
        fields["call_back"] = "no address"
    if CALLBACK in odd:
        scheme, _, rest = listener.partition("://")
        fields["call_back"] = f"{scheme}://{CALLBACK_LOGIN}@{rest}{CALLBACK_PATH}"
    return fields


def query(submitted: Move) -> Move:
    """Return the query of the task of a submit."""
    name = submitted.name
    return Move(
        name=f"query of: {name}", says=f"query the task of: {name}", operation=_QUERY, task=name,
        sees_tasks=True, build=lambda sender: _query(sender, sender.tasks[name]),
    )  # fmt: skip


def callback(submitted: Move) -> Move:
    """Return the wait for the callbacks of the task of a submit."""
    name = submitted.name
    return Move(
        name=f"callback of: {name}", says=f"listen for the callback of: {name}", task=name,
        operation=None, sees_tasks=True, is_own=False, is_heard=True, build=_no_request,
    )  # fmt: skip


def picture(submitted: Move) -> Move:
    """Return the fetch of the first picture of the task of a submit; it has no credentials."""
    name = submitted.name
    return Move(
        name=f"picture of: {name}", says=f"fetch the picture of: {name}", task=name,
        operation=Operation.GET_PICTURE, sees_tasks=True, is_own=False, build=_no_request,
    )  # fmt: skip


def _no_request(_sender: Sender) -> ProbeRequest:
    raise AssertionError("it is no request to the service")


@cache
def submits() -> dict[str, Move]:
    """Return every submit by its name, those that are odd in the most ways first."""
    found = []
    contents = [each for each in _CONTENT if each not in AGAIN]
    for content, flag, callback, style in product(
        contents,
        ("", FLAG),
        ("", BAD_CALLBACK, CALLBACK),
        ("", STYLE),
    ):
        found.append(submit(content, filter(None, (flag, callback, style))))
    found += map(submit, AGAIN)
    return {move.name: move for move in sorted(found, key=lambda move: -move.name.count(","))}


@cache
def one_odd() -> tuple[Move, ...]:
    """Return the submits that are odd in one way at most."""
    contents = [each for each in _CONTENT if each not in AGAIN]
    ways = (FLAG, BAD_CALLBACK, CALLBACK, STYLE)
    return (*map(submit, contents), *(submit(PLAIN, (each,)) for each in ways))


@cache
def find(name: str) -> Move:
    """Return a move by its name. Raises KeyError."""
    head, _, rest = name.partition(" of: ")
    if rest:
        return {"query": query, "picture": picture, "callback": callback}[head](submits()[rest])
    by_name = {move.name: move for move in FIXED}
    return by_name.get(name) or submits()[name]


def of_kind(move: Move) -> Move:
    """Return the poll of a task as that of any task of its kind."""
    if move.task is None:
        return move
    submitted = find(move.task)
    if move.is_heard:
        return callback(submits()[submitted.called_kind])
    kind = submits()[submitted.kind]
    return picture(kind) if move.operation is Operation.GET_PICTURE else query(kind)
