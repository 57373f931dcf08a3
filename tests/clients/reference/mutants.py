"""Clients with one realistic bug each. A mutant's docstring describes its bug."""

import html
import threading
from dataclasses import asdict, dataclass
from typing import Any
from urllib.parse import quote, urlencode

import urllib3

from tests.clients.reference.client import PATHS, ArtQrError, Client, Task


class SwallowsRetCode(Client):
    """Takes every HTTP 200 for a success, whatever its ret_code is."""

    def check_service(self, answer: urllib3.BaseHTTPResponse, body: dict[str, Any]) -> None:
        if answer.status != 200:
            raise ArtQrError(str(body.get("remark")), answer.status)

    def task_id_of(self, body: dict[str, Any]) -> str:
        return str(body.get("task_id"))


class Takes450ForSuccess(Client):
    """Raises only for the statuses that it knows, and 450 is not among them."""

    def check_service(self, answer: urllib3.BaseHTTPResponse, body: dict[str, Any]) -> None:
        if answer.status == 200:
            super().check_service(answer, body)

    def task_id_of(self, body: dict[str, Any]) -> str:
        return str(body.get("task_id", ""))


class TakesAnyGatewayErrorForEmpty(Client):
    """Reads an empty body as an empty object, and never checks the status."""

    def call(self, operation: str, fields: dict[str, str]) -> dict[str, Any]:
        answer = self.send(operation, fields)
        return self.body_of(answer) if answer.data else {"contentlist": [], "task_id": ""}


class RetriesSubmits(Client):
    """Submits again when the gateway timed out."""

    def submit(self, fields: dict[str, str]) -> str:
        try:
            return super().submit(fields)
        except ArtQrError as error:
            if error.status not in (500, 502, 504):
                raise
            return super().submit(fields)


class RetriesLostSubmits(Client):
    """Submits again when no answer came."""

    def submit(self, fields: dict[str, str]) -> str:
        try:
            return super().submit(fields)
        except ArtQrError as error:
            if error.status:
                raise
            return super().submit(fields)


class RetriesOn403(Client):
    """Retries when it has no credit left."""

    def call(self, operation: str, fields: dict[str, str]) -> dict[str, Any]:
        try:
            return super().call(operation, fields)
        except ArtQrError as error:
            if error.status != 403:
                raise
            return super().call(operation, fields)


class ReturnsNoneOn403(Client):
    """Returns None when the package is used up or the task does not exist."""

    def submit(self, fields: dict[str, str]) -> str:
        try:
            return super().submit(fields)
        except ArtQrError as error:
            if error.status == 403:
                return None  # type: ignore[return-value]
            raise


class TakesTheNewestAfterALoss(Client):
    """Takes the newest task of the list for its own if no answer came."""

    def submit(self, fields: dict[str, str]) -> str:
        try:
            return super().submit(fields)
        except ArtQrError as error:
            listed = [] if error.status else self.list_tasks()
            if not listed:
                raise
            return listed[0].task_id


class SubmitsTwice(Client):
    """Submits every task twice, to be safe."""

    def submit(self, fields: dict[str, str]) -> str:
        super().submit(fields)
        return super().submit(fields)


class DropsTheLastPage(Client):
    """Counts pages from 0, and so stops one page too early."""

    def list_tasks(self, page: int = 1) -> list[Task]:
        body = self.call("list", {"page": str(page)})
        body = body.get("pagebean", body)
        if page > 1 and page >= int(body["allPages"]):
            return []
        return [self.task_of(each) for each in body["contentlist"]]


class IgnoresThePage(Client):
    """Shows the first page for every page."""

    def list_tasks(self, page: int = 1) -> list[Task]:
        return super().list_tasks(1)


class HardCodesWords(Client):
    """Expects the status words of another vendor."""

    def status_of(self, body: dict[str, Any], pictures: list[str]) -> str:
        return "succeeded" if body.get("status") == "SUCCESS" else "running"


