"""What imports keep of their changes."""
