"""The command ``kohonen``, which trains and uses maps without a server.

It is built with Click, which the service's images contain already, since uvicorn needs it. The commands call
:mod:`kohonen.experiments`.
"""
