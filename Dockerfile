# One image for all of Luna's own parts; compose.yaml says which one a container is.
FROM node:22.17.0-bookworm-slim AS page
WORKDIR /src/luna_ui
COPY luna_ui/package.json luna_ui/package-lock.json luna_ui/.npmrc ./
RUN npm ci --no-audit --no-fund
COPY luna_ui ./
RUN npm run build

FROM python:3.12.11-slim-bookworm AS packages
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
RUN python -m venv /opt/luna
COPY requirements.lock /tmp/requirements.lock
RUN /opt/luna/bin/python -m pip install --require-hashes -r /tmp/requirements.lock \
    && /opt/luna/bin/python -m compileall -q /opt/luna/lib

FROM python:3.12.11-slim-bookworm
# The parts share this user and no other; nothing in the image belongs to it, so nothing in it can be rewritten.
RUN groupadd --gid 10001 luna \
    && useradd --uid 10001 --gid luna --home-dir /var/lib/luna --create-home --shell /usr/sbin/nologin luna
COPY --from=packages /opt/luna /opt/luna
WORKDIR /opt/luna-iems
COPY pyproject.toml README.md LICENSE dagster.yaml workspace.yaml ./
COPY luna_rules ./luna_rules
COPY resources ./resources
COPY luna_assets ./luna_assets
COPY luna_api ./luna_api
COPY luna_cli ./luna_cli
COPY sql ./sql
COPY data ./data
COPY --from=page /src/luna_ui/dist ./luna_ui/dist
RUN python -m compileall -q luna_rules resources luna_assets luna_api luna_cli
ARG GIT_SHA=""
ENV PATH=/opt/luna/bin:$PATH \
    PYTHONPATH=/opt/luna-iems \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    OMP_NUM_THREADS=1 \
    LUNA_HOME=/var/lib/luna \
    LUNA_ENV=prod \
    GIT_SHA=${GIT_SHA}
USER luna
VOLUME /var/lib/luna
ENTRYPOINT ["python", "-m", "resources.embedded.container"]
CMD ["api"]
