"""The command ``kohonen``: maps at a terminal, without a server.

Click parses what is typed, asks nothing of the library, and is in the service's images already, since uvicorn
needs it; its progress bar is all that a training needs. What a command does is :mod:`kohonen.experiments`.
"""
