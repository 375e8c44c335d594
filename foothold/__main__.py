"""`python -m foothold`."""

from foothold.cli import main

main()
