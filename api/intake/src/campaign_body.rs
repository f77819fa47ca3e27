//! The request body that creates a campaign (CMP-2), with its defaults and limits.

use crate::conversation_schemas::{described as of, of_conversation};
use crate::hours_and_quotas::{self, best_times_of, quotas_of};
use crate::members::Members;
use crate::model_tiers::{NamedModelTier, tiers_of};
use crate::schedule_members::{ends_at, running};
use crate::target_members::{
    self, caps_of, days_of, ignores_preferred_times, priority_of, screening_of, seller_of,
};
use domain::approval_requirements::ApprovalRequirement;
use domain::assist_plan::AssistPlan;
use domain::calling_plan::{Basis, CallingPlan, CallingWindow, DuplicatePolicy, Preset, RetryPolicy};
use domain::dialing_plan::DialingPlan;
use domain::disposition_map::DispositionMap;
use domain::emotion::EmotionPlan;
use domain::flow::{FlowDefinition, FlowSelector};
use domain::go_live::StagePlan;
use domain::ids::CampaignId;
use domain::knowledge::KnowledgeSelector;
use domain::model::ModelSelector;
use domain::model_tier::ModelTiers;
use domain::problem::Problem;
use domain::running_plan::RunningPlan;
use domain::sensitive_words::{SENSITIVE_WORD_CHARS_MAX, SENSITIVE_WORDS_MAX};
use domain::speech_plan::SpeechPlan;
use domain::time::{TimeOfDay, Timestamp};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::{Map, Value};
use std::borrow::Cow;

/// Concurrent calls of a campaign without a value of its own (requirements DEP-4: it starts at ≤ 50).
const MAX_CONCURRENT_DEFAULT: u32 = 50;

/// Most concurrent calls that a campaign may request (DEP-4: 1,000 are supported and measured).
pub const MAX_CONCURRENT_MAX: u32 = 1_000;

/// Shortest ring timeout in milliseconds: the time of a first ring.
const RING_TIMEOUT_MS_MIN: u32 = 3_000;

/// Longest ring timeout in milliseconds: the hard limit for the setup of a call (120 s).
const RING_TIMEOUT_MS_MAX: u32 = 120_000;

/// Longest customer segment and purpose in bytes. They are names, not documents.
const NAME_BYTES_MAX: usize = 128;

/// The flow that the campaign's calls run.
#[derive(Debug, Clone, PartialEq)]
pub enum FlowBody {
    /// The text of CMP-2, from which the standard flow is made.
    ScriptTemplate(String),
    /// A flow definition of its own (YAML files are sent as JSON).
    Definition(Value),
    /// A published version, by name and number.
    Version(FlowSelector),
}

/// A request to create a campaign.
#[derive(Debug, Clone, PartialEq)]
pub struct CampaignBody {
    pub campaign: CampaignId,
    pub customer_segment: Option<String>,
    pub flow: FlowBody,
    pub plan: CallingPlan,
    /// The model for understanding callees. It is resolved when the campaign is created.
    pub model: Option<ModelSelector>,
    /// Other models for customers with a grade or value, resolved in the same way.
    pub model_tiers: Vec<NamedModelTier>,
    /// The knowledge base for answers, resolved in the same way.
    pub knowledge: Option<KnowledgeSelector>,
}

