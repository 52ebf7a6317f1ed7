"""Others on the network, and how we speak to them: bounded exchanges, waits, addresses, their files."""
