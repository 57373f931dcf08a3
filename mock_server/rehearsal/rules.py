"""The rules that a client is judged by, in the order in which a report names them.

Each is one function: on calls in call_rules.py, on results in result_rules.py, on callbacks in
callback_rules.py.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from mock_server.domain.languages import ENGLISH
from mock_server.rehearsal import call_rules, callback_rules, result_rules
from mock_server.rehearsal.breach import Breach

__all__ = ["RULES", "Breach", "Rule"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A rule: what a client has to do, what to do if it does not, and what a breach costs.

    `readings`: the open questions about the vendor whose answers the judgement depends on.
    `judge` gets the evidence of a drill, or of a delivery to a receiver. The words are in Chinese,
    too; `in_language` returns one of the three.
    """

    id: str
    says: str
    says_zh: str
    advice: str
    advice_zh: str
    price: str
    price_zh: str
    judge: Callable[[Any], Breach | None]
    readings: tuple[str, ...] = ()

    def in_language(self, name: str, language: str) -> str:
        """Return words of the rule in a language; `name` is `says`, `advice` or `price`."""
        words: str = getattr(self, name if language == ENGLISH else f"{name}_{language}")
        return words


RULES: tuple[Rule, ...] = (
    Rule(id="one-intent-one-task", judge=call_rules.one_task,
         says="The client makes one task of one intent.",
         says_zh="客户端对一个意图只创建一个任务。",
         advice="Keep what became of each submit, and never submit again while that is open.",
         advice_zh="记录每次提交的结果；结果不明时绝不再次提交。",
         price="A credit for each further submit that was charged.",
         price_zh="之后每次扣费的提交都多扣一次。"),
    Rule(id="looks-before-it-repeats", judge=call_rules.looks_first,
         says="After a failure that leaves open whether the task was made, the client reads the "
         "task list before it submits again.",
         says_zh="如果失败后看不出任务是否已创建，客户端先读任务列表，再决定是否提交。",
         advice="Compare the pages of taskList with the ids that you know, and query each id that "
         "is new; submit again only if none of them is the task.",
         advice_zh="把 taskList 的各页与已知的 id 比较，逐个查询新的 id；都不是这个任务时才再次提"
         "交。",
         price="Nothing by itself; a credit if the task had been made.",
         price_zh="本身不花钱；如果任务其实已经创建，就多扣一次。",
         readings=("list.order", "list.shape", "list.retention")),
    Rule(id="stops-at-a-final-refusal", judge=call_rules.stops,
         says="The client stops at a refusal that no retry changes, and repeats no refused submit.",
         says_zh="遇到重试也改变不了的拒绝，客户端停下来，也不重发被拒绝的提交。",
         advice="Treat quota, expiry, arrears, credentials and signature errors as final: stop "
         "every worker and alert an operator. Never repeat a refused submit unchanged.",
         advice_zh="次数用完、过期、欠费、凭证和签名错误都当作最终结果：停止所有工作线程并通知运"
         "维人员。被拒绝的提交绝不原样重发。",
         price="A credit for each further call, or repeated refusal, that was charged.",
         price_zh="之后每次扣费的调用或重复的失败响应都多扣一次。",
         readings=("gateway.profile", "refusal.status", "appcode.unknown")),
    Rule(id="backs-off", judge=call_rules.backs_off,
         says="The client waits before it repeats a call that was throttled or failed.",
         says_zh="调用被限流或失败时，客户端先等待再重试。",
         advice="Wait a second or more, longer after each failure, and give up after a few tries.",
         advice_zh="等一秒以上，每失败一次就等得更久，几次之后放弃。",
         price="Nothing by itself.",
         price_zh="本身不花钱。",
         readings=("gateway.profile", "throttle.retry_after")),
    Rule(id="polls-within-bounds", judge=call_rules.polls_in_bounds,
         says="The client polls with pauses, one query at a time, and stops at the end.",
         says_zh="客户端间隔轮询，同时只有一个查询，任务结束就停止。",
         advice="Query every few seconds, never twice at once, and give up after some minutes. "
         "Keep each picture that you have.",
         advice_zh="每隔几秒查询一次，绝不同时查询两次，几分钟后放弃。已有的图片要保存好。",
         price="A credit for each query past the bounds, or after the end.",
         price_zh="超出限度或任务结束之后的每次查询都多扣一次。",
         readings=("charge.polls", "task.words")),
    Rule(id="ends", judge=result_rules.ends,
         says="The client ends by itself, with everything that it started.",
         says_zh="客户端自己结束，它启动的进程也都结束。",
         advice="Give every wait a deadline, and wait for the processes that you start.",
         advice_zh="每次等待都设置期限，并等待自己启动的进程。",
         price="Nothing.",
         price_zh="不花钱。"),
    Rule(id="tells-the-truth", judge=result_rules.tells_the_truth,
         says="Exit code 0 means that every result is there, and only that.",
         says_zh="退出码 0 表示所有结果都已拿到，而且只表示这个。",
         advice="End with 0 only if each text has a succeeded task, and all its pictures are here.",
         advice_zh="只有每个 text 都有成功的任务、图片也都在，才以 0 退出。",
         price="Nothing; a credit for a picture that will not last.",
         price_zh="不花钱；图片不能长期有效时多扣一次。",
         readings=("result.count", "result.item", "task.words")),
    Rule(id="well-formed", judge=result_rules.well_formed,
         says="No request has an error.",
         says_zh="没有任何请求带有错误。",
         advice="Send what the contract says: the finding says what to send instead.",
         advice_zh="按契约发送：诊断里写明了应改为什么。",
         price="A credit for each wrong request that was charged.",
         price_zh="每个扣费的错误请求都多扣一次。"),
    Rule(id="receiver", judge=callback_rules.receives,
         says="The receiver answers genuine callbacks with 2xx within 5 s, and trusts no other.",
         says_zh="接收方在 5 秒内以 2xx 应答真实的回调，也不相信其他回调。",
         advice="Store the callback, answer 200 at once, and do the work afterwards. Take links "
         "from a query, never from a callback.",
         advice_zh="保存回调，立即返回 200，之后再处理业务。链接从查询获取，绝不从回调获取。",
         price="Nothing.",
         price_zh="不花钱。",
         readings=("callback.delivery", "callback.timing", "callback.on_failure")),
    Rule(id="success-is-possible", judge=result_rules.can_succeed,
         says="In this drill a good client succeeds.",
         says_zh="在这场演练里，好的客户端能够成功。",
         advice="See what the last calls were answered: this incident can be overcome.",
         advice_zh="看看最后几次调用得到了什么响应：这个故障是可以克服的。",
         price="Nothing by itself.",
         price_zh="本身不花钱。"),
)  # fmt: skip
