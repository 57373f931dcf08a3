"""Callbacks: planned, claimed, sent, waited for."""
