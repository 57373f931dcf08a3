"""The words of a curl command that makes exactly a given call, for bash and zsh.

Rule 1: curl reads nothing into what somebody sent: no file behind an `@`, no list of addresses, no
method of its own choice.
"""

from mock_server.formatting import shell_word

# A body with a NUL, which no word of a shell can hold, comes from a pipe.
PIPED = "@-"


def method_words(method: str) -> list[str]:
    """Return the option for a method. With `-X HEAD` curl would wait for a body."""
    return ["-I"] if method == "HEAD" else ["-X", shell_word(method)]


def header_words(name: str, value: bytes) -> list[str]:
    """Return the option for a header; of an empty value curl would drop it."""
    return [
        "-H",
        shell_word(name.encode("latin-1", "replace") + (b": " + value if value else b";")),
    ]


def no_header(name: str) -> list[str]:
    """Return the option that keeps curl from adding a header of its own."""
    return ["-H", shell_word(f"{name}:")]


def body_words(body: bytes) -> list[str]:
    """Return the option for a body; behind `@` curl would read a file."""
    if b"\0" in body:
        return ["--data-binary", PIPED]
    return ["--data-raw" if body.startswith(b"@") else "--data-binary", shell_word(body)]


def fed(command: str, body: bytes) -> str:
    """Return a command that gets its body from a pipe, if no word can hold it."""
    return f"printf {_printed(body)} | {command}" if b"\0" in body else command


def _printed(body: bytes) -> str:
    """Return what printf makes these bytes of."""
    plain = b"%\\'"
    shown = (
        chr(byte) if 32 <= byte < 127 and byte not in plain else f"\\{byte:03o}" for byte in body
    )
    return f"'{''.join(shown)}'"
