"""HTTPS: your own certificate, or one of a local authority that is created on first use.

Rule 1: the authority's key never leaves the user's data directory and is readable only there.
Rule 2: the certificate names this machine and the vendor's host, for clients that hard-code it.
"""

import contextlib
import os
import re
import ssl
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import platformdirs
from filelock import FileLock

from mock_server.domain.call.calls import VENDOR_HOST
from mock_server.settings import Settings, SettingsError

if TYPE_CHECKING:
    import trustme

LOCK_S = 10.0
_CERTIFICATE = re.compile(
    "-----BEGIN CERTIFICATE-----\n[A-Za-z0-9+/=\n]+\n-----END CERTIFICATE-----"
)
LOCAL_NAMES = ("localhost", "127.0.0.1", "::1")


def ca_file() -> Path:
    """Return the path of the local authority's certificate, which may not exist yet."""
    return Path(platformdirs.user_data_dir("artqr-mock")) / "tls" / "ca.pem"


def ca_certificate(settings: Settings) -> str | None:
    """Return the certificate of the authority that signed the one of `serve --tls`, as PEM, and
    nothing else of its file; None: there is none.
    """
    if settings.tls_cert is not None or not settings.tls:
        return None
    found = _CERTIFICATE.findall(ca_file().read_text("ascii"))
    return "".join(f"{each}\n" for each in found)


def own_certificates(settings: Settings) -> tuple[Path, ...]:
    """Return where the certificates are, or will be, that prove a server to be one of ours."""
    given = (Path(settings.tls_cert),) if settings.tls_cert is not None else ()
    return (ca_file(), *given)


def server_context(settings: Settings) -> ssl.SSLContext | None:
    """Return the TLS context of `serve`; None for plain HTTP. Raises SettingsError."""
    if settings.tls_cert is not None and settings.tls_key is not None:
        return _from_files(settings.tls_cert, settings.tls_key)
    if not settings.tls:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    names = dict.fromkeys((*LOCAL_NAMES, VENDOR_HOST, settings.host, *settings.tls_names))
    wild = ("0.0.0.0", "::")  # noqa: S104 - not names of anything
    leaf = _authority().issue_cert(*(name for name in names if name not in wild))
    leaf.configure_cert(context)
    return context


def _from_files(cert: str, key: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    try:
        context.load_cert_chain(cert, key)
    except OSError as error:  # ssl.SSLError is one
        raise SettingsError(f"cannot use --tls-cert {cert} with --tls-key: {error}") from None
    return context


def _authority() -> "trustme.CA":
    """Return the local authority; create it on first use."""
    import trustme  # noqa: PLC0415 - loads slowly, and every client asks this module for `ca_file`

    certificate = ca_file()
    key = certificate.with_name("ca.key")
    try:
        certificate.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        # Without a lock, two first starts could store one's key and the other's certificate.
        with FileLock(certificate.with_name("ca.lock"), timeout=LOCK_S):
            if certificate.exists() and key.exists():
                return _read(certificate, key)
            authority = trustme.CA(organization_name="artqr-mock local authority")
            _write(key, authority.private_key_pem.bytes())
            _write(certificate, authority.cert_pem.bytes())
    except (ssl.SSLError, ValueError) as error:
        raise SettingsError(
            f"{certificate} cannot be used ({error}): remove {key.parent} to create a new authority"
        ) from None
    except OSError as error:
        raise SettingsError(f"cannot store the local authority in {key.parent}: {error}") from None
    return authority


def _read(certificate: Path, key: Path) -> "trustme.CA":
    """Return the stored authority. Raises ValueError if the files are not a matching pair."""
    import trustme  # noqa: PLC0415 - as above

    # Only this call checks that key and certificate belong together.
    ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(certificate, key)
    return trustme.CA.from_pem(certificate.read_bytes(), key.read_bytes())


def _write(path: Path, content: bytes) -> None:
    """Write a file that only its owner can read, completely or not at all."""
    handle, partial = tempfile.mkstemp(dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        Path(partial).replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            Path(partial).unlink()
        raise
