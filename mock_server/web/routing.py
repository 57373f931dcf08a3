"""Which paths are ours; everything else is the simulated gateway's to answer, 404 included."""

ADMIN = "/_mock"
PICTURES = "/pictures/"
DOCUMENTS = ("/openapi.json", "/openapi.yaml")


def is_ours(path: str) -> bool:
    """Whether a path belongs to the simulator's own surface."""
    return path == ADMIN or path.startswith((ADMIN + "/", PICTURES)) or path in DOCUMENTS
