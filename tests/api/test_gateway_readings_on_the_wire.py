"""Each reading of what gateway and service accept, changed: the client sees the difference."""

from typing import Any

import pytest
from werkzeug.test import TestResponse

from tests.support.signed import Request, Signer, header, send, with_app_code
from tests.support.worlds import APP_CODE, World, body_of

SUBMIT = {"text": "https://example.com", "style_id": "food_fryrice"}


def reread(world: World, words: dict[str, str]) -> None:
    """Change the readings of the default account."""
    world.admin("PATCH", "/accounts/default/readings", words)


def flipped(world: World, words: dict[str, str], call: Any) -> list[tuple[int, str | None]]:
    """Return status and error code of a call before and after the readings change."""
    seen = []
    for change in ({}, words):
        if change:
            reread(world, change)
        answer: TestResponse = call()
        seen.append((answer.status_code, answer.headers.get("X-Ca-Error-Code")))
    return seen


@pytest.mark.claim("appcode-header-only")
@pytest.mark.parametrize("name", ["AppCode", "appcode", "appCode", "APPCODE", "APPCode"])
def test_an_app_code_in_the_query_counts(world: World, name: str) -> None:
    def call() -> TestResponse:
        return world.http.post(f"/submitTask?{name}=mock-demo", data=SUBMIT)

    accepted = {"appcode.in_query": "accepted"}
    assert flipped(world, accepted, call) == [(400, "A400MA"), (200, None)]
    assert world.bill()["charges"] == 1
    assert "mock-demo" not in str(world.calls())


@pytest.mark.claim("appcode-header-only")
def test_an_unknown_code_in_the_query_is_an_unknown_code(world: World) -> None:
    def call() -> TestResponse:
        return world.http.post("/submitTask?AppCode=nobody", data=SUBMIT)

    accepted = {"appcode.in_query": "accepted"}
    assert flipped(world, accepted, call) == [(400, "A400MA"), (400, "A400AC")]


@pytest.mark.claim("appcode-header-only")
def test_the_query_counts_by_the_readings_of_the_account_that_it_names(world: World) -> None:
    open_one = world.account(readings={"appcode.in_query": "accepted"})

    answers = [
        world.http.post(f"/submitTask?appcode={code}", data=SUBMIT).status_code
        for code in (open_one["app_code"], "mock-demo")
    ]

    assert answers == [200, 400]


@pytest.mark.claim("appcode-scheme")
@pytest.mark.parametrize(
    "written", ["appcode mock-demo", "AppCode mock-demo", "APPCODE  mock-demo"]
)
def test_the_scheme_word_counts_in_capitals_and_with_one_space_only(
    world: World, written: str
) -> None:
    def call() -> TestResponse:
        return world.http.post("/submitTask", data=SUBMIT, headers={"Authorization": written})

    assert flipped(world, {"appcode.scheme": "capitals"}, call) == [(200, None), (400, "A400MA")]
    assert world.vendor("/submitTask", SUBMIT).status_code == 200


@pytest.mark.claim("text-any")
@pytest.mark.parametrize("text", ["hello", "ftp://example.com", "http:/x", "a b"])
def test_a_text_that_is_no_address_is_refused(world: World, text: str) -> None:
    def call() -> TestResponse:
        return world.vendor("/submitTask", {**SUBMIT, "text": text})

    assert flipped(world, {"text.not_url": "refused"}, call) == [(200, None), (450, None)]
    assert world.vendor("/submitTask", SUBMIT).status_code == 200


@pytest.mark.claim("short-link-flag")
def test_a_short_link_flag_that_is_neither_0_nor_1_is_refused(world: World) -> None:
    def call() -> TestResponse:
        return world.vendor("/submitTask", {**SUBMIT, "is_use_temp_short_link": "true"})

    assert flipped(world, {"short_link.flag": "strict"}, call) == [(200, None), (450, None)]
    for flag in ("0", "1", ""):
        fields = {**SUBMIT, "is_use_temp_short_link": flag}
        assert world.vendor("/submitTask", fields).status_code == 200


@pytest.mark.claim("callback-address")
def test_a_callback_address_that_is_none_is_refused(world: World) -> None:
    def call() -> TestResponse:
        return world.vendor("/submitTask", {**SUBMIT, "call_back": "no address"})

    assert flipped(world, {"callback.address": "refused"}, call) == [(200, None), (450, None)]
    fields = {**SUBMIT, "call_back": "http://127.0.0.1:9/"}
    assert world.vendor("/submitTask", fields).status_code == 200


@pytest.mark.claim("body-sniffed")
@pytest.mark.parametrize("kind", ["application/json", "text/plain", None])
def test_only_a_form_that_is_labelled_so_is_taken(world: World, kind: str | None) -> None:
    def call() -> TestResponse:
        body = b'{"text":"https://a.test","style_id":"pet_cat"}'
        return world.http.post("/submitTask", data=body, headers=APP_CODE, content_type=kind)

    assert flipped(world, {"body.type": "form-only"}, call) == [(200, None), (400, "I400CT")]
    assert world.vendor("/submitTask", SUBMIT).status_code == 200
    assert world.http.post("/taskList", headers=APP_CODE).status_code == 200


