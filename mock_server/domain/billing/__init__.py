"""Billing: charges, packages, bills and notices."""
