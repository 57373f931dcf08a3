"""Accounts: one buyer with everything that belongs to it, and the scenarios that set it up."""
