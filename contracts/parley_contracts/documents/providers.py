"""The operations of `/api/v1/auth` around identity providers."""

from __future__ import annotations

from parley_contracts.auth_api import SignedIn
from parley_contracts.documents.headers import REFRESH_COOKIE
from parley_contracts.documents.operations import Operation
from parley_contracts.problems import (
    Conflict,
    InvitationRefused,
    NotFound,
    OriginRefused,
    ProviderAccountMissing,
    ProviderRefused,
    SecondFactorRequired,
    SignInAgain,
    SignUpRefused,
    TooMany,
    Unauthenticated,
    UsernameTaken,
    WrongCode,
)
from parley_contracts.providers_api import (
    OwnProviderAnswer,
    OwnProviderBegin,
    ProviderAnswer,
    ProviderBegin,
    ProviderFlow,
    ProviderLinks,
    ProviderSignUp,
)

PROVIDERS = (
    Operation(
        name="begin_provider",
        method="POST",
        path="/providers/{provider}/begin",
        summary="Begin to sign in by an identity provider.",
        description="The person goes to `url`; what comes back to the device goes to `provider/finish` with the flow token.",
        caller="anybody",
        body=ProviderBegin,
        answer=ProviderFlow,
    ),
    Operation(
        name="flow_provider_finish",
        method="POST",
        path="/flows/app/v1/auth/provider/finish",
        summary="Sign in by what came back from a provider.",
        description="It opens the account, and no encrypted history: that takes the recovery key or another device.",
        caller="anybody",
        body=ProviderAnswer,
        answer=SignedIn,
        headers=REFRESH_COOKIE,
        problems=(
            *(OriginRefused, ProviderRefused, ProviderAccountMissing, SecondFactorRequired),
            *(Unauthenticated, NotFound, Conflict),
        ),
    ),
    Operation(
        name="flow_provider_signup",
        method="POST",
        path="/flows/app/v1/auth/provider/signup",
        summary="Make an account without a password for whoever came back from a provider.",
        caller="anybody",
        body=ProviderSignUp,
        answer=SignedIn,
        headers=REFRESH_COOKIE,
        problems=(
            *(OriginRefused, Unauthenticated, UsernameTaken, SignUpRefused, InvitationRefused),
            *(NotFound, Conflict),
        ),
    ),
    Operation(
        name="get_provider_links",
        method="GET",
        path="/me/providers",
        summary="The accounts at identity providers that sign one in.",
        caller="session",
        answer=ProviderLinks,
    ),
    Operation(
        name="begin_own_provider",
        method="POST",
        path="/me/providers/{provider}/begin",
        summary="Begin to link an account at a provider, or to show by one once more who one is.",
        description="Linking asks for a recent sign-in.",
        caller="session",
        body=OwnProviderBegin,
        answer=ProviderFlow,
        problems=(SignInAgain,),
    ),
    Operation(
        name="finish_own_provider",
        method="POST",
        path="/me/providers",
        summary="Come back from a provider: its account is linked, or this session counts as a recent sign-in.",
        caller="session",
        body=OwnProviderAnswer,
        answer=ProviderLinks,
        problems=(ProviderRefused, SignInAgain, Conflict, TooMany, WrongCode, NotFound),
    ),
    Operation(
        name="delete_provider_link",
        method="DELETE",
        path="/me/providers/{link_id}",
        summary="Let an account at a provider sign one in no more.",
        description="Asks for a recent sign-in; the only way in that is left stays.",
        caller="session",
        problems=(Conflict, SignInAgain),
    ),
)
