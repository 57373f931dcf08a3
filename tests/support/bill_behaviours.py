"""What clients do with their money, right and wrong: the behaviours of the labelled corpus.

`BEHAVIOURS`: the journal can show what they are. `HARD`: it cannot, or not for certain, because the
reason lies in the client's mind or in the network; the bill may honestly be wrong there, and each
says how.
"""

from collections.abc import Callable
from typing import Any

from mock_server.domain.durations import DAY_MS
from tests.support.bill_traces import (
    DUPLICATE,
    EARLY,
    GHOST,
    LATE,
    LOST,
    NOT_MADE,
    ORPHAN,
    REFUSED,
    USEFUL,
    Client,
)

Behaviour = Callable[[Client], None]


def careful(client: Client) -> None:
    """Order texts, and wait for one after the other."""
    tasks = {(text := client.text): client.submit(text) for _ in range(client.rng.randint(1, 3))}
    for text, task_id in tasks.items():
        client.finish(task_id, text)


def takes_turns(client: Client) -> None:
    """Order many texts, and ask for each of them in turn, all within a moment."""
    waiting = {(text := client.text): client.submit(text) for _ in range(client.rng.randint(4, 8))}
    while waiting:
        client.wait(client.rng.randrange(1200, 4000))
        for text, task_id in list(waiting.items()):
            if (links := client.query(task_id, text)) is not None:
                client.fetch(links)
                del waiting[text]


def gives_up(client: Client) -> None:
    """Stop asking before the task has ended."""
    client.arm({"kind": "task_order", "lasts_ms": 600_000}, "submit_task")
    task_id = client.submit(text := client.text)
    for _ in range(client.rng.randint(1, 4)):
        client.wait(2000)
        client.query(task_id, text)


def has_a_failed_task(client: Client) -> None:
    """Learn that the task failed, and leave it at that."""
    client.arm({"kind": "task_order", "outcome": "failed"}, "submit_task")
    client.poll(client.submit(text := client.text), text)


def retries_posts(client: Client) -> None:
    """An HTTP adapter repeats a POST whose answer was lost; the program sees the last answer."""
    text = client.text
    for _ in range(client.rng.randint(1, 3)):
        client.submit(text, DUPLICATE, fault=LOST)
        client.wait(client.rng.randrange(10, 3000))
    client.finish(client.submit(text), text)


def retries_in_other_words(client: Client) -> None:
    """Repeat a lost submit with fields that the API does not look at; then another style."""
    text = client.text
    client.submit(text, DUPLICATE, fault=LOST, your_prompt="a cat")
    client.finish(client.submit(text, your_prompt="a dog", qr_code_url="https://a.example"), text)
    other = f"{text} as a pet"
    client.finish(client.submit(text, wish=other, style_id="pet_cat"), other)


def buys_what_a_ghost_made(client: Client) -> None:
    """Repeat a submit without a look, although its task was made, for free."""
    text = client.text
    client.submit(text, "free", fault=GHOST)
    client.wait(1000)
    client.finish(client.submit(text, DUPLICATE), text)


def looks_first(client: Client) -> None:
    """After a lost answer, find the task in the list."""
    text = client.text
    client.submit(text, fault=LOST)
    client.wait(client.rng.randrange(100, 3000))
    found = client.look(wish=text)["contentlist"]
    client.finish(found[0]["task_id"], text)


def looks_and_orders(client: Client) -> None:
    """After a 504, see that no task was made, and order again."""
    text = client.text
    client.submit(text, "free", fault=NOT_MADE)
    client.wait(1000)
    client.look(wish=text)
    client.finish(client.submit(text), text)


def has_two_workers(client: Client) -> None:
    """Two workers take the same order; the first one delivers it."""
    text = client.text
    first = client.submit(text)
    second = client.submit(text, DUPLICATE)
    client.finish(first, text)
    if client.rng.random() < 0.5:
        client.query(second, text)


def keeps_the_second(client: Client) -> None:
    """Order twice, and forget the first task."""
    text = client.text
    client.submit(text, DUPLICATE)
    client.wait(client.rng.randrange(10, 5000))
    client.finish(client.submit(text), text)


