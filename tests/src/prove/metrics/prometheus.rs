//! A Prometheus server of its own for one scene: it scrapes the scene's server each second and evaluates the
//! rules.

use crate::passing_time::{HUNG_AFTER, come_again};
use crate::program::{Program, command, fail, free_tcp_port};
use crate::server::{Server, agent};
use serde_json::{Value, json};
use std::path::Path;
use std::time::Duration;

/// The line that it prints when it answers queries.
const SAYS_READY: &str = "Server is ready to receive web requests";

/// The name of the scrape job, as in the rules.
const JOB: &str = "ledgerline";

/// The longest wait for an alert to fire or to resolve: longer than the longest range of the shortened rules.
const CHANGES_WITHIN: Duration = Duration::from_secs(240);

/// A running Prometheus.
pub(super) struct Prometheus {
    _program: Program,
    url: String,
}

impl Prometheus {
    /// Starts a Prometheus that scrapes `server` with a key of scope `metrics:read`.
    pub(super) fn start(folder: &Path, server: &Server, rules: &str) -> Self {
        let write = |name: &str, text: &str| {
            let file = folder.join(name);
            std::fs::write(&file, text).expect("a file can be written");
            file
        };
        let rules = write("rules.yml", rules);
        let key = write("scrape.key", server.bearer().trim_start_matches("Bearer "));
        let (scheme, target) = server
            .url
            .split_once("://")
            .unwrap_or_else(|| fail("the server has no URL"));
        // JSON is YAML too.
        let config = json!({
            "global": {"scrape_interval": "1s", "scrape_timeout": "1s", "evaluation_interval": "1s"},
            "rule_files": [rules],
            "scrape_configs": [{
                "job_name": JOB,
                "scheme": scheme,
                "authorization": {"credentials_file": key},
                "tls_config": {"insecure_skip_verify": true},
                "static_configs": [{"targets": [target]}],
            }],
        });
        let config = write("prometheus.yml", &config.to_string());
        let port = free_tcp_port();
        let mut shell = command("sh");
        // It logs to standard error.
        shell.args(["-c", "exec \"$@\" 2>&1", "sh", "prometheus"]);
        shell.arg(format!("--config.file={}", config.display()));
        shell.arg(format!("--storage.tsdb.path={}", folder.join("tsdb").display()));
        shell.arg(format!("--web.listen-address=127.0.0.1:{port}"));
        let mut program = Program::start(shell);
        if program
            .line(HUNG_AFTER, |line| line.contains(SAYS_READY))
            .is_none()
        {
            fail(&format!("Prometheus does not start: {:?}", program.seen()));
        }
        Self {
            _program: program,
            url: format!("http://127.0.0.1:{port}"),
        }
    }

    /// Returns the samples of an expression now. Fails the proof if Prometheus refuses it.
    pub(super) fn query(&self, expression: &str) -> Vec<Value> {
        let asked = agent(HUNG_AFTER)
            .get(format!("{}/api/v1/query", self.url))
            .query("query", expression)
            .call();
        let mut answer = asked.unwrap_or_else(|error| fail(&format!("{expression}: {error}")));
        let body: Value = answer
            .body_mut()
            .read_json()
            .unwrap_or_else(|error| fail(&format!("{expression}: {error}")));
        match body.pointer("/data/result").and_then(Value::as_array) {
            Some(samples) => samples.clone(),
            None => fail(&format!("{expression}: {body}")),
        }
    }

    /// Returns true if an expression has a sample now that is a number.
    pub(super) fn has_data(&self, expression: &str) -> bool {
        let samples = self.query(expression);
        let values = samples.iter().filter_map(|sample| sample.pointer("/value/1"));
        values
            .filter_map(Value::as_str)
            .any(|value| !matches!(value, "NaN" | "+Inf" | "-Inf"))
    }

    /// Waits until an expression has a number. Returns false after `CHANGES_WITHIN`.
    pub(super) fn gets_data(&self, expression: &str) -> bool {
        come_again(CHANGES_WITHIN, || self.has_data(expression).then_some(())).is_some()
    }

    /// Returns true if an alert fires now.
    pub(super) fn is_firing(&self, alert: &str) -> bool {
        let firing = format!("ALERTS{{alertname=\"{alert}\", alertstate=\"firing\"}}");
        !self.query(&firing).is_empty()
    }

    /// Waits until an alert fires. Returns false after `CHANGES_WITHIN`.
    pub(super) fn fires(&self, alert: &str) -> bool {
        come_again(CHANGES_WITHIN, || self.is_firing(alert).then_some(())).is_some()
    }

    /// Waits until an alert does not fire. Returns false after `CHANGES_WITHIN`.
    pub(super) fn resolves(&self, alert: &str) -> bool {
        come_again(CHANGES_WITHIN, || (!self.is_firing(alert)).then_some(())).is_some()
    }
}
