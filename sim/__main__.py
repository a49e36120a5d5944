"""`python -m sim` is `migr`."""

from sim.cli import main

if __name__ == "__main__":
    main()
