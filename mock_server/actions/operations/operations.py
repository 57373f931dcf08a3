"""The three operations of the service behind the gateway.

Only `actions.gateway` calls them, inside its own transaction.
"""

from collections.abc import Callable
from dataclasses import replace
from functools import partial

from mock_server.actions.callbacks import planning
from mock_server.actions.operations import short_links, source_images
from mock_server.actions.operations.replan import replan
from mock_server.domain.account.accounts import Account
from mock_server.domain.answer.envelope import SUCCESS, Shape, base_body, page_shape, task_shape
from mock_server.domain.call.answer_rules import AnswerRule
from mock_server.domain.call.bodies import Fields, text_field
from mock_server.domain.call.calls import Operation
from mock_server.domain.call.errors import Refusal
from mock_server.domain.call.paging import parse_page
from mock_server.domain.records import dataclass
from mock_server.domain.task import task_ids, tasks
from mock_server.domain.task.submissions import (
    ACCEPTED,
    TOO_LONG_REMARK,
    Submission,
    parse_submission,
)
from mock_server.domain.task.tasks import NO_ORDER, Status, Task, TaskOrder
from mock_server.simulator import Simulator
from mock_server.store import task_list
from mock_server.store import tasks as task_rows
from mock_server.store.engine.transaction import Transaction

FAILED_REMARK = "创作失败"


@dataclass(frozen=True, slots=True, kw_only=True)
class OperationRequest:
    """A call that the gateway admitted. `order` is the order for a task that it submits;
    `shape` is a fault's change to that task.
    """

    account: Account
    now: int
    fields: Fields
    base_url: str
    order: TaskOrder = NO_ORDER
    shape: Callable[[Task], Task] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """The service's answer, the task that it concerns with the status that it tells, and how many
    tasks it created.
    """

    body: Shape
    task_id: str | None = None
    task_number: int | None = None
    status: Status | None = None
    submits: int = 0


def submit_task(tx: Transaction, simulator: Simulator, request: OperationRequest) -> Result:
    """Accept a task: store its plan and its callback (claims submit-body, no-idempotency)."""
    account = request.account
    submission = parse_submission(request.fields, simulator.catalogue.styles, account.readings)
    task = _new_task(simulator, request, submission)
    if submission.short_link:
        link = short_links.make(tx, account, task, request.now)
        task = replace(task, content=f"{request.base_url}/s/{link.code}")
    if request.shape is not None:
        task = request.shape(task)
    if task.content is None:
        task = replace(task, plan=tasks.hold(task.plan))
    task_rows.insert(tx, task)
    if task.content is None:
        source_images.read_later(tx, simulator, task, account.readings)
    planning.plan(tx, simulator, account, task, request.now)
    if simulator.recorder is not None:
        tx.after_commit.append(partial(simulator.recorder.task_planned, task.plan))
    body = {**base_body(SUCCESS, ACCEPTED, account.readings), "task_id": task.id}
    return Result(body=body, task_id=task.id, task_number=task.number, submits=1)


def query_task(tx: Transaction, simulator: Simulator, request: OperationRequest) -> Result:
    """Return the status of one task and, if it succeeded, its pictures (claim query-body)."""
    task_id = text_field(request.fields, "task_id")  # claim query-field
    if task_id is None:
        raise Refusal("task_id不能为空", rule=AnswerRule.TASK_ID_MISSING)
    task = task_rows.get(tx, request.account.id, task_id)
    account, now = request.account, request.now
    readings = account.readings
    if task is None or not tasks.is_kept(task.plan, now, readings):
        raise Refusal("未查到相关信息！", rule=AnswerRule.TASK_UNKNOWN)  # claim unknown-task
    task = _asked(tx, simulator, request, task)
    status = tasks.status_at(task.plan, now)
    if status not in tasks.FINAL and readings.task_unfinished == "refused":
        raise Refusal("任务未完成", rule=AnswerRule.TASK_UNFINISHED)  # claim task-unfinished
    remark = "查询成功!"
    if status is Status.FAILED:
        remark = task.remark or FAILED_REMARK  # claim failure-remark
    shape = task_shape(tasks.located(task, request.base_url), now, readings)
    body = {**base_body(SUCCESS, remark, readings), **shape}
    return Result(body=body, task_id=task.id, task_number=task.number, status=status)


def list_tasks(tx: Transaction, _simulator: Simulator, request: OperationRequest) -> Result:
    """List the buyer's tasks, newest first, a page at a time (claims list-scope, list-shape)."""
    page = parse_page(request.fields)
    account_id, now, readings = request.account.id, request.now, request.account.readings
    ended_after = now - tasks.retention_ms(readings)
    oldest_first = readings.list_order == "oldest-first"
    total, listed = task_list.page(
        tx, account_id, ended_after, page, oldest_first=oldest_first, remember=True
    )
    located = [tasks.located(task, request.base_url) for task in listed]
    items = [task_shape(task, now, readings) for task in located]
    return Result(
        body={
            **base_body(SUCCESS, "查询成功!", readings),
            **page_shape(page, total, items, readings),
        }
    )


HANDLERS = {
    Operation.SUBMIT_TASK: submit_task,
    Operation.LIST_TASKS: list_tasks,
    Operation.QUERY_TASK: query_task,
}


def _new_task(simulator: Simulator, request: OperationRequest, submission: Submission) -> Task:
    account, order = request.account, request.order
    number = account.submits + 1
    magic = simulator.catalogue.magic_texts.get(submission.text or "")
    if order == NO_ORDER and magic is not None:
        order = magic.order
    if not submission.holdable:
        order = replace(order, outcome=Status.FAILED, remark=TOO_LONG_REMARK, pictures=None)
    return Task(
        account=account.id,
        id=task_ids.task_id(account.seed, number, account.readings),
        number=number,
        content=submission.content,
        text=submission.text,
        qr_code_url=submission.qr_code_url,
        style_id=submission.style_id,
        your_prompt=submission.your_prompt,
        call_back=submission.call_back,
        base_url=request.base_url,
        # claim result-count
        pictures=int(account.readings.result_count) if order.pictures is None else order.pictures,
        remark=order.remark,
        plan=tasks.plan_task(account.seed, number, request.now, order),
    )


def _asked(tx: Transaction, simulator: Simulator, request: OperationRequest, task: Task) -> Task:
    """Count the query of a task that ends with its n-th; its callback is due at that end."""
    plan = tasks.asked(task.plan, request.now) if task.content is not None else task.plan
    if plan is task.plan:
        return task
    task = replace(task, plan=plan)
    if plan.ends_at is None:
        task_rows.set_plan(tx, task)
    else:
        replan(tx, simulator, request.account, task, request.now)
    return task
