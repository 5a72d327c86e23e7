# What Lambda's Python image has besides Python: the runtime client, the emulator, and where things are.
ARG PYTHON
FROM ${PYTHON}
COPY requirements.txt /tmp/
RUN python -m pip install --no-cache-dir --disable-pip-version-check --root-user-action=ignore --no-deps \
        --require-hashes --target=/var/runtime -r /tmp/requirements.txt \
    && rm /tmp/requirements.txt \
    # The whole of it: with only its bin linked, Python would not find its library.
    && ln -s /usr/local /var/lang \
    && mkdir -p /var/task /opt
COPY aws-lambda-rie dnf /usr/local/bin/
COPY bootstrap /var/runtime/
COPY entrypoint.sh /lambda-entrypoint.sh
ENV LANG=en_US.UTF-8 \
    TZ=:/etc/localtime \
    PATH=/var/lang/bin:/usr/local/bin:/usr/bin/:/bin:/opt/bin \
    LD_LIBRARY_PATH=/var/lang/lib:/lib64:/usr/lib64:/var/runtime:/var/runtime/lib:/var/task:/var/task/lib:/opt/lib \
    LAMBDA_TASK_ROOT=/var/task \
    LAMBDA_RUNTIME_DIR=/var/runtime
WORKDIR /var/task
ENTRYPOINT ["/lambda-entrypoint.sh"]
