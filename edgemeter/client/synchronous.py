"""`Client`: the operations, run by a thread that waits."""

import time
from collections.abc import Callable, Iterator
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


class calling(Generic[P, T]):  # noqa: N801 - read as a word of the class body below
    """An operation as a method of `Client`."""

    def __init__(self, operation: Callable[P, Steps[T]]) -> None:
        self._operation = operation
        self.__doc__ = operation.__doc__

    @overload
    def __get__(self, client: None, owner: type) -> Self: ...
    @overload
    def __get__(self, client: "Client", owner: type) -> Callable[P, T]: ...
    def __get__(self, client: "Client | None", owner: type) -> "Self | Callable[P, T]":
        if client is None:
            return self

        @wraps(self._operation)
        def call(*args: P.args, **kwargs: P.kwargs) -> T:
            return client._run(self._operation(*args, **kwargs))

        return call


class iterating(Generic[P, T]):  # noqa: N801
    """An operation that yields items, as a method of `Client`. What is not read is not fetched."""

    def __init__(self, operation: Callable[P, Stream[T]]) -> None:
        self._operation = operation
        self.__doc__ = operation.__doc__

    @overload
    def __get__(self, client: None, owner: type) -> Self: ...
    @overload
    def __get__(self, client: "Client", owner: type) -> Callable[P, Iterator[T]]: ...
    def __get__(self, client: "Client | None", owner: type) -> "Self | Callable[P, Iterator[T]]":
        if client is None:
            return self

        @wraps(self._operation)
        def iterate(*args: P.args, **kwargs: P.kwargs) -> Iterator[T]:
            return client._stream(self._operation(*args, **kwargs))

        return iterate


class Client:
    """The service, from a script or a notebook. May be shared by threads; close it, or use it in `with`.

    What is not given comes from the settings: EDGEMETER_URL, EDGEMETER_TOKEN and the files. Every
    operation raises ProblemError where the server refuses, UnreachableError where it does not answer.
    """

    def __init__(
        self,
        url: str | None = None,
        token: str | None = None,
        *,
        settings: ClientSettings | None = None,
        policy: RetryPolicy | None = None,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        settings = settings or resolve_client({"url": url, "token": token}).value
        self._http = httpx.Client(**http_options(settings), transport=transport)
        self._context = context_of(settings, policy or RetryPolicy())

    me = calling(project.me)
    projects = iterating(operations.projects)
    create_project = calling(operations.create_project)
    tokens = iterating(operations.tokens)
    create_token = calling(operations.create_token)
    revoke_token = calling(operations.revoke_token)

    upload = calling(uploading.upload)
    hand_in = calling(planning.hand_in)
    artifacts = iterating(operations.artifacts)
    artifact = calling(operations.artifact)

    targets = iterating(operations.targets)
    devices = iterating(operations.devices)
    device = calling(operations.device)
    approve_targets = calling(operations.approve_targets)
    change_device = calling(operations.change_device)

    measure = calling(measuring.measure)
    measure_all = calling(measuring.measure_all)
    submit = calling(measuring.submit)
    submit_architectures = calling(architectures.submit_architectures)
    request_all = calling(measuring.request_all)
    requests = iterating(operations.requests)
    request = calling(waiting.request)
    wait = iterating(waiting.wait)
    cancel = calling(measuring.cancel)
    jobs = iterating(operations.jobs)
    job = calling(operations.job)

    measurements = iterating(operations.measurements)
    measurement = calling(operations.measurement)
    delete_measurement = calling(operations.delete_measurement)

    estimates = calling(predicting.estimates)
    operator_estimates = calling(predicting.operator_estimates)
    artifact_estimates = calling(predicting.artifact_estimates)
    estimates_bulk = calling(bulk.estimates_bulk)
    estimates_in_chunks = iterating(bulk.estimates_in_chunks)
    metrics = calling(comparing.metrics)
    pareto = calling(comparing.pareto)
    fit = calling(predicting.fit)
    publish_kernels = calling(predicting.publish_kernels)
    fit_status = calling(predicting.fit_status)
    predictors = iterating(predicting.predictors)
    predictor = calling(predicting.predictor)
    predictor_document = calling(predicting.predictor_document)
    predictor_content = calling(predicting.predictor_content)
    predictor_onnx = calling(predicting.predictor_onnx)
    compare_predictors = calling(predicting.compare_predictors)
    activate_predictor = calling(predicting.activate_predictor)

    create_campaign = calling(campaigning.create_campaign)
    campaigns = iterating(campaigning.campaigns)
    campaign = calling(campaigning.campaign)
    cancel_campaign = calling(campaigning.cancel_campaign)
    resume_campaign = calling(campaigning.resume_campaign)
    campaign_results = iterating(campaigning.campaign_results)
    operator_table = calling(campaigning.operator_table)
    architecture_table = calling(campaigning.architecture_table)
    capabilities = calling(campaigning.capabilities)
    reset_recipe = calling(operations.reset_recipe)

    create_import = calling(importing.create_import)
    imports = iterating(importing.imports)
    imported_rows = iterating(importing.imported_rows)
    delete_import = calling(importing.delete_import)

    def close(self) -> None:
        self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _run(self, steps: Steps[T]) -> T:
        reply: Any = None
        while True:
            try:
                step = steps.send(reply)
            except StopIteration as end:
                value: T = end.value
                return value
            reply = self._perform(step)

    def _stream(self, stream: Stream[T]) -> Iterator[T]:
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
                reply = self._perform(step)

    def _perform(self, step: Step) -> object:
        match step:
            case Consult():
                return self._context
            case Send():
                return self._send(step)
            case Pause(delay_s):
                time.sleep(delay_s)
                return None
            case Work(function):
                return function()

    def _send(self, send: Send) -> Outcome:
        body = None if send.call.body is None else send.call.body.chunks()
        try:
            return answered(self._http.request(**request_options(send, body)))
        except httpx.RequestError as error:
            return silent(error, self._http.base_url)
