# One image for every part; docker-compose.yml says which part a container plays.
FROM python:3.13-slim

ENV PYTHONUNBUFFERED=1 \
    PIP_DISABLE_PIP_VERSION_CHECK=1 \
    PIP_NO_CACHE_DIR=1 \
    LOADWATCH_DATA_DIR=/data

RUN useradd --create-home --uid 10001 loadwatch \
    && install --directory --owner=loadwatch --group=loadwatch --mode=0700 /data

# The dependencies alone first: this layer stays while only our code changes.
COPY requirements.lock /tmp/requirements.lock
RUN pip install --require-hashes -r /tmp/requirements.lock && rm /tmp/requirements.lock

COPY pyproject.toml README.md LICENSE /src/
COPY loadwatch /src/loadwatch
COPY workers /src/workers
COPY webhooks /src/webhooks
COPY migrations /src/migrations
RUN pip install --no-deps /src && rm -rf /src

USER loadwatch
WORKDIR /home/loadwatch
VOLUME /data
EXPOSE 8000 8001

# For the web part; the others have their own in docker-compose.yml.
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 \
    CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8000/healthz', timeout=4)"]

ENTRYPOINT ["loadwatch"]
CMD ["web", "--host", "0.0.0.0", "--port", "8000"]
