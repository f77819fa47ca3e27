//! Sends the requests of a command to a running server, or to this process, which opens a data directory that
//! no server holds.
//!
//! Both serve the same routes with the same checks, so each command is written once.

use crate::kit::failure::Failure;
use crate::kit::output;
use crate::kit::progress::Progress;
use crate::kit::reader::os_user;
use application::language::localized;
use application::percent::encode;
use domain::time::Timestamp;
use host::app::{AppError, OpenDataDir};
use host::data_dir::{self, Mode};
use host::keys_spec::KeysSpec;
use host::open_settings::OpenSettings;
use host::outbound::api_client::ApiClient;
use host::outbound::server_locator::{SERVER_FILE, ServerArgs, ServerConnection};
use host::read_db_spec::{ReadDbArgs, ReadDbSpec};
use host::store_spec::{LogArgs, StoreSpec};
use http::in_process;
use hyper::Method;
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use store::LockError;
use tokio::runtime::Runtime;

/// Options that select the API: `--server`, or `--data` with the log, keys and read database that belong to
/// it.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct ApiArgs {
    #[command(flatten)]
    server: ServerArgs,
    /// The log, if it is not in the data directory; the command then opens it itself instead of asking a
    /// server
    #[arg(long, value_name = "URL")]
    store: Option<StoreSpec>,
    #[command(flatten)]
    keys: KeysSpec,
    #[command(flatten)]
    read_db: ReadDbArgs,
}

/// A request to a route of the published API: method, path and body.
#[derive(Debug, Clone)]
pub(crate) struct Request<'a> {
    method: Method,
    path: &'a str,
    body: Option<&'a Value>,
    /// The request starts calls. Only a server dials.
    dials: bool,
}

/// A GET request for `path`.
pub(crate) const fn get(path: &str) -> Request<'_> {
    Request {
        method: Method::GET,
        path,
        body: None,
        dials: false,
    }
}

/// Appends the parameters that have a value to `path` as a query string, percent-encoded.
pub(crate) fn with_query(path: &str, asked: &[(&str, Option<String>)]) -> String {
    let given = asked
        .iter()
        .filter_map(|(name, value)| Some((name, value.as_ref()?)));
    let pairs: Vec<String> = given
        .map(|(name, value)| format!("{name}={}", encode(value)))
        .collect();
    match pairs.is_empty() {
        true => path.to_owned(),
        false => format!("{path}?{}", pairs.join("&")),
    }
}

/// Returns a POST request with a body: a command, or a query that takes a body.
pub(crate) const fn post<'a>(path: &'a str, body: &'a Value) -> Request<'a> {
    Request {
        method: Method::POST,
        path,
        body: Some(body),
        dials: false,
    }
}

impl Request<'_> {
    /// Marks the request as one that starts calls, so that `ApiArgs::ask` prints a notice if no server runs.
    pub(crate) const fn mark_as_dialing(mut self) -> Self {
        self.dials = true;
        self
    }

    /// Sends the request with `client` and returns the reply. The client stays open for more requests.
    pub(crate) async fn ask(self, client: &ApiClient) -> Result<Value, Failure> {
        Ok(client.ask(self.method, self.path, self.body).await?)
    }
}

impl ApiArgs {
    /// Sends one request and closes the client. If the request starts calls and no server runs, a notice says
    /// that dialing waits for a server.
    pub(crate) async fn ask(&self, runtime: Arc<Runtime>, request: Request<'_>) -> Result<Value, Failure> {
        let client = self.client(runtime).await?;
        let waits = request.dials && client.is_this_process();
        let reply = request.ask(&client).await;
        client.close().await;
        if waits && reply.is_ok() {
            output::notice(localized(
                "已记入日志；当前没有服务端运行，启动后才会拨号",
                "it is stored in the log; no server runs here, so dialing waits until one starts",
            ));
        }
        reply
    }

    /// Reads all pages of a list and returns them as one reply.
    pub(crate) async fn ask_all_pages(&self, runtime: Arc<Runtime>, path: &str) -> Result<Value, Failure> {
        let client = self.client(runtime).await?;
        let whole = whole(&client, path).await;
        client.close().await;
        whole
    }

    /// Returns true if the user named a server, a directory or a log.
    pub(crate) const fn is_named(&self) -> bool {
        self.server.server.is_some() || self.server.data.is_some() || self.store.is_some()
    }

    /// Returns the log and keys that the user named, else those of the directory. For commands that read them
    /// while a server runs.
    pub(crate) fn log_and_keys(&self) -> (LogArgs, &KeysSpec) {
        let log = LogArgs {
            data: self.server.data.clone(),
            store: self.store.clone(),
        };
        (log, &self.keys)
    }

    /// Returns the URL for browsers of the server that was named, or of the one that last ran in the
    /// directory.
    pub(crate) fn server_address(&self) -> String {
        self.server.url_for_browsers()
    }

