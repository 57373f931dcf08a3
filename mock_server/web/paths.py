"""Which paths are ours; everything else is the simulated gateway's to answer, 404 included."""

ADMIN = "/_mock"
PICTURES = "/pictures/"
SHORT_LINKS = "/s/"
DOCUMENTS = ("/openapi.json", "/openapi.yaml")


def is_ours(path: str) -> bool:
    """Whether a path belongs to the simulator's own surface."""
    return is_admin(path) or path.startswith((PICTURES, SHORT_LINKS)) or path in DOCUMENTS


def is_admin(path: str) -> bool:
    """Whether a path is under the admin prefix, a route or not."""
    return path == ADMIN or path.startswith(ADMIN + "/")
