"""Answers: how results, refusals and gateway errors are written for the wire."""
