"""Benchmarks that compare two ways side by side, run by `make bench`. Only the ratios apply
elsewhere.
"""