/// The members of the body, as `read` reads them.
impl JsonSchema for CampaignBody {
    fn schema_name() -> Cow<'static, str> {
        "CampaignBody".into()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let preset = of(generator.subschema_for::<Preset>(), "Default: cn-service");
        let basis = of(generator.subschema_for::<Basis>(), "Default: contract");
        let duplicates = of(
            generator.subschema_for::<DuplicatePolicy>(),
            "The same number under two customer ids; default by_number, in cn-collection by_customer",
        );
        let approvals = generator.subschema_for::<ApprovalRequirement>();
        let task_id = generator.subschema_for::<CampaignId>();
        let time = generator.subschema_for::<TimeOfDay>();
        let ends_at = generator.subschema_for::<Timestamp>();
        let flow = of(
            generator.subschema_for::<FlowDefinition>(),
            "A flow definition, instead of script_template",
        );
        let retry_policy = generator.subschema_for::<RetryPolicy>();
        let mut schema = json_schema!({
            "type": "object", "required": ["task_id"], "additionalProperties": false, "properties": {
                "task_id": task_id,
                "customer_segment": { "type": "string", "minLength": 1, "maxLength": NAME_BYTES_MAX },
                "script_template": { "type": "string", "examples": ["您好,您的账单将于{{days}}天后到期。"],
                    "description": "Spoken after the notice; {{variables}} are filled in" },
                "flow": flow,
                "schedule": { "type": "object", "additionalProperties": false, "properties": {
                    "start_time": time, "end_time": { "allOf": [time], "examples": ["18:00"] },
                    "rests": { "type": "array", "items": { "type": "array", "items": time, "minItems": 2,
                        "maxItems": 2 }, "examples": [[["12:00", "13:30"]]] },
                    "start_at": of(ends_at.clone(), "When started, it begins at this time"),
                    "stop_at": of(ends_at.clone(), "Its end, like ends_at"),
                    "max_concurrent": { "type": "integer", "minimum": 1, "maximum": MAX_CONCURRENT_MAX } } },
                "preset": preset,
                "basis": basis,
                "purpose": { "type": "string", "minLength": 1, "maxLength": NAME_BYTES_MAX },
                "duplicates": duplicates,
                "approvals": { "type": "array", "items": approvals, "uniqueItems": true,
                    "description": "What needs the approval of another user to take effect",
                    "examples": [["lists"]] },
                "sensitive_words": { "type": "array", "maxItems": SENSITIVE_WORDS_MAX,
                    "items": { "type": "string", "minLength": 1, "maxLength": SENSITIVE_WORD_CHARS_MAX },
                    "description": "If the callee says one of them, the call ends at once",
                    "examples": [["诈骗"]] },
                "retry_policy": retry_policy,
                "ring_timeout_ms": { "type": "integer", "minimum": RING_TIMEOUT_MS_MIN,
                    "maximum": RING_TIMEOUT_MS_MAX, "examples": [30_000] },
                "ends_at": ends_at },
            "examples": [{ "task_id": "TASK20261120", "customer_segment": "due-in-3-days",
                "script_template": "您好,您的账单将于{{days}}天后到期。",
                "schedule": { "start_time": "09:00", "end_time": "18:00", "max_concurrent": 50 } }],
        });
        let stages = of(
            generator.subschema_for::<StagePlan>(),
            "Rollout in stages: 200 customers, 1,000 calls a day, all; default: fully live",
        );
        let running = of(
            generator.subschema_for::<RunningPlan>(),
            "The campaign it starts after, further rounds after days, its share of lines",
        );
        let dialing = of(
            generator.subschema_for::<DialingPlan>(),
            "batch (the default); progressive, predictive: for agents; callback: only requested calls",
        );
        if let Some(members) = schema.get_mut("properties").and_then(Value::as_object_mut) {
            members.extend(of_conversation(generator));
            members.extend(target_members::schemas(generator));
            members.insert("also_presets".to_owned(), also_presets(generator));
            members.extend(hours_and_quotas::schemas(generator));
            members.insert("stages".to_owned(), stages.to_value());
            members.insert("dialing".to_owned(), dialing.to_value());
            members.insert("running".to_owned(), running.to_value());
        }
        schema
    }
}

