//! Proof of sign-in through an identity provider: through an external provider from the first page to the
//! session, and with a forger's tokens, which must all be refused and recorded.
//!
//! The provider is `oidc-provider` from the npm registry. Each attempt uses a browser that keeps its cookies.

mod browser;
mod forger;

use super::external_programs::{build_folder, install_once, run_step};
use super::{Form, Proof};
use crate::history::member;
use crate::passing_time::HUNG_AFTER;
use crate::program::{Program, command, fail, is_installed, ledgerline};
use crate::server::Server;
use browser::{Browser, Page, origin_of};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// The server's client id at the providers, and its secret, which is for this run only.
const CLIENT: &str = "ledgerline";
const SECRET: &str = "a-secret-of-this-proof-alone";
/// The subject in the providers' tokens.
const SUBJECT: &str = "248289761001";

/// The attempts, and those with a wrong result.
#[derive(Default)]
struct SignInAttempts {
    let_in: u64,
    refused: u64,
    violations: Vec<String>,
}

impl SignInAttempts {
    fn hold(&mut self, holds: bool, what: &str, page: &Page) {
        if !holds {
            let Page { status, body, .. } = page;
            self.violations.push(format!("{what}: {status} {body}"));
        }
    }
}

pub(super) fn prove(form: Form) -> Proof {
    let modules = match installed() {
        Ok(modules) => modules,
        Err(why) => {
            return Proof {
                holds: true,
                line: json!({ "proof": "oidc", "skipped": why }),
            };
        }
    };
    let folder = tempfile::tempdir().unwrap_or_else(|error| fail(&error.to_string()));
    let mut found = SignInAttempts::default();
    through_the_provider(&modules, &folder.path().join("real"), &mut found);
    let counted = forger::tries(&modules, &folder.path().join("forged"), form, &mut found);
    Proof {
        holds: found.violations.is_empty() && found.let_in > 0 && found.refused > 0,
        line: json!({
            "proof": "oidc",
            "let_in": found.let_in,
            "refused": found.refused,
            "on_record": counted,
            "forged": forger::FORGED,
            "violations": found.violations,
        }),
    }
}

/// Installs the provider's packages in a folder beside the build. Returns it, or why they are not available.
fn installed() -> Result<PathBuf, String> {
    if !is_installed("node") || !is_installed("npm") {
        return Err("node or npm is missing".to_owned());
    }
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("clients/oidc");
    let place = build_folder("oidc", "node");
    let copied = |files: &[&str]| {
        let copy = |file: &&str| std::fs::copy(source.join(file), place.join(file)).map(drop);
        files.iter().try_for_each(copy).map_err(|error| error.to_string())
    };
    install_once(&source.join("package-lock.json"), &place, || {
        copied(&["package.json", "package-lock.json"])?;
        let mut install = command("npm");
        install.args(["ci", "--silent", "--ignore-scripts", "--no-audit", "--no-fund"]);
        install.current_dir(&place);
        run_step(install).map_err(|why| format!("oidc-provider cannot be installed: {why}"))
    })?;
    // A script finds its packages in its own folder; the scripts of the tree are copied each time.
    copied(&["provider.mjs", "forger.mjs"])?;
    Ok(place)
}

/// Starts a provider. Returns it and its URL.
fn provider(modules: &Path, script: &str) -> (Program, String) {
    let mut node = command("node");
    node.arg(modules.join(script)).args([CLIENT, SECRET, SUBJECT]);
    let mut program = Program::start_with_input(node);
    let said = program.line(HUNG_AFTER, |line| line.starts_with("listening "));
    let said = said.unwrap_or_else(|| fail(&format!("{script} does not start")));
    (program, said.trim_start_matches("listening ").to_owned())
}

/// Starts a server with sign-in by a provider, and links one user.
fn server(data: &Path, issuer: &str) -> Server {
    let mut serve = command(ledgerline());
    serve
        .arg("serve")
        .arg("--data")
        .arg(data)
        .args(["--http", "127.0.0.1:0"]);
    serve.args(["--oidc-issuer", issuer, "--oidc-client", CLIENT]);
    serve
        .args(["--oidc-secret-env", "OIDC_SECRET"])
        .env("OIDC_SECRET", SECRET);
    serve.args(["--require-second-factor", "admin"]);
    let mut server = Server::of(serve, data);
    if !server.wait_ready() {
        fail("the server does not become ready");
    }
    for (name, role) in [("wang", "viewer"), ("chief", "admin")] {
        server.must_post("/api/v1/users", &json!({ "name": name, "roles": [role] }));
    }
    link(&server, "wang");
    server
}

fn link(server: &Server, name: &str) {
    server.must_post(
        &format!("/api/v1/users/{name}/provider"),
        &json!({ "subject": SUBJECT }),
    );
}

fn begin(server: &Server) -> String {
    format!("{}/api/v1/oidc/begin", server.url)
}

