"""Tasks as rows, without the calls that submit them."""

from mock_server.domain.account import DEFAULT_ID
from mock_server.domain.task.tasks import Plan, Status, Task


def stored_task(number: int, ends_at: int | None) -> Task:
    """Return a task of the default account; `ends_at` None: it never ends."""
    plan = Plan(submitted_at=0, starts_at=0, ends_at=ends_at, outcome=Status.SUCCEEDED)
    return Task(
        account=DEFAULT_ID, id=f"{number:024x}", number=number, content="x", text="x",
        qr_code_url=None, style_id="pet_cat", your_prompt=None, call_back=None, base_url="",
        pictures=1, plan=plan,
    )  # fmt: skip
