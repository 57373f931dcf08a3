"""Pictures over HTTP under Flask: found, and drawn on the first fetch.

Under `serve` the fetches do not come here, see serving/picture_path.py; picture_answers.py makes
the same answer for both.
"""

from flask import Blueprint, Response

from mock_server.actions.operations.pictures import PictureAddress
from mock_server.domain.call.calls import Answer
from mock_server.simulator import Simulator
from mock_server.web.gateway_view import left_after_ms, read_call, to_response
from mock_server.web.picture_answers import answer_drawn, answer_if_drawn


def blueprint(simulator: Simulator) -> Blueprint:
    """Return the route of the pictures."""
    routes = Blueprint("pictures", __name__)

    @routes.get("/pictures/<account>/<task_id>/<int:number>.png")
    def picture(account: str, task_id: str, number: int) -> Response:
        address = PictureAddress(account=account, task_id=task_id, number=number)
        call, database = read_call(), simulator.database
        found = database.run(lambda tx: answer_if_drawn(tx, simulator, address, call))
        if isinstance(found, Answer):
            return to_response(found)
        drawn = simulator.pictures.draw(found).result()
        left = left_after_ms()  # drawing takes a while
        return to_response(
            database.run(lambda tx: answer_drawn(tx, simulator, address, call, drawn, left))
        )

    return routes
