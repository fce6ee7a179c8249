"""Photos of a pack, posted to the gateway as a program posts them."""

from __future__ import annotations

import http.client

import numpy as np
from numpy.typing import NDArray

from loadtests.photos import Pack
from loadtests.run.format import NO_ANSWER
from loadtests.users.answers import judge_photo
from loadtests.users.http_exchange import HttpExchange
from loadtests.users.sending import Sent, unanswered

PATH = "/v1/screenings"


class PhotoUpload:
    """Posts a photo and checks what is answered.

    Args:
        exchange: With the target.
        pack: The photos.
        chosen: Number of the photo of each request, shape (n,).
    """

    def __init__(self, exchange: HttpExchange, pack: Pack, chosen: NDArray[np.intp]) -> None:
        self._exchange = exchange
        self._pack = pack
        self._chosen = chosen

    def send(self, number: int, patience_seconds: float) -> Sent:  # noqa: ARG002 - the pace gives up for HTTP
        """Post the photo of this request."""
        chosen = int(self._chosen[number])
        photo = self._pack.photos[chosen]
        headers = {"Content-Type": photo.content_type, "Accept": "application/json"}
        try:
            response = self._exchange.request("POST", PATH, self._pack.contents[chosen], headers)
        except OSError as error:
            return unanswered(error)
        except http.client.HTTPException:
            return Sent(NO_ANSWER, None)
        return judge_photo(photo, response)
