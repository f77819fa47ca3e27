//! A real server on loopback with its clients, for tests.

use super::settings;
use crate::listeners::Listeners;
use crate::proxies::Proxies;
use crate::running_server::RunningServer;
use crate::server::bind;
use bytes::Bytes;
use domain::decider::Scope;
use domain::ids::CommandId;
use domain::stored_event::StreamVersion;
use host::data_dir::TOKEN_FILE;
use host::outbound::api_client::ApiClient;
use host::outbound::server_locator::{ServerArgs, ServerConnection};
use host::serve_settings::ServeSettings;
use http_body_util::{Empty, Full};
use hyper::{Request, Response, body::Incoming};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use store::test_records::{make_record_of, stream};
use tokio::runtime::Runtime;

/// A server that runs until `end`.
pub struct TestServer {
    pub running: RunningServer,
    pub url: String,
    pub runtime: Arc<Runtime>,
    pub directory: tempfile::TempDir,
}

impl TestServer {
    /// Starts a server on a new directory, without lines.
    pub fn begin() -> Self {
        Self::begin_with(|_, _| {})
    }

    /// Starts a server with changed settings; `change` may write files into the given folder.
    pub fn begin_with(change: impl FnOnce(&Path, &mut ServeSettings)) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let runtime = Arc::new(Runtime::new().unwrap());
        let mut settings = settings(directory.path());
        change(directory.path(), &mut settings);
        Self::on(directory, runtime, settings)
    }

    /// Starts a server behind these proxies.
    pub fn begin_behind(proxies: Proxies) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let settings = settings(directory.path());
        Self::behind(directory, Arc::new(Runtime::new().unwrap()), settings, proxies)
    }

    /// Starts a server on a directory that may have a log already.
    pub fn on(directory: tempfile::TempDir, runtime: Arc<Runtime>, settings: ServeSettings) -> Self {
        Self::behind(directory, runtime, settings, Proxies::default())
    }

    fn behind(
        directory: tempfile::TempDir,
        runtime: Arc<Runtime>,
        settings: ServeSettings,
        proxies: Proxies,
    ) -> Self {
        let (running, url) = runtime.block_on(async {
            let listener = bind("127.0.0.1:0".parse().unwrap()).await.unwrap();
            let listeners = Listeners::http(listener).and_proxies(proxies);
            let started = RunningServer::start(settings, listeners, Arc::clone(&runtime)).await;
            let running = started.unwrap();
            let url = running.url.clone().unwrap();
            (running, url)
        });
        Self {
            running,
            url,
            runtime,
            directory,
        }
    }

    /// Returns a client with the token of the server's directory.
    pub fn client(&self) -> ApiClient {
        self.client_of(Some(self.running.installation.directory.clone()))
    }

    /// Returns a client without a token.
    pub fn client_without_token(&self) -> ApiClient {
        self.client_of(None)
    }

    fn client_of(&self, data: Option<PathBuf>) -> ApiClient {
        let args = ServerArgs {
            server: Some(self.url.clone()),
            token_file: None,
            data,
            ca_file: None,
        };
        ServerConnection::find(&args).unwrap()
    }

    /// Returns the value of `Authorization` with this server's token.
    pub fn bearer(&self) -> String {
        let file = self.running.installation.directory.join(TOKEN_FILE);
        format!("Bearer {}", std::fs::read_to_string(file).unwrap().trim())
    }

    /// Appends events of three numbers; every fourth event is about campaign T.
    pub async fn append(&self, from: u64, count: u64) {
        for index in from..from + count {
            let stream = stream(&format!("s{}", index % 3));
            let command = CommandId::derive_from_text(&index.to_string());
            let scope = Scope {
                campaign: (index % 4 == 0).then(|| "T".parse().unwrap()),
                customer: None,
            };
            let record = make_record_of(&stream, index / 3 + 1, command, scope);
            let version = StreamVersion(index / 3);
            let appended = self
                .running
                .installation
                .store()
                .append(&stream, version, vec![record]);
            appended.await.unwrap();
        }
    }

    /// Sends a GET with the token and these headers, and returns the reply with its body unread.
    pub async fn open(&self, path: &str, headers: &[(&str, &str)]) -> Response<Incoming> {
        let bearer = self.bearer();
        let token = [("Authorization", bearer.as_str())];
        self.open_with(path, &[&token, headers].concat()).await
    }

    /// Sends a GET with these headers only, and returns the reply with its body unread.
    pub async fn open_with(&self, path: &str, headers: &[(&str, &str)]) -> Response<Incoming> {
        let mut request = Request::builder().uri(format!("{}{path}", self.url));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let client = Client::builder(TokioExecutor::new()).build_http();
        let request = request.body(Empty::<Bytes>::new()).unwrap();
        client.request(request).await.unwrap()
    }

    /// Sends a POST with the token and this body, and returns the reply with its body unread.
    pub async fn post(&self, path: &str, body: &str) -> Response<Incoming> {
        let request = Request::post(format!("{}{path}", self.url)).header("Authorization", self.bearer());
        let client = Client::builder(TokioExecutor::new()).build_http();
        let request = request.body(Full::new(Bytes::from(body.to_owned()))).unwrap();
        client.request(request).await.unwrap()
    }

    /// Stops the server and removes its directory.
    pub fn end(self) {
        drop(self.stopped());
    }

    /// Stops the server. Returns its directory and its runtime.
    pub fn stopped(self) -> (tempfile::TempDir, Arc<Runtime>) {
        let Self {
            running,
            runtime,
            directory,
            ..
        } = self;
        runtime.block_on(running.stop());
        (directory, runtime)
    }

    /// Starts another server on the same log; its clock continues after the last recorded event.
    pub fn restarted(self) -> Self {
        let (directory, runtime) = self.stopped();
        let settings = settings(directory.path());
        Self::on(directory, runtime, settings)
    }

    /// Starts another server on the same log, at another time.
    pub fn later(self, at: &str) -> Self {
        let (directory, runtime) = self.stopped();
        let mut settings = settings(directory.path());
        settings.open.rehearse_at = Some(at.parse().unwrap());
        Self::on(directory, runtime, settings)
    }
}
