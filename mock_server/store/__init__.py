"""The rows. Functions of a transaction, `store.<noun>.<verb>(tx, ...)`, with the SQL in sight."""
