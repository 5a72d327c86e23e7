"""How fast the engines are, measured side by side with everything else that trains a map: ``make bench``."""
