# The service as a plain container, for a laptop, Fargate or Cloud Run.
#
#   docker build -t kohonen .
#   docker run --rm -p 5000:5000 -v kohonen-models:/data kohonen

FROM python:3.13-slim AS build
# The compiler stays in this stage. It is installed first, since it changes least and Dockerfile.workbench shares it.
RUN apt-get update && apt-get install --yes --no-install-recommends gcc libc6-dev
WORKDIR /srv
COPY requirements.txt .
RUN python -m pip install --no-cache-dir --disable-pip-version-check --no-compile --only-binary=:all: \
        --require-hashes --prefix=/packages -r requirements.txt
COPY kohonen kohonen
RUN python kohonen/kernel/build.py && rm kohonen/kernel/*.[ch]
COPY app app
# Compiles the bytecode, which the user of the service could not write. It is unchecked, since files do not change.
RUN python -m compileall -q -j 0 --invalidation-mode unchecked-hash /packages kohonen app

FROM python:3.13-slim
RUN useradd --system --uid 10001 --home-dir /srv --no-create-home som \
    && install --directory --owner=som /data
COPY --from=build /packages /usr/local
COPY --from=build /srv/kohonen /srv/kohonen
COPY --from=build /srv/app /srv/app
WORKDIR /srv
# matplotlib, which draws annotated figures, writes its list of fonts here. The folder is in memory, so that it is
# available with a read-only file system.
ENV MPLCONFIGDIR=/dev/shm/matplotlib
# Fails the build if a module is missing. It also compiles the bytecode of the standard modules that the service and its
# health check use, since the base image has none.
RUN python -c "import app.app, app.storage.s3, PIL.PngImagePlugin, urllib.request, \
        matplotlib.backends.backend_agg, matplotlib.backends.backend_svg, matplotlib.figure, \
        uvicorn.lifespan.on, uvicorn.loops.auto, uvicorn.main, uvicorn.protocols.http.auto; \
    from kohonen.kernel import kernel; assert kernel()"
ENV HOST=0.0.0.0 \
    PORT=5000 \
    SOM_STORE=file:/data \
    PYTHONUNBUFFERED=1
USER som
VOLUME /data
EXPOSE 5000
HEALTHCHECK --interval=30s --timeout=5s --start-period=10s --retries=3 CMD ["python", "-c", \
    "import os, urllib.request; urllib.request.urlopen(f\"http://127.0.0.1:{os.environ['PORT']}/health\", timeout=4)"]
CMD ["python", "-m", "app", "serve"]
