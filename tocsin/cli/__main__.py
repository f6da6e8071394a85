"""``python -m tocsin.cli``."""

from tocsin.cli import main

if __name__ == "__main__":
    main()
