"""The three operations of the service, and what they leave behind: pictures, links, plans."""
