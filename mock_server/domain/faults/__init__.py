"""Faults: failures on order. `rules` decides when a fault happens; `gateway`, `service`, `wire` and
`callback` hold the faults of each stage; `kinds` lists them all and reads orders.
"""
