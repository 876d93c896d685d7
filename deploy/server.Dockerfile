# The service. Built in one stage, run in another that has no compiler, no package manager's cache and no root.
FROM python:3.12-slim-bookworm AS build
WORKDIR /src
RUN python -m venv /opt/edgemeter
COPY requirements/uv.lock requirements/server.lock requirements/
RUN python -m pip install --no-cache-dir --require-hashes --no-deps -r requirements/uv.lock \
 && uv pip install --no-cache --python /opt/edgemeter/bin/python --require-hashes -r requirements/server.lock
COPY pyproject.toml README.md LICENSE ./
COPY edgemeter edgemeter
COPY agents agents
COPY predictors predictors
COPY server server
COPY migrations migrations
RUN uv pip install --no-cache --python /opt/edgemeter/bin/python --no-deps .

FROM python:3.12-slim-bookworm
RUN useradd --system --uid 10001 --create-home --home-dir /data edgemeter
COPY --from=build /opt/edgemeter /opt/edgemeter
ENV PATH=/opt/edgemeter/bin:$PATH PYTHONUNBUFFERED=1 EDGEMETER_SERVER_DATA_FOLDER=/data
USER edgemeter
VOLUME /data
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s --retries=6 \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8080/readyz', timeout=2)"]
ENTRYPOINT ["edgemeter"]
CMD ["serve", "--host", "0.0.0.0", "--port", "8080"]
