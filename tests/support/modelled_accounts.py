"""Several accounts, each beside its model: apply every step to both and compare."""

from contextlib import ExitStack
from typing import Any

from tests.support import checks, worlds
from tests.support.model import ModelAccount, ModelTask
from tests.support.worlds import Postbox, RealClock, World

PATHS = {"submit_task": "/submitTask", "query_task": "/queryTask", "list_tasks": "/taskList"}


class ModelledAccounts:
    """The state of a rule machine: the Flask application, a postbox, the models of all accounts."""

    def __init__(self, address: str) -> None:
        self._stack = ExitStack()
        self.real_now, self.postbox = RealClock(), Postbox()
        simulator = self._stack.enter_context(
            worlds.simulator(self.real_now, self.postbox, database=address)
        )
        self.world = World(simulator, self.real_now, self.postbox)
        self.nobody: list[tuple[int, str]] = []
        self.posted: list[tuple[str, dict[str, Any]]] = []
        self.accounts: list[ModelAccount] = []
        self.know(self.world.admin("GET", "/accounts/default"), frozen=False)
        self.touched = self.accounts[0]

    def close(self) -> None:
        """Compare everything once more, then clean up."""
        try:
            checks.check_isolation(self.world, self.accounts)
        finally:
            self._stack.close()

    def know(self, shown: dict[str, Any], *, frozen: bool) -> None:
        """Add an account that was just created."""
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

    def pick(self, pick: int) -> ModelAccount:
        """Choose an account."""
        self.touched = self.accounts[pick % len(self.accounts)]
        return self.touched

    def pick_task(self, pick: int, which: int) -> tuple[ModelAccount, ModelTask]:
        """Choose a task of any account."""
        owners = [account for account in self.accounts if account.tasks]
        self.touched = owners[pick % len(owners)]
        return self.touched, self.touched.tasks[which % len(self.touched.tasks)]

    def submit(self, account: ModelAccount, fields: dict[str, str]) -> None:
        """Submit valid or invalid fields."""
        refused = account.refuses(fields)
        body = self.call(account, "submit_task", fields, refused=refused)
        if body is not None and not refused:
            self._keep(account, body["task_id"], fields)

    def call(
        self, account: ModelAccount, operation: str, fields: dict[str, str], *, refused: bool
    ) -> dict[str, Any] | None:
        """Call an operation, check the answer, and return the service's body of an HTTP 200."""
        expected = account.expect(operation, refused=refused)
        answer = self.world.vendor(PATHS[operation], fields, account.app_code)
        checks.check_answer(self.world, answer, expected, refused=refused)
        if expected.status != 200:
            account.note(operation, expected)
            return None
        body = worlds.body_of(answer)
        account.note(operation, expected, body.get("task_id"))
        return body

    def move(self, account: ModelAccount, **change: Any) -> dict[str, Any]:
        """Change a clock; with `settle`, check that every due callback is posted once and in
        order.
        """
        shown = self.world.clock(account.id, **change)
        assert shown["now"] >= account.now
        account.now = shown["now"]
        account.frozen = change.get("freeze", account.frozen)
        account.rate = change.get("rate", account.rate)
        assert (shown["frozen"], shown["rate"]) == (account.frozen, account.rate)
        if change["settle"]:
            due = account.due()
            assert shown["delivered"] == len(due)
            self.posted += checks.deliver(account, due, self.postbox.outcome)
        return shown

    def _keep(self, account: ModelAccount, task_id: str, fields: dict[str, str]) -> None:
        number = len(account.tasks) + 1
        truth = self.world.admin("GET", f"/accounts/{account.id}/tasks?after={number - 1}")
        (shown,) = truth["tasks"]
        assert (shown["task_id"], shown["number"]) == (task_id, number)
        assert 5_000 <= shown["ends_at"] - account.now <= 20_000
        task = ModelTask(task_id, number, fields, shown["starts_at"], shown["ends_at"], "succeeded")
        task.outcome = "succeeded" if task.holdable else "failed"
        account.add(task)
