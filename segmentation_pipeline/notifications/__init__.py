"""Notifications: receivers are told what runs published, at least once and in order."""
