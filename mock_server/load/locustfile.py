"""The users that come with `artqr-mock load`. Each takes care of its money; a locustfile of your
own should behave as your client does.
"""

from functools import cache

import gevent  # type: ignore[import-untyped]
from locust import between, task

from mock_server.load.callback_receiver import CallbackReceiver
from mock_server.load.users import ArtqrUser

BATCH = 8
CALLBACK_S = 120.0
STORM_S = 0.2
MOST_STORM_POLLS = 500


class SubmitThenPoll(ArtqrUser):
    """Wants a picture: submits, polls until the end, fetches."""

    wait_time = between(1, 3)

    @task
    def one_intent(self) -> None:
        """One intent from the text to the picture."""
        task_id = self.order(self.new_text())
        if task_id is not None:
            for link in self.wait_for(task_id)[:1]:
                self.api.fetch(link)


class SubmitWithCallback(ArtqrUser):
    """Wants a picture: submits, waits for the callback, confirms it with one query, fetches.

    Without a callback in time it polls.
    """

    wait_time = between(1, 3)

    @task
    def one_intent(self) -> None:
        """One intent from the text to the picture."""
        receiver = _receiver()
        task_id = self.order(self.new_text(), call_back=receiver.url)
        if task_id is None:
            return
        reply = self.api.query(task_id) if receiver.wait_for(task_id, CALLBACK_S) else None
        is_told = reply is not None and reply.has_ended
        links = reply.links if reply is not None and is_told else self.wait_for(task_id)
        for link in links[:1]:
            self.api.fetch(link)


class Batch(ArtqrUser):
    """Wants many pictures at once: submits them all, then reads the list until all have ended."""

    wait_time = between(1, 3)

    @task
    def one_batch(self) -> None:
        """A batch from its texts to its pictures."""
        found = (self.order(self.new_text()) for _ in range(BATCH))
        task_ids = [each for each in found if each is not None]
        for links in self.wait_for_all(task_ids).values():
            for link in links[:1]:
                self.api.fetch(link)


class PollStorm(ArtqrUser):
    """Polls five times a second, which pays for most of its polls in vain."""

    wait_time = between(1, 3)

    @task
    def one_intent(self) -> None:
        """One intent, asked for all the time."""
        task_id = self.order(self.new_text())
        if task_id is None:
            return
        for _ in range(MOST_STORM_POLLS):
            gevent.sleep(STORM_S)
            reply = self.api.query(task_id)
            if reply.has_ended:
                for link in reply.links[:1]:
                    self.api.fetch(link)
                return


@cache
def _receiver() -> CallbackReceiver:
    return CallbackReceiver()
