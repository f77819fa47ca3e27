//! Routes of signing in with an identity provider (OpenID Connect): the browser is redirected to the provider
//! and returns with a code.
//!
//! A return that is refused gets 401 and is recorded as a refused attempt of its address, unless the provider
//! is unavailable.

use crate::api_description::{ConsoleRedirect, ProviderRedirect, ReadReply};
use crate::auth::{self, ROUND_COOKIE};
use crate::endpoint::{Ctx, Endpoint, Input};
use application::access::{ProviderCallback, begin_round, end_round};
use application::parameter::Parameter;
use domain::permission::Role;
use domain::problem::Problem;
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::BTreeSet;

/// The path to which the provider redirects browsers back.
pub(crate) const RETURN_PATH: &str = "/api/v1/oidc/callback";

/// Name of the route under which refused returns from the provider are recorded.
const RETURN: &str = "GET /api/v1/oidc/callback";

/// Query parameters of the return (RFC 6749, RFC 9207). Some providers add others, which are ignored.
const RETURNED: &[Parameter] = &[
    Parameter::text("state", "State that was sent to the provider", "x.1.0f"),
    Parameter::text("code", "Authorization code", "SplxlOBeZQQYbYS6WxSbIA"),
    Parameter::text("iss", "Issuer of the provider", "https://login.example.com"),
    Parameter::text("error", "Error code, if the sign-in failed", "access_denied"),
    Parameter::text("error_description", "Error in words; ignored", "denied"),
    Parameter::text("error_uri", "Ignored", "https://login.example.com/denied"),
    Parameter::text("session_state", "Ignored", "1"),
    Parameter::text("scope", "Ignored", "openid"),
    Parameter::text("authuser", "Ignored", "0"),
    Parameter::text("prompt", "Ignored", "none"),
    Parameter::text("hd", "Ignored", "example.com"),
];

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get("/api/v1/sign-in", "List the ways to sign in", ways)
            .describe(
                "Returns the identity provider, if there is one, and the roles that need a second factor.",
            )
            .open(),
        Endpoint::get(
            "/api/v1/oidc/begin",
            "Start a sign-in with the identity provider",
            begin,
        )
        .describe("Redirects the browser to the provider and stores the state of the sign-in in a cookie.")
        .open(),
        Endpoint::get(
            RETURN_PATH,
            "Finish a sign-in with the identity provider",
            come_back,
        )
        .describe(
            "The provider redirects the browser here. Starts a session and redirects to the status page.",
        )
        .open()
        .query(RETURNED),
    ]
}

/// The ways to sign in, in addition to a password.
#[derive(Debug, Serialize, JsonSchema)]
struct SignInMethods {
    /// The identity provider that `GET oidc/begin` redirects to; null if there is none.
    #[schemars(example = &"https://login.example.com")]
    issuer: Option<String>,
    /// Roles that can only sign in with a second factor.
    second_factor_for: BTreeSet<Role>,
}

async fn ways(ctx: Ctx, _: Input) -> Result<ReadReply<SignInMethods>, Problem> {
    let access = &ctx.installation.access;
    Ok(ReadReply(SignInMethods {
        issuer: access.provider.issuer().map(str::to_owned),
        second_factor_for: access.demanded(),
    }))
}

async fn begin(ctx: Ctx, _: Input) -> Result<ProviderRedirect, Problem> {
    let begun = begin_round(&ctx.installation).await?;
    Ok(ProviderRedirect {
        address: begun.address,
        state: begun.state,
    })
}

async fn come_back(ctx: Ctx, input: Input) -> Result<ConsoleRedirect, Problem> {
    let peer = input.peer();
    let returned = returned(&input);
    let attempt = end_round(&ctx.installation, returned);
    let begun = ctx.sign_in_counted(peer, RETURN, attempt).await?;
    Ok(ConsoleRedirect {
        session: begun.session,
    })
}

fn returned(input: &Input) -> ProviderCallback {
    let text = |name: &str| input.text(name).map(str::to_owned);
    ProviderCallback {
        code: text("code"),
        state: text("state").unwrap_or_default(),
        issuer: text("iss"),
        error: text("error"),
        kept: auth::cookie_named(input.headers(), ROUND_COOKIE).map(str::to_owned),
        from: input.peer().map(|peer| peer.ip().to_string()),
    }
}
