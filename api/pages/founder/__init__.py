"""The founder's page, its links and its history."""
