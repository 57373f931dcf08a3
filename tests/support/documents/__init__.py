"""The documentation for tests: README.md, `docs/` and `README.zh-CN.md`.

`python -m tests.support.documents` writes every generated part and every session; a test fails if a
page differs from that.
"""
