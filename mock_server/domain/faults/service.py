"""Faults of the service behind the gateway: it refuses a call, or changes what becomes of a task.

Rule 1: a call that the service refuses creates nothing.
Rule 2: a fault of a task is decided at its submission; its later queries and its callback follow
from the task.
Rule 3: a ghost is executed completely and then answered with an error: its task exists, and the
call is free.
"""

from collections.abc import Callable
from dataclasses import asdict, fields, replace
from typing import Annotated, Any, TypeVar

from mock_server.domain.call.answer_rules import AnswerRule
from mock_server.domain.call.calls import VENDOR_OPERATIONS, Operation
from mock_server.domain.call.errors import GatewayError, Refusal
from mock_server.domain.faults.gateway import CODE, CodedFault, coded
from mock_server.domain.faults.parameters import between, length, one_of
from mock_server.domain.faults.rules import Kind, Rule, Stage
from mock_server.domain.records import dataclass
from mock_server.domain.task.overrides import TaskOrderError, order_of
from mock_server.domain.task.tasks import NO_ORDER, Status, Task, TaskOrder

SUBMITS = (Operation.SUBMIT_TASK,)
Shape = Callable[[Task], Task]


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """The effect of a service fault.

    `says` refuses the call in place of the operation. `answers` replaces the answer after the
    operation was executed. `order` is the order for a new task; `shape` changes the new task.
    """

    says: Refusal | None = None
    answers: GatewayError | None = None
    order: TaskOrder = NO_ORDER
    shape: Shape | None = None


# claim platform-codes
PLATFORM_TEXTS = {
    -1: "系统调用错误",
    -2: "可调用次数或金额为0",
    -3: "读取超时",
    -4: "服务端返回数据解析错误",
    -5: "后端服务器DNS解析错误",
    -6: "服务不存在或未上线",
    -7: "API创建者的网关资源不足",
    -1000: "系统维护",
    -1002: "showapi_appid字段必传",
    -1003: "showapi_sign字段必传",
    -1004: "签名sign验证有误",
    -1005: "showapi_timestamp无效",
    -1006: "app无权限调用接口",
    -1007: "没有订购套餐",
    -1008: "服务商关闭对您的调用权限",
    -1009: "调用频率受限",
    -1010: "找不到您的应用",
    -1011: "子授权app_child_id无效",
    -1012: "子授权已过期或失效",
    -1013: "子授权ip受限",
    -1014: "token权限无效",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusalFault:
    """The service refuses the call with this remark."""

    remark: Annotated[str, length(1, 500)]


@dataclass(frozen=True, slots=True, kw_only=True)
class PlatformFault:
    """The platform below the service fails. The envelope has its code and text, and an empty body.
    The default message is the text from the platform's own table.
    """

    platform_code: Annotated[int, one_of(*PLATFORM_TEXTS)]
    message: Annotated[str | None, length(1, 500)] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GhostFault:
    """The service executes the call, but the gateway answers with an error, by default D504TO. A
    submitted task exists, runs and sends its callback, but the submit is free and the client
    has no task_id.
    """

    code: Annotated[str, length(1, 100), CODE] = "D504TO"


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskFault:
    """The submitted task fails; starts and never ends; succeeds without a picture; or succeeds with
    picture links that answer 404.
    """


@dataclass(frozen=True, slots=True, kw_only=True)
class SlowTaskFault:
    """The submitted task takes this time on the account's clock."""

    lasts_ms: Annotated[int, between(1, 31_536_000_000)]


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskOrderFault:
    """The submitted task ends in one of three ways: after `lasts_ms`, after its random duration
    times `factor`, or at its n-th query (`after_queries`). With `pictures` 0, its resList is
    empty. `remark` is the reason that a query of a failed task returns.
    """

    outcome: Annotated[str | None, one_of("succeeded", "failed")] = None
    remark: Annotated[str | None, length(1, 200)] = None
    lasts_ms: Annotated[int | None, between(0, 31_536_000_000)] = None
    factor: Annotated[float | None, between(0, 1_000_000)] = None
    after_queries: Annotated[int | None, between(1, 1000)] = None
    pictures: Annotated[int | None, between(0, 4)] = None


def refused(fault: RefusalFault) -> Effect:
    """Refuse with the remark of the fault."""
    return Effect(says=Refusal(fault.remark, rule=AnswerRule.FAULT_OF_SERVICE))


def platform(fault: PlatformFault) -> Effect:
    """Refuse with the platform's code in the envelope and an empty body."""
    text = fault.message or PLATFORM_TEXTS[fault.platform_code]
    return Effect(
        says=Refusal(text, rule=AnswerRule.FAULT_OF_SERVICE, platform_code=fault.platform_code)
    )


def ghost(fault: GhostFault) -> Effect:
    """Answer with a gateway error after the operation was executed."""
    return Effect(answers=coded(CodedFault(code=fault.code)))


def task_fails(_fault: TaskFault) -> Effect:
    """Let the task fail at its usual end."""
    return Effect(order=TaskOrder(outcome=Status.FAILED))


def task_never_ends(_fault: TaskFault) -> Effect:
    """Let the task start and never end."""
    return Effect(order=TaskOrder(never_ends=True))


def task_slow(fault: SlowTaskFault) -> Effect:
    """Let the task end this long after its submission."""
    return Effect(order=TaskOrder(duration_ms=fault.lasts_ms))


def empty_result(_fault: TaskFault) -> Effect:
    """Let the task succeed without a picture."""
    return Effect(order=TaskOrder(pictures=0))


def wrong_picture_link(_fault: TaskFault) -> Effect:
    """Let the task succeed with links that answer 404."""
    return Effect(shape=lambda task: replace(task, base_url=f"{task.base_url}/gone"))


def task_order(fault: TaskOrderFault) -> Effect:
    """Plan the task as ordered. Raises TaskOrderError for an invalid order."""
    values = {name: value for name, value in asdict(fault).items() if value is not None}
    if not values:
        names = ", ".join(field.name for field in fields(TaskOrderFault))
        raise TaskOrderError(f"task_order needs at least one parameter: {names}")
    if "lasts_ms" in values:
        values["duration_ms"] = values.pop("lasts_ms")
    return Effect(order=order_of(values))


F = TypeVar("F")
ServiceAct = Callable[[Any], Effect]


def _kind(
    name: str,
    fault: type[F],
    act: Callable[[F], Effect],
    operations: tuple[Operation, ...] = VENDOR_OPERATIONS,
) -> Kind[ServiceAct]:
    return Kind(
        name=name, stage=Stage.SERVICE, fault=fault, act=act, operations=operations, slot="service"
    )


KINDS = (
    _kind("refusal", RefusalFault, refused),
    _kind("platform_error", PlatformFault, platform),
    _kind("ghost", GhostFault, ghost),
    _kind("task_fails", TaskFault, task_fails, SUBMITS),
    _kind("task_never_ends", TaskFault, task_never_ends, SUBMITS),
    _kind("task_slow", SlowTaskFault, task_slow, SUBMITS),
    _kind("empty_result", TaskFault, empty_result, SUBMITS),
    _kind("wrong_picture_link", TaskFault, wrong_picture_link, SUBMITS),
    _kind("task_order", TaskOrderFault, task_order, SUBMITS),
)
_ACTS = {kind.name: kind.act for kind in KINDS}


def effect_of(rule: Rule) -> Effect:
    """Return the effect on the service when a rule of this stage fires."""
    return _ACTS[rule.kind.name](rule.fault)