class TakesFailedForSuccess(Client):
    """Takes every ended task for one that succeeded."""

    def status_of(self, body: dict[str, Any], pictures: list[str]) -> str:
        found = super().status_of(body, pictures)
        return "succeeded" if found == "failed" else found


class TakesEmptyForFinished(Client):
    """Takes a task with a list for finished, even if the list is empty."""

    def status_of(self, body: dict[str, Any], pictures: list[str]) -> str:
        return "succeeded" if "resList" in body else super().status_of(body, pictures)


class TakesPicturesFromElsewhere(Client):
    """Looks for the pictures where another API has them."""

    def pictures_of(self, body: dict[str, Any]) -> list[str]:
        return list(body.get("images", ()))


class ListsWithoutALook(Client):
    """Takes every task of the list for a waiting one."""

    def list_tasks(self, page: int = 1) -> list[Task]:
        return [Task(each.task_id, "pending", []) for each in super().list_tasks(page)]


class TripsOverNull(Client):
    """Expects a list, even an empty one, and fails on null."""

    def pictures_of(self, body: dict[str, Any]) -> list[str]:
        return super().pictures_of({"resList": [*body["resList"]]})


@dataclass(frozen=True)
class Row:
    """All fields that the author has seen."""

    task_id: str
    status: str | int
    resList: list[Any]  # noqa: N815 - the vendor's name
    ret_code: str | int = 0
    remark: str = ""
    msg: str = ""


class TripsOverUnnamedFields(Client):
    """Unpacks the service's body into a class with only the known fields."""

    def task_of(self, body: dict[str, Any]) -> Task:
        return super().task_of(asdict(Row(**body)))


class CachesResults(Client):
    """Caches the first answer to the query of a task."""

    def __init__(self, *arguments: str) -> None:
        super().__init__(*arguments)
        self.known: dict[str, Task] = {}

    def query(self, task_id: str) -> Task:
        if task_id not in self.known:
            self.known[task_id] = super().query(task_id)
        return self.known[task_id]


class TakesTheFirstOfTheList(Client):
    """Queries by listing, and takes the first task of the list."""

    def query(self, task_id: str) -> Task:
        return self.list_tasks(1)[0]


class MakesIdsNumbers(Client):
    """Parses the id as a number, because it looks like one."""

    def task_id_of(self, body: dict[str, Any]) -> str:
        return int(super().task_id_of(body), 16)  # type: ignore[return-value]


class LeaksConnections(Client):
    """Returns a connection to the pool only after a success."""

    def __init__(self, *arguments: str) -> None:
        super().__init__(*arguments)
        self.pool = urllib3.PoolManager(retries=False, timeout=10.0, maxsize=1, block=True)
        self.leaked: list[urllib3.BaseHTTPResponse] = []

    def send(self, operation: str, fields: dict[str, str]) -> urllib3.BaseHTTPResponse:
        answer = self.pool.request(
            "POST",
            self.base_url + PATHS[operation],
            body=self.encode(fields),
            headers=self.headers(PATHS[operation], fields),
            preload_content=False,
            pool_timeout=0.01,
        )
        self.leaked.append(answer)
        if answer.status == 200:
            _ = answer.data  # reading to the end returns the connection
        return answer

    def close(self) -> None:
        for answer in self.leaked:
            answer.close()


class Repeats450(Client):
    """Retries once when the service refused."""

    def call(self, operation: str, fields: dict[str, str]) -> dict[str, Any]:
        try:
            return super().call(operation, fields)
        except ArtQrError as error:
            if error.status != 450:
                raise
            return super().call(operation, fields)


class LoopsOn429(Client):
    """Retries 20 times without a pause when it was throttled."""

    def call(self, operation: str, fields: dict[str, str]) -> dict[str, Any]:
        for _ in range(20):
            try:
                return super().call(operation, fields)
            except ArtQrError as error:
                if error.status != 429:
                    raise
        return super().call(operation, fields)


class TimesOutAndSubmitsAgain(Client):
    """Submits again after its own timeout, but not after a lost connection."""

    timeout_s = 1.0

    def submit(self, fields: dict[str, str]) -> str:
        try:
            return super().submit(fields)
        except ArtQrError as error:
            if not isinstance(error.__cause__, urllib3.exceptions.TimeoutError):
                raise
            return super().submit(fields)


