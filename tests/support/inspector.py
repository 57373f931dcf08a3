"""The pages of the inspector, as a browser without scripts sees them."""

from html.parser import HTMLParser

from werkzeug.test import TestResponse

from tests.support.worlds import World

HERE = {"Origin": "http://localhost"}


class Text(HTMLParser):
    """The text of a page, and its tags with their attributes."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.texts: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)
        self.close()

    def handle_data(self, data: str) -> None:
        """Keep a text."""
        self.texts.append(data)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep a tag."""
        self.tags.append((tag, dict(attrs)))

    @property
    def text(self) -> str:
        """All text, each run of white space as one space."""
        return " ".join(" ".join(self.texts).split())


def spoken(sentence: str) -> str:
    """Return a sentence as `Text.text` has it: what stands between backquotes is a tag there."""
    return " ".join(sentence.replace("`", " ").split())


def page(world: World, path: str, status: int = 200) -> Text:
    """Return a page below /_mock/inspect."""
    answer = world.http.get(f"/_mock/inspect{path}")
    assert answer.status_code == status, answer.get_data(as_text=True)
    assert answer.mimetype == "text/html"
    return Text(answer.get_data(as_text=True))


def post(world: World, path: str, **fields: str) -> TestResponse:
    """Post a form as a browser does."""
    return world.http.post(f"/_mock{path}", data=fields, headers=HERE)
