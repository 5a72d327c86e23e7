"""The command ``kohonen`` as ``python -m kohonen``."""

from kohonen.cli.main import main

__all__ = ["main"]

if __name__ == "__main__":
    main()
