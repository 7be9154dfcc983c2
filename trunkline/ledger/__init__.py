"""Usage to cost to journal to database: zero lost, none twice."""
