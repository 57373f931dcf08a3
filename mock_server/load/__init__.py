"""Load: virtual users of Locust on one account, incidents in real time, and an audit at the end.

Rule 1: Locust replaces the sockets of the process that imports it, so it runs in a process of its
own. Only `locust_program`, `users`, `locustfile` and `callback_receiver` import it, and nothing
imports these.
"""
