"""A project of somebody who uses the plugin."""

import pytest

# Imported here once, or every run within this process would import the server anew.
import zxingcpp  # noqa: F401 - its compiled part can be loaded but once

import mock_server.client_suite
import mock_server.server
import mock_server.testing.session  # noqa: F401

CLIENT = """
import urllib3

FORM = "application/x-www-form-urlencoded; charset=UTF-8"

def call(artqr, path, **fields):
    with urllib3.PoolManager(retries=False) as pool:
        return pool.request_encode_body(
            "POST", artqr.base_url + path, fields=fields, encode_multipart=False,
            headers={"Authorization": "APPCODE " + artqr.app_code, "Content-Type": FORM},
        )

def submit(artqr, text="https://example.com", **fields):
    return call(artqr, "/submitTask", text=text, style_id="food_fryrice", **fields)
"""


@pytest.fixture
def project(pytester: pytest.Pytester) -> pytest.Pytester:
    """A folder with a careless client, where warnings are errors and markers are strict."""
    pytester.makepyfile(shop=CLIENT)
    pytester.makeini("[pytest]\nfilterwarnings = error\naddopts = --strict-markers -p no:randomly")
    return pytester
