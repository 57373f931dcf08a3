"""The rules: pure functions and values, without Flask, files, sockets, real time, threads or
logs.
"""
