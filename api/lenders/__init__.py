"""What lenders ask for and read: scores and notices."""
