//! A forger: an identity provider of this proof that claims to sign with every algorithm, including none, and
//! puts into its tokens what it is asked to.

use super::browser::{Browser, Page};
use super::{SignInAttempts, begin, is_in, link, provider, refused, server, who};
use crate::history::member;
use crate::passing_time::{HUNG_AFTER, come_again};
use crate::program::fail;
use crate::prove::Form;
use crate::server::Server;
use serde_json::{Value, json};
use std::path::Path;

/// The kinds of forged tokens, one attempt each.
pub(super) const FORGED: [&str; 9] = [
    "alg_none",
    "alg_hs256",
    "wrong_issuer",
    "wrong_audience",
    "wrong_key",
    "expired",
    "nonce_replayed",
    "no_nonce",
    "unlinked",
];

/// The forger, the server under test, and how often this address had to wait meanwhile.
struct Forgery<'a> {
    server: &'a Server,
    issuer: &'a str,
    waited: u64,
}

impl Forgery<'_> {
    /// Sets what the forger puts into later tokens.
    fn set_mode(&self, mode: &str) {
        let reply = Browser::default().get(&format!("{}/mode?is={mode}", self.issuer));
        reply.unwrap_or_else(|why| fail(&why));
    }

    /// Runs one sign-in from the first page to the last.
    fn attempt(&mut self, mode: &str, browser: &mut Browser) -> Page {
        self.set_mode(mode);
        let first = begin(self.server);
        self.patiently(|| {
            let page = browser
                .get(&first)
                .and_then(|page| browser.follow(page, |_| false));
            page.unwrap_or_else(|why| fail(&why))
        })
    }

    /// Opens a URL, waiting if this address has to.
    fn goes(&mut self, browser: &mut Browser, url: &str) -> Page {
        self.patiently(|| browser.get(url).unwrap_or_else(|why| fail(&why)))
    }

    /// Repeats a step until the address need not wait. Counts each wait.
    fn patiently(&mut self, mut step: impl FnMut() -> Page) -> Page {
        let done = come_again(HUNG_AFTER, || {
            let page = step();
            self.waited += u64::from(page.status == 429);
            (page.status != 429).then_some(page)
        });
        done.unwrap_or_else(|| fail("the address has to wait for ever"))
    }

    /// Goes to the forger. Returns the URL to which it redirects the browser back.
    fn way_back(&self, browser: &mut Browser) -> String {
        let page = browser.get(&begin(self.server));
        let page = page.and_then(|page| browser.get(page.sent_to.as_deref().unwrap_or_default()));
        let page = page.unwrap_or_else(|why| fail(&why));
        let back = page.sent_to.filter(|url| url.contains("/oidc/callback?"));
        back.unwrap_or_else(|| fail("the forger does not redirect back"))
    }
}

/// Tries forged tokens. Returns how many refusals are recorded.
pub(super) fn tries(modules: &Path, data: &Path, form: Form, found: &mut SignInAttempts) -> u64 {
    let (_program, issuer) = provider(modules, "forger.mjs");
    let server = server(data, &issuer);
    let before = found.refused;
    let mut forgery = Forgery {
        server: &server,
        issuer: &issuer,
        waited: 0,
    };
    let mut browser = Browser::default();
    let page = forgery.attempt("good", &mut browser);
    found.hold(page.status == 200, "a true token", &page);
    is_in(found, &mut browser, &server, "wang");
    for mode in FORGED {
        let mut browser = Browser::default();
        let page = forgery.attempt(mode, &mut browser);
        let code = match mode {
            "unlinked" => "provider-user-unknown",
            _ => "provider-token-invalid",
        };
        refused(found, mode, &page, code);
        let user = who(&mut browser, &server);
        if !user.is_null() {
            found.violations.push(format!("{mode}: signed in as {user}"));
        }
    }
    states(&mut forgery, found);
    demanded(&mut forgery, found);
    rotated(&mut forgery, found);
    let expected = found.refused - before + forgery.waited;
    on_record(&server, form, expected, found)
}

/// Tries a callback that was used, one from another browser, and one that was changed.
fn states(forgery: &mut Forgery<'_>, found: &mut SignInAttempts) {
    forgery.set_mode("good");
    let void = "provider-round-void";
    let mut browser = Browser::default();
    let back = forgery.way_back(&mut browser);
    let page = forgery.goes(&mut Browser::default(), &back);
    refused(found, "the way back of another browser", &page, void);
    let changed = forgery.goes(&mut browser, &back.replace("state=", "state=0"));
    refused(found, "a state that was changed", &changed, void);
    let mut copy = browser.clone();
    let page = forgery.goes(&mut browser, &back);
    found.hold(page.status == 303, "the way back", &page);
    is_in(found, &mut browser, forgery.server, "wang");
    let again = forgery.goes(&mut copy, &back);
    refused(found, "a way back that was used", &again, void);
}

/// Checks that a role that needs a second factor is admitted if the provider reports one.
fn demanded(forgery: &mut Forgery<'_>, found: &mut SignInAttempts) {
    let server = forgery.server;
    let unlink = json!({ "reason": "the account is the chief's" });
    server.must_post("/api/v1/users/wang/unlink-provider", &unlink);
    link(server, "chief");
    let mut browser = Browser::default();
    let page = forgery.attempt("good", &mut browser);
    refused(
        found,
        "one factor for a role that needs two",
        &page,
        "second-factor-missing",
    );
    let page = forgery.attempt("second_factor", &mut browser);
    found.hold(page.status == 200, "two factors", &page);
    is_in(found, &mut browser, server, "chief");
}

/// Lets the provider sign with a new key and withdraw the old one.
fn rotated(forgery: &mut Forgery<'_>, found: &mut SignInAttempts) {
    let mut browser = Browser::default();
    let believed = come_again(HUNG_AFTER, || {
        let page = forgery.attempt("rotated", &mut browser);
        found.refused += u64::from(page.status == 401);
        (page.status == 200).then_some(())
    });
    match believed {
        Some(()) => is_in(found, &mut browser, forgery.server, "chief"),
        None => found
            .violations
            .push("a new key of the provider is not believed".to_owned()),
    }
}

/// Returns how many refused attempts are in the log: the first is enough in the short form, every one is
/// needed in the long form.
fn on_record(server: &Server, form: Form, expected: u64, found: &mut SignInAttempts) -> u64 {
    let counted = || {
        let reply = server.get("/api/v1/audit?kind=access.refused&limit=1000").ok()?;
        let items = member(&reply.body, "/items").as_array()?.clone();
        let of = |one: &Value| {
            let is_ours = member(one, "/data/route").as_str()?.contains("oidc/callback");
            is_ours.then(|| member(one, "/data/count").as_u64())?
        };
        Some(items.iter().filter_map(of).sum::<u64>())
    };
    let enough = match form {
        Form::Short => 1,
        Form::Long => expected,
    };
    let recorded = server.look_after_events("kind=access.refused", HUNG_AFTER, |_| {
        counted().filter(|count| *count >= enough)
    });
    let count = recorded.or_else(counted).unwrap_or_default();
    let holds = match form {
        Form::Short => count >= 1,
        Form::Long => count == expected,
    };
    if !holds {
        found
            .violations
            .push(format!("{count} refused attempts are on record, of {expected}"));
    }
    count
}
