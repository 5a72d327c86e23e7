"""Colours of pictures: palettes, pictures in few colours, names of colours and files of palettes."""
