"""`AsyncClient`: the operations, run by an event loop."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from functools import wraps
from types import TracebackType
from typing import Any, Generic, ParamSpec, Self, TypeVar, overload

import httpx

from edgemeter.client import (
    architectures,
    bulk,
    campaigning,
    comparing,
    importing,
    measuring,
    operations,
    planning,
    predicting,
    project,
    uploading,
    waiting,
)
from edgemeter.client.asking import Outcome
from edgemeter.client.retrying import RetryPolicy
from edgemeter.client.sending import answered, context_of, http_options, request_options, silent
from edgemeter.client.settings import ClientSettings, resolve_client
from edgemeter.client.steps import Consult, Emit, Pause, Send, Step, Steps, Stream, Work

P = ParamSpec("P")
T = TypeVar("T")


class awaiting(Generic[P, T]):  # noqa: N801 - read as a word of the class body below
    """An operation as a method of `AsyncClient`."""

    def __init__(self, operation: Callable[P, Steps[T]]) -> None:
        self._operation = operation
        self.__doc__ = operation.__doc__

    @overload
    def __get__(self, client: None, owner: type) -> Self: ...
    @overload
    def __get__(self, client: "AsyncClient", owner: type) -> Callable[P, Coroutine[Any, Any, T]]: ...
    def __get__(
        self, client: "AsyncClient | None", owner: type
    ) -> "Self | Callable[P, Coroutine[Any, Any, T]]":
        if client is None:
            return self

        @wraps(self._operation)
        async def call(*args: P.args, **kwargs: P.kwargs) -> T:
            return await client._run(self._operation(*args, **kwargs))

        return call


class iterating(Generic[P, T]):  # noqa: N801
    """An operation that yields items, as a method of `AsyncClient`. What is not read is not fetched."""

    def __init__(self, operation: Callable[P, Stream[T]]) -> None:
        self._operation = operation
        self.__doc__ = operation.__doc__

    @overload
    def __get__(self, client: None, owner: type) -> Self: ...
    @overload
    def __get__(self, client: "AsyncClient", owner: type) -> Callable[P, AsyncIterator[T]]: ...
    def __get__(self, client: "AsyncClient | None", owner: type) -> "Self | Callable[P, AsyncIterator[T]]":
        if client is None:
            return self

        @wraps(self._operation)
        def iterate(*args: P.args, **kwargs: P.kwargs) -> AsyncIterator[T]:
            return client._stream(self._operation(*args, **kwargs))

        return iterate


class AsyncClient:
    """The service, from an event loop. May be shared by its tasks; close it, or use it in `async with`.

    Settings and errors are those of `Client`.
    """

    def __init__(
        self,
        url: str | None = None,
        token: str | None = None,
        *,
        settings: ClientSettings | None = None,
        policy: RetryPolicy | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        settings = settings or resolve_client({"url": url, "token": token}).value
        self._http = httpx.AsyncClient(**http_options(settings), transport=transport)
        self._context = context_of(settings, policy or RetryPolicy())

    me = awaiting(project.me)
    projects = iterating(operations.projects)
    create_project = awaiting(operations.create_project)
    tokens = iterating(operations.tokens)
    create_token = awaiting(operations.create_token)
    revoke_token = awaiting(operations.revoke_token)

    upload = awaiting(uploading.upload)
    hand_in = awaiting(planning.hand_in)
    artifacts = iterating(operations.artifacts)
    artifact = awaiting(operations.artifact)

    targets = iterating(operations.targets)
    devices = iterating(operations.devices)
    device = awaiting(operations.device)
    approve_targets = awaiting(operations.approve_targets)
    change_device = awaiting(operations.change_device)

    measure = awaiting(measuring.measure)
    measure_all = awaiting(measuring.measure_all)
    submit = awaiting(measuring.submit)
    submit_architectures = awaiting(architectures.submit_architectures)
    request_all = awaiting(measuring.request_all)
    requests = iterating(operations.requests)
    request = awaiting(waiting.request)
    wait = iterating(waiting.wait)
    cancel = awaiting(measuring.cancel)
    jobs = iterating(operations.jobs)
    job = awaiting(operations.job)

    measurements = iterating(operations.measurements)
    measurement = awaiting(operations.measurement)
    delete_measurement = awaiting(operations.delete_measurement)

    estimates = awaiting(predicting.estimates)
    operator_estimates = awaiting(predicting.operator_estimates)
    artifact_estimates = awaiting(predicting.artifact_estimates)
    estimates_bulk = awaiting(bulk.estimates_bulk)
    estimates_in_chunks = iterating(bulk.estimates_in_chunks)
    metrics = awaiting(comparing.metrics)
    pareto = awaiting(comparing.pareto)
    fit = awaiting(predicting.fit)
    publish_kernels = awaiting(predicting.publish_kernels)
    fit_status = awaiting(predicting.fit_status)
    predictors = iterating(predicting.predictors)
    predictor = awaiting(predicting.predictor)
    predictor_document = awaiting(predicting.predictor_document)
    predictor_content = awaiting(predicting.predictor_content)
    predictor_onnx = awaiting(predicting.predictor_onnx)
    compare_predictors = awaiting(predicting.compare_predictors)
    activate_predictor = awaiting(predicting.activate_predictor)

    create_campaign = awaiting(campaigning.create_campaign)
    campaigns = iterating(campaigning.campaigns)
    campaign = awaiting(campaigning.campaign)
    cancel_campaign = awaiting(campaigning.cancel_campaign)
    resume_campaign = awaiting(campaigning.resume_campaign)
    campaign_results = iterating(campaigning.campaign_results)
    operator_table = awaiting(campaigning.operator_table)
    architecture_table = awaiting(campaigning.architecture_table)
    capabilities = awaiting(campaigning.capabilities)
    reset_recipe = awaiting(operations.reset_recipe)

    create_import = awaiting(importing.create_import)
    imports = iterating(importing.imports)
    imported_rows = iterating(importing.imported_rows)
    delete_import = awaiting(importing.delete_import)

    async def close(self) -> None:
        await self._http.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def _run(self, steps: Steps[T]) -> T:
        reply: Any = None
        while True:
            try:
                step = steps.send(reply)
            except StopIteration as end:
                value: T = end.value
                return value
            reply = await self._perform(step)

    async def _stream(self, stream: Stream[T]) -> AsyncIterator[T]:
        reply: Any = None
        while True:
            try:
                step = stream.send(reply)
            except StopIteration:
                return
            if isinstance(step, Emit):
                yield step.value
                reply = None
            else:
                reply = await self._perform(step)

    async def _perform(self, step: Step) -> object:
        match step:
            case Consult():
                return self._context
            case Send():
                return await self._send(step)
            case Pause(delay_s):
                await asyncio.sleep(delay_s)
                return None
            case Work(function):
                return await asyncio.to_thread(function)

    async def _send(self, send: Send) -> Outcome:
        body = None if send.call.body is None else _in_threads(send.call.body.chunks())
        try:
            return answered(await self._http.request(**request_options(send, body)))
        except httpx.RequestError as error:
            return silent(error, self._http.base_url)


async def _in_threads(chunks: Iterator[bytes]) -> AsyncIterator[bytes]:
    """Reading a file blocks: not in the loop."""
    while (chunk := await asyncio.to_thread(next, chunks, None)) is not None:
        yield chunk
