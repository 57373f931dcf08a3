"""The rules that a receiver is judged by, and what has to be seen for a verdict.

Rule 1: what cannot be seen breaks no rule, and lets no delivery pass.
Rule 2: a receiver may know the truth from elsewhere: only what is false is a breach.
"""

from collections.abc import Iterator
from pathlib import PurePath

from mock_server.formatting import counted
from mock_server.rehearsal.breach import Breach, latest
from mock_server.rehearsal.receivers.belief import Belief
from mock_server.rehearsal.receivers.evidence import ENDED, CallbackReply, ReceiverEvidence
from mock_server.rehearsal.rules import Rule

MOST_ANSWER_BYTES = 4096  # the server keeps no more of an answer


def answers(evidence: ReceiverEvidence) -> Breach | None:
    """Every callback is answered, and not with 3xx or 5xx."""
    for reply in evidence.replies:
        which = _which(reply)
        is_late = reply.ms > evidence.answer_ms  # which another rule judges
        if reply.status is None and reply.answers != "none" and not is_late:
            if not reply.is_reached:
                return Breach(says=f"Nothing listens for {which} any more: {reply.error}.")
            return Breach(says=f"It gave no answer to {which}: {reply.error}.")
        if reply.status is not None and 300 <= reply.status < 400:
            return Breach(says=f"It answered {which} with {reply.status}: nobody follows that.")
        if reply.status is not None and not 200 <= reply.status < 500:
            return Breach(says=f"It answered {which} with {reply.status}.")
    return None


def acknowledges(evidence: ReceiverEvidence) -> Breach | None:
    """A genuine callback is answered with 2xx."""
    for reply in evidence.replies:
        if reply.status is not None and 400 <= reply.status < 500 and not reply.may_be_refused:
            hint = ""
            if reply.status in (401, 403, 404, 405):
                hint = " Is the address of --receiver right, and does it know the task (--setup)?"
            return Breach(says=f"It answered {_which(reply)} with {reply.status}.{hint}")
    return None


def in_time(evidence: ReceiverEvidence) -> Breach | None:
    """The whole answer is there in time."""
    slow = [each for each in evidence.replies if each.ms > evidence.answer_ms]
    if not slow:
        return None
    worst = max(slow, key=lambda each: each.ms)
    took = f"took {worst.ms} ms to answer"
    if worst.status is None:
        took = f"was waited for {worst.ms} ms, and gave no whole answer to"
    return Breach(says=f"It {took} {_which(worst)}; {evidence.answer_ms} ms are the most.")


def is_brief(evidence: ReceiverEvidence) -> Breach | None:
    """The answer is short (a note)."""
    long = [each for each in evidence.replies if each.body_bytes >= MOST_ANSWER_BYTES]
    if not long:
        return None
    says = f"Its answer has {MOST_ANSWER_BYTES} bytes or more, which nobody reads."
    return Breach(says=says, is_note=True)


def trusts_no_link(evidence: ReceiverEvidence) -> Breach | None:
    """No picture is fetched by a link that no query gives."""
    for path, calls in evidence.fetched.items():
        if path not in evidence.true_links:
            return Breach(
                says=f"It fetched {path[:80]}, which only a callback had named.",
                calls=latest(calls),
            )
    return None


def fetches_once(evidence: ReceiverEvidence) -> Breach | None:
    """No picture is fetched again once it is there."""
    for path, calls in evidence.fetched.items():
        whole = [each for each in calls if each.brings_a_picture]
        if len(whole) > 1:
            says = f"It fetched {path[:80]} {len(whole)} times."
            return Breach(says=says, calls=latest(whole))
    return None


def knows_the_truth(evidence: ReceiverEvidence) -> Breach | None:
    """What it knows of a task is true, and known once it was told."""
    for belief in evidence.after.values():
        truth = evidence.truth(belief.task_id)
        if belief.status in ENDED and belief.status != truth:
            true = _shown_truth(evidence, belief)
            return Breach(says=f"It takes task {_id(belief)} for {belief.status}, which {true}.")
    for task_id in evidence.tasks if evidence.delivery.must_know else ():
        told = evidence.after.get(task_id)
        if told is not None and told.status not in ENDED and evidence.truth(task_id) in ENDED:
            return Breach(
                says=f"It takes task {_id(told)} for {told.status}, although the callback came: "
                f"it has {evidence.truth(task_id)}."
            )
    return None