impl CampaignBody {
    pub fn read(object: Map<String, Value>) -> Result<Self, Problem> {
        let mut body = Members::new(object);
        let campaign = campaign_id(&mut body);
        let customer_segment = name(&mut body, "customer_segment");
        let flow = flow(&mut body);
        let schedule = body.inner("schedule", schedule).unwrap_or_default();
        let speech = body.value::<SpeechPlan>("speech");
        if let Some(Err(fault)) = speech.as_ref().map(SpeechPlan::check) {
            body.wrong("speech", fault);
        }
        let preset: Preset = body.value("preset").unwrap_or_default();
        let plan = CallingPlan {
            preset,
            also_presets: body.value::<Vec<Preset>>("also_presets").unwrap_or_default(),
            basis: body.value::<Basis>("basis").unwrap_or_default(),
            purpose: name(&mut body, "purpose").unwrap_or_else(|| purpose_of(preset).to_owned()),
            window: schedule.window,
            max_concurrent: schedule.max_concurrent,
            retry_policy: body
                .value::<RetryPolicy>("retry_policy")
                .unwrap_or_else(RetryPolicy::standard),
            ring_timeout_ms: body
                .count("ring_timeout_ms", RING_TIMEOUT_MS_MIN, RING_TIMEOUT_MS_MAX)
                .map(u64::from),
            ends_at: ends_at(&mut body, schedule.stop_at),
            trial: false,
            // If it is absent, it is chosen when the campaign is created, or stays as it was created.
            duplicates: body.value::<DuplicatePolicy>("duplicates"),
            approvals: body.value("approvals").unwrap_or_default(),
            sensitive_words: body.value("sensitive_words").unwrap_or_default(),
            // The content that the name refers to is resolved where it is published.
            model: None,
            model_tiers: ModelTiers::default(),
            knowledge: None,
            assist: assist_of(&mut body).map(Box::new),
            speech: speech.map(Box::new),
            emotion: body.value::<EmotionPlan>("emotion"),
            dialing: body.value::<DialingPlan>("dialing"),
            days: days_of(&mut body, preset).map(Box::new),
            screening: screening_of(&mut body).map(Box::new),
            stages: stages_of(&mut body),
            running: running(&mut body, schedule.start_at).map(Box::new),
            dispositions: body.value::<DispositionMap>("dispositions").unwrap_or_default(),
            caps: caps_of(&mut body),
            ignores_preferred_times: ignores_preferred_times(&mut body),
            priority: priority_of(&mut body).map(Box::new),
            best_times: best_times_of(&mut body).map(Box::new),
            quotas: quotas_of(&mut body),
            seller: seller_of(&mut body).map(Box::new),
        };
        let model = body.parsed::<ModelSelector>("model");
        if model.as_ref().is_some_and(|named| named.version.is_none()) {
            body.wrong("model", "has no version: use NAME@V");
        }
        let model_tiers = tiers_of(&mut body);
        let knowledge = body.parsed::<KnowledgeSelector>("knowledge");
        if knowledge.as_ref().is_some_and(|named| named.version.is_none()) {
            body.wrong("knowledge", "has no version: use NAME@V");
        }
        body.refuse_the_rest();
        let read = campaign.zip(flow).map(|(campaign, flow)| Self {
            campaign,
            customer_segment,
            flow,
            plan,
            model,
            model_tiers,
            knowledge,
        });
        body.finish()?;
        read.ok_or_else(|| Problem::fault("a campaign body without its members passed its checks"))
    }
}

/// Returns the schema of the body's member with further presets, which apply in addition to `preset`.
fn also_presets(generator: &mut SchemaGenerator) -> Value {
    let preset = generator.subschema_for::<Preset>().to_value();
    serde_json::json!({ "type": "array", "items": preset, "uniqueItems": true, "maxItems": Preset::ALL.len() - 1,
        "description": "Further presets that also apply; the strictest decides on each rule",
        "examples": [["cn-marketing"]] })
}

/// Returns the purpose for which consent is checked if the request body names none: `marketing`,
/// `collection` or `service`, by the preset.
const fn purpose_of(preset: Preset) -> &'static str {
    match preset {
        Preset::CnMarketing => "marketing",
        Preset::CnCollection | Preset::UsRegf => "collection",
        Preset::CnService | Preset::CnCloudTrunk | Preset::UsTsr | Preset::EuGdpr | Preset::SandboxOpen => {
            "service"
        }
    }
}

/// Reads the campaign's rollout stages; `None` if the body has none. An invalid plan is noted as an error.
fn stages_of(body: &mut Members) -> Option<StagePlan> {
    let stages = body.value::<StagePlan>("stages")?;
    if let Some(fault) = stages.fault() {
        body.wrong("stages", fault);
    }
    Some(stages)
}

/// Reads `assist`: what an assistant (language model) may do in the campaign's calls. `None` if absent or
/// invalid; an invalid plan is noted as an error.
fn assist_of(body: &mut Members) -> Option<AssistPlan> {
    let plan = body.value::<AssistPlan>("assist")?;
    match plan.fault() {
        None => Some(plan),
        Some(fault) => {
            body.wrong("assist", fault);
            None
        }
    }
}

/// Reads `task_id`, which becomes the campaign's id. `None`, with an error noted, if it is missing or
/// invalid.
fn campaign_id(body: &mut Members) -> Option<CampaignId> {
    let text = body.needed_text("task_id")?;
    match text.parse() {
        Ok(campaign) => Some(campaign),
        Err(error) => {
            body.wrong("task_id", error);
            None
        }
    }
}

