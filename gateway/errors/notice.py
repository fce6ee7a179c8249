"""The notice that a site wants confirmed before a photo is sent."""

from __future__ import annotations

from gateway.errors.request import RequestError


class NoticeNotConfirmed(RequestError):
    """A screening without the confirmation, or with one of other words than are in force."""

    code = "notice_not_confirmed"
    sentence = "The notice of this site was not confirmed for this photo, or its words have changed since."
    advice = "Read the notice beside the form, confirm it and send the photo again. Programs name its version in X-Notice-Version."
