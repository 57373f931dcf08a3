"""`python -m tests.support.documents`: write generated parts and sessions of all pages anew."""

from tests.support.documents import sessions
from tests.support.documents.generator import generated
from tests.support.documents.pages import all_pages

for page in all_pages():
    text = sessions.replayed(generated(page.text))
    if text != page.text:
        page.path.write_text(text, "utf-8")
        print(f"written: {page.name}")
