"""The paths of our own routes; the simulated gateway answers all others, with 404 too."""

ADMIN = "/_mock"
INSPECTOR = "/_mock/inspect"
SIGN_IN = "/_mock/login"
ASSETS = "/_mock/assets/"
VIEWER = "/_mock/docs"
PICTURES = "/pictures/"
SHORT_LINKS = "/s/"
DOCUMENTS = ("/openapi.json", "/openapi.yaml")


def is_ours(path: str) -> bool:
    """Whether a path belongs to our own routes."""
    return is_admin(path) or path.startswith((PICTURES, SHORT_LINKS)) or path in DOCUMENTS


def opens_inspector(method: str, path: str, accept: str) -> bool:
    """Whether a person opens the address of the server in a browser: that leads to the inspector.

    Everybody else gets the gateway's answer at `/`.
    """
    return path == "/" and method == "GET" and "text/html" in accept


def is_admin(path: str) -> bool:
    """Whether a path is under the admin prefix, whether it has a route or not."""
    return path == ADMIN or path.startswith(ADMIN + "/")
