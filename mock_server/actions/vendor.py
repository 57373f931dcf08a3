"""The three operations, as the service behind the gateway does them.

Only `gateway` calls these, inside its own transaction.
"""

from collections.abc import Callable
from dataclasses import dataclass

from mock_server.actions import pushes
from mock_server.domain import tasks
from mock_server.domain.accounts import Account
from mock_server.domain.bodies import Fields, text_field
from mock_server.domain.calls import Operation
from mock_server.domain.errors import Refusal
from mock_server.domain.paging import parse_page
from mock_server.domain.submissions import Submission, parse_submission
from mock_server.domain.tasks import Status, Task
from mock_server.simulator import Simulator
from mock_server.store import tasks as task_rows
from mock_server.store.transaction import Transaction

PICTURES_PER_TASK = 1  # claim result-count
SUCCESS = 0  # claim ret-code


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A call that the gateway let through. `shape` is what a fault makes of a new task."""

    account: Account
    now: int
    fields: Fields
    base_url: str
    shape: Callable[[Task], Task] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What the service answers, the task it is about, and how many tasks it made."""

    body: dict[str, object]
    task_id: str | None = None
    submits: int = 0


def submit_task(tx: Transaction, simulator: Simulator, request: Request) -> Result:
    """Accept a task: plan and callback are written now (claims submit-body, no-idempotency)."""
    account = request.account
    submission = parse_submission(request.fields, simulator.catalogue.styles, account.readings)
    task = _new_task(request, submission)
    if request.shape is not None:
        task = request.shape(task)
    task_rows.insert(tx, task)
    pushes.plan(tx, simulator, account, task, request.now)
    body: dict[str, object] = {"ret_code": SUCCESS, "remark": "提交成功!", "task_id": task.id}
    return Result(body=body, task_id=task.id, submits=1)


def query_task(tx: Transaction, _simulator: Simulator, request: Request) -> Result:
    """Tell the status of one task and, once it succeeded, its pictures (claim query-body)."""
    task_id = text_field(request.fields, "task_id")  # claim query-field
    if task_id is None:
        raise Refusal("task_id不能为空")
    task = task_rows.get(tx, request.account.id, task_id)
    if task is None or not tasks.is_kept(task.plan, request.now):
        raise Refusal("未查到相关信息！")  # claim unknown-task
    body = {"ret_code": SUCCESS, "remark": "查询成功!", **_shown(task, request.now)}
    return Result(body=body, task_id=task.id)


def list_tasks(tx: Transaction, _simulator: Simulator, request: Request) -> Result:
    """List the buyer's tasks, newest first, a page at a time (claims list-scope, list-shape)."""
    page = parse_page(request.fields)
    account_id, now = request.account.id, request.now
    total = task_rows.kept(tx, account_id, now)
    listed = task_rows.page(tx, account_id, now, offset=page.offset, limit=page.size)
    body: dict[str, object] = {
        "ret_code": SUCCESS,
        "remark": "查询成功!",
        "allNum": total,
        "allPages": page.of(total),
        "currentPage": page.number,
        "maxResult": page.size,
        "contentlist": [_shown(task, now) for task in listed],
    }
    return Result(body=body)


OPERATIONS = {
    Operation.SUBMIT_TASK: submit_task,
    Operation.LIST_TASKS: list_tasks,
    Operation.QUERY_TASK: query_task,
}


def _shown(task: Task, now: int) -> dict[str, object]:
    # claim task-unfinished: ret_code is 0 and the list of pictures empty
    status = tasks.status_at(task.plan, now)
    pictures = tasks.picture_urls(task) if status is Status.SUCCEEDED else []
    return {"task_id": task.id, "status": status, "resList": pictures}


def _new_task(request: Request, submission: Submission) -> Task:
    account = request.account
    number = account.submits + 1
    outcome = Status.SUCCEEDED if submission.holdable else Status.FAILED
    return Task(
        account=account.id,
        id=tasks.task_id(account.seed, number),
        number=number,
        content=submission.content,
        text=submission.text,
        qr_code_url=submission.qr_code_url,
        style_id=submission.style_id,
        your_prompt=submission.your_prompt,
        call_back=submission.call_back,
        base_url=request.base_url,
        pictures=PICTURES_PER_TASK,
        plan=tasks.plan_task(account.seed, number, request.now, outcome=outcome),
    )
