"""Hypothesis strategies for requests to sign."""

from hypothesis import strategies as st

from tests.support.signing_client import FORM, Request, content_md5, json_body

NAMES = ["text", "style_id", "your_prompt", "call_back", "a", "b", "Page", "a-b", "名"]
names = st.sampled_from(NAMES)
# Characters that are encoded, that are not, and that are not ASCII.
words = st.text(st.sampled_from("abXY019 ~*'()!/:?=&%+-_.,;#\"中文é😀"), min_size=1, max_size=8)
pairs = st.lists(st.tuples(names, words), min_size=1, max_size=4, unique_by=lambda pair: pair[0])
uuids = st.uuids(version=4).map(str)
timestamps = st.integers(1_600_000_000_000, 1_800_000_000_000).map(str)
secrets = st.text("0123456789abcdef", min_size=32, max_size=32)

ACCEPTS = [None, "application/json", "*/*", "text/html;q=0.9", "application/json; charset=utf-8"]
FORM_TYPES = [FORM, f"{FORM}; charset=UTF-8", f"{FORM}; charset=utf-8"]
JSON_TYPES = ["application/json", "application/json; charset=utf-8", "application/octet-stream"]
PATHS = ["/submitTask", "/queryTask", "/v2/taskList"]
DATE = "Wed, 09 May 2018 13:30:29 GMT"


@st.composite
def requests(draw: st.DrawFn, needs: frozenset[str] = frozenset()) -> Request:
    """Return a request; `needs` names its required properties, see the code."""
    kinds = sorted(needs & {"form", "json", "bare"}) or ["form", "json", "bare"]
    kind = draw(st.sampled_from(kinds))
    request = Request(
        method="GET" if kind == "bare" else "POST",
        path=draw(st.sampled_from(PATHS[2:] if "deep" in needs else PATHS)),
        accept=draw(st.sampled_from(ACCEPTS[1:] if "accept" in needs else ACCEPTS)),
        date=DATE if "date" in needs or draw(st.booleans()) else None,
        secret=draw(secrets),
        digest=draw(st.sampled_from(["sha256", "sha256", "sha1"])),
    )
    if "query" in needs or draw(st.booleans()):
        request.query = draw(pairs)
    if kind == "form":
        request.form = draw(pairs)
        request.content_type = draw(st.sampled_from(FORM_TYPES))
    elif kind == "json":
        request.json = json_body(dict(draw(pairs)))
        request.content_type = draw(st.sampled_from(JSON_TYPES))
        if "md5" in needs or draw(st.integers(0, 4)) == 0:
            request.content_md5 = content_md5(request.body)
    _with_parameters(draw, request, needs)
    _with_headers(draw, request, needs)
    return request


def _with_parameters(draw: st.DrawFn, request: Request, needs: frozenset[str]) -> None:
    """Make some values empty and repeat some names."""
    if "empty" in needs or draw(st.integers(0, 4)) == 0:
        request.query = [*request.query, ("empty", "")]
    if "repeated" in needs:
        # The form's value of a name counts, so only one side repeats a name.
        side = request.query if request.form is None else request.form
        side += [("again", "2"), ("again", "1"), ("again", "3")]
    if "wild" in needs:  # unsorted, encoded and repeated at once
        request.query = [("b", "1 2"), *request.query, ("b", ""), ("a", "é")]
    if "zero" in needs:
        request.query = [*request.query, ("offset", "0"), ("watermark", "false")]
    if "chinese" in needs:
        request.query = [*request.query, ("城市", "北京")]


def _with_headers(draw: st.DrawFn, request: Request, needs: frozenset[str]) -> None:
    titled = "titled" in needs or ("lower" not in needs and draw(st.booleans()))
    ca = {"x-ca-key": "204" + draw(st.text("0123456789", min_size=6, max_size=6))}
    ca |= {"x-ca-timestamp": draw(timestamps), "x-ca-nonce": draw(uuids)}
    if request.digest == "sha1" or draw(st.booleans()):
        ca["x-ca-signature-method"] = "HmacSHA256" if request.digest == "sha256" else "HmacSHA1"
    if "unlisted" in needs or draw(st.booleans()):
        ca["x-ca-stage"] = "RELEASE"
    if draw(st.integers(0, 4)) == 0:
        ca["x-ca-note"] = draw(st.sampled_from(["中文", "plain"]))
    absent = ["x-ca-version"] if "absent" in needs else []
    request.ca = {(name.title() if titled else name): value for name, value in ca.items()}
    always = ["x-ca-key", "x-ca-timestamp", "x-ca-nonce"]
    wanted = (
        always if needs & {"listed", "unlisted", "absent"} else draw(st.sampled_from([always, []]))
    )
    if "unlisted" not in needs and wanted:
        wanted = [*wanted, *(name for name in ca if name not in wanted)]
    spelt = [name.title() if titled else name for name in (*wanted, *absent)]
    request.listed = draw(st.permutations(spelt)) if spelt else []