    /// Returns a client of the named server, or of the server that holds the directory. If there is neither,
    /// opens the directory in this process; closing the client releases the directory.
    pub(crate) async fn client(&self, runtime: Arc<Runtime>) -> Result<ApiClient, Failure> {
        if self.server.server.is_some() || self.server.data.is_none() && self.store.is_none() {
            return Ok(ServerConnection::find(&self.server)?.acting_as(os_user()));
        }
        if self.store.is_none() && self.server.data.as_deref().is_some_and(is_of_a_log_elsewhere) {
            return Ok(ServerConnection::find(&self.server)?.acting_as(os_user()));
        }
        let settings = self.settings()?;
        match OpenDataDir::open(&settings).await {
            Ok(opened) => {
                let read_db = self.read_db.read_db.as_ref();
                let client = in_process::open_client(opened, &settings, read_db, runtime, hears()).await?;
                Ok(client.acting_as(os_user()))
            }
            Err(AppError::Lock(LockError::Held { dir, pid })) => {
                Ok(ServerConnection::of_holder(&self.server, &dir, pid)?.acting_as(os_user()))
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Returns the directory, log and read database of an existing installation. Refuses if they do not
    /// exist: a command never creates them.
    pub(crate) fn place(&self) -> Result<(PathBuf, StoreSpec, ReadDbSpec), Failure> {
        let log = LogArgs {
            data: self.server.data.clone(),
            store: self.store.clone(),
        };
        let (data, store) = log.place()?;
        require_log(&store)?;
        if !data.exists() {
            return Err(Failure::refused(format!("there is no {}", data.display())));
        }
        let read_db = self.read_db.spec(&data);
        Ok((data, store, read_db))
    }

    fn settings(&self) -> Result<OpenSettings, Failure> {
        let (data, store, _) = self.place()?;
        // The clock of a rehearsal continues after the last recorded event.
        let rehearsal = data_dir::mode(&data) == Some(Mode::Rehearsal);
        Ok(OpenSettings {
            data,
            store,
            keys: self.keys.dir(),
            keys_url: self.keys.url(),
            master_key: self.keys.master_key.clone(),
            rehearse_at: rehearsal.then_some(Timestamp::EPOCH),
        })
    }
}

/// Returns true if a server has run in this directory and the directory holds no log: the log is in
/// PostgreSQL or KurrentDB, and only the server knows the address.
fn is_of_a_log_elsewhere(directory: &Path) -> bool {
    !directory.join(store::EVENTS_FILE).exists() && directory.join(SERVER_FILE).exists()
}

/// Reads all pages of the list at `path` and returns the first reply with the items of every page.
async fn whole(client: &ApiClient, path: &str) -> Result<Value, Failure> {
    let joint = if path.contains('?') { '&' } else { '?' };
    let mut whole = get(path).ask(client).await?;
    let mut next = take_cursor(&mut whole);
    while let Some(cursor) = next {
        let mut page = get(&format!("{path}{joint}cursor={cursor}")).ask(client).await?;
        next = take_cursor(&mut page);
        let more = page.get_mut("items").and_then(Value::as_array_mut);
        if let (Some(items), Some(more)) = (whole.get_mut("items").and_then(Value::as_array_mut), more) {
            items.append(more);
        }
    }
    Ok(whole)
}

/// Removes `next_cursor` from a page and returns it, so that a complete list mentions no pages.
fn take_cursor(page: &mut Value) -> Option<String> {
    let cursor = page.as_object_mut()?.remove("next_cursor")?;
    cursor.as_str().map(str::to_owned)
}

/// Refuses a directory that holds no event log. Other stores are accepted unchecked.
pub(crate) fn require_log(spec: &StoreSpec) -> Result<(), Failure> {
    let StoreSpec::Sqlite(directory) = spec else {
        return Ok(());
    };
    if directory.join(store::EVENTS_FILE).exists() {
        return Ok(());
    }
    Err(Failure::refused(format!(
        "there is no event log in {}",
        directory.display()
    )))
}

/// Returns a callback that shows a progress bar while the whole log is read. The bar appears with the first
/// page.
fn hears() -> Box<in_process::LogProgressCallback> {
    let bar: OnceLock<Progress> = OnceLock::new();
    Box::new(move |reached, last| bar.get_or_init(Progress::of_log).reach(reached, last))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_names_its_server_where_the_log_is_elsewhere() {
        let dir = tempfile::tempdir().unwrap();
        let data = dir.path();
        assert!(!is_of_a_log_elsewhere(data), "no server has run in it");
        std::fs::write(data.join(SERVER_FILE), "{}").unwrap();
        assert!(is_of_a_log_elsewhere(data), "a server with its log in PostgreSQL");
        std::fs::write(data.join(store::EVENTS_FILE), "").unwrap();
        assert!(
            !is_of_a_log_elsewhere(data),
            "a directory with a log is opened, or its lock names the server"
        );
    }
}
