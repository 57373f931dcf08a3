"""Random histories of several accounts through Flask, compared with a naive model of each."""

from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from mock_server.domain.callback.payload import Outcome
from tests.support import checks
from tests.support.databases import address_of
from tests.support.model import DAY_MS, VALID_MS, Expected, ModelAccount, ModelTask
from tests.support.modelled_accounts import PATHS, ModelledAccounts

GOOD = {"text": "https://example.com", "style_id": "food_fryrice"}
PICKS = st.integers(0, 11)
TEXTS = st.sampled_from(["x" * 2954, "你好", "x" * 2953, "x" * 36, "", "字" * 985])
STYLES = st.sampled_from(["food_fryrice", "pet_cat", "pet_fox", "", "no_such_style"])
ADDRESSES = st.sampled_from(["http://127.0.0.1:9/finished", "http://10.0.0.1/x", "no address", ""])
OUTCOMES = [Outcome(status=200), Outcome(status=204), Outcome(status=500), Outcome(status=302),
            Outcome(error="no answer within 10 s")]  # fmt: skip
JUMPS = st.sampled_from(["25s", "10s", "3s", "1ms", "0s", "25s", "23h59m50s", "1d", "25s", "400d"])
LENIENT = {"style.unknown": "accepted", "text.too_long": "task-fails"}
MOST_ACCOUNTS = 4
ELAPSED = st.sampled_from([1, 999, 4_000, 30_000])
SIZES = st.sampled_from([50, 2, 20, 1, 0, 51])
STATES = st.sampled_from(["succeeded", "failed", "running", "pending"])


def tasks_of(machine: "WholeApi") -> list[ModelTask]:
    return [task for account in machine.modelled.accounts for task in account.tasks]


def has_tasks(machine: "WholeApi") -> bool:
    return bool(tasks_of(machine))


