"""The database: functions of a transaction, `store.<noun>.<verb>(tx, ...)`, each with its SQL."""
