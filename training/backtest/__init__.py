"""The product's own way on real public loans."""
