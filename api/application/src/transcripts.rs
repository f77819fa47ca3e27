//! Search of call transcripts by words. Heard texts are decrypted for the search and nothing of them is
//! stored.
//!
//! The search sees the masked text that users see: numbers, card numbers and names are masked first, so
//! that a person cannot be found by trial.

use crate::calls::stream_of;
use crate::campaigns::AnonymousMatch;
use crate::installation::Installation;
use crate::transcript_masking::{masked_by_node, own_words};
use domain::call::Call;
use domain::call::event::CallEvent;
use domain::ids::{CallId, CampaignId, CustomerId};
use domain::ports::vault::key_to_read;
use domain::problem::Problem;
use domain::stored_event::{open_personal, read_event};
use domain::time::Timestamp;
use domain::transcript::TranscriptParent;
use schemars::JsonSchema;
use serde::Serialize;

/// Most calls that are decrypted for one search, those that it finds first.
pub const SEARCHED_CALLS_MAX: usize = 500;

/// Longest search text, in characters.
pub const SOUGHT_CHARS_MAX: usize = 64;

/// Most utterances returned per call.
const SAID_MAX: usize = 5;

/// Calls with utterances that contain the search text.
#[derive(Debug, Serialize, JsonSchema)]
pub struct TranscriptMatches {
    pub items: Vec<TranscriptMatch>,
    /// For a search in one campaign: matching anonymous transcripts, which name no call or customer.
    pub anonymous: Vec<AnonymousMatch>,
    /// Number of calls that were decrypted for the search.
    pub searched_calls: usize,
    /// True if the time range has more calls than one search decrypts. Search a shorter range.
    pub truncated: bool,
}

/// One call with its matching utterances, masked.
#[derive(Debug, Serialize, JsonSchema)]
pub struct TranscriptMatch {
    pub call: CallId,
    pub campaign: CampaignId,
    pub customer: CustomerId,
    pub answered_at: Option<Timestamp>,
    /// The matching utterances, at most five.
    pub said: Vec<MatchingUtterance>,
}

/// One utterance of the callee.
#[derive(Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct MatchingUtterance {
    /// The flow node at which it was said.
    #[schemars(example = &"确认分期期数")]
    pub node: String,
    /// Time since the answer, in milliseconds.
    pub begins_ms: u64,
    #[schemars(example = &"那就分三期吧")]
    pub text: String,
}

/// Returns up to `SAID_MAX` utterances of a call, masked, that contain the search text. Call it only for a
/// read that is logged. Empty if the customer was erased.
pub async fn said_with(
    installation: &Installation,
    call: CallId,
    customer: &CustomerId,
    sought: &str,
) -> Result<Vec<MatchingUtterance>, Problem> {
    let mut said = heard_in(installation, call, customer).await?;
    said.retain(|one| holds(&one.text, sought));
    said.truncate(SAID_MAX);
    Ok(said)
}

/// Returns all utterances of a call, masked. Call it only for a read that is logged. Empty if the customer
/// was erased.
pub async fn heard_in(
    installation: &Installation,
    call: CallId,
    customer: &CustomerId,
) -> Result<Vec<MatchingUtterance>, Problem> {
    let key = key_to_read(installation.vault(), customer, TranscriptParent::Call(call)).await?;
    let Some(key) = key else {
        return Ok(Vec::new());
    };
    let fault = |why: String| Problem::fault(why);
    let mut said = Vec::new();
    let mut ran = None;
    for stored in stream_of(installation.store(), call).await? {
        let envelope = stored.envelope().map_err(|error| fault(error.to_string()))?;
        if ![CallEvent::PERMITTED, CallEvent::HEARD].contains(&envelope.kind.as_str()) {
            continue;
        }
        let mut event = read_event::<Call>(&envelope).map_err(|error| fault(error.to_string()))?;
        if let CallEvent::Permitted { flow, .. } = event {
            ran = Some(flow);
            continue;
        }
        open_personal(&envelope, &mut event, installation.vault(), Some(&key))?;
        if let CallEvent::Heard(heard) = event
            && let Some(text) = heard.text.value().cloned()
        {
            said.push(MatchingUtterance {
                node: heard.node,
                begins_ms: heard.begins_ms,
                text,
            });
        }
    }
    let turns: Vec<(&str, &str)> = said
        .iter()
        .map(|one| (one.node.as_str(), one.text.as_str()))
        .collect();
    let own_words = own_words(installation, ran.as_ref()).await;
    let masked = masked_by_node(&turns, &own_words);
    for (one, text) in said.iter_mut().zip(masked) {
        one.text = text;
    }
    Ok(said)
}

/// Returns true if the text contains the search text, in upper or lower case.
fn holds(text: &str, sought: &str) -> bool {
    text.to_lowercase().contains(&sought.to_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transcript_masking::masked_words;

    #[test]
    fn words_are_found_in_any_case_and_a_masked_number_is_not() {
        assert!(holds("Six MONTHS please", "six months"));
        assert!(holds("那就分三期吧", "三期"));
        let masked = masked_words("手机13800138000，分三期");
        assert!(!holds(&masked, "13800138000") && holds(&masked, "分三期"));
    }
}
