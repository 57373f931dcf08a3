"""An impatient client: it retries at once, never looks into the list, and polls without a pause."""

from locust import constant, task

from mock_server.load.users import ArtqrUser


class Impatient(ArtqrUser):
    wait_time = constant(1)

    @task
    def one_intent(self):
        text, style = self.new_text(), self.new_style()
        while not (made := self.api.submit(text=text, style_id=style)).ok:
            pass
        while not (told := self.api.query(made.task_id)).has_ended:
            pass
        for link in told.links[:1]:
            self.api.fetch(link)
