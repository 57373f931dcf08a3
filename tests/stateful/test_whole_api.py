"""Random lives of several accounts through the Flask door, beside a naive model of each."""

from contextlib import ExitStack
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from mock_server.domain.callbacks import Outcome
from tests.support import checks, worlds
from tests.support.model import Expected, ModelAccount, ModelTask
from tests.support.worlds import Postbox, RealClock, World

PICKS = st.integers(0, 11)
TEXTS = st.sampled_from(["https://example.com", "你好", "x" * 2954, "x" * 36, "", "x" * 2954])
STYLES = st.sampled_from(["food_fryrice", "pet_cat", "", "no_such_style"])
ADDRESSES = st.sampled_from(["http://127.0.0.1:9/finished", "http://10.0.0.1/x", "no address", ""])
OUTCOMES = [Outcome(status=200), Outcome(status=204), Outcome(status=500), Outcome(status=302),
            Outcome(error="no answer within 10 s")]  # fmt: skip
JUMPS = st.sampled_from(["25s", "10s", "3s", "1ms", "0s", "25s", "23h59m50s", "1d", "25s", "400d"])
PATHS = {"submit_task": "/submitTask", "query_task": "/queryTask", "list_tasks": "/taskList"}
LENIENT = {"style.unknown": "accepted", "text.too_long": "task-fails"}
MOST_ACCOUNTS = 4
STATES = st.sampled_from(["succeeded", "failed", "running", "pending"])


def has_tasks(machine: "WholeApi") -> bool:
    return any(account.tasks for account in machine.accounts)


