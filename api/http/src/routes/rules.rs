//! Routes of compliance rules: which rule in which version last judged a dial, and a dry run of a coming
//! version.
//!
//! Rules are compiled into the program. The rules in effect are therefore not a setting: each grant and each
//! refusal in the log names the rule and its version.

use crate::api_description::ReadReply;
use crate::endpoint::{Ctx, Endpoint, EndpointSubject, Input, Permission};
use application::as_of::{Moment, PARAMETERS, PastMomentInfo};
use domain::calling_plan::Preset;
use domain::compliance::{PresetRules, PresetStatus, RuleSide, Verdict, all_rules, shipped_presets};
use domain::customer::event::CustomerEvent;
use domain::ids::CampaignId;
use domain::number::event::NumberEvent;
use domain::ports::event_store::EventStore;
use domain::problem::Problem;
use domain::stored_event::{Position, StoredEvent};
use domain::time::Timestamp;
use evidence::dry_run::{DryRun, dry_run, shipped_version, version_of_file};
use evidence::log_walk::FilteredEventReader;
use intake::members::{ApiRequest, Members};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Events at the end of the log in which the last verdicts are searched at first; doubled until verdicts of
/// customers and numbers are found.
const LOOKED_BACK: u64 = 4_096;

/// Most events at the end of the log in which the last verdicts are searched. In a log without a dial in
/// that many events, no rule is shown.
const LOOKED_BACK_MAX: u64 = 1_048_576;

/// Maximum size of the file of a preset version, in bytes; its reader has the same limit.
const FILE_BYTES_MAX: usize = 64 * 1024;

/// Kinds of events that grant a dial. Each holds the verdicts of all rules; a refusal holds that of the
/// refusing rule.
const GRANTS: [&str; 2] = [CustomerEvent::DIAL_GRANTED, NumberEvent::DIAL_GRANTED];
const REFUSALS: [&str; 2] = [CustomerEvent::DIAL_REFUSED, NumberEvent::DIAL_REFUSED];

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get("/api/v1/rules", "List the compliance rules in effect", show)
            .describe(
                "Returns the rules and versions that judged the last dials, from the verdicts in the log, \
                 and all rules and presets of this build.",
            )
            .needs(Permission::RulesRead, EndpointSubject::Unscoped)
            .query(PARAMETERS),
        Endpoint::post(
            "/api/v1/campaigns/{id}/rules/dry-run",
            "Try a coming preset version on a campaign",
            dry_run_on,
        )
        .describe(
            "Returns which customers a coming version of the campaign's preset would refuse that the \
             current one does not. Nothing is stored.",
        )
        .needs(Permission::FiguresRead, EndpointSubject::Campaign)
        .takes::<RuleDryRunRequest>()
        .heavy(),
    ]
}

/// The last verdict of each rule, by judge and rule id.
type LatestVerdicts = BTreeMap<(String, String), (Verdict, Position, Timestamp)>;

async fn show(ctx: Ctx, input: Input) -> Result<ReadReply<Rules>, Problem> {
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
    Ok(ReadReply(Rules {
        rules: judged
            .iter()
            .map(|((judge, rule), (verdict, position, at))| describe(judge, rule, verdict, *position, *at))
            .collect(),
        looked_back_events: looked_back.min(until.0),
        shipped: all_rules().into_iter().map(BuiltInRule::of).collect(),
        presets: shipped_presets().iter().map(PresetResponse::of).collect(),
        known,
    }))
}

/// The rules that judged the last dials, and those of this build.
#[derive(Debug, Serialize, JsonSchema)]
struct Rules {
    rules: Vec<RuleVerdictResponse>,
    looked_back_events: u64,
    /// Every rule of this build.
    shipped: Vec<BuiltInRule>,
    /// Every version of every preset of this build.
    presets: Vec<PresetResponse>,
    /// For a past moment: what the reply is based on.
    #[serde(skip_serializing_if = "Option::is_none")]
    known: Option<PastMomentInfo>,
}

/// A rule of this build.
#[derive(Debug, Serialize, JsonSchema)]
struct BuiltInRule {
    #[schemars(extend("enum" = ["customer", "number", "line"]))]
    judged_by: &'static str,
    #[schemars(example = &"calling_window")]
    rule: &'static str,
    version: u32,
    #[schemars(example = &"2026-01-01")]
    effective_from: &'static str,
    /// The source of the requirement, as far as known.
    #[schemars(example = &"the preset's source; the campaign's own window")]
    source: &'static str,
}

impl BuiltInRule {
    fn of(rule: domain::compliance::RuleMetadata) -> Self {
        Self {
            judged_by: match rule.side {
                RuleSide::Customer => "customer",
                RuleSide::Number => "number",
                RuleSide::Line => "line",
            },
            rule: rule.id,
            version: rule.version,
            effective_from: rule.effective_from,
            source: rule.source,
        }
    }
}

