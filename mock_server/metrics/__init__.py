"""What a server counts, in the form of Prometheus: the table of metrics, and who counts them.

Rule 1: what happened is counted by the process in which it happened, after the commit. The workers
of one server share their counts by files (recorder.py); servers on one database do not.
Rule 2: what is the state of the database is read from it when somebody asks, and is the same at
every server.
Rule 3: no label has a value that a client can choose.
"""
