"""Tasks that have ended, and their pictures."""

from collections.abc import Sequence

import urllib3

from benchmarks.calls import WrongAnswerError, checked, submit_form, task_id_of
from benchmarks.servers import Account, Server


def first_task(server: Server, account: Account) -> str:
    """Submit a task; return its id."""
    return task_id_of(checked(submit_form(server.url, account.app_code)))


def pictures_of(server: Server, account: Account, tasks: Sequence[str]) -> list[str]:
    """Return the address of the first picture of each task that has ended."""
    pages = server.admin.pages(f"/accounts/{account.id}/tasks", "tasks")
    pictures = {each["task_id"]: each["pictures"] for page in pages for each in page}
    return [str(pictures[task][0]) for task in tasks]


def size_of(pool: urllib3.PoolManager, picture: str) -> int:
    """Fetch a picture; return its size in bytes. Raises WrongAnswerError."""
    answer = pool.request("GET", picture)
    if answer.status != 200 or answer.headers.get("Content-Type") != "image/png":
        raise WrongAnswerError(f"{picture} is no picture: {answer.status} {answer.data[:200]!r}")
    return len(answer.data)
