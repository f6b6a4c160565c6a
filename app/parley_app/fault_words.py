"""What people read when something failed: what happened, then what to do; by the slug of the problem or client error."""

from __future__ import annotations

from typing import Final

FAULTS: Final = {
    "wrong_credentials": "The user name or the password is not right. Check both and try again.",
    "username_taken": "Somebody has this user name already. Choose another one.",
    "email_taken": "This e-mail address cannot be used here. Try another one.",
    "wrong_code": "This code is wrong, was used, or is too old. Ask for another one.",
    "second_factor_required": "Signing in here takes a code of your second factor, too.",
    "email_unverified": "This server asks you to confirm your e-mail address first, by the code of its letter.",
    "sign_in_again": "Give your password again to go on.",
    "passkey_cancelled": "No passkey was given: that was cancelled or took too long. Try again.",
    "passkey_known": "This device holds a passkey of your account already.",
    "passkey_failed": "The browser could not use a passkey here. Try again, or sign in another way.",
    "passkey_refused": "This passkey opens no account here. Try another one, or sign in by your password.",
    "passkey_wrong": "This is none of your passkeys. Try another one, or give your password.",
    "passkeys_unsupported": "This browser has no passkeys for this page. Try another one, or sign in another way.",
    "passkey_unfit": "This passkey gives no secret here, so it can open nothing. Another one may, or another browser.",
    "no_passkey": "Your account has no passkey. Use a code.",
    "recovery_key_refused": "This recovery key does not open your account. Compare it with what you wrote down.",
    "recovery_key_required": "This device is new to your account, so it needs your recovery key.",
    "link_refused": "The codes do not fit, so nothing was handed over. Begin again.",
    "link_over": "This took too long, or the other device ended it. Begin again.",
    "lock_out_failed": "Another of your devices changed your keys at the same time. Try again.",
    "network_error": "The server cannot be reached. Check your connection and try again.",
    "unavailable": "The server is busy just now. Try again in a moment.",
    "storage_full": "The server's disk is full. What you write waits here until there is room again.",
    "rate_limited": "That was too often in a short time. Wait a little and try again.",
    "not_signed_in": "This device is signed out. Sign in again to go on.",
    "already_signed_in": "This device belongs to another account. Sign out of it first.",
    "not_a_member": "You do not belong to this conversation any more.",
    "not_reachable": "This person has no device yet that could receive messages. Try again later.",
    "untrusted_identity": "This person’s keys cannot be trusted, so nothing was sent.",
    "identity_changed": "This person has new keys. Look at them before you write here.",
    "not_let_in_yet": "You began your account anew. Somebody in this conversation has to let you in again.",
    "untrusted_log": "The server’s list of everybody’s keys does not hold, so this person’s keys are not believed.",
    "safety_number_differs": "This is not the number that this device has. Somebody may stand between you.",
    "untrusted_group": "This conversation broke its own rules, so nothing was changed.",
    "conversation_forked": "The server showed different histories here. Sending has stopped for your safety.",
    "policy_refused": "You are not allowed to do this in this conversation.",
    "person_blocked": "You have blocked this person. Unblock them first.",
    "muted": "You are muted in this conversation, so nothing was sent.",
    "profile_in_use": "Parley is open in another window with this account.",
    "storage_refused": "The browser does not let Parley store anything here. Leave private browsing or allow storage.",
    "notifications_denied": (
        "The browser refuses notifications for this page. Press the lock beside the address, allow notifications, "
        "and load the page again."
    ),
    "push_service_refused": (
        "The browser’s push service did not take this device. Private windows and some networks do not allow it; "
        "try again elsewhere."
    ),
    "service_worker_missing": "The browser keeps no background part of Parley. Load the page again, then try once more.",
    "unknown_message": "This message is not here any more.",
    "not_permitted": "You are not allowed to do this with this message.",
    "attachment_changed": "The file has changed since it was chosen. Choose it again.",
    "too_large": "This is too large to be sent.",
    "not_a_picture": "This file cannot be read as a picture. Choose another one.",
    "attachment_broken": "This file did not arrive as it was sent, so it is not shown.",
    "upload_interrupted": "The connection was lost while sending the picture. It goes on when you are back.",
    "internal": "Something went wrong inside Parley. Try again; if it stays, tell whoever runs your server.",
}  # fmt: skip
