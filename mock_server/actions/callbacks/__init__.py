"""Callbacks: plan them, claim those that are due, post them, and wait for them."""