def wants_two(client: Client) -> None:
    """Order two copies, and say so."""
    client.copies, text = 2, client.text
    for task_id in [client.submit(text), client.submit(text)]:
        client.finish(task_id, text)


def wants_two_and_buys_three(client: Client) -> None:
    """Order two copies, the second of them twice."""
    client.copies, text = 2, client.text
    first = client.submit(text)
    client.submit(text, DUPLICATE, fault=LOST)
    for task_id in [first, client.submit(text)]:
        client.finish(task_id, text)


def orders_again(client: Client) -> None:
    """Want the same once more, later, with the first one delivered."""
    text = client.text
    client.finish(client.submit(text), text)
    client.jump(client.rng.choice([60_000, 2 * DAY_MS]))
    client.finish(client.submit(text, wish=f"{text} again"), f"{text} again")


def forgets_at_a_restart(client: Client) -> None:
    """Do everything again after a restart, although one of each is wanted."""
    client.copies, text = 1, client.text
    client.finish(client.submit(text), text)
    client.wait(5000)
    second = client.submit(text, DUPLICATE)
    client.finish(second, text)


def polls_hastily(client: Client) -> None:
    """Ask when it is time, and again a moment later, before anything can have changed."""
    task_id = client.submit(text := client.text)
    links = None
    while links is None:
        client.wait(client.rng.randrange(1200, 4000))
        links = client.query(task_id, text)
        for _ in range(client.rng.randint(1, 4)):
            if links is None:
                client.wait(client.rng.randrange(5, 200))
                links = client.query(task_id, text, EARLY)
    client.fetch(links)


def polls_on(client: Client) -> None:
    """Ask on after the end."""
    task_id = client.submit(text := client.text)
    client.finish(task_id, text)
    for _ in range(client.rng.randint(1, 5)):
        client.wait(client.rng.randrange(10, 5000))
        client.query(task_id, text, LATE)


def asks_again_after_a_loss(client: Client) -> None:
    """Repeat a query whose answer was lost, at once: it knows nothing yet."""
    task_id = client.submit(text := client.text)
    client.wait(2000)
    client.arm(LOST, "query_task")
    client.query(task_id, text)
    client.wait(client.rng.randrange(10, 900))
    client.query(task_id, text)
    client.finish(task_id, text)


def jumps_its_clock(client: Client) -> None:
    """Test with a clock that jumps: real time hardly passes between two queries."""
    task_id = client.submit(text := client.text)
    links = None
    while links is None:
        client.jump(client.rng.randrange(2000, 6000))
        links = client.query(task_id, text)
    client.fetch(links)


def watches_the_list(client: Client) -> None:
    """Wait for several tasks with the list alone, and read it on once they have ended."""
    texts = [client.text for _ in range(3)]
    tasks = {client.submit(text): text for text in texts}
    done: dict[str, Any] = {}
    while len(done) < len(tasks):
        client.wait(client.rng.randrange(2000, 4000))
        items = client.look()["contentlist"]
        done = {
            each["task_id"]: each["resList"]
            for each in items
            if each["resList"] and each["task_id"] in tasks
        }
    for links in done.values():
        client.fetch(links)
    for _ in range(client.rng.randint(0, 2)):
        client.wait(3000)
        client.look(LATE)


def reads_the_list_hastily(client: Client) -> None:
    """Read the list again a moment later, before anything can have changed."""
    task_id = client.submit(text := client.text)
    client.look()
    for _ in range(client.rng.randint(1, 3)):
        client.wait(client.rng.randrange(5, 100))
        client.look(EARLY)
    client.finish(task_id, text)


def is_refused(client: Client) -> None:
    """Pay for refusals: a submit without a style, a task that nobody made."""
    path = f"/accounts/{client.account['id']}/readings"
    client.world.admin("PATCH", path, {"refusal.status": "200"})
    text = client.text
    client.submit(text, REFUSED, style_id="")
    client.finish(client.submit(text, wish=f"{text} mended"), f"{text} mended")
    client.query("0" * 24, "nothing", REFUSED)


def never_fetches(client: Client) -> None:
    """Wait for the end, and leave the picture there."""
    task_id = client.submit(text := client.text, ORPHAN)
    client.poll(task_id, text)


