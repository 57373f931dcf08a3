"""Recorded traffic: HAR files, curl commands, raw requests, and how to sign one."""
