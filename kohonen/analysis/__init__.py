"""Analysis of trained maps: quality, metrics, views, clusters and profiles."""
