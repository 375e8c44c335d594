"""One reader per format of file that people have; each is found by its content."""
