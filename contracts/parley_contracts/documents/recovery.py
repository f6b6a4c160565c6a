"""The operations of `/api/v1/auth` on what stands for the recovery key."""

from __future__ import annotations

from parley_contracts.documents.operations import Operation
from parley_contracts.problems import Conflict, NotFound, SignInAgain
from parley_contracts.recovery_api import RecoveryPasskey, RecoveryWords, RecoveryWordsBegun, RecoveryWordsUpload

RECOVERY = (
    Operation(
        name="begin_recovery_words",
        method="POST",
        path="/me/recovery-words",
        summary="Get salt and pepper for wrapping the recovery key by words; nothing is stored.",
        description="Asks for a recent sign-in.",
        caller="session",
        answer=RecoveryWordsBegun,
        problems=(SignInAgain,),
    ),
    Operation(
        name="put_recovery_words",
        method="PUT",
        path="/me/recovery-words",
        summary="Store the wrapped recovery key, in place of any other.",
        description="Asks for a recent sign-in. A conflict where the account has no vault.",
        caller="session",
        body=RecoveryWordsUpload,
        problems=(Conflict, SignInAgain),
    ),
    Operation(
        name="get_recovery_words",
        method="GET",
        path="/me/recovery-words",
        summary="The wrapped recovery key, and the pepper that it was wrapped with; a few times an hour.",
        caller="session",
        answer=RecoveryWords,
        problems=(NotFound,),
    ),
    Operation(
        name="delete_recovery_words",
        method="DELETE",
        path="/me/recovery-words",
        summary="Have no recovery words any more; nothing happens where there are none.",
        description="Asks for a recent sign-in.",
        caller="session",
        problems=(SignInAgain,),
    ),
    Operation(
        name="put_recovery_passkey",
        method="PUT",
        path="/me/recovery-passkey",
        summary="Store the recovery key as a passkey's secret wraps it, in place of any other.",
        description="Asks for a recent sign-in. A conflict where the account has no vault. The secret itself goes nowhere.",
        caller="session",
        body=RecoveryPasskey,
        problems=(Conflict, SignInAgain),
    ),
    Operation(
        name="get_recovery_passkey",
        method="GET",
        path="/me/recovery-passkey",
        summary="The recovery key as a passkey's secret wraps it, and what the passkey is asked by; as often as the vault.",
        caller="session",
        answer=RecoveryPasskey,
        problems=(NotFound,),
    ),
    Operation(
        name="delete_recovery_passkey",
        method="DELETE",
        path="/me/recovery-passkey",
        summary="Have no passkey stand for the recovery key any more; nothing happens where none does.",
        description="Asks for a recent sign-in.",
        caller="session",
        problems=(SignInAgain,),
    ),
)
