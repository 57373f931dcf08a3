# artqr-mock in a container. It listens beyond loopback, so it needs a token:
#   docker build -t artqr-mock .
#   docker run --rm -p 3040:3040 -e ARTQR_MOCK_TOKEN=choose-one artqr-mock
# BASE is any image with Python 3.11 or newer, its venv and pip, and a Debian or a similar userland.
ARG BASE=python:3.13-slim

FROM ${BASE} AS build
WORKDIR /src
COPY pyproject.toml README.md LICENSE constraints.txt ./
COPY mock_server mock_server
COPY contracts contracts
COPY fixtures fixtures
RUN python3 -m venv /opt/artqr \
 && /opt/artqr/bin/pip install --no-cache-dir --disable-pip-version-check \
      --constraint constraints.txt '.[metrics,postgres]' \
 && /opt/artqr/bin/pip uninstall --yes pip \
 && mkdir -m 0700 /data

FROM ${BASE}
COPY --from=build /opt/artqr /opt/artqr
# The volume takes over the owner of its folder. Numbers, because no user needs a name here.
COPY --from=build --chown=10001:10001 /data /data
ENV PATH=/opt/artqr/bin:$PATH \
    HOME=/data \
    XDG_DATA_HOME=/data \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    ARTQR_MOCK_HOST=0.0.0.0 \
    ARTQR_MOCK_DATABASE=/data/artqr.sqlite3
USER 10001:10001
# The database, and with --tls the local authority. All else can be read-only, apart from /tmp.
VOLUME /data
EXPOSE 3040
STOPSIGNAL SIGTERM
# With --tls, set ARTQR_MOCK_URL=https://127.0.0.1:3040.
HEALTHCHECK --interval=10s --timeout=5s --start-period=15s --retries=3 \
  CMD ["artqr-mock", "ready"]
ENTRYPOINT ["artqr-mock"]
CMD ["serve", "--log-format", "json"]
