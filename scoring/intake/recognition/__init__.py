"""Which format a file is in, and its rows as the plain form has them."""