fn name(body: &mut Members, member: &str) -> Option<String> {
    let text = body.text(member)?;
    if text.len() <= NAME_BYTES_MAX && !text.is_empty() {
        return Some(text);
    }
    body.wrong(member, format!("must have 1 to {NAME_BYTES_MAX} bytes"));
    None
}

fn flow(body: &mut Members) -> Option<FlowBody> {
    if let Some(named) = body.parsed::<FlowSelector>("flow_version") {
        for other in ["script_template", "flow"] {
            if body.raw(other).is_some() {
                body.wrong("flow_version", format!("cannot be combined with {other}"));
            }
        }
        if named.version.is_none() {
            body.wrong("flow_version", "has no version: use NAME@V");
        }
        return Some(FlowBody::Version(named));
    }
    match (body.text("script_template"), body.raw("flow")) {
        (Some(text), None) if text.trim().is_empty() => {
            body.wrong("script_template", "is empty");
            None
        }
        (Some(text), None) => Some(FlowBody::ScriptTemplate(text)),
        (None, Some(definition)) => Some(FlowBody::Definition(definition)),
        (Some(_), Some(_)) => {
            body.wrong("flow", "cannot be combined with script_template");
            None
        }
        (None, None) => {
            body.wrong("script_template", "is missing (or give a flow)");
            None
        }
    }
}

struct Schedule {
    window: CallingWindow,
    max_concurrent: u32,
    start_at: Option<Timestamp>,
    stop_at: Option<Timestamp>,
}

impl Default for Schedule {
    /// The default schedule: calls from 09:00 to 18:00 without rests (CMP-2; every preset permits these
    /// hours), at most `MAX_CONCURRENT_DEFAULT` concurrent calls.
    fn default() -> Self {
        Self {
            window: CallingWindow {
                start: time_of_day(9),
                end: time_of_day(18),
                rests: Vec::new(),
            },
            max_concurrent: MAX_CONCURRENT_DEFAULT,
            start_at: None,
            stop_at: None,
        }
    }
}

fn time_of_day(hour: u16) -> TimeOfDay {
    TimeOfDay::from_minutes(hour * 60).expect("an hour of the day is a time of day")
}

