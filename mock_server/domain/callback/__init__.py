"""Callbacks: what is sent, when, and when it is sent again."""
