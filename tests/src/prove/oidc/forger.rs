//! A forger: a provider of the proof's own, which publishes itself as one that signs in every way, also in
//! none, and puts into its tokens what it is told to.

use super::browser::{Browser, Page};
use super::{Found, begin, is_in, link, provider, refused, server, who};
use crate::history::member;
use crate::passing_time::come_again;
use crate::program::fail;
use crate::prove::Form;
use crate::server::Server;
use serde_json::{Value, json};
use std::path::Path;
use std::time::Duration;

/// Within which a new key of the provider is believed, and a wait for one's address is over.
const SETTLED_WITHIN: Duration = Duration::from_secs(60);
/// Within which every refused attempt stands on record: told once a minute.
const RECORDED_WITHIN: Duration = Duration::from_secs(75);

/// What the forger puts into its tokens, one attempt each.
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

/// The forger, the server that is to believe it, and how often an address had to wait meanwhile.
struct Forgery<'a> {
    server: &'a Server,
    issuer: &'a str,
    waited: u64,
}

impl Forgery<'_> {
    /// What the forger puts into its tokens from now on.
    fn is_told(&self, mode: &str) {
        let told = Browser::default().get(&format!("{}/mode?is={mode}", self.issuer));
        told.unwrap_or_else(|why| fail(&why));
    }

    /// One sign-in from the first page to the last.
    fn attempt(&mut self, mode: &str, browser: &mut Browser) -> Page {
        self.is_told(mode);
        let first = begin(self.server);
        self.patiently(|| {
            let page = browser
                .get(&first)
                .and_then(|page| browser.follow(page, |_| false));
            page.unwrap_or_else(|why| fail(&why))
        })
    }

    /// Goes to an address, waiting where this machine has to.
    fn goes(&mut self, browser: &mut Browser, url: &str) -> Page {
        self.patiently(|| browser.get(url).unwrap_or_else(|why| fail(&why)))
    }

    /// Tries until the address need not wait; each time it has to is counted.
    fn patiently(&mut self, mut step: impl FnMut() -> Page) -> Page {
        let done = come_again(SETTLED_WITHIN, || {
            let page = step();
            self.waited += u64::from(page.status == 429);
            (page.status != 429).then_some(page)
        });
        done.unwrap_or_else(|| fail("the address has to wait for ever"))
    }

    /// To the forger, and the address by which it sends the browser back.
    fn way_back(&self, browser: &mut Browser) -> String {
        let page = browser.get(&begin(self.server));
        let page = page.and_then(|page| browser.get(page.sent_to.as_deref().unwrap_or_default()));
        let page = page.unwrap_or_else(|why| fail(&why));
        let back = page.sent_to.filter(|url| url.contains("/oidc/callback?"));
        back.unwrap_or_else(|| fail("the forger sends nobody back"))
    }
}

/// Tokens as a forger makes them; answers how many refusals are on record.
pub(super) fn tries(modules: &Path, data: &Path, form: Form, found: &mut Found) -> u64 {
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

/// A way back that was used, one of another browser, one that was changed.
fn states(forgery: &mut Forgery<'_>, found: &mut Found) {
    forgery.is_told("good");
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

/// A role that needs a second factor is let in where the provider says that it asked for one.
fn demanded(forgery: &mut Forgery<'_>, found: &mut Found) {
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

/// The provider signs with a new key, and publishes the old one no more.
fn rotated(forgery: &mut Forgery<'_>, found: &mut Found) {
    let mut browser = Browser::default();
    let believed = come_again(SETTLED_WITHIN, || {
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

/// How many refused attempts the log counts: the first of them in the short form, every one in the long.
fn on_record(server: &Server, form: Form, expected: u64, found: &mut Found) -> u64 {
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
    let told = server.look_after_events("kind=access.refused", RECORDED_WITHIN, |_| {
        counted().filter(|count| *count >= enough)
    });
    let count = told.or_else(counted).unwrap_or_default();
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
