//! Attack: a webhook and an alert channel of a user who is disabled (issue 51, B8). Nothing is delivered any
//! more, waiting deliveries are kept, and another user takes over the webhook and gets all of them.

use super::raw::{Request, send_from};
use super::tally::{Tally, add_user, disable_user, long_form_only};
use super::{AttackContext, Verdict};
use crate::history::member;
use crate::passing_time::HUNG_AFTER;
use crate::prove::Form;
use crate::webhook_receiver::WebhookReceiver;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::net::Ipv4Addr;
use std::time::Duration;

/// The user who leaves, and the one who takes over.
const LEAVER: &str = "hook-leaver";
const HEIR: &str = "hook-heir";

/// The number of events before the user is disabled, and after it.
const BEFORE: usize = 3;
const AFTER: usize = 8;

/// The first of the numbers that are suppressed here: no other attack suppresses any of them.
const SALT: usize = 10_000_000;

/// The webhooks, and what the attack found.
struct WebhookAttack<'a> {
    stage: &'a AttackContext<'a>,
    tally: Tally,
    suppressed: usize,
}

impl WebhookAttack<'_> {
    /// Sends a command with this key. Returns status and body of the response.
    fn send(&mut self, bearer: &str, path: &str, body: &Value) -> (u16, Value) {
        let body = body.to_string();
        let request = Request::post(path, bearer, body.as_bytes());
        match send_from(Ipv4Addr::LOCALHOST, &self.stage.server.url, &request) {
            Ok(answer) => (answer.status, answer.body),
            Err(error) => {
                self.tally.holds(false, &error);
                (0, Value::Null)
            }
        }
    }

    /// Adds a webhook or channel. Returns its id.
    fn add(&mut self, bearer: &str, path: &str, order: &Value) -> String {
        let (status, reply) = self.send(bearer, path, order);
        self.tally
            .holds(status == 201, &format!("{path} is not added: {status} {reply}"));
        member(&reply, "/id").as_str().unwrap_or_default().to_owned()
    }

    /// Appends events that only these webhooks deliver.
    fn suppress(&mut self, count: usize) {
        for _ in 0..count {
            self.suppressed += 1;
            let number = format!("139{:08}", SALT + self.suppressed);
            let path = format!("/api/v1/numbers/{number}/suppress");
            let reason = json!({"reason": "a webhook is watched"});
            self.stage.server.must_post(&path, &reason);
        }
    }

    /// Waits until this webhook is disabled. Returns the reason.
    fn disabled(&self, id: &str) -> Option<String> {
        let server = self.stage.server;
        server.follow_events("kind=webhook.disabled", HUNG_AFTER, |event| {
            let is_it = event.to_string().contains(id);
            let reason = member(event, "/data/reason").as_str().unwrap_or_default();
            is_it.then(|| reason.to_owned())
        })
    }
}

/// Returns the ids of the deliveries so far.
fn letters(receiver: &WebhookReceiver) -> BTreeSet<String> {
    receiver.taken(0, Duration::ZERO).into_iter().collect()
}

/// Runs the attack.
pub(super) fn disabled_owner(stage: &AttackContext<'_>) -> Verdict {
    if stage.form != Form::Long {
        return long_form_only();
    }
    let mut trial = WebhookAttack {
        stage,
        tally: Tally::default(),
        suppressed: 0,
    };
    let leaver = add_user(stage.server, LEAVER, &["admin"]);
    let heir = add_user(stage.server, HEIR, &["admin"]);
    let [watched, control, channel] = [(); 3].map(|()| WebhookReceiver::answering(200));
    let order = |receiver: &WebhookReceiver| {
        json!({"url": receiver.url(), "allow_private": true,
            "events": ["number.suppressed"]})
    };
    let id = trial.add(&leaver, "/api/v1/webhooks", &order(&watched));
    trial.add(&heir, "/api/v1/webhooks", &order(&control));
    let alerts = json!({"url": channel.url(), "allow_private": true});
    trial.add(&leaver, "/api/v1/alerts/channels", &alerts);
    trial.suppress(BEFORE);
    let is_live = watched.has_taken(BEFORE, HUNG_AFTER);
    trial
        .tally
        .holds(is_live, "the webhook delivers nothing: no attack");
    disable_user(stage.server, LEAVER);
    trial.suppress(AFTER);
    let reason = trial.disabled(&id);
    let what = format!("the webhook is not disabled for its owner, but for {reason:?}");
    trial
        .tally
        .holds(reason.as_deref() == Some("owner_disabled"), &what);
    let alerts_before = letters(&channel).len();
    // The other webhook gets what this one does not.
    let is_delivered = control.has_taken(BEFORE + AFTER, HUNG_AFTER);
    trial
        .tally
        .holds(is_delivered, "a webhook with an active owner delivers nothing");
    let leaked = letters(&watched).len().saturating_sub(BEFORE);
    for index in 0..AFTER {
        let what = "a letter is delivered after its owner was disabled";
        trial.tally.holds(index >= leaked, what);
    }
    let refused = trial.send(&leaver, &take_over(&id), &json!({"reason": "it was mine"}));
    let is_refused = matches!(refused.0, 401 | 403);
    trial
        .tally
        .holds(is_refused, "the disabled user takes the webhook over");
    let (status, reply) = trial.send(&heir, &take_over(&id), &json!({"reason": "the owner left"}));
    trial
        .tally
        .holds(status == 200, &format!("it is not taken over: {status} {reply}"));
    let is_kept = watched.has_taken(BEFORE + AFTER, HUNG_AFTER) && letters(&watched) == letters(&control);
    trial
        .tally
        .holds(is_kept, "letters that waited are lost with the owner");
    let alerts = letters(&channel).len().saturating_sub(alerts_before);
    let what = format!("a channel of the disabled owner gets {alerts} alerts");
    trial.tally.holds(alerts == 0, &what);
    trial
        .tally
        .verdict(&json!({"letters_before": BEFORE, "letters_after": AFTER, "leaked": leaked}))
}

fn take_over(id: &str) -> String {
    format!("/api/v1/webhooks/{id}/take-over")
}
