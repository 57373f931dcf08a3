"""Reads recorded traffic: HAR files, the journal, curl commands, raw requests; signs a request."""