def works_once(evidence: ReceiverEvidence) -> Breach | None:
    """A success is followed up once, and nothing else is."""
    for belief in evidence.after.values():
        before = evidence.before.get(belief.task_id)
        orders = (belief.orders or 0) - ((before.orders if before else None) or 0)
        if orders > int(evidence.truth(belief.task_id) == "succeeded"):
            times, true = counted(orders, "time"), _shown_truth(evidence, belief)
            return Breach(says=f"It did the work {times} for task {_id(belief)}, which {true}.")
    return None


def keeps_true_results(evidence: ReceiverEvidence) -> Breach | None:
    """The links and files that it keeps for a task are those of that task."""
    for belief in evidence.after.values():
        says = _foreign_link(evidence, belief) or _foreign_file(evidence, belief)
        says = says or _too_few(evidence, belief)
        if says is not None:
            return Breach(says=says)
    return None


def _foreign_link(evidence: ReceiverEvidence, belief: Belief) -> str | None:
    known = evidence.links(belief.task_id)
    for link in belief.links or ():
        if not any(link.partition("?")[0].endswith(path) for path in known):
            return f"It keeps the link {link[:80]} for task {_id(belief)}, which is not its own."
    return None


def _foreign_file(evidence: ReceiverEvidence, belief: Belief) -> str | None:
    known = evidence.pictures.get(belief.task_id)
    for name in belief.files or ():
        content = evidence.files.get(name)
        if content is not None and known is not None and content not in known:
            shown = PurePath(name).name[:80]
            return f"The file {shown} of task {_id(belief)} holds none of its pictures."
    return None


def _too_few(evidence: ReceiverEvidence, belief: Belief) -> str | None:
    links = len(evidence.links(belief.task_id))
    if not evidence.delivery.must_know or belief.status != "succeeded":
        return None
    for what, kept in (("link", belief.links), ("file", belief.files)):
        if kept is not None and len(set(kept)) < links:
            return (
                f"It keeps {counted(len(set(kept)), what)} for task {_id(belief)}, which has "
                f"{counted(links, 'picture')}."
            )
    return None


def unmet(evidence: ReceiverEvidence) -> Iterator[str]:
    """Yield why a delivery says nothing, or not enough."""
    if idle := [each["kind"] for each in evidence.faults if not each["hits"]]:
        yield f"the delivery was not as it should be: {', '.join(idle)} met no callback"
    if not evidence.replies:
        yield "no callback was sent"
    if not evidence.has_oracle:
        yield from _unseen(evidence)
        return
    if evidence.untold is not None:
        yield f"the oracle: {evidence.untold}"
        return
    for task_id in evidence.tasks:
        said, before = evidence.after.get(task_id), evidence.before.get(task_id)
        if said is None:
            yield f"the oracle says nothing of task {task_id[:40]}"
        elif said.orders is None and len(evidence.replies) > len(evidence.tasks):
            yield "the oracle does not say how many orders there are for the task"
        if before is not None and before.status in ENDED:
            yield f"the oracle said {before.status} before anything was delivered"


def _unseen(evidence: ReceiverEvidence) -> Iterator[str]:
    paths = [path for task_id in evidence.tasks for path in evidence.links(task_id)]
    if not evidence.delivery.must_know or not paths:
        yield "nothing shows what the receiver did: add --oracle"
    elif missing := [path for path in paths if path not in evidence.fetched]:
        yield (
            f"nothing shows what the receiver did: it fetched {len(paths) - len(missing)} of "
            f"{counted(len(paths), 'picture')}; add --oracle"
        )


def _which(reply: CallbackReply) -> str:
    again = "sent again " if reply.is_again else ""
    return f"the callback {again}of task {reply.task_id[:40]}"


def _shown_truth(evidence: ReceiverEvidence, belief: Belief) -> str:
    if belief.task_id not in evidence.tasks:
        return "does not exist"
    truth = evidence.truth(belief.task_id)
    return f"has {truth}" if truth in ENDED else "has not ended"


def _id(belief: Belief) -> str:
    return belief.task_id[:40]


