"""An invented portfolio and its files in every format; nobody in it exists."""
