//! Options of commands that send a request and show its reply, and the forms in which the reply is shown.

use crate::kit::api::{ApiArgs, Request, get, post};
use crate::kit::failure::Failure;
use crate::kit::{output, table};
use crate::page::{self, Language};
use domain::problem::Problem;
use host::outbound::api_client::ApiClient;
use hyper::Method;
use serde::Serialize;
use serde_json::Value;
use std::sync::Arc;
use tokio::runtime::Runtime;

/// The API to use, and whether to print JSON.
#[derive(Debug, clap::Args)]
pub(crate) struct RequestArgs {
    /// Print JSON on one line
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    api: ApiArgs,
}

impl RequestArgs {
    /// Sends a request and prints the reply as indented JSON, or on one line with `--json`.
    pub(crate) async fn show(&self, runtime: Arc<Runtime>, request: Request<'_>) -> Result<(), Failure> {
        match self.ask(runtime, request).await? {
            Some(reply) => output::pretty(&reply),
            None => Ok(()),
        }
    }

    /// Posts a request type of the API to `path`, without the members that are `None`, and prints the reply
    /// as `show` does.
    pub(crate) async fn send(
        &self,
        runtime: Arc<Runtime>,
        path: &str,
        request: &impl Serialize,
    ) -> Result<(), Failure> {
        let body = serde_json::to_value(request).map_err(|error| Problem::fault(error.to_string()))?;
        self.show(runtime, post(path, &remove_nulls(body))).await
    }

    /// Sends a request and returns the reply without printing it.
    pub(crate) async fn reply(&self, runtime: Arc<Runtime>, request: Request<'_>) -> Result<Value, Failure> {
        self.api.ask(runtime, request).await
    }

    /// Returns true if the user named a server, a directory or a log.
    pub(crate) const fn names_installation(&self) -> bool {
        self.api.is_named()
    }

    /// Returns true if `--json` was given.
    pub(crate) const fn wants_json(&self) -> bool {
        self.json
    }

    /// Reads all pages of a list and returns them as one reply, without printing.
    pub(crate) async fn whole(&self, runtime: Arc<Runtime>, path: &str) -> Result<Value, Failure> {
        self.api.ask_all_pages(runtime, path).await
    }

    /// Prints a result as indented JSON, or on one line with `--json`.
    pub(crate) fn tell(&self, reply: &Value) -> Result<(), Failure> {
        match self.json {
            true => output::json(reply),
            false => output::pretty(reply),
        }
    }

    /// Replaces a resource: reads it at `read`, sends `body` to `write` with the ETag that was read, and
    /// prints the reply. The server refuses if the resource was changed in between.
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

    /// Sends a request and prints the reply as a page for people in their language; with `--json` as JSON.
    pub(crate) async fn show_page(
        &self,
        runtime: Arc<Runtime>,
        request: Request<'_>,
        page: fn(&Value, Language) -> Vec<String>,
    ) -> Result<(), Failure> {
        match self.ask(runtime, request).await? {
            Some(reply) => page::show(&page(&reply, Language::current())),
            None => Ok(()),
        }
    }

    /// Sends the same body to each path in turn and prints each reply. A failure is printed and does not stop
    /// the rest; the first failure is returned at the end.
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

    /// Opens a client for several requests. The caller closes it.
    pub(crate) async fn client(&self, runtime: Arc<Runtime>) -> Result<ApiClient, Failure> {
        self.api.client(runtime).await
    }

    /// Returns the server's URL for links that a person opens: of the named server, else of the one that
    /// last ran in the directory.
    pub(crate) fn server_address(&self) -> String {
        self.api.server_address()
    }

    /// Reads all pages of a list and prints it as JSON.
    pub(crate) async fn show_all_pages(&self, runtime: Arc<Runtime>, path: &str) -> Result<(), Failure> {
        let reply = self.api.ask_all_pages(runtime, path).await?;
        match self.json {
            true => output::json(&reply),
            false => output::pretty(&reply),
        }
    }

    /// Reads all pages of a list and prints its items as a table, each converted by `described`; `none` is
    /// printed for an empty list. With `--json` the list is printed as JSON.
    pub(crate) async fn show_items(
        &self,
        runtime: Arc<Runtime>,
        path: &str,
        described: fn(&Value) -> Value,
        columns: &[(&str, &str)],
        none: &str,
    ) -> Result<(), Failure> {
        let reply = self.api.ask_all_pages(runtime, path).await?;
        if self.json {
            return output::json(&reply);
        }
        let items: Vec<Value> = table::items(&reply, "items").iter().map(described).collect();
        if items.is_empty() {
            return output::line(none);
        }
        table::print_table(columns, &items)
    }

    /// Sends a request and returns the reply for a special layout. With `--json` it prints the reply and
    /// returns `None`.
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

/// Removes null members from a body: routes refuse null where they expect a text.
pub(crate) fn remove_nulls(mut body: Value) -> Value {
    if let Some(members) = body.as_object_mut() {
        members.retain(|_, value| !value.is_null());
    }
    body
}