def never_asks(client: Client) -> None:
    """Order, and forget it."""
    client.submit(client.text, ORPHAN)
    client.wait(60_000)
    client.finish(client.submit(text := client.text), text)


def is_called_back(client: Client) -> None:
    """Wait for a callback, and confirm it with one query."""
    task_id = client.submit(text := client.text, call_back="https://shop.example/done")
    client.jump(60_000)
    client.fetch(client.query(task_id, text) or [])


def shares_its_account(client: Client) -> None:
    """Two programs order different texts by the same account, each with its own tasks."""
    ours, theirs = client.text, client.text
    mine = client.submit(ours)
    client.submit(theirs, DUPLICATE, fault=LOST)
    other = client.submit(theirs)
    client.finish(mine, ours)
    client.finish(other, theirs)


SIMPLE: tuple[Behaviour, ...] = (
    careful, takes_turns, gives_up, has_a_failed_task, retries_posts, retries_in_other_words,
    buys_what_a_ghost_made, looks_first, looks_and_orders, has_two_workers, keeps_the_second,
    orders_again, polls_hastily, polls_on, asks_again_after_a_loss, jumps_its_clock,
    reads_the_list_hastily, never_fetches, never_asks, is_called_back, shares_its_account,
)  # fmt: skip


def does_many_things(client: Client) -> None:
    """Do several of these in one account, one after the other."""
    for behaviour in client.rng.sample(SIMPLE, 5):
        behaviour(client)
        client.wait(client.rng.randrange(2000, 60_000))


BEHAVIOURS: tuple[Behaviour, ...] = (
    *SIMPLE, wants_two, wants_two_and_buys_three, forgets_at_a_restart, watches_the_list,
    is_refused, does_many_things,
)  # fmt: skip


def wants_two_and_says_nothing(client: Client) -> None:
    """Two copies are wanted, and nobody said so: the bill calls the second one a duplicate."""
    text = client.text
    first, second = client.submit(text), client.submit(text, wish=f"{text} twice")
    client.finish(first, text)
    client.finish(second, f"{text} twice")


def forgets_and_says_nothing(client: Client) -> None:
    """Order again what was delivered, by mistake, and nobody said how many are wanted: the bill
    takes it for another order."""
    forgets_at_a_restart(client)
    client.copies = None


def loses_an_answer_in_the_network(client: Client) -> None:
    """The answer to a query was sent whole, and never came: the bill calls the next one hasty."""
    task_id = client.submit(text := client.text)
    client.wait(2000)
    client.query(task_id, text)
    client.wait(300)
    client.query(task_id, text, USEFUL)
    client.finish(task_id, text)


def has_pictures_fetched_elsewhere(client: Client) -> None:
    """Hand the link to a browser behind another address, which the journal does not show: the bill
    calls the task an orphan."""
    client.poll(client.submit(text := client.text), text)


def two_programs_read_the_list(client: Client) -> None:
    """A second program reads the list for the first time, after everything ended: the bill takes it
    for the first program, which knew all that."""
    client.finish(client.submit(text := client.text), text)
    client.look()
    client.wait(5000)
    client.look(USEFUL)


def wants_what_another_style_wins(client: Client) -> None:
    """Change the prompt of an order, and leave the style there, which wins: two wishes in the
    buyer's mind are one for the API, and the bill calls one a duplicate."""
    text = client.text
    first = client.submit(text, your_prompt="a cat")
    second = client.submit(text, wish=f"{text}, a dog", your_prompt="a dog")
    client.finish(first, text)
    client.finish(second, f"{text}, a dog")


def polls_a_little_too_often(client: Client) -> None:
    """Ask every 0.9 s, as planned: the bill calls every second query too early, as one a second
    tells the same."""
    task_id = client.submit(text := client.text)
    links = None
    while links is None:
        client.wait(900)
        links = client.query(task_id, text)
    client.fetch(links)


HARD: tuple[Behaviour, ...] = (
    polls_a_little_too_often,
    wants_two_and_says_nothing, forgets_and_says_nothing, loses_an_answer_in_the_network,
    has_pictures_fetched_elsewhere, two_programs_read_the_list, wants_what_another_style_wins,
)  # fmt: skip
