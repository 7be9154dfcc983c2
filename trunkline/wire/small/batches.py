"""One request for many vectors, where a provider takes fewer at a time; Titan on Bedrock takes one."""

from __future__ import annotations

from msgspec.structs import replace

from trunkline.ir.losses import BadShape
from trunkline.ir.small import EmbedAnswer, EmbedRequest, Extra, Numbers
from trunkline.wire.small.usage import summed


def split(request: EmbedRequest, most: int | None) -> list[EmbedRequest]:
    """The requests to send, in order; the request itself where it fits."""
    if most is None or len(request.inputs) <= most:
        return [request]
    starts = range(0, len(request.inputs), most)
    return [replace(request, inputs=request.inputs[at : at + most]) for at in starts]


def join(requests: list[EmbedRequest], answers: list[EmbedAnswer]) -> EmbedAnswer:
    """The answers to what `split` gave, as one; usage is the sum, and is unknown where one of them is.

    Raises:
        BadShape: an answer has not as many vectors as its request has inputs, or other kinds than the first.
    """
    if len(answers) == 1:
        return answers[0]
    vectors: dict[str, list[Numbers]] = {kind: [] for kind in answers[0].vectors}
    for request, answer in zip(requests, answers, strict=True):
        if answer.vectors.keys() != vectors.keys():
            raise BadShape("", "the provider answered parts of one request with different kinds of vectors")
        for kind, found in answer.vectors.items():
            if len(found) != len(request.inputs):
                raise BadShape("", f"the provider gave {len(found)} vectors for {len(request.inputs)} inputs")
            vectors[kind] += found
    counted = summed([answer.usage for answer in answers])
    # No wire's own members: the first answer's would say its own usage only.
    return replace(answers[0], vectors=vectors, usage=counted, extra=Extra("", {}), items=None)
