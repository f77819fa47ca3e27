//! The compliance rules over HTTP: which rule, in which version, last judged a dial, by the verdicts in the
//! log.
//!
//! Rules are compiled in; what judged is therefore not a setting but a fact, and stands in every grant and
//! refusal with the rule's version.

use crate::described::Read;
use crate::endpoint::{About, Ctx, Endpoint, Input, Permission};
use application::as_of::{Known, Moment, PARAMETERS};
use domain::compliance::Verdict;
use domain::customer::event::CustomerEvent;
use domain::number::event::NumberEvent;
use domain::ports::event_store::EventStore;
use domain::problem::Problem;
use domain::stored_event::{Position, StoredEvent};
use domain::time::Timestamp;
use evidence::log_walk::Matching;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Events looked back over at first; doubled until verdicts of both sides are found.
const LOOKED_BACK: u64 = 4_096;

/// Furthest look back: a log without a dial in so many events has its rules elsewhere.
const LOOKED_BACK_MAX: u64 = 1_048_576;

/// What holds verdicts: every rule in a grant, the one that said no in a refusal.
const GRANTS: [&str; 2] = [CustomerEvent::DIAL_GRANTED, NumberEvent::DIAL_GRANTED];
const REFUSALS: [&str; 2] = [CustomerEvent::DIAL_REFUSED, NumberEvent::DIAL_REFUSED];

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get(
            "/api/v1/rules",
            "The compliance rules and versions that judged the dials last, from the verdicts in the log",
            show,
        )
        .needs(Permission::RulesRead, About::Nobody)
        .query(PARAMETERS),
    ]
}

/// A rule's last verdict: who was judged, and when.
type Judged = BTreeMap<(String, String), (Verdict, Position, Timestamp)>;

async fn show(ctx: Ctx, input: Input) -> Result<Read<Rules>, Problem> {
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
        let judged = judged(ctx.installation.store(), after, until, valid_at).await?;
        let sides = GRANTS.map(|kind| side(kind).to_owned());
        let complete = sides.iter().all(|side| judged.keys().any(|(by, _)| by == side));
        if complete || after.0 == 0 || looked_back >= LOOKED_BACK_MAX {
            break judged;
        }
        looked_back *= 2;
    };
    Ok(Read(Rules {
        rules: judged
            .iter()
            .map(|((judge, rule), (verdict, position, at))| describe(judge, rule, verdict, *position, *at))
            .collect(),
        looked_back_events: looked_back.min(until.0),
        known,
    }))
}

/// The rules that judged the dials last.
#[derive(Debug, Serialize, JsonSchema)]
struct Rules {
    rules: Vec<RuleShown>,
    looked_back_events: u64,
    /// Of the past: where the answer lies.
    #[serde(skip_serializing_if = "Option::is_none")]
    known: Option<Known>,
}

/// A rule's last verdict.
#[derive(Debug, Serialize, JsonSchema)]
struct RuleShown {
    /// Who keeps the rule: customer or number.
    #[schemars(example = &"customer")]
    judged_by: String,
    rule: String,
    version: u32,
    effective_from: String,
    last_judged_at: Timestamp,
    position: String,
}

fn describe(judge: &str, rule: &str, verdict: &Verdict, position: Position, at: Timestamp) -> RuleShown {
    RuleShown {
        judged_by: judge.to_owned(),
        rule: rule.to_owned(),
        version: verdict.version,
        effective_from: verdict.effective_from.clone(),
        last_judged_at: at,
        position: position.to_string(),
    }
}

/// `customer` or `number`: who keeps the rule.
fn side(kind: &str) -> &str {
    kind.split('.').next().unwrap_or("")
}

async fn judged(
    store: &dyn EventStore,
    after: Position,
    until: Position,
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
