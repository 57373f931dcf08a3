"""Makes a scenario of a recording: the calls are played in a simulator in process, and a fault is
ordered wherever it answers otherwise than the recording says.
"""
