# One image for every role; docker-compose.yml says which. Nothing in it runs as root.
FROM python:3.12-slim AS build
WORKDIR /source
COPY pyproject.toml README.md LICENSE ./
COPY syndication ./syndication
COPY workers ./workers
COPY card_templates ./card_templates
# What comes besides, by the names in pyproject.toml: --build-arg EXTRAS=postgres,cjk,faces
ARG EXTRAS=postgres
RUN python -m venv /opt/syndication \
 && /opt/syndication/bin/pip install --no-cache-dir --disable-pip-version-check ".[${EXTRAS}]"

FROM python:3.12-slim
COPY --from=build /opt/syndication /opt/syndication
ENV PATH=/opt/syndication/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    SYNDICATE_CONFIG=/newsroom/syndicate.toml
# What lies in /newsroom is the newsroom's own: its config, store, keys and cards. It is mounted, never built in.
RUN install -d -o 1000 -g 1000 /newsroom
USER 1000:1000
WORKDIR /newsroom
EXPOSE 8750
CMD ["syndicate", "--help"]