@pytest.mark.claim("query-method")
def test_the_queries_are_answered_by_get_too_and_the_submit_is_not(world: World) -> None:
    task_id = world.submit()

    def query() -> TestResponse:
        return world.http.get(f"/queryTask?task_id={task_id}", headers=APP_CODE)

    get_too = {"query.method": "post-or-get"}
    assert flipped(world, get_too, query) == [(404, "I404NF"), (200, None)]
    assert body_of(query())["task_id"] == task_id
    listed = world.http.get("/taskList?page=1&maxResult=5", headers=APP_CODE)
    assert (listed.status_code, body_of(listed)["maxResult"]) == (200, 5)
    assert world.http.get("/submitTask?text=x", headers=APP_CODE).status_code == 404
    assert world.query(task_id)["status"] == "pending"


@pytest.mark.claim("query-method")
def test_a_signed_get_is_verified_like_any_other_call(world: World) -> None:
    buyer = world.account(readings={"query.method": "post-or-get"})
    request = Request(method="GET", target="/taskList?page=1", body=b"")

    reply = send(world, Signer.of(buyer).signed(request))

    assert reply.status == 200
    assert world.bill(buyer["id"])["charges"] == 1


@pytest.mark.claim("host-unchecked")
def test_the_gateway_answers_to_its_own_name_only(world: World) -> None:
    def call() -> TestResponse:
        return world.vendor("/submitTask", SUBMIT)

    checked = {"host.check": "vendor-host"}
    assert flipped(world, checked, call) == [(200, None), (404, "I404DO")]
    for host in ("aiart.market.alicloudapi.com", "AIART.market.alicloudapi.com:3040"):
        headers = {**APP_CODE, "Host": host}
        assert world.http.post("/submitTask", data=SUBMIT, headers=headers).status_code == 200


@pytest.mark.claim("throttle-retry-after")
def test_a_throttled_answer_says_when_to_come_again(world: World) -> None:
    throttle = {"per_second": 0.1, "burst": 1}
    world.admin("PATCH", "/accounts/default", {"throttle": throttle})
    world.vendor("/taskList")
    silent = world.vendor("/taskList")
    reread(world, {"throttle.retry_after": "sent"})

    told = world.vendor("/taskList")
    world.clock(advance=f"{told.headers['Retry-After']}s")

    assert (silent.status_code, silent.headers.get("Retry-After")) == (429, None)
    assert (told.status_code, told.headers["Retry-After"]) == (429, "10")
    assert world.vendor("/taskList").status_code == 200


@pytest.mark.claim("image-is-content")
def test_a_source_image_is_not_looked_at_where_its_address_is_encoded(world: World) -> None:
    fields = {"qr_code_url": "http://127.0.0.1:9/nothing.png", "style_id": "pet_cat"}
    tasks = []
    for change in ({}, {"image.content": "address"}):
        reread(world, change or {"image.content": "decoded"})
        tasks.append(body_of(world.vendor("/submitTask", fields))["task_id"])
    world.clock(advance="1m")

    assert [world.query(task_id)["status"] for task_id in tasks] == ["failed", "succeeded"]


@pytest.mark.claim("classic-path-or-method")
@pytest.mark.parametrize(
    ("request_", "message"),
    [
        (Request(target="/nowhere"), "Invalid Path or Method"),
        (Request(target="/submitTask/"), "Invalid Path or Method"),
        (Request(method="GET", body=b""), "Invalid Path or Method"),
        (Request(method="PUT"), "Invalid Path or Method"),
        (Request(headers={"X-Ca-Stage": "TEST"}), "Invalid Url"),
    ],
    ids=["path", "slash", "GET", "PUT", "stage"],
)
def test_by_a_reading_a_wrong_path_or_method_is_worded_as_the_vendors_demo_knows_it(
    world: World, request_: Request, message: str
) -> None:
    readings = {"gateway.profile": "classic", "classic.route": "invalid-path-or-method"}
    buyer = world.account(readings=readings)

    refused = send(world, with_app_code(buyer["app_code"], request_))
    assert (refused.status, header(refused, "X-Ca-Error-Message")) == (400, message)
    assert "X-Ca-Error-Code" not in dict(refused.headers)
    assert send(world, with_app_code(buyer["app_code"])).status == 200


@pytest.mark.claim("classic-path-or-method")
def test_the_wording_is_that_of_older_instances_only(world: World) -> None:
    buyer = world.account(readings={"classic.route": "invalid-path-or-method"})

    reply = send(world, with_app_code(buyer["app_code"], Request(target="/nowhere")))

    assert (reply.status, header(reply, "X-Ca-Error-Code")) == (404, "I404NF")
