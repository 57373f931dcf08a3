"""Accounts: one buyer with everything that belongs to it, and the scenarios that set it up."""

# The account that every server has. It is here because commands need no more of an account.
DEFAULT_ID = "default"
