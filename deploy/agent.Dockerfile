# An agent for plain x86-64 and arm64 processors, with every engine that EdgeMeter knows for them.
FROM python:3.12-slim-bookworm AS build
WORKDIR /src
RUN python -m venv /opt/edgemeter
COPY requirements/uv.lock requirements/agent.lock requirements/
RUN python -m pip install --no-cache-dir --require-hashes --no-deps -r requirements/uv.lock \
 && uv pip install --no-cache --python /opt/edgemeter/bin/python --require-hashes -r requirements/agent.lock
COPY pyproject.toml README.md LICENSE ./
COPY edgemeter edgemeter
COPY agents agents
COPY predictors predictors
COPY server server
COPY migrations migrations
RUN uv pip install --no-cache --python /opt/edgemeter/bin/python --no-deps .

FROM python:3.12-slim-bookworm
RUN useradd --system --uid 10002 --create-home --home-dir /state edgemeter
COPY --from=build /opt/edgemeter /opt/edgemeter
ENV PATH=/opt/edgemeter/bin:$PATH PYTHONUNBUFFERED=1 EDGEMETER_STATE_DIR=/state EDGEMETER_LOCK=/state/edgemeter.lock
USER edgemeter
VOLUME /state
ENTRYPOINT ["edgemeter"]
CMD ["agent"]