class WholeApi(RuleBasedStateMachine):
    """Each rule does one step with the API and with the model."""

    kind = "sqlite"

    def __init__(self) -> None:
        super().__init__()
        self.modelled = ModelledAccounts(address_of(self.kind))
        self.world = self.modelled.world
        self.made = 100
        lenient = self.world.account(credits=50, seed=100, readings=LENIENT)
        self.modelled.know(lenient, frozen=False)

    def teardown(self) -> None:
        """Compare everything once more, then clean up."""
        self.modelled.close()

    @precondition(lambda self: len(self.modelled.accounts) < MOST_ACCOUNTS)
    @rule(
        size=st.sampled_from([0, 1, 3, 50]),
        frozen=st.booleans(),
        polls=st.sampled_from(["every-200", "submit-only"]),
        refusal=st.sampled_from(["450", "200"]),
        lenient=st.booleans(),
    )
    def make_account(
        self, size: int, frozen: bool, polls: str, refusal: str, lenient: bool
    ) -> None:
        self.made += 1
        readings = {"charge.polls": polls, "refusal.status": refusal}
        if lenient:
            readings |= LENIENT
        wish = {"credits": size, "seed": self.made, "readings": readings}
        self.modelled.know(self.world.account(**wish, clock={"frozen": frozen}), frozen=frozen)

    @rule(pick=PICKS, call_back=ADDRESSES)
    def submit_what_is_good(self, pick: int, call_back: str) -> None:
        self.modelled.submit(self.modelled.pick(pick), {**GOOD, "call_back": call_back})

    @rule(pick=PICKS, text=TEXTS, style=STYLES, prompt=st.booleans(), call_back=ADDRESSES)
    def submit(self, pick: int, text: str, style: str, prompt: bool, call_back: str) -> None:
        fields = {"text": text, "style_id": style, "call_back": call_back}
        fields |= {"your_prompt": "a cat"} if prompt else {}
        self.modelled.submit(self.modelled.pick(pick), fields)

    @rule(pick=PICKS, which=PICKS)
    def query_what_is_not_ours(self, pick: int, which: int) -> None:
        account = self.modelled.pick(pick)
        tasks = [
            task for each in self.modelled.accounts if each is not account for task in each.tasks
        ]
        task_id = tasks[which % len(tasks)].id if tasks else "0" * 24
        self.modelled.call(account, "query_task", {"task_id": task_id}, refused=True)

    @precondition(has_tasks)
    @rule(pick=PICKS, which=PICKS)
    def query(self, pick: int, which: int) -> None:
        self._query(*self.modelled.pick_task(pick, which))

    @rule(pick=PICKS, page=st.sampled_from([1, 1, 2, 3, 0]), size=SIZES)
    def list_tasks(self, pick: int, page: int, size: int) -> None:
        account = self.modelled.pick(pick)
        refused = page == 0 or size in (0, 51)
        fields = {"page": str(page), "maxResult": str(size)}
        body = self.modelled.call(account, "list_tasks", fields, refused=refused)
        if body is not None and not refused:
            checks.check_page(account, body, page=page, size=size)

    @precondition(has_tasks)
    @rule(pick=PICKS)
    def list_everything(self, pick: int) -> None:
        account, _ = self.modelled.pick_task(pick, 0)
        body = self.modelled.call(account, "list_tasks", {"maxResult": "50"}, refused=False)
        if body is not None:
            checks.check_page(account, body, page=1, size=50)

    @rule(pick=PICKS, header=st.sampled_from(["APPCODE wrong", "Basic eA==", ""]))
    def call_with_wrong_credentials(self, pick: int, header: str) -> None:
        path = list(PATHS.values())[pick % 3]
        answer = self.world.http.post(path, headers={"Authorization": header} if header else {})
        code = "A400AC" if "wrong" in header else "A400MA"
        assert (answer.status_code, answer.headers["X-Ca-Error-Code"]) == (400, code)
        assert answer.data == b""
        self.modelled.nobody.append((400, code))

    @rule(pick=PICKS, method=st.sampled_from(["GET", "PUT", "POST"]))
    def call_what_does_not_exist(self, pick: int, method: str) -> None:
        account = self.modelled.pick(pick)
        path = "/queryTasks" if method == "POST" else "/submitTask"
        headers = {"Authorization": f"APPCODE {account.app_code}"}
        answer = self.world.http.open(path, method=method, headers=headers)
        assert (answer.status_code, answer.headers["X-Ca-Error-Code"]) == (404, "I404NF")
        account.note(None, Expected(404, "I404NF"))

    @rule(pick=PICKS, advance=JUMPS, settle=st.booleans())
    def jump(self, pick: int, advance: str, settle: bool) -> None:
        account = self.modelled.pick(pick)
        expected = account.now + checks.milliseconds(advance)
        assert self.modelled.move(account, advance=advance, settle=settle)["now"] == expected

    @precondition(has_tasks)
    @rule(pick=PICKS, which=PICKS, short_by=st.sampled_from([0, 0, 1]), settle=st.booleans(),
          edge=st.sampled_from(["end", "forgotten", "start", "expired"]))  # fmt: skip
    def jump_to_an_edge(
        self, pick: int, which: int, short_by: int, settle: bool, edge: str
    ) -> None:
        account, task = self.modelled.pick_task(pick, which)
        ends_at = task.ends_at or 0
        edges = {"start": task.starts_at, "end": ends_at, "forgotten": ends_at + DAY_MS}
        at = edges.get(edge, account.bought_at + VALID_MS) - short_by
        if at >= account.now:
            assert self.modelled.move(account, now=at, settle=settle)["now"] == at
        self._query(account, task)

    @rule(pick=PICKS, settle=st.booleans())
    def jump_to_the_next_event(self, pick: int, settle: bool) -> None:
        account = self.modelled.pick(pick)
        event = account.next_event()
        shown = self.modelled.move(account, to_next_event=True, settle=settle)
        event_json = shown["event"]
        if event_json is not None and event_json["kind"] in ("notice_due", "package_expiry"):
            # The money machine tests the events of packages.
            assert event is None or event_json["at"] < event[1]
        elif event is None:
            assert event_json is None
        else:
            assert (event_json["kind"], event_json["at"], event_json["task_id"]) == event
        if event_json is not None:
            assert shown["now"] == event_json["at"]

    @rule(pick=PICKS, change=st.sampled_from([{"freeze": True}, {"freeze": False}, {"rate": 0.5},
                                              {"rate": 60}, {"rate": 1000}]))  # fmt: skip
    def change_the_pace(self, pick: int, change: dict[str, Any]) -> None:
        account = self.modelled.pick(pick)
        before = account.now
        assert self.modelled.move(account, **change, settle=False)["now"] == before

    @rule(pick=PICKS, elapsed=ELAPSED)
    def stop_and_go(self, pick: int, elapsed: int) -> None:
        account = self.modelled.pick(pick)
        before = account.now
        assert self.modelled.move(account, freeze=True, settle=False)["now"] == before
        self.let_time_pass(elapsed)
        assert self.modelled.move(account, freeze=False, settle=False)["now"] == before

    @rule(pick=PICKS)
    def turn_a_clock_back(self, pick: int) -> None:
        account = self.modelled.pick(pick)
        path = f"/accounts/{account.id}/clock"
        self.world.admin("POST", path, {"now": account.now - 1}, expect=422)

    @rule(elapsed=ELAPSED)
    def let_real_time_pass(self, elapsed: int) -> None:
        self.let_time_pass(elapsed)

    def let_time_pass(self, elapsed: int) -> None:
        """Move the real clock, and check every account."""
        self.modelled.real_now.now += elapsed
        for account in self.modelled.accounts:
            expected = account.now + (0 if account.frozen else elapsed * account.rate)
            now = self.world.admin("GET", f"/accounts/{account.id}/clock")["now"]
            assert abs(now - expected) <= 1
            account.now = now

    @precondition(has_tasks)
    @rule(pick=PICKS, which=PICKS, state=STATES)
    def force(self, pick: int, which: int, state: str) -> None:
        account, task = self.modelled.pick_task(pick, which)
        self._force(account, task, state)

    @rule(pick=PICKS, call_back=ADDRESSES, state=STATES)
    def force_what_was_just_submitted(self, pick: int, call_back: str, state: str) -> None:
        account = self.modelled.pick(pick)
        self.modelled.submit(account, {**GOOD, "call_back": call_back})
        for task in account.tasks[-1:]:
            self._force(account, task, state)

    @rule(state=STATES)
    def force_what_no_qr_code_can_hold(self, state: str) -> None:
        for account in self.modelled.accounts:
            if account.readings["text.too_long"] == "task-fails":
                self.modelled.touched = account
                self.modelled.submit(account, {"text": "x" * 2954, "style_id": "pet_cat"})
                for task in account.tasks[-1:]:
                    self._force(account, task, state)

    def _query(self, account: ModelAccount, task: ModelTask) -> None:
        known = account.find(task.id) is not None
        fields = {"task_id": task.id}
        body = self.modelled.call(account, "query_task", fields, refused=not known)
        if body is not None and known:
            checks.check_shown(account, task, body)

    def _force(self, account: ModelAccount, task: ModelTask, state: str) -> None:
        path = f"/accounts/{account.id}/tasks/{task.id}"
        allowed = account.may_become(task, state)
        shown = self.world.admin("POST", path, {"state": state}, expect=200 if allowed else 409)
        if allowed:
            account.force(task, state)
            assert shown["status"] == state

    @precondition(has_tasks)
    @rule(pick=PICKS, which=PICKS, number=st.sampled_from([1, 1, 1, 2]))
    def get_a_picture(self, pick: int, which: int, number: int) -> None:
        account, task = self.modelled.pick_task(pick, which)
        is_there = task.status(account.now) == "succeeded" and task.is_kept(account.now)
        answer = self.world.http.get(f"/pictures/{account.id}/{task.id}/{number}.png")
        expected = Expected(200 if is_there and number == 1 else 404)
        assert answer.status_code == expected.status
        assert answer.data.startswith(b"\x89PNG") == (answer.status_code == 200)
        account.note("get_picture", expected, task.id)

    @rule(pick=PICKS)
    def reset(self, pick: int) -> None:
        account = self.modelled.pick(pick)
        self.world.admin("POST", f"/accounts/{account.id}/reset")
        account.reset(self.modelled.real_now.now)

    @rule(pick=PICKS)
    def delete(self, pick: int) -> None:
        account = self.modelled.pick(pick)
        is_default = account.id == "default"
        self.world.admin("DELETE", f"/accounts/{account.id}", expect=409 if is_default else 204)
        if not is_default:
            self.modelled.accounts.remove(account)
            self.modelled.touched = self.modelled.accounts[0]
            self.world.admin("GET", f"/accounts/{account.id}/bill", expect=404)

    @rule(outcome=st.sampled_from(OUTCOMES))
    def let_the_receiver_answer(self, outcome: Outcome) -> None:
        self.modelled.postbox.outcome = outcome

    @invariant()
    def the_touched_account_is_as_the_model_says(self) -> None:
        checks.check_account(self.world, self.modelled.touched)

    @invariant()
    def the_money_of_every_account_is_as_the_model_says(self) -> None:
        checks.check_money(self.world, self.modelled.accounts)

    @invariant()
    def what_was_posted_is_exactly_what_was_due(self) -> None:
        assert self.modelled.postbox.posted == self.modelled.posted

    @invariant()
    def what_names_no_account_is_journalled_as_nobodys(self) -> None:
        calls = self.world.admin("GET", "/calls?limit=1000")["calls"]
        assert [(call["status"], call["error_code"]) for call in calls] == self.modelled.nobody


class WholeApiOnPostgres(WholeApi):
    """The same, each history in an empty schema of a real server."""

    kind = "postgres"


WholeApi.TestCase.settings = settings(
    max_examples=100,
    stateful_step_count=40,
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
WholeApiOnPostgres.TestCase.settings = settings(WholeApi.TestCase.settings, max_examples=30)
TestWholeApi = pytest.mark.slow(WholeApi.TestCase)
TestWholeApiOnPostgres = pytest.mark.slow(WholeApiOnPostgres.TestCase)
