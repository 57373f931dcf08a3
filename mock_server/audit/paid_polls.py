"""The class of charged queries and lists: needed, too early, too late. Rules 7 to 12 of
retry_bill.py."""

from collections.abc import Iterator, Sequence

from mock_server.audit.charge import ChargeClass, Judgement, useful, wasted
from mock_server.audit.history import History
from mock_server.audit.obligations import after_the_end
from mock_server.audit.seen_call import ROUNDING_MS, SeenCall
from mock_server.domain.call.calls import Operation
from mock_server.domain.findings import SHORT_PAUSE_MS, ListPage

SHORT = f"{SHORT_PAUSE_MS // 1000} s"
LOST = "Its answer was lost on its way: the client had to ask again."


def judge_queries(history: History) -> Iterator[tuple[SeenCall, Judgement]]:
    """Yield the queries that were not refused, with their class."""
    for queries in history.queries.values():
        for run in history.runs_of(queries):
            yield from _queries_of_a_run([each for each in run if not is_refused(each)])


def is_refused(call: SeenCall) -> bool:
    """Whether the decided answer is a refusal, or no answer of the service at all."""
    if call.call.decided_status != 200:
        return True
    body = call.call.result
    # What cannot be read, because the journal has only its beginning, is no refusal.
    return bool(body) and str(body.get("ret_code", "")) != "0"


def _queries_of_a_run(queries: Sequence[SeenCall]) -> Iterator[tuple[SeenCall, Judgement]]:
    end, later = after_the_end(queries)
    too_late = {each.id for each in later}
    last: SeenCall | None = None
    for each in queries:
        if each is end:
            last = each
            yield each, useful("It told the client that the task had ended.")
        elif end is not None and each.id in too_late:
            why = f"The client knew from call {end.id} that the task had ended."
            yield each, wasted(ChargeClass.POLL_AFTER_THE_END, why)
        elif last is not None and _is_hasty(last, each):
            yield each, _hasty(last)
        elif not each.answered:
            yield each, useful(LOST)
        else:
            last = each
            yield each, useful("The client did not know of an end yet, and had to ask.")


def _is_hasty(last: SeenCall, call: SeenCall) -> bool:
    return last.pause_until(call) < SHORT_PAUSE_MS - ROUNDING_MS


def _hasty(last: SeenCall) -> Judgement:
    why = f"The client had asked the same in call {last.id}, less than {SHORT} before."
    return wasted(ChargeClass.POLL_BEFORE_THE_END, why)


def judge_lists(history: History) -> Iterator[tuple[SeenCall, Judgement]]:
    """Yield the lists that were not refused, with their class."""
    for run in history.runs_of(history.api_calls):
        reader = _ListReader(history, run)
        for each in run:
            if each.operation == Operation.LIST_TASKS and not is_refused(each):
                yield each, reader.judge(each)


class _ListReader:
    """What one run of a client knew of its tasks whenever it read the list."""

    def __init__(self, history: History, run: Sequence[SeenCall]) -> None:
        self._history = history
        self._heard = sorted(
            (each for each in run if each.answered and each.status == 200),
            key=lambda each: each.known_at,
        )
        self._open = [each for each in run if is_open_submit(each)]
        self._told_at: dict[int, int | None] = {}
        self._next = 0
        self._ids: set[str] = set()
        self._ended: set[str] = set()
        self._read: dict[str, SeenCall] = {}

    def judge(self, listed: SeenCall) -> Judgement:
        """Return the class of a list."""
        self._learn_until(listed)
        if looked_for := self._looked_for(listed):
            why = f"The client looked whether call {looked_for.id} had made a task."
            return useful(why, looked_for.id)
        asked, page = listed.call.fields.get("page", "1"), listed.page
        last = self._read.get(asked)
        if last is not None and _is_hasty(last, listed) and not (page and self._is_news(page)):
            return _hasty(last)
        if page is None:
            return useful(LOST)
        self._read[asked] = listed
        if last is None:
            return useful("It showed the client this page for the first time.")
        return self._of_page(page)

    def _of_page(self, page: ListPage) -> Judgement:
        """Return the class of a list that showed a page again."""
        if self._is_news(page):
            return useful("It told the client of a task, or of an end, that it did not know.")
        if page.ids and self._ended.issuperset(page.ids):
            why = "The client knew that every task on this page had ended."
            return wasted(ChargeClass.POLL_AFTER_THE_END, why)
        return useful("A task on this page had not ended, and the client had to ask.")

    def _is_news(self, page: ListPage) -> bool:
        return not (self._ids.issuperset(page.ids) and self._ended.issuperset(page.ended))

    def _looked_for(self, listed: SeenCall) -> SeenCall | None:
        """Return a submit whose outcome the client did not know yet when it read the list."""
        for each in reversed(self._open):  # the latest is the one that a client looks for
            if each.known_at > listed.began_at + ROUNDING_MS:
                continue
            if each.id not in self._told_at:
                looks = self._history.has_looked(each)
                self._told_at[each.id] = looks[-1].began_at if looks else None
            told_at = self._told_at[each.id]
            if told_at is None or listed.began_at <= told_at:
                return each
        return None

    def _learn_until(self, listed: SeenCall) -> None:
        """Take in what the client had heard when it began to read the list."""
        while self._next < len(self._heard):
            each = self._heard[self._next]
            if each.known_at > listed.began_at + ROUNDING_MS or each is listed:
                return
            self._next += 1
            page = each.page
            if page is not None:
                self._ids.update(page.ids)
                self._ended |= page.ended
            elif each.call.task_id is not None:
                self._ids.add(each.call.task_id)
                if each.tells_the_end:
                    self._ended.add(each.call.task_id)


def is_open_submit(call: SeenCall) -> bool:
    """Whether a call is a submit whose outcome its client cannot know."""
    return call.operation == Operation.SUBMIT_TASK and call.leaves_open
