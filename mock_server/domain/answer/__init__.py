"""An answer: how results, refusals and errors are written for the wire."""
