//! Signing in by an identity provider: the browser is sent there, and comes back with a code.
//!
//! What comes back is refused with 401 and stands on record as a refused attempt of its address, unless the
//! provider is away.

use crate::auth::{self, ROUND_COOKIE};
use crate::described::{Read, SentAway, SentHome};
use crate::endpoint::{Ctx, Endpoint, Input};
use application::access::{RoundReturned, begin_round, end_round};
use application::parameter::Parameter;
use domain::permission::Role;
use domain::problem::Problem;
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::BTreeSet;

/// Where the provider sends browsers back to.
pub(crate) const RETURN_PATH: &str = "/api/v1/oidc/callback";

/// How the record of refused attempts names it.
const RETURN: &str = "GET /api/v1/oidc/callback";

/// What providers send browsers back with (RFC 6749, RFC 9207, and what some add: not looked at).
const RETURNED: &[Parameter] = &[
    Parameter::text("state", "As it was sent to the provider", "x.1.0f"),
    Parameter::text(
        "code",
        "What the provider gives a token for",
        "SplxlOBeZQQYbYS6WxSbIA",
    ),
    Parameter::text("iss", "Which provider it is", "https://login.example.com"),
    Parameter::text("error", "Why nobody was let in", "access_denied"),
    Parameter::text("error_description", "The same in words; not looked at", "denied"),
    Parameter::text("error_uri", "Not looked at", "https://login.example.com/denied"),
    Parameter::text("session_state", "Not looked at", "1"),
    Parameter::text("scope", "Not looked at", "openid"),
    Parameter::text("authuser", "Not looked at", "0"),
    Parameter::text("prompt", "Not looked at", "none"),
    Parameter::text("hd", "Not looked at", "example.com"),
];

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get(
            "/api/v1/sign-in",
            "How one signs in here, beside a password",
            ways,
        )
        .open(),
        Endpoint::get(
            "/api/v1/oidc/begin",
            "Go to the identity provider, to sign in by it",
            begin,
        )
        .open(),
        Endpoint::get(
            RETURN_PATH,
            "Come back from the identity provider: begins a session, and goes to the status page",
            come_back,
        )
        .open()
        .query(RETURNED),
    ]
}

/// How one signs in here.
#[derive(Debug, Serialize, JsonSchema)]
struct Ways {
    /// The identity provider behind `GET oidc/begin`; null where there is none.
    #[schemars(example = &"https://login.example.com")]
    issuer: Option<String>,
    /// Roles that sign in with a second factor alone.
    second_factor_for: BTreeSet<Role>,
}

async fn ways(ctx: Ctx, _: Input) -> Result<Read<Ways>, Problem> {
    let access = &ctx.installation.access;
    Ok(Read(Ways {
        issuer: access.provider.issuer().map(str::to_owned),
        second_factor_for: access.demanded(),
    }))
}

async fn begin(ctx: Ctx, _: Input) -> Result<SentAway, Problem> {
    let begun = begin_round(&ctx.installation).await?;
    Ok(SentAway {
        address: begun.address,
        state: begun.state,
    })
}

async fn come_back(ctx: Ctx, input: Input) -> Result<SentHome, Problem> {
    let peer = input.peer();
    let returned = returned(&input);
    let attempt = end_round(&ctx.installation, returned);
    let begun = ctx.sign_in_counted(peer, RETURN, attempt).await?;
    Ok(SentHome {
        session: begun.session,
    })
}

fn returned(input: &Input) -> RoundReturned {
    let text = |name: &str| input.text(name).map(str::to_owned);
    RoundReturned {
        code: text("code"),
        state: text("state").unwrap_or_default(),
        issuer: text("iss"),
        error: text("error"),
        kept: auth::cookie_named(input.headers(), ROUND_COOKIE).map(str::to_owned),
        from: input.peer().map(|peer| peer.ip().to_string()),
    }
}
