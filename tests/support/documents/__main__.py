"""`python -m tests.support.documents`: writes the generated parts and sessions of all pages."""

from tests.support.documents import fault_schemas, sessions
from tests.support.documents.generator import generated
from tests.support.documents.pages import all_pages

schemas = fault_schemas.DOCUMENT.read_text("utf-8")
if (anew := fault_schemas.generated(schemas)) != schemas:
    fault_schemas.DOCUMENT.write_text(anew, "utf-8")
    print(f"written: {fault_schemas.DOCUMENT.name}")
for page in all_pages():
    text = sessions.replayed(generated(page.text))
    if text != page.text:
        page.path.write_text(text, "utf-8")
        print(f"written: {page.name}")
