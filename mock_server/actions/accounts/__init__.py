"""Accounts: create, change, reset and delete them; their packages, faults, notices and readings."""