/// A version of a preset.
#[derive(Debug, Serialize, JsonSchema)]
struct PresetResponse {
    preset: Preset,
    version: u32,
    /// The first day on which it applies.
    #[schemars(example = &"2026-01-01")]
    effective_from: String,
    status: PresetStatus,
    #[schemars(example = &"operator default")]
    source: String,
    /// Facts that must be recorded; without them every dial is refused.
    #[schemars(extend("examples" = [["do_not_call_registry"]]))]
    needs_facts: Vec<String>,
    /// The minimum ringing time before a call is given up, in milliseconds.
    ring_ms_min: Option<u64>,
    /// The external number list that the preset checks.
    #[schemars(example = &"us-dnc")]
    registry: Option<String>,
    /// The maximum age of that list in days.
    registry_days_max: Option<u16>,
    /// The country with the public holidays that the preset requires.
    #[schemars(example = &"cn")]
    holidays: Option<String>,
}

impl PresetResponse {
    fn of(rules: &PresetRules) -> Self {
        Self {
            preset: rules.preset,
            version: rules.version,
            effective_from: rules.effective_from.to_string(),
            status: rules.status,
            source: rules.source.clone(),
            needs_facts: rules.needs_facts.clone(),
            ring_ms_min: rules.ring_ms_min,
            registry: rules.registry.as_ref().map(|need| need.name.to_string()),
            registry_days_max: rules.registry.as_ref().map(|need| need.days_max),
            holidays: rules.holidays.clone(),
        }
    }
}

/// The body of a dry run of a rule set: a shipped version or a file.
#[derive(ApiRequest, JsonSchema)]
#[request(check = check_rule_or_file)]
#[schemars(extend("examples" = [{ "rule": "cn-service@1" }]))]
struct RuleDryRunRequest {
    /// A shipped version, PRESET@V.
    #[schemars(length(max = 64))]
    rule: Option<String>,
    /// Alternatively a version as a file: YAML or JSON.
    #[schemars(length(max = FILE_BYTES_MAX))]
    file: Option<String>,
    /// The time for which the rules are evaluated; default: now.
    #[member(parse)]
    at: Option<Timestamp>,
}

fn check_rule_or_file(request: &RuleDryRunRequest, body: &mut Members) {
    if request.rule.is_some() == request.file.is_some() {
        body.wrong("rule", "is needed, or file: one of them");
    }
}

async fn dry_run_on(ctx: Ctx, input: Input) -> Result<ReadReply<DryRun>, Problem> {
    let campaign: CampaignId = input.id(0, "this campaign")?;
    let body_work = input.work.clone();
    let order: RuleDryRunRequest = input.order().await?;
    let tried = match (&order.rule, &order.file) {
        (Some(rule), _) => shipped_version(rule)?,
        (None, file) => {
            let file = file.clone().unwrap_or_default();
            body_work.run(move || version_of_file(&file)).await??
        }
    };
    let at = order.at.unwrap_or_else(|| ctx.installation.now());
    dry_run(&ctx.installation, campaign, &tried, at)
        .await
        .map(ReadReply)
}

/// The last verdict of a rule.
#[derive(Debug, Serialize, JsonSchema)]
struct RuleVerdictResponse {
    /// Which side applies the rule: customer or number.
    #[schemars(example = &"customer")]
    judged_by: String,
    rule: String,
    version: u32,
    effective_from: String,
    last_judged_at: Timestamp,
    position: String,
}

fn describe(
    judge: &str,
    rule: &str,
    verdict: &Verdict,
    position: Position,
    at: Timestamp,
) -> RuleVerdictResponse {
    RuleVerdictResponse {
        judged_by: judge.to_owned(),
        rule: rule.to_owned(),
        version: verdict.version,
        effective_from: verdict.effective_from.clone(),
        last_judged_at: at,
        position: position.to_string(),
    }
}

/// Returns `customer` or `number`, the side that applies the rule, from an event kind.
fn side(kind: &str) -> &str {
    kind.split('.').next().unwrap_or("")
}

async fn judged(
    store: &dyn EventStore,
    after: Position,
    until: Position,
    valid_at: Option<Timestamp>,
) -> Result<LatestVerdicts, Problem> {
    let kinds: Vec<&str> = GRANTS.into_iter().chain(REFUSALS).collect();
    let mut judged = LatestVerdicts::new();
    let mut log = FilteredEventReader::of_kinds(store, &kinds).between(after, until);
    while let Some(page) = log.next().await? {
        for event in &page {
            take(&mut judged, event, valid_at)?;
        }
    }
    Ok(judged)
}

fn take(
    judged: &mut LatestVerdicts,
    event: &StoredEvent,
    valid_at: Option<Timestamp>,
) -> Result<(), Problem> {
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
