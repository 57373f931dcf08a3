"""Checks a server against the contract: generates calls and judges each answer, within a budget."""