fn schedule(members: &mut Members) -> Schedule {
    let default = Schedule::default();
    let start = members.value("start_time").unwrap_or(default.window.start);
    let end = members.value("end_time").unwrap_or(default.window.end);
    if end <= start {
        members.wrong("end_time", "must be after start_time");
    }
    let rests: Vec<(TimeOfDay, TimeOfDay)> = members.value("rests").unwrap_or_default();
    if rests.iter().any(|(from, to)| to <= from) {
        members.wrong("rests", "must be pairs of a time and a later time");
    }
    Schedule {
        window: CallingWindow { start, end, rests },
        max_concurrent: members
            .count("max_concurrent", 1, MAX_CONCURRENT_MAX)
            .unwrap_or(MAX_CONCURRENT_DEFAULT),
        start_at: members.parsed("start_at"),
        stop_at: members.parsed("stop_at"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read(value: Value) -> Result<CampaignBody, Problem> {
        match value {
            Value::Object(object) => CampaignBody::read(object),
            _ => panic!("a body is an object"),
        }
    }

    fn literal() -> Value {
        serde_json::from_str(
            "{\"task_id\":\"LOAN_REMIND_20231101\",\"customer_segment\":\"overdue_3_days\",\
             \"script_template\":\"您好,{{customer_name}},您的贷款已逾期{{days}}天,请尽快还款至账号{{account}}。\",\
             \"schedule\":{\"start_time\":\"09:00\",\"end_time\":\"18:00\",\"max_concurrent\":50}}",
        )
        .unwrap()
    }

    #[test]
    fn the_body_of_the_requirements_creates_a_campaign() {
        let body = read(literal()).unwrap();
        assert_eq!(body.campaign.as_str(), "LOAN_REMIND_20231101");
        assert_eq!(body.customer_segment.as_deref(), Some("overdue_3_days"));
        assert_eq!(
            (body.plan.preset, body.plan.basis),
            (Preset::CnService, Basis::Contract)
        );
        assert_eq!(body.plan.window.start.minutes(), 540);
        assert_eq!(body.plan.window.end.minutes(), 1_080);
        assert_eq!(body.plan.max_concurrent, 50);
        assert!(matches!(body.flow, FlowBody::ScriptTemplate(text) if text.contains("{{days}}")));
    }

    #[test]
    fn a_wrong_member_is_named() {
        for (member, value, pointer) in [
            ("task_id", json!("a b"), "/task_id"),
            (
                "schedule",
                json!({"start_time": "18:00", "end_time": "09:00"}),
                "/schedule/end_time",
            ),
            (
                "schedule",
                json!({"max_concurrent": 0}),
                "/schedule/max_concurrent",
            ),
            (
                "schedule",
                json!({"max_concurrent": 1001}),
                "/schedule/max_concurrent",
            ),
            ("preset", json!("cn-nothing"), "/preset"),
            ("also_presets", json!(["cn-nothing"]), "/also_presets"),
            ("also_presets", json!("cn-service"), "/also_presets"),
            ("ends_at", json!("tomorrow"), "/ends_at"),
            ("script_template", json!(" "), "/script_template"),
            ("colour", json!("red"), "/colour"),
            ("speech", json!({"speed_percent": 49}), "/speech"),
            ("speech", json!({"tempo": 3}), "/speech"),
            ("emotion", json!(true), "/emotion"),
            ("stages", json!({"from": "soon"}), "/stages"),
            ("stages", json!({"from": "test", "roll_out": true}), "/stages"),
            ("dialing", json!({"mode": "loudly"}), "/dialing"),
            ("dialing", json!({"mode": "batch", "lines": 3}), "/dialing"),
            ("running", json!({"rounds": 2}), "/running"),
            ("schedule", json!({"start_at": "soon"}), "/schedule/start_at"),
            (
                "dispositions",
                json!({"engaged": {"do": "stop"}}),
                "/dispositions",
            ),
            (
                "dispositions",
                json!({"answered": {"do": "retry", "after_ms": 1, "attempts": 1}}),
                "/dispositions",
            ),
            ("caps", json!([{"counted": "dialed", "calls_max": 1}]), "/caps"),
            ("caps", json!({"counted": "dialed"}), "/caps"),
            ("preferred_times", json!("sometimes"), "/preferred_times"),
            ("seller", json!({"name": "Example Bank"}), "/seller"),
            (
                "seller",
                json!({"name": "Example Bank", "number": "911"}),
                "/seller",
            ),
        ] {
            let mut body = literal();
            body[member] = value;
            let problem = read(body).unwrap_err();
            let pointers: Vec<_> = problem
                .errors
                .iter()
                .map(|error| error.pointer.as_str())
                .collect();
            assert_eq!(pointers, [pointer]);
        }
    }

    #[test]
    fn how_calls_listen_and_speak_is_taken_as_it_is_said() {
        let mut body = literal();
        body["speech"] = json!({"hot_words": ["分期"], "noise_suppression": true, "speed_percent": 50});
        body["emotion"] = json!({});
        let plan = read(body).unwrap().plan;
        let speech = plan.speech.unwrap();
        assert_eq!(speech.hot_words, ["分期"]);
        assert!(speech.noise_suppression && speech.manner().speed_percent == 50);
        assert_eq!(plan.emotion, Some(EmotionPlan { may_branch: false }));
        let silent = read(literal()).unwrap().plan;
        assert!(silent.speech.is_none() && silent.emotion.is_none());
    }

    #[test]
    fn beginning_and_end_stand_in_the_schedule_and_are_said_once() {
        let (from, to) = ("2026-12-01T09:00:00+08:00", "2026-12-24T18:00:00+08:00");
        let mut body = literal();
        body["schedule"] = json!({"start_at": from, "stop_at": to});
        body["running"] = json!({"share": 3,
            "recycle": {"dispositions": ["no_answer"], "after_days": 7, "rounds_max": 2}});
        let plan = read(body.clone()).unwrap().plan;
        assert_eq!(plan.ends_at, to.parse().ok());
        let running = plan.running.unwrap();
        assert_eq!((running.starts_at, running.share), (from.parse().ok(), Some(3)));
        body["ends_at"] = json!(to);
        assert_eq!(read(body).unwrap_err().errors[0].pointer, "/ends_at");
        assert!(read(literal()).unwrap().plan.running.is_none());
    }

    #[test]
    fn the_last_permitted_concurrency_is_taken() {
        let mut body = literal();
        body["schedule"]["max_concurrent"] = json!(1_000);
        assert_eq!(read(body).unwrap().plan.max_concurrent, 1_000);
    }
}
