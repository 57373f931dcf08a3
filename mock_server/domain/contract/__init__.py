"""The contract: narrowed to readings, flattened for code generators, covered by a client's
calls.
"""