RULES: tuple[Rule, ...] = (
    Rule(id="answers", judge=answers,
         says="The receiver answers every callback, whatever is in it, and never with 3xx or 5xx.",
         says_zh="无论内容如何，接收方对每个回调都有应答，而且从不返回 3xx 或 5xx。",
         advice="Take any error of yours as 400 or, if the callback is stored, as 200; let no "
         "exception reach the framework. Answer at the address itself, without a redirect.",
         advice_zh="自己的任何错误都返回 400；回调已保存则返回 200；不要让异常传到框架。在原地址"
         "上应答，不要重定向。",
         price="A callback that may never come again.",
         price_zh="这个回调可能再也不会来。"),
    Rule(id="acknowledges", judge=acknowledges,
         says="The receiver answers a genuine callback with 2xx.",
         says_zh="接收方以 2xx 应答真实的回调。",
         advice="Compare the media type alone, ignore fields that you do not know, and read links "
         "from texts and from objects. Answer a repeated callback with 2xx, too.",
         advice_zh="只比较媒体类型，忽略不认识的字段，链接是字符串或对象都要能读取。重复的回调也"
         "返回 2xx。",
         price="A callback that may never come again.",
         price_zh="这个回调可能再也不会来。",
         readings=("callback.delivery", "result.item")),
    Rule(id="answers-in-time", judge=in_time,
         says="The whole answer is there within the time.",
         says_zh="整个应答在时限之内完成。",
         advice="Store the callback, answer at once, and do the work afterwards.",
         advice_zh="保存回调，立即应答，之后再处理业务。",
         price="A callback that counts as failed, and may be sent again.",
         price_zh="回调算作失败，可能会重发。"),
    Rule(id="trusts-no-link", judge=trusts_no_link,
         says="The receiver fetches no link that only a callback named.",
         says_zh="接收方不下载只在回调里出现过的链接。",
         advice="Take a callback as a hint: query the task, and take the links from there. Nobody "
         "signs a callback, so anybody can send one.",
         advice_zh="把回调只当作提示：查询任务，链接以查询结果为准。回调没有签名，任何人都能发送。",
         price="A picture that somebody else has chosen.",
         price_zh="拿到的是别人选的图片。"),
    Rule(id="knows-the-truth", judge=knows_the_truth,
         says="What the receiver knows of a task is true, and it knows what it was told.",
         says_zh="接收方对任务的了解都是真实的；通知过它的，它都知道。",
         advice="Query the task after each callback. An empty resList is a failure only if the "
         "query says so; null, or none at all, says nothing.",
         advice_zh="每次回调之后都查询任务。resList 为空，只有查询也这样说才是失败；为 null 或没"
         "有 resList 则什么也说明不了。",
         price="A result that is lost, or one that does not exist.",
         price_zh="结果丢失，或者出现不存在的结果。",
         readings=("callback.on_failure", "callback.timing", "result.item")),
    Rule(id="works-once", judge=works_once,
         says="The receiver does its work once for each task that has succeeded, and for no other.",
         says_zh="每个成功的任务，接收方只处理一次业务，其他任务都不处理。",
         advice="Claim the task in the database before the work: one statement that only the first "
         "of two callbacks gets through. Ignore a task that is not yours.",
         advice_zh="处理业务之前先在数据库里占住任务：用一条语句，两个回调里只有先到的能通过。忽"
         "略不属于自己的任务。",
         price="Whatever your work costs, twice.",
         price_zh="业务处理的成本翻倍。",
         readings=("callback.delivery",)),
    Rule(id="fetches-once", judge=fetches_once,
         says="The receiver fetches each picture once.",
         says_zh="每张图片接收方只下载一次。",
         advice="Keep which pictures you have, and compare links before fetching them.",
         advice_zh="记录已有的图片，下载之前先比较链接。",
         price="Traffic.",
         price_zh="流量。"),
    Rule(id="keeps-true-results", judge=keeps_true_results,
         says="The links and files that are kept for a task are its own, and all of them.",
         says_zh="为任务保存的链接和文件都属于它，而且一个不缺。",
         advice="Take the links from a query of the task, whatever the callback says.",
         advice_zh="无论回调里写什么，链接都以任务的查询结果为准。",
         price="A picture that belongs to somebody else.",
         price_zh="得到的是别人的图片。",
         readings=("result.count", "result.item")),
    Rule(id="answers-briefly", judge=is_brief,
         says="The answer is short.",
         says_zh="应答很短。",
         advice="Answer with an empty body: nobody reads it.",
         advice_zh="应答的正文留空：没有人读它。",
         price="Nothing by itself.",
         price_zh="本身不花钱。"),
)  # fmt: skip
