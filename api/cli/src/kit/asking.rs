//! The options of a command that asks one thing, and the ways its reply is shown.

use crate::kit::api::{ApiArgs, Request, get, post};
use crate::kit::failure::Failure;
use crate::kit::{output, table};
use crate::page::{self, Language};
use host::outbound::api_client::ApiClient;
use hyper::Method;
use serde_json::Value;
use std::sync::Arc;
use tokio::runtime::Runtime;

/// Where to ask, and how to show it.
#[derive(Debug, clap::Args)]
pub(crate) struct Asking {
    /// Print JSON on one line
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    api: ApiArgs,
}

impl Asking {
    /// Asks and shows the reply as it is.
    pub(crate) async fn show(&self, runtime: Arc<Runtime>, request: Request<'_>) -> Result<(), Failure> {
        match self.ask(runtime, request).await? {
            Some(reply) => output::pretty(&reply),
            None => Ok(()),
        }
    }

    /// The reply, whatever is done with it.
    pub(crate) async fn reply(&self, runtime: Arc<Runtime>, request: Request<'_>) -> Result<Value, Failure> {
        self.api.ask(runtime, request).await
    }

    /// Whether it was said whom to ask: a server or a directory.
    pub(crate) const fn names_whom_to_ask(&self) -> bool {
        self.api.is_named()
    }

    /// Whether the reply is for a program.
    pub(crate) const fn wants_json(&self) -> bool {
        self.json
    }

    /// A list, all of its pages, whatever is done with it.
    pub(crate) async fn whole(&self, runtime: Arc<Runtime>, path: &str) -> Result<Value, Failure> {
        self.api.ask_whole(runtime, path).await
    }

    /// Shows what came of it.
    pub(crate) fn tell(&self, told: &Value) -> Result<(), Failure> {
        match self.json {
            true => output::json(told),
            false => output::pretty(told),
        }
    }

    /// Replaces what `read` shows, as it was read, and shows the reply: a change by somebody else in between
    /// is refused.
    pub(crate) async fn replace(
        &self,
        runtime: Arc<Runtime>,
        read: &str,
        write: &str,
        method: Method,
        body: &Value,
    ) -> Result<(), Failure> {
        let client = self.api.client(runtime).await?;
        let replaced = async {
            let shown = get(read).ask(&client).await?;
            let etag = shown.get("etag").and_then(Value::as_str).unwrap_or_default();
            Ok(client.replace(method, write, etag, body).await?)
        };
        let replaced: Result<Value, Failure> = replaced.await;
        client.close().await;
        self.tell(&replaced?)
    }

    /// Asks and shows the reply as a page for people, in their language; with --json as it is.
    pub(crate) async fn show_page(
        &self,
        runtime: Arc<Runtime>,
        request: Request<'_>,
        page: fn(&Value, Language) -> Vec<String>,
    ) -> Result<(), Failure> {
        match self.ask(runtime, request).await? {
            Some(reply) => page::show(&page(&reply, Language::asked())),
            None => Ok(()),
        }
    }

    /// Tells each of several the same, one after another, and shows each reply; the good ones count, and the
    /// first failure is told behind them all.
    pub(crate) async fn show_each(
        &self,
        runtime: Arc<Runtime>,
        paths: &[String],
        body: &Value,
    ) -> Result<(), Failure> {
        let client = self.api.client(runtime).await?;
        let mut failed = None;
        for path in paths {
            match post(path, body).ask(&client).await {
                Ok(reply) => output::json(&reply)?,
                Err(failure) => {
                    output::notice(&format!("{path}: {failure}"));
                    failed = failed.or(Some(failure));
                }
            }
        }
        client.close().await;
        failed.map_or(Ok(()), Err)
    }

    /// A client for several requests.
    pub(crate) async fn client(&self, runtime: Arc<Runtime>) -> Result<ApiClient, Failure> {
        self.api.client(runtime).await
    }

    /// Where the server is that a person opens a link at, as far as that is known.
    pub(crate) fn server_address(&self) -> String {
        self.api.server_address()
    }

    /// Asks for a list, all of its pages, and shows it as it is.
    pub(crate) async fn show_whole(&self, runtime: Arc<Runtime>, path: &str) -> Result<(), Failure> {
        let reply = self.api.ask_whole(runtime, path).await?;
        match self.json {
            true => output::json(&reply),
            false => output::pretty(&reply),
        }
    }

    /// Asks for a list, all of its pages, and shows its items as a table, each as `described` says it; with
    /// --json as it is.
    pub(crate) async fn show_items(
        &self,
        runtime: Arc<Runtime>,
        path: &str,
        described: fn(&Value) -> Value,
        columns: &[(&str, &str)],
        none: &str,
    ) -> Result<(), Failure> {
        let reply = self.api.ask_whole(runtime, path).await?;
        if self.json {
            return output::json(&reply);
        }
        let items: Vec<Value> = table::items(&reply, "items").iter().map(described).collect();
        if items.is_empty() {
            return output::line(none);
        }
        table::members(columns, &items)
    }

    /// The reply, for a form of its own; `None` when it was to be JSON and has been shown.
    pub(crate) async fn ask(
        &self,
        runtime: Arc<Runtime>,
        request: Request<'_>,
    ) -> Result<Option<Value>, Failure> {
        let reply = self.api.ask(runtime, request).await?;
        if self.json {
            output::json(&reply)?;
            return Ok(None);
        }
        Ok(Some(reply))
    }
}

/// What was not given is left out: a route takes no nulls for texts.
pub(crate) fn given(mut body: Value) -> Value {
    if let Some(members) = body.as_object_mut() {
        members.retain(|_, value| !value.is_null());
    }
    body
}
