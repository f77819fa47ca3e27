//! A sample as a document: the draw, how to repeat it, the checklist, and the finding for each call.

use crate::sampling::{rank, sample_id};
use domain::hex;
use domain::ids::{CallId, SampleId};
use domain::problem::Problem;
use domain::sample::{CHECKLIST, DrawnSample, Finding, SampleState};
use domain::time::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

/// What a reader needs to repeat the draw without this program.
const HOW: &str = "Every call of the log that ended up to `position` (and in `campaign`, `from`, `to` \
where given) is in the population. A call's rank is SHA-256 of `seed` and the call's id, both as text, one \
directly behind the other; within its stratum the calls of lowest rank are drawn, as many as the \
stratum's share by largest remainder. `population_sha256` is over the call ids in the order of \
their call.ended events, a line feed behind each. `log_root` is the RFC 9162 root over the first \
`log_size` events: compare it with a signed checkpoint.";

/// The same in Chinese.
const HOW_ZH: &str = "截至 position 已结束的全部呼叫（如给定，则限于 campaign、from、to）构成总体。\
每个呼叫的序值为 SHA-256(seed 与呼叫标识直接相连的文本)；各层按最大余数法分配名额，取序值最小者。\
population_sha256 为按 call.ended 先后、每行一个呼叫标识的摘要。\
log_root 为前 log_size 条事件的默克尔根，可与签名检查点核对。";

/// A sample.
#[derive(Debug, Serialize, JsonSchema)]
pub struct SampleResponse {
    sample: SampleId,
    drawn_at: Option<Timestamp>,
    drawn: DrawnSample,
    how: DrawInstructions,
    checklist: Vec<ChecklistItem>,
    calls: Vec<DrawnCall>,
    /// Number of calls without a finding.
    lacking: usize,
    signed_off: Option<SignOff>,
}

/// How to repeat the draw.
#[derive(Debug, Serialize, JsonSchema)]
struct DrawInstructions {
    zh: &'static str,
    en: &'static str,
}

/// A question of the checklist for each call.
#[derive(Debug, Serialize, JsonSchema)]
struct ChecklistItem {
    #[schemars(example = &"notice")]
    code: &'static str,
    zh: &'static str,
    en: &'static str,
}

/// A drawn call.
#[derive(Debug, Serialize, JsonSchema)]
struct DrawnCall {
    call: CallId,
    /// SHA-256 of the seed and the call's id: the calls with the lowest ranks are drawn.
    #[schemars(example = &"00f1a081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08")]
    rank: String,
    /// The route that lists its events.
    events: String,
    finding: Option<RecordedFinding>,
}

/// The finding for a call, and when it was recorded.
#[derive(Debug, Serialize, JsonSchema)]
struct RecordedFinding {
    recorded_at: Timestamp,
    finding: Finding,
}

/// Who closed a sample, and when.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct SignOff {
    pub by: String,
    pub at: Timestamp,
}

/// Returns the document of a sample: the draw, how to repeat it, the checklist and the findings. Fails with
/// `Missing`.
pub fn document(id: SampleId, state: &SampleState) -> Result<SampleResponse, Problem> {
    let drawn = state.drawn().ok_or_else(|| Problem::missing("this sample"))?;
    let calls: Vec<DrawnCall> = drawn
        .calls
        .iter()
        .map(|call| describe(*call, drawn, state))
        .collect();
    let checklist: Vec<ChecklistItem> = CHECKLIST
        .iter()
        .map(|item| ChecklistItem {
            code: item.code,
            zh: item.label_zh,
            en: item.label_en,
        })
        .collect();
    Ok(SampleResponse {
        sample: id,
        drawn_at: state.drawn_at(),
        drawn: drawn.clone(),
        how: DrawInstructions { zh: HOW_ZH, en: HOW },
        checklist,
        calls,
        lacking: state.lacking().count(),
        signed_off: signed_off(state),
    })
}

/// Returns who closed the sample and when; `None` if it is open.
pub fn signed_off(state: &SampleState) -> Option<SignOff> {
    state.signed_off().map(|(by, at)| SignOff {
        by: by.clone(),
        at: *at,
    })
}

fn describe(call: CallId, drawn: &DrawnSample, state: &SampleState) -> DrawnCall {
    let finding = state.finding(call).map(|(finding, at)| RecordedFinding {
        recorded_at: *at,
        finding: finding.clone(),
    });
    DrawnCall {
        call,
        rank: hex::encode(&rank(&drawn.facts.seed, call)),
        events: format!("/api/v1/calls/{call}/events"),
        finding,
    }
}

/// Reads the draw that a document claims, and the sample's id. Fails with what is wrong in the document.
pub fn parse_draw(document: &Value) -> Result<(SampleId, DrawnSample), String> {
    let member = |name: &str| document.get(name).cloned().unwrap_or_default();
    let drawn: DrawnSample =
        serde_json::from_value(member("drawn")).map_err(|error| format!("its `drawn`: {error}"))?;
    let id: SampleId =
        serde_json::from_value(member("sample")).map_err(|error| format!("its `sample`: {error}"))?;
    match id == sample_id(&drawn.facts) {
        true => Ok((id, drawn)),
        false => Err("its id is not the one that its facts give".to_owned()),
    }
}
