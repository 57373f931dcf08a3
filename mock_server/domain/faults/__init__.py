"""Failures on order. `rules` says when one happens, `gateway`, `service`, `wire` and `callback`
what happens then, `kinds` what there is and what can be ordered."""