/// Returns the user of the browser's session.
fn who(browser: &mut Browser, server: &Server) -> Value {
    let page = browser.get(&format!("{}/api/v1/whoami", server.url));
    let body = page.map(|page| page.body).unwrap_or_default();
    let body: Value = serde_json::from_str(&body).unwrap_or_default();
    member(&body, "/user").clone()
}

fn code_of(page: &Page) -> String {
    let body: Value = serde_json::from_str(&page.body).unwrap_or_default();
    member(&body, "/code").as_str().unwrap_or_default().to_owned()
}

/// Signs in through the provider's pages, signs out, and signs in again.
fn through_the_provider(modules: &Path, data: &Path, found: &mut SignInAttempts) {
    let (mut program, issuer) = provider(modules, "provider.mjs");
    let server = server(data, &issuer);
    program.tell(&format!("{}/api/v1/oidc/callback", server.url));
    if program.line(HUNG_AFTER, |line| line == "ready").is_none() {
        fail("the provider does not take its client");
    }
    let mut browser = Browser::default();
    match round(&mut browser, &server, &issuer) {
        Ok(page) => {
            let is_home = page.url == format!("{}/", server.url) && page.status == 200;
            found.hold(is_home, "the way through the provider", &page);
            is_in(found, &mut browser, &server, "wang");
        }
        Err(why) => found.violations.push(format!("through the provider: {why}")),
    }
    if let Err(why) = signs_out(&mut browser, &server, &issuer) {
        found.violations.push(format!("signing out: {why}"));
    }
    match round(&mut browser, &server, &issuer) {
        Ok(_) => is_in(found, &mut browser, &server, "wang"),
        Err(why) => found.violations.push(format!("the second time: {why}")),
    }
    // A user who is not linked any more is refused, even with a valid token.
    let unlink = json!({ "reason": "left the directory" });
    server.must_post("/api/v1/users/wang/unlink-provider", &unlink);
    if !who(&mut browser, &server).is_null() {
        found.violations.push("the session outlived its link".to_owned());
    }
    match round(&mut browser, &server, &issuer) {
        Ok(page) => refused(found, "linked no more", &page, "provider-user-unknown"),
        Err(why) => found.violations.push(format!("linked no more: {why}")),
    }
}

/// Runs one sign-in through the provider, through its form for a name and its form for a consent.
fn round(browser: &mut Browser, server: &Server, issuer: &str) -> Result<Page, String> {
    let is_form = |url: &str| url.starts_with(&format!("{issuer}/interaction/"));
    let is_done = |url: &str| origin_of(url) == server.url && !url.contains("/callback?");
    let mut page = browser.get(&begin(server))?;
    for _ in 0..4 {
        page = browser.follow(page, |url| is_form(url) || is_done(url))?;
        if !is_form(&page.url) {
            break;
        }
        let url = page.url.clone();
        page = if page.body.contains("name=\"login\"") {
            let form = [("prompt", "login"), ("login", SUBJECT), ("password", "any")];
            browser.post(&url, &form)?
        } else {
            browser.post(&url, &[("prompt", "consent")])?
        };
    }
    Ok(page)
}

/// Signs out here. The response names the provider's sign-out URL, where the provider must recognize this
/// client.
fn signs_out(browser: &mut Browser, server: &Server, issuer: &str) -> Result<(), String> {
    let page = browser.get(&format!("{}/api/v1/whoami", server.url))?;
    let body: Value = serde_json::from_str(&page.body).unwrap_or_default();
    let token = member(&body, "/csrf_token").as_str().unwrap_or_default();
    token.clone_into(&mut browser.csrf_token);
    let page = browser.post(&format!("{}/api/v1/sign-out", server.url), &[])?;
    let body: Value = serde_json::from_str(&page.body).unwrap_or_default();
    let there = member(&body, "/provider_sign_out").as_str().unwrap_or_default();
    if !there.starts_with(issuer) {
        return Err(format!("nowhere at the provider: {} {}", page.status, page.body));
    }
    if !who(browser, server).is_null() {
        return Err("the session went on".to_owned());
    }
    let page = browser.get(there)?;
    match page.status {
        200 => Ok(()),
        status => Err(format!("the provider answers {status}: {}", page.body)),
    }
}

/// Checks that a page is a refusal with this code.
fn refused(found: &mut SignInAttempts, what: &str, page: &Page, code: &str) {
    let holds = page.status == 401 && code_of(page) == code;
    found.hold(holds, what, page);
    if holds {
        found.refused += 1;
    }
}

fn is_in(found: &mut SignInAttempts, browser: &mut Browser, server: &Server, name: &str) {
    let user = who(browser, server);
    if user == name {
        found.let_in += 1;
    } else {
        found
            .violations
            .push(format!("{name} should be signed in, but it is {user}"));
    }
}
