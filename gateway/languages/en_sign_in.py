"""English: signing in and out, and the notice that a site asks people to confirm."""

from __future__ import annotations

from typing import Final

SIGN_IN: Final = {
    "sign_in": "Sign in",
    "sign_in_first": "Please sign in",
    "sign_in_again": "Sign in again",
    "sign_out": "Sign out",
    "signed_out": "Signed out",
    "signed_out_here": "You are signed out of this page.",
    "signed_out_there": "You may still be signed in to your account of this site. If others use this device, sign out there too.",
    "sign_out_there": "Sign out of the account",
    "access_contact": "Whom to ask",
    "notice": "Before you send a photo",
    "notice_confirm": "I have read this, and it holds for this photo.",
}
