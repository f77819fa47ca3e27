//! A command in a session of its user: signs in with name and password, asks, and signs out.

use crate::kit::api::{Request, post};
use crate::kit::asking::{Asking, given};
use crate::kit::failure::Failure;
use crate::kit::secret;
use serde_json::{Value, json};
use std::sync::Arc;
use tokio::runtime::Runtime;

/// How the user of a command signs in.
#[derive(Debug)]
pub(crate) struct SignIn<'a> {
    pub(crate) user: &'a str,
    /// Environment variable that holds the password.
    pub(crate) password_env: &'a str,
    /// Of the authenticator app, or a recovery code.
    pub(crate) code: Option<&'a str>,
}

impl SignIn<'_> {
    /// Asks in a session, which ends with the command.
    pub(crate) async fn ask(
        &self,
        asking: &Asking,
        runtime: Arc<Runtime>,
        request: Request<'_>,
    ) -> Result<Value, Failure> {
        let password = secret::from_env(Some(self.password_env))?;
        let body = given(json!({ "name": self.user, "password": password, "code": self.code }));
        let mut client = asking.client(runtime).await?;
        let asked = match client.sign_in(&body).await {
            Ok(()) => request.ask(&client).await,
            Err(problem) => Err(problem.into()),
        };
        if client.has_session() {
            // The command is done or refused: how the session ends changes neither.
            drop(post("/api/v1/sign-out", &json!({})).ask(&client).await);
        }
        client.close().await;
        asked
    }
}
