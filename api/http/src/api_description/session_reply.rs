//! The types that handlers of sign-in and sign-out return: a session cookie, or a redirect of the browser.

use super::reply::{DocumentedResponse, IntoReply, JSON, describe_responses};
use crate::api_description::schemas::schema_of;
use crate::reply::{ELSEWHERE, READ, read, redirect_to_console, redirect_to_provider, with_session};
use schemars::{JsonSchema, SchemaGenerator};
use serde::Serialize;
use warp::reply::Response;

/// The response to a sign-in: the body, and the session cookie.
pub(crate) struct SignInReply<T> {
    pub cookie: String,
    pub body: T,
}

/// The response to a sign-out: the session cookie is deleted.
pub(crate) struct SignOutReply {
    /// The URL at which the browser signs out at the identity provider, too; `None` without one.
    pub provider_sign_out: Option<String>,
}

/// A redirect to the identity provider, with the state of the sign-in in a cookie.
pub(crate) struct ProviderRedirect {
    pub address: String,
    pub state: String,
}

/// A redirect after a sign-in with the identity provider: a session was started, and the browser goes to the
/// console.
pub(crate) struct ConsoleRedirect {
    pub session: String,
}

impl<T: Serialize + JsonSchema> IntoReply for SignInReply<T> {
    const IS_READ: bool = false;

    fn document_responses(generator: &mut SchemaGenerator) -> Vec<DocumentedResponse> {
        let content = vec![(JSON, schema_of::<T>(generator))];
        vec![describe_responses(
            READ,
            "Signed in; the session cookie is set",
            content,
        )]
    }
    fn response(self) -> Response {
        with_session(read(&self.body), Some(&self.cookie))
    }
}

impl IntoReply for SignOutReply {
    const IS_READ: bool = false;

    fn document_responses(generator: &mut SchemaGenerator) -> Vec<DocumentedResponse> {
        let content = vec![(JSON, schema_of::<SignOutResponse>(generator))];
        vec![describe_responses(
            READ,
            "Signed out; also without a session",
            content,
        )]
    }
    fn response(self) -> Response {
        let body = SignOutResponse {
            signed_out: true,
            provider_sign_out: self.provider_sign_out,
        };
        with_session(read(&body), None)
    }
}

impl IntoReply for ProviderRedirect {
    const IS_READ: bool = false;

    fn document_responses(_: &mut SchemaGenerator) -> Vec<DocumentedResponse> {
        vec![describe_responses(
            ELSEWHERE,
            "Redirect to the identity provider; Location has its URL",
            Vec::new(),
        )]
    }
    fn response(self) -> Response {
        redirect_to_provider(&self.address, &self.state)
    }
}

impl IntoReply for ConsoleRedirect {
    const IS_READ: bool = false;

    fn document_responses(_: &mut SchemaGenerator) -> Vec<DocumentedResponse> {
        vec![describe_responses(
            ELSEWHERE,
            "Signed in; redirect to the console",
            Vec::new(),
        )]
    }
    fn response(self) -> Response {
        redirect_to_console(&self.session)
    }
}

/// A session that has ended.
#[derive(Serialize, JsonSchema)]
struct SignOutResponse {
    signed_out: bool,
    /// URL for the browser to sign out at the identity provider too. Null if the session was not started by
    /// the provider, or the provider publishes no URL for it.
    #[schemars(example = &"https://login.example.com/session/end?client_id=ledgerline")]
    provider_sign_out: Option<String>,
}
