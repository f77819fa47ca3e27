//! Runs a request in a session of a user: signs in with name and password, sends the request, and signs out.

use crate::kit::api::{Request, post};
use crate::kit::failure::Failure;
use crate::kit::request_args::{RequestArgs, remove_nulls};
use crate::kit::secret;
use serde_json::{Value, json};
use std::sync::Arc;
use tokio::runtime::Runtime;

/// The sign-in of a user for one command.
#[derive(Debug)]
pub(crate) struct SignIn<'a> {
    pub(crate) user: &'a str,
    /// Environment variable that holds the password.
    pub(crate) password_env: &'a str,
    /// A code of the authenticator app, or a recovery code.
    pub(crate) code: Option<&'a str>,
}

impl SignIn<'_> {
    /// Signs in, sends the request and signs out. Returns the reply to the request.
    pub(crate) async fn ask(
        &self,
        asking: &RequestArgs,
        runtime: Arc<Runtime>,
        request: Request<'_>,
    ) -> Result<Value, Failure> {
        let password = secret::from_env(Some(self.password_env))?;
        let body = remove_nulls(json!({ "name": self.user, "password": password, "code": self.code }));
        let mut client = asking.client(runtime).await?;
        let asked = match client.sign_in(&body).await {
            Ok(()) => request.ask(&client).await,
            Err(problem) => Err(problem.into()),
        };
        if client.has_session() {
            // The request is done or refused by now; a failed sign-out changes neither.
            drop(post("/api/v1/sign-out", &json!({})).ask(&client).await);
        }
        client.close().await;
        asked
    }
}
