"""The documentation as tests see it: README.md, `docs/` and `README.zh-CN.md`.

`python -m tests.support.documents` writes every generated part and every session anew; a test
fails while a page differs from what that command would write.
"""
