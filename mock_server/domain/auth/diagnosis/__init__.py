"""The signature clinic: what a client did wrong when its signature was refused.

`diagnose` searches, `aligned` shows two strings to sign with their first difference marked. The
catalogue is `mistakes.py`; the mistakes themselves are grouped by the part they spoil.
"""

from mock_server.domain.auth.diagnosis.search import Diagnosis, diagnose
from mock_server.domain.auth.diagnosis.side_by_side import aligned

__all__ = ["Diagnosis", "aligned", "diagnose"]
