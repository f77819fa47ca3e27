//! A scene: one server, the Prometheus that scrapes it, and what was found of them.

use super::MetricsResults;
use super::monitoring_files::{dashboard_expressions, rule_names, shortened_rules};
use super::prometheus::Prometheus;
use crate::passing_time::HUNG_AFTER;
use crate::program::fail;
use crate::server::Server;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A server under observation.
pub(super) struct ServerScene {
    pub(super) data: PathBuf,
    pub(super) server: Server,
    pub(super) prometheus: Prometheus,
    pub(super) found: MetricsResults,
}

impl ServerScene {
    /// Starts a server on `folder/data` with this command, and a Prometheus.
    pub(super) fn start(folder: &Path, serve: Command) -> Self {
        Self::on(folder, &folder.join("data"), serve)
    }

    /// As [`Self::start`], with the data directory elsewhere.
    pub(super) fn on(folder: &Path, data: &Path, serve: Command) -> Self {
        let server = start_server(data, serve);
        let prometheus = Prometheus::start(folder, &server, &shortened_rules());
        let scene = Self {
            data: data.to_owned(),
            server,
            prometheus,
            found: MetricsResults::default(),
        };
        if !scene.prometheus.gets_data("ledgerline_ready == 1") {
            fail("Prometheus does not scrape the server");
        }
        scene
    }

    /// Kills the server and starts another one on its data, with a command that has the same address.
    pub(super) fn start_again(&mut self, serve: Command) {
        self.server.program.kill();
        self.server = start_server(&self.data, serve);
    }

    /// Notes rules that fire before their fault is planted: they would prove nothing.
    pub(super) fn expect_quiet(&mut self, rules: &[&'static str]) {
        for rule in rules.iter().copied() {
            if self.prometheus.is_firing(rule) {
                self.found
                    .broken
                    .push(format!("{rule} fires before its fault is planted"));
            }
        }
    }

    /// Waits until these rules fire.
    pub(super) fn expect_fired(&mut self, rules: &[&'static str]) {
        for rule in rules.iter().copied() {
            if self.prometheus.fires(rule) {
                self.found.fired.insert(known(rule));
            }
        }
    }

    /// Waits until these rules do not fire any more.
    pub(super) fn expect_resolved(&mut self, rules: &[&'static str]) {
        for rule in rules.iter().copied() {
            if self.prometheus.resolves(rule) {
                self.found.resolved.insert(known(rule));
            }
        }
    }

    /// Plants a fault, waits until these rules fire, removes it and waits until they resolve.
    pub(super) fn plant<T>(
        &mut self,
        rules: &[&'static str],
        plant: impl FnOnce(&Server) -> T,
        remove: impl FnOnce(&Server, T),
    ) {
        self.expect_quiet(rules);
        let planted = plant(&self.server);
        self.expect_fired(rules);
        self.look_at_panels();
        remove(&self.server, planted);
        self.expect_resolved(rules);
    }

    /// Notes which expressions of the dashboard have data now.
    pub(super) fn look_at_panels(&mut self) {
        for expression in dashboard_expressions() {
            if !self.found.with_data.contains(&expression) && self.prometheus.has_data(&expression) {
                self.found.with_data.insert(expression);
            }
        }
    }

    /// Ends the server, which must end by itself, and returns what was found.
    pub(super) fn end(mut self) -> MetricsResults {
        if !self.server.drains() {
            let broken = "a server did not end by itself";
            self.found.broken.push(broken.to_owned());
        }
        self.found
    }
}

/// Starts a server and waits until it is ready.
fn start_server(data: &Path, serve: Command) -> Server {
    let mut server = Server::of(serve, data);
    if !server.says_ready(HUNG_AFTER) {
        fail("a server does not become ready");
    }
    // Over TLS its URL and token are read, and the reply is not.
    let is_ready = server.wait_ready();
    if !is_ready && server.url.starts_with("http://") {
        fail("a server says that it is ready and is not");
    }
    server
}

/// Returns the rule's name if the file has it.
fn known(rule: &'static str) -> &'static str {
    match rule_names().contains(&rule) {
        true => rule,
        false => fail(&format!("there is no rule {rule}")),
    }
}
