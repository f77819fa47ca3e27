//! A server for tests of routes: with a directory of its own, without SIP lines, called without a network.

use crate::listeners::Listeners;
use crate::running_server::RunningServer;
use crate::testing::{answer, settings};
use host::outbound::ntp::NtpServer;
use host::serve_settings::ServeSettings;
use serde_json::Value;
use std::sync::Arc;
use tokio::runtime::Runtime;

pub(super) struct RouteServer {
    pub running: RunningServer,
    pub runtime: Arc<Runtime>,
    _directory: tempfile::TempDir,
}

impl RouteServer {
    pub(super) fn begin() -> Self {
        Self::of(|_| {})
    }

    /// Starts a server with the clock set to `at`.
    pub(super) fn begin_at(at: &str) -> Self {
        Self::of(|settings| settings.open.rehearse_at = Some(at.parse().unwrap()))
    }

    /// Starts a server that compares its clock with an NTP server. It is not a rehearsal, because the clock
    /// of one is not compared with others.
    pub(super) fn begin_with_ntp(ntp: NtpServer) -> Self {
        Self::of(|settings| {
            settings.open.rehearse_at = None;
            settings.ntp = Some(ntp);
        })
    }

    fn of(changed: impl FnOnce(&mut ServeSettings)) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let runtime = Arc::new(Runtime::new().unwrap());
        let mut settings = settings(directory.path());
        changed(&mut settings);
        let started = RunningServer::start(settings, Listeners::none(), Arc::clone(&runtime));
        let running = runtime.block_on(started).unwrap();
        Self {
            running,
            runtime,
            _directory: directory,
        }
    }

    /// Starts a server and sends it a campaign and a list of customers.
    pub(crate) fn with_people(campaign: &str, people: &str) -> Self {
        let server = Self::begin();
        for (path, body) in [("/api/v1/campaigns", campaign), ("/api/v1/tasks/data", people)] {
            let (status, reply) = server.send("POST", path, body);
            assert!(status < 300, "{reply:?}");
        }
        server
    }

    pub(super) fn send(&self, method: &str, path: &str, body: &str) -> (u16, Value) {
        self.runtime.block_on(answer(&self.running, method, path, body))
    }

    pub(super) fn post(&self, path: &str, body: &Value) -> (u16, Value) {
        self.send("POST", path, &body.to_string())
    }

    /// The events of a kind, or of all kinds with this prefix.
    pub(super) fn events(&self, kind: &str) -> Vec<Value> {
        let (_, page) = self.send("GET", &format!("/api/v1/events?limit=1000&kind={kind}"), "");
        page["items"].as_array().unwrap().clone()
    }

    /// The position of the last event.
    pub(super) fn head(&self) -> Value {
        self.send("GET", "/api/v1/events?limit=1000", "").1["next"].clone()
    }

    pub(super) fn end(self) {
        let Self { running, runtime, .. } = self;
        runtime.block_on(running.stop());
    }
}