class HangsForEver(Client):
    """Waits for an event that never happens."""

    def submit(self, fields: dict[str, str]) -> str:
        threading.Event().wait()
        return super().submit(fields)


# The mutants below send wrong requests.


class IgnoresPrecedence(Client):
    """Drops the text if there is a source image, although the text should win."""

    def submit(self, fields: dict[str, str]) -> str:
        drop = "text" if fields.get("qr_code_url") else ""
        return super().submit({name: value for name, value in fields.items() if name != drop})


class AddsADefaultStyle(Client):
    """Sends a default style with every prompt, and the style wins."""

    def submit(self, fields: dict[str, str]) -> str:
        return super().submit({"style_id": "food_fryrice", **fields})


class ForgetsTheCharset(Client):
    """Encodes in the default charset of its author's machine."""

    def encode(self, fields: dict[str, str]) -> bytes:
        return urlencode(fields, encoding="gbk", errors="replace").encode()


class StripsUnicode(Client):
    """Removes every character that is not ASCII."""

    def encode(self, fields: dict[str, str]) -> bytes:
        return urlencode(fields, encoding="ascii", errors="ignore").encode()


class AsksForAnotherId(Client):
    """Writes ids in capitals, and takes every refusal of a query for an error of the service."""

    def query(self, task_id: str) -> Task:
        return super().query(task_id.upper())


class TidiesAddresses(Client):
    """Strips the parts of an address that seem unnecessary."""

    def encode(self, fields: dict[str, str]) -> bytes:
        return super().encode({name: value.rstrip("/.#?&=") for name, value in fields.items()})


class EscapesHtml(Client):
    """Escapes the text for an HTML page on which it never appears."""

    def encode(self, fields: dict[str, str]) -> bytes:
        return super().encode({name: html.escape(value) for name, value in fields.items()})


class TruncatesText(Client):
    """Cuts the text at the length that the page advises."""

    def submit(self, fields: dict[str, str]) -> str:
        return super().submit({name: value[:35] for name, value in fields.items()})


class SwapsTextAndImage(Client):
    """Sends the text as the source image, and the source image as the text."""

    def submit(self, fields: dict[str, str]) -> str:
        other = {"text": "qr_code_url", "qr_code_url": "text"}
        return super().submit({other.get(name, name): value for name, value in fields.items()})


class SignsEncodedValues(Client):
    """Signs the encoded values instead of the decoded ones."""

    def string_to_sign(self, path: str, fields: dict[str, str], signed: dict[str, str]) -> str:
        encoded = {name: quote(value, safe="") for name, value in fields.items()}
        return super().string_to_sign(path, encoded, signed)


class ReusesItsNonce(Client):
    """Draws one nonce at its start."""

    def nonce(self) -> str:
        drawn: str = self.__dict__.setdefault("drawn", super().nonce())
        return drawn


APP_CODE_MUTANTS = (
    SwallowsRetCode, Takes450ForSuccess, TakesAnyGatewayErrorForEmpty, RetriesSubmits,
    RetriesLostSubmits, RetriesOn403, ReturnsNoneOn403, TakesTheNewestAfterALoss, SubmitsTwice,
    IgnoresPrecedence, AddsADefaultStyle, DropsTheLastPage, IgnoresThePage, HardCodesWords,
    TakesFailedForSuccess, TakesEmptyForFinished, TakesPicturesFromElsewhere, ListsWithoutALook,
    TripsOverNull, TripsOverUnnamedFields, CachesResults, TakesTheFirstOfTheList, MakesIdsNumbers,
    ForgetsTheCharset, StripsUnicode, AsksForAnotherId, TidiesAddresses, EscapesHtml, TruncatesText,
    SwapsTextAndImage, LeaksConnections, Repeats450, LoopsOn429,
)  # fmt: skip
SIGNING_MUTANTS = (SignsEncodedValues, ReusesItsNonce)
