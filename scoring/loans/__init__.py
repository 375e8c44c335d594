"""The loan book: products, schedules, what is posted, rates and their cap."""
