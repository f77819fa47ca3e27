//! The options of a command that a running server answers, and the ways its reply is shown.

use crate::kit::failure::Failure;
use crate::kit::output;
use crate::page::{self, Language};
use host::outbound::own_server::{OwnServer, ServerArgs};
use hyper::Method;
use serde_json::Value;

/// Where to ask, and how to show it.
#[derive(Debug, clap::Args)]
pub(crate) struct Asking {
    /// Print JSON on one line
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    server: ServerArgs,
}

impl Asking {
    /// Asks and shows the reply as it is.
    pub(crate) async fn show(&self, method: Method, path: &str, body: Option<&Value>) -> Result<(), Failure> {
        match self.ask(method, path, body).await? {
            Some(reply) => output::pretty(&reply),
            None => Ok(()),
        }
    }

    /// Asks and shows the reply as a page for people, in their language; with --json as it is.
    pub(crate) async fn show_page(
        &self,
        (method, path, body): (Method, &str, Option<&Value>),
        page: fn(&Value, Language) -> Vec<String>,
    ) -> Result<(), Failure> {
        match self.ask(method, path, body).await? {
            Some(reply) => page::show(&page(&reply, Language::asked())),
            None => Ok(()),
        }
    }

    /// The reply, for a form of its own; `None` when it was to be JSON and has been shown.
    pub(crate) async fn ask(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<Option<Value>, Failure> {
        let reply = OwnServer::find(&self.server)?.ask(method, path, body).await?;
        if self.json {
            output::json(&reply)?;
            return Ok(None);
        }
        Ok(Some(reply))
    }
}

/// What was not given is left out: the server takes no nulls for texts.
pub(crate) fn given(mut body: Value) -> Value {
    if let Some(members) = body.as_object_mut() {
        members.retain(|_, value| !value.is_null());
    }
    body
}
