"""Accounts: what a buyer has, and how a test changes it."""