class WholeApi(RuleBasedStateMachine):
    """Each rule does one thing to the API and the same to the model."""

    def __init__(self) -> None:
        super().__init__()
        self.stack = ExitStack()
        self.real_now, self.postbox = RealClock(), Postbox()
        simulator = self.stack.enter_context(worlds.simulator(self.real_now, self.postbox))
        self.world = World(simulator, self.real_now, self.postbox)
        self.made = 0
        self.nobody: list[tuple[int, str]] = []
        self.posted: list[tuple[str, dict[str, Any]]] = []
        self.accounts: list[ModelAccount] = []
        self._know(self.world.admin("GET", "/accounts/default"), frozen=False)
        self._know(self.world.account(credits=50, seed=100, readings=LENIENT), frozen=False)
        self.touched = self.accounts[0]

    def teardown(self) -> None:
        """Look at everything once more, then clean up."""
        try:
            checks.check_isolation(self.world, self.accounts)
        finally:
            self.stack.close()

    @precondition(lambda self: len(self.accounts) < MOST_ACCOUNTS)
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
        wish = {"credits": size, "seed": self.made + 100, "readings": readings}
        self._know(self.world.account(**wish, clock={"frozen": frozen}), frozen=frozen)

    @rule(pick=PICKS, call_back=ADDRESSES)
    def submit_what_is_good(self, pick: int, call_back: str) -> None:
        fields = {"text": "https://example.com", "style_id": "food_fryrice"}
        self._submit(self._pick(pick), {**fields, "call_back": call_back})

    @rule(pick=PICKS, text=TEXTS, style=STYLES, prompt=st.booleans(), call_back=ADDRESSES)
    def submit(self, pick: int, text: str, style: str, prompt: bool, call_back: str) -> None:
        fields = {"text": text, "style_id": style, "call_back": call_back}
        fields |= {"your_prompt": "a cat"} if prompt else {}
        self._submit(self._pick(pick), fields)

    @rule(pick=PICKS, which=PICKS)
    def query_what_is_not_ours(self, pick: int, which: int) -> None:
        account = self._pick(pick)
        tasks = [task for each in self.accounts if each is not account for task in each.tasks]
        task_id = tasks[which % len(tasks)].id if tasks else "0" * 24
        self._call(account, "query_task", {"task_id": task_id}, refused=True)

    @precondition(has_tasks)
    @rule(pick=PICKS, which=PICKS)
    def query(self, pick: int, which: int) -> None:
        account, any_task = self._pick_task(pick, which)
        task = account.find(any_task.id)
        body = self._call(account, "query_task", {"task_id": any_task.id}, refused=task is None)
        if body is not None and task is not None:
            checks.check_shown(account, task, body)

    @rule(pick=PICKS, page=st.integers(0, 3), size=st.sampled_from([0, 1, 2, 50, 51]))
    def list_tasks(self, pick: int, page: int, size: int) -> None:
        account = self._pick(pick)
        refused = page == 0 or size in (0, 51)
        fields = {"page": str(page), "maxResult": str(size)}
        body = self._call(account, "list_tasks", fields, refused=refused)
        if body is not None and not refused:
            checks.check_page(account, body, page=page, size=size)

    @rule(pick=PICKS, header=st.sampled_from(["APPCODE wrong", "Basic eA==", ""]))
    def call_with_wrong_credentials(self, pick: int, header: str) -> None:
        path = list(PATHS.values())[pick % 3]
        answer = self.world.http.post(path, headers={"Authorization": header} if header else {})
        code = "A400AC" if "wrong" in header else "A400MA"
        assert (answer.status_code, answer.headers["X-Ca-Error-Code"]) == (400, code)
        assert answer.data == b""
        self.nobody.append((400, code))

    @rule(pick=PICKS, method=st.sampled_from(["GET", "PUT", "POST"]))
    def call_what_does_not_exist(self, pick: int, method: str) -> None:
        account = self._pick(pick)
        path = "/queryTasks" if method == "POST" else "/submitTask"
        headers = {"Authorization": f"APPCODE {account.app_code}"}
        answer = self.world.http.open(path, method=method, headers=headers)
        assert (answer.status_code, answer.headers["X-Ca-Error-Code"]) == (404, "I404NF")
        account.note(None, Expected(404, "I404NF"))

    @rule(pick=PICKS, advance=JUMPS, settle=st.booleans())
    def jump(self, pick: int, advance: str, settle: bool) -> None:
        account = self._pick(pick)
        expected = account.now + checks.milliseconds(advance)
        assert self._move(account, {"advance": advance, "settle": settle})["now"] == expected

    @rule(pick=PICKS, settle=st.booleans())
    def jump_to_the_next_event(self, pick: int, settle: bool) -> None:
        account = self._pick(pick)
        event = account.next_event()
        shown = self._move(account, {"to_next_event": True, "settle": settle})
        if event is None:
            assert shown["event"] is None
        else:
            assert tuple(shown["event"].values()) == event
            assert shown["now"] == event[1]

    @rule(pick=PICKS, change=st.sampled_from([{"freeze": True}, {"freeze": False}, {"rate": 0.5},
                                              {"rate": 60}, {"rate": 1000}]))  # fmt: skip
    def change_the_pace(self, pick: int, change: dict[str, Any]) -> None:
        account = self._pick(pick)
        before = account.now
        assert self._move(account, {**change, "settle": False})["now"] == before
        account.frozen = change.get("freeze", account.frozen)
        account.rate = change.get("rate", account.rate)

    @rule(pick=PICKS)
    def turn_a_clock_back(self, pick: int) -> None:
        account = self._pick(pick)
        path = f"/accounts/{account.id}/clock"
        self.world.admin("POST", path, {"now": account.now - 1}, expect=422)

    @rule(elapsed=st.sampled_from([1, 999, 4_000, 30_000]))
    def let_real_time_pass(self, elapsed: int) -> None:
        self.real_now.now += elapsed
        for account in self.accounts:
            expected = account.now + (0 if account.frozen else elapsed * account.rate)
            now = self.world.admin("GET", f"/accounts/{account.id}/clock")["now"]
            assert abs(now - expected) <= 1
            account.now = now

    @precondition(has_tasks)
    @rule(pick=PICKS, which=PICKS, state=STATES)
    def force(self, pick: int, which: int, state: str) -> None:
        account, task = self._pick_task(pick, which)
        path = f"/accounts/{account.id}/tasks/{task.id}"
        allowed = account.may_become(task, state)
        shown = self.world.admin("POST", path, {"state": state}, expect=200 if allowed else 409)
        if allowed:
            account.force(task, state)
            assert shown["status"] == state

    @precondition(has_tasks)
    @rule(pick=PICKS, which=PICKS, number=st.sampled_from([1, 1, 1, 2]))
    def get_a_picture(self, pick: int, which: int, number: int) -> None:
        account, task = self._pick_task(pick, which)
        is_there = task.status(account.now) == "succeeded" and task.is_kept(account.now)
        answer = self.world.http.get(f"/pictures/{account.id}/{task.id}/{number}.png")
        expected = Expected(200 if is_there and number == 1 else 404)
        assert answer.status_code == expected.status
        assert answer.data.startswith(b"\x89PNG") == (answer.status_code == 200)
        account.note("get_picture", expected, task.id)

    @rule(pick=PICKS)
    def reset(self, pick: int) -> None:
        account = self._pick(pick)
        self.world.admin("POST", f"/accounts/{account.id}/reset")
        account.reset(self.real_now.now)

    @rule(pick=PICKS)
    def delete(self, pick: int) -> None:
        account = self._pick(pick)
        is_default = account.id == "default"
        self.world.admin("DELETE", f"/accounts/{account.id}", expect=409 if is_default else 204)
        if not is_default:
            self.accounts.remove(account)
            self.touched = self.accounts[0]
            self.world.admin("GET", f"/accounts/{account.id}/bill", expect=404)

    @rule(outcome=st.sampled_from(OUTCOMES))
    def let_the_receiver_answer(self, outcome: Outcome) -> None:
        self.postbox.outcome = outcome

    @invariant()
    def the_touched_account_is_as_the_model_says(self) -> None:
        checks.check_account(self.world, self.touched)

    @invariant()
    def the_money_of_every_account_is_as_the_model_says(self) -> None:
        checks.check_money(self.world, self.accounts)

    @invariant()
    def what_was_posted_is_exactly_what_was_due(self) -> None:
        assert self.postbox.posted == self.posted

    @invariant()
    def what_names_no_account_is_journalled_as_nobodys(self) -> None:
        calls = self.world.admin("GET", "/calls?limit=1000")["calls"]
        assert [(call["status"], call["error_code"]) for call in calls] == self.nobody

    def _know(self, shown: dict[str, Any], *, frozen: bool) -> None:
        account = ModelAccount(
            id=shown["id"],
            app_code=shown["app_code"],
            credits=shown["balance"],
            readings=shown["readings"],
            now=shown["clock"]["now"],
            is_frozen_at_first=frozen,
        )
        account.reset(shown["clock"]["now"])
        self.accounts.append(account)

    def _pick(self, pick: int) -> ModelAccount:
        self.touched = self.accounts[pick % len(self.accounts)]
        return self.touched

    def _pick_task(self, pick: int, which: int) -> tuple[ModelAccount, ModelTask]:
        owners = [account for account in self.accounts if account.tasks]
        self.touched = owners[pick % len(owners)]
        return self.touched, self.touched.tasks[which % len(self.touched.tasks)]

    def _submit(self, account: ModelAccount, fields: dict[str, str]) -> None:
        refused = account.refuses(fields)
        body = self._call(account, "submit_task", fields, refused=refused)
        if body is not None and not refused:
            self._keep(account, body["task_id"], fields)

    def _call(
        self, account: ModelAccount, operation: str, fields: dict[str, str], *, refused: bool
    ) -> dict[str, Any] | None:
        """Call an operation, check the answer, and return what the service says in a 200."""
        expected = account.expect(operation, refused=refused)
        answer = self.world.vendor(PATHS[operation], fields, account.app_code)
        checks.check_answer(self.world, answer, expected, refused=refused)
        if expected.status != 200:
            account.note(operation, expected)
            return None
        body = worlds.body_of(answer)
        account.note(operation, expected, body.get("task_id"))
        return body

    def _keep(self, account: ModelAccount, task_id: str, fields: dict[str, str]) -> None:
        number = len(account.tasks) + 1
        truth = self.world.admin("GET", f"/accounts/{account.id}/tasks?after={number - 1}")
        (shown,) = truth["tasks"]
        assert (shown["task_id"], shown["number"]) == (task_id, number)
        assert 5_000 <= shown["ends_at"] - account.now <= 20_000
        task = ModelTask(task_id, number, fields, shown["starts_at"], shown["ends_at"], "succeeded")
        task.outcome = "succeeded" if task.holdable else "failed"
        account.add(task)

    def _move(self, account: ModelAccount, change: dict[str, Any]) -> dict[str, Any]:
        """Change a clock; if it settles, everything due goes out, once and in order."""
        shown = self.world.clock(account.id, **change)
        assert shown["now"] >= account.now
        account.now = shown["now"]
        if change["settle"]:
            due = account.due()
            assert shown["delivered"] == len(due)
            self.posted += checks.deliver(account, due, self.postbox.outcome)
        return shown


WholeApi.TestCase.settings = settings(
    max_examples=200,
    stateful_step_count=40,
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
TestWholeApi = pytest.mark.slow(WholeApi.TestCase)
