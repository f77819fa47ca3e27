//! Sign-in through an identity provider (OpenID Connect). The browser is redirected to the provider and
//! returns with a code. The user who is linked with the returned subject by an admin is signed in.
//!
//! A round trip needs no stored state. Its `state` parameter is signed with a keyed hash and contains the
//! end time; nonce and verifier are derived from it. The browser keeps it in a cookie too. A round trip
//! that has returned cannot be used again, whatever its result.

use super::password_sign_in::{SignedIn, begin, factor_missing};
use super::provider_service::{ConfiguredProvider, ProviderFault, ROUND_MS, Round};
use super::providers::{find_linked_user, hash_subject};
use super::secret::new_secret;
use crate::installation::Installation;
use domain::digest::SecretDigest;
use domain::problem::{Problem, ProblemKind};
use domain::time::Timestamp;
use domain::user::SignInProof;

/// The start of a sign-in round trip.
pub struct RoundStart {
    /// URL to which the browser is redirected.
    pub address: String,
    /// The `state` parameter, which the browser keeps in a cookie.
    pub state: String,
}

/// What the browser brings back from the provider.
pub struct ProviderCallback {
    pub code: Option<String>,
    pub state: String,
    /// The provider that redirected the browser, by its own statement (RFC 9207).
    pub issuer: Option<String>,
    /// The provider's error, if it signed in no user.
    pub error: Option<String>,
    /// The `state` from the browser's cookie.
    pub kept: Option<String>,
    /// Address of the client, as far as the connection shows it.
    pub from: Option<String>,
}

/// Begins a round trip: returns the provider's URL and the signed `state`. Fails with `provider-none`
/// without a configured provider, or if the provider does not answer.
pub async fn begin_round(installation: &Installation) -> Result<RoundStart, Problem> {
    let asked = installation.access.provider.asked()?;
    let random = new_secret(installation.environment.ids.as_ref());
    let until = installation.now().plus_ms(ROUND_MS);
    let body = format!("{random}.{}", until.micros());
    let state = format!("{body}.{}", keyed(installation, "state", &body));
    let round = round_of(installation, asked, state);
    match asked.provider.address(&round).await {
        Ok(address) => Ok(RoundStart {
            address,
            state: round.state,
        }),
        Err(fault) => Err(report_fault(&fault)),
    }
}

/// Completes a round trip: verifies its `state` and the provider's answer, and starts a session of the
/// linked user. Fails if the `state` is forged, expired or used before, or if no user is linked with the
/// provider's subject.
pub async fn end_round(installation: &Installation, returned: ProviderCallback) -> Result<SignedIn, Problem> {
    let desk = &installation.access.provider;
    let asked = desk.asked()?;
    let now = installation.now();
    let until = end_of(installation, &returned.state).filter(|until| now < *until);
    let is_kept = returned
        .kept
        .is_some_and(|kept| SecretDigest::of(&kept).is_of(&returned.state));
    let Some(until) = until.filter(|_| is_kept) else {
        return Err(void());
    };
    if !desk.end(&returned.state, until, now) {
        return Err(void());
    }
    if returned
        .issuer
        .is_some_and(|issuer| issuer != asked.provider.issuer())
    {
        return Err(unbelieved());
    }
    let Some(code) = returned.code.filter(|_| returned.error.is_none()) else {
        return Err(refused(
            "provider-refused",
            "the identity provider refused the sign-in / 身份提供方未通过登录",
        ));
    };
    let round = round_of(installation, asked, returned.state);
    let says = asked.provider.says(code, &round).await;
    let says = says.map_err(|fault| report_fault(&fault))?;
    let issuer = asked.provider.issuer();
    let subject = hash_subject(installation, issuer, &says.subject);
    let Some(user) = find_linked_user(installation, &subject).await? else {
        return Err(unknown());
    };
    let loaded = installation.entities.users.state(&user).await?;
    if !says.asked_twice && installation.access.demands_second_factor(&loaded.state) {
        return Err(factor_missing());
    }
    let proof = SignInProof::Provider {
        issuer: issuer.to_owned(),
        subject,
        asked_twice: says.asked_twice,
    };
    match begin(installation, &user, None, proof, returned.from).await {
        // Disabled, locked or no longer linked: answered like an unknown user.
        Err(problem) if problem.kind == ProblemKind::Refused => Err(unknown()),
        begun => begun,
    }
}

fn round_of(installation: &Installation, asked: &ConfiguredProvider, state: String) -> Round {
    Round {
        nonce: keyed(installation, "nonce", &state),
        verifier: keyed(installation, "verifier", &state),
        redirect: asked.redirect.clone(),
        state,
    }
}

/// Returns the end time of a round trip from its `state`; `None` if this installation did not sign it.
fn end_of(installation: &Installation, state: &str) -> Option<Timestamp> {
    let (body, mark) = state.rsplit_once('.')?;
    if !SecretDigest::of(mark).is_of(&keyed(installation, "state", body)) {
        return None;
    }
    let (_, micros) = body.rsplit_once('.')?;
    micros.parse().ok().map(Timestamp::from_micros)
}

fn keyed(installation: &Installation, what: &str, text: &str) -> String {
    installation.vault().hash(&format!("oidc {what}:{text}")).0
}

fn report_fault(fault: &ProviderFault) -> Problem {
    tracing::warn!(%fault, "a sign-in by the identity provider failed");
    match fault {
        ProviderFault::Away(_) => {
            Problem::unavailable("the identity provider does not respond; the server's log gives the reason")
        }
        ProviderFault::Unbelieved(_) => unbelieved(),
    }
}

fn unbelieved() -> Problem {
    let detail = "the identity provider's token is invalid; the server's log gives the reason / 身份令牌无效";
    refused("provider-token-invalid", detail)
}

fn void() -> Problem {
    let detail = "this sign-in was not started in this browser, was already used or has expired: start again / \
                  登录已失效，请重新开始";
    refused("provider-round-void", detail)
}

fn unknown() -> Problem {
    let detail = "no user is linked to this account of the identity provider: ask an administrator / \
                  该账号未绑定用户，请联系管理员";
    refused("provider-user-unknown", detail)
}

fn refused(code: &'static str, detail: &'static str) -> Problem {
    Problem::new(ProblemKind::Unauthenticated, code, detail)
}
