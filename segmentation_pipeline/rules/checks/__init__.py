"""The rules that files people write must keep, as values: what each asks, and an example of both sides."""
