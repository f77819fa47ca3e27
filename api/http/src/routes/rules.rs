//! The compliance rules over HTTP: which rule, in which version, last judged a dial, by the verdicts in the
//! log.
//!
//! Rules are compiled in; what judged is therefore not a setting but a fact, and stands in every grant and
//! refusal with the rule's version.

use crate::endpoint::{Ctx, Endpoint, Input};
use crate::reply::Done;
use application::as_of::{Moment, PARAMETERS};
use domain::compliance::Verdict;
use domain::ports::event_store::EventStore;
use domain::problem::Problem;
use domain::stored_event::{Position, StoredEvent};
use domain::time::Timestamp;
use evidence::log_walk::Matching;
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Events looked back over at first; doubled until verdicts of both sides are found.
const LOOKED_BACK: u64 = 4_096;

/// Furthest look back: a log without a dial in so many events has its rules elsewhere.
const LOOKED_BACK_MAX: u64 = 1_048_576;

/// What holds verdicts: every rule in a grant, the one that said no in a refusal.
const GRANTS: [&str; 2] = ["customer.dial_granted", "number.dial_granted"];
const REFUSALS: [&str; 2] = ["customer.dial_refused", "number.dial_refused"];

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get(
            "/api/v1/rules",
            "The compliance rules and versions that judged the dials last, from the verdicts in the log",
            |ctx, input| Box::pin(show(ctx, input)),
        )
        .query(PARAMETERS),
    ]
}

/// A rule's last verdict: who was judged, and when.
type Judged = BTreeMap<(String, String), (Verdict, Position, Timestamp)>;

async fn show(ctx: Ctx, input: Input) -> Result<Done, Problem> {
    let moment = Moment::of(input.query())?;
    let (until, valid_at, known) = if moment.is_now() {
        (ctx.installation.store().head().await?, None, None)
    } else {
        let then = moment
            .resolve(ctx.installation.store(), ctx.installation.now())
            .await?;
        (then.position, then.valid_at(), Some(then.describe()))
    };
    let mut looked_back = LOOKED_BACK;
    let judged = loop {
        let after = Position(until.0.saturating_sub(looked_back));
        let judged = judged(ctx.installation.store(), (after, until), valid_at).await?;
        let sides = GRANTS.map(|kind| side(kind).to_owned());
        let complete = sides.iter().all(|side| judged.keys().any(|(by, _)| by == side));
        if complete || after.0 == 0 || looked_back >= LOOKED_BACK_MAX {
            break judged;
        }
        looked_back *= 2;
    };
    let rules: Vec<Value> = judged.iter().map(describe).collect();
    let mut shown = json!({ "rules": rules, "looked_back_events": looked_back.min(until.0) });
    if let Some(members) = shown.as_object_mut() {
        members.extend(known.map(|known| ("known".to_owned(), Value::Object(known))));
    }
    Ok(Done::Read(shown))
}

fn describe(
    ((judge, rule), (verdict, position, at)): (&(String, String), &(Verdict, Position, Timestamp)),
) -> Value {
    json!({
        "judged_by": judge,
        "rule": rule,
        "version": verdict.version,
        "effective_from": verdict.effective_from,
        "last_judged_at": at,
        "position": position.to_string(),
    })
}

/// `customer` or `number`: who keeps the rule.
fn side(kind: &str) -> &str {
    kind.split('.').next().unwrap_or("")
}

async fn judged(
    store: &dyn EventStore,
    (after, until): (Position, Position),
    valid_at: Option<Timestamp>,
) -> Result<Judged, Problem> {
    let kinds: Vec<&str> = GRANTS.into_iter().chain(REFUSALS).collect();
    let mut judged = Judged::new();
    let mut log = Matching::of_kinds(store, &kinds).between(after, until);
    while let Some(page) = log.next().await? {
        for event in &page {
            take(&mut judged, event, valid_at)?;
        }
    }
    Ok(judged)
}

fn take(judged: &mut Judged, event: &StoredEvent, valid_at: Option<Timestamp>) -> Result<(), Problem> {
    #[derive(Deserialize)]
    struct Grant {
        verdicts: Vec<Verdict>,
    }
    let unreadable = |error: &dyn std::error::Error| Problem::fault(error.to_string());
    let envelope = event.envelope().map_err(|error| unreadable(&error))?;
    if valid_at.is_some_and(|valid_at| envelope.at > valid_at) {
        return Ok(());
    }
    let data = envelope.data.get();
    let verdicts = if GRANTS.contains(&envelope.kind.as_str()) {
        let grant: Grant = serde_json::from_str(data).map_err(|error| unreadable(&error))?;
        grant.verdicts
    } else {
        vec![serde_json::from_str(data).map_err(|error| unreadable(&error))?]
    };
    let judge = side(&envelope.kind);
    for verdict in verdicts {
        let key = (judge.to_owned(), verdict.rule.clone());
        judged.insert(key, (verdict, event.position, envelope.at));
    }
    Ok(())
}
