"""The three operations of the service, and their results: pictures, short links, new plans."""
