"""One database under all domains: connections, transactions, clock and wake-ups."""
