"""What the process of Locust is told: by its environment, never on its command line.

Rule 1: settings of Locust have its own variables, ours begin with ARTQR_LOAD_.
Rule 2: variables that the user has set for Locust do not reach it: the order says it all.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from mock_server.load.order import SHIPPED_USERS, LoadOrder

FOLDER = "ARTQR_LOAD_FOLDER"  # for the files of this process
ALLOWED = "ARTQR_LOAD_ALLOWED_HOSTS"
MOST_CALLS = "ARTQR_LOAD_MOST_CALLS"
POLL_S = "ARTQR_LOAD_POLL_S"
USER_CLASSES = "ARTQR_LOAD_USER_CLASSES"
PARENT = "ARTQR_LOAD_PARENT"
LOG_FILE = "seen.jsonl"
STOP_FILE = "stop"
FULL_FILE = "full"  # it is there once the last call that was allowed is made
STARTED_FILE = "started"
REFUSED_FILE = "refused"  # the hosts that it did not call, a line each
RAISED_FILE = "raised"  # how many exceptions users did not catch, and the first of them, in JSON
SHIPPED = Path(__file__).with_name("locustfile.py")
# A poll that is sooner after the last one than a second is wasted, whatever the clock's rate.
USUAL_POLL_S = 5.0
LEAST_POLL_S = 1.2
QUIT_S = 2  # after its end, for a page that is open


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where the calls go, and where the process keeps its files."""

    base_url: str
    credentials: Mapping[str, str]
    folder: Path


def settings(order: LoadOrder, place: Place, inherited: Mapping[str, str]) -> dict[str, str]:
    """Return the environment of the process."""
    kept = {n: v for n, v in inherited.items() if not n.startswith(("LOCUST_", "ARTQR_"))}
    known = {} if order.locustfile else SHIPPED_USERS
    names = (known.get(each, each) for each in order.user_classes)
    classes = list(names) or ([] if order.locustfile else ["SubmitThenPoll"])
    return {
        **kept,
        **place.credentials,
        "LOCUST_LOCUSTFILE": str((order.locustfile or SHIPPED).resolve()),
        "LOCUST_HOST": place.base_url,
        "LOCUST_USERS": str(order.users),
        "LOCUST_SPAWN_RATE": f"{order.spawn_rate:g}",
        "LOCUST_RUN_TIME": f"{max(1, round(order.run_ms / 1000))}s",
        "LOCUST_STOP_TIMEOUT": f"{order.drain_ms / 1000:g}",
        "LOCUST_EXIT_CODE_ON_ERROR": "0",
        "LOCUST_ONLY_SUMMARY": "true",
        "LOCUST_LOGLEVEL": "WARNING",
        USER_CLASSES: " ".join(classes),
        **_page(order),
        FOLDER: str(place.folder),
        ALLOWED: ",".join(order.allowed_hosts),
        MOST_CALLS: str(order.most_calls),
        POLL_S: f"{max(LEAST_POLL_S, USUAL_POLL_S / order.clock_rate):g}",
        PARENT: str(os.getpid()),
    }


def _page(order: LoadOrder) -> dict[str, str]:
    if order.page_port is None:
        return {"LOCUST_HEADLESS": "true"}
    return {
        "LOCUST_WEB_HOST": "127.0.0.1",
        "LOCUST_WEB_PORT": str(order.page_port),
        "LOCUST_AUTOSTART": "true",
        "LOCUST_AUTOQUIT": str(QUIT_S),
    }
