"""The HTTP surface, under `serve` or any WSGI server: it translates between HTTP and the
actions.
"""
