//! What was said in calls, searched by its words: heard texts are opened for it and nothing of them is kept.
//!
//! What is searched is what is shown: numbers, cards and names are masked first, so that nobody finds a
//! person by trying.

use crate::calls::stream_of;
use crate::campaigns::AnonymousFound;
use crate::installation::Installation;
use crate::transcript_words::{masked_by_node, own_words};
use domain::call::Call;
use domain::call::event::CallEvent;
use domain::ids::{CallId, CampaignId, CustomerId};
use domain::ports::vault::key_to_read;
use domain::problem::Problem;
use domain::stored_event::{open_personal, read_event};
use domain::time::Timestamp;
use domain::transcript::TranscriptOf;
use schemars::JsonSchema;
use serde::Serialize;

/// Most calls that are opened for one search.
pub const SEARCHED_CALLS_MAX: usize = 500;

/// Longest text that is searched for, in characters.
pub const SOUGHT_CHARS_MAX: usize = 64;

/// Most utterances shown of one call.
const SAID_MAX: usize = 5;

/// Calls in which something was said.
#[derive(Debug, Serialize, JsonSchema)]
pub struct TranscriptsFound {
    pub items: Vec<TranscriptFound>,
    /// Where a campaign is named: what is kept of its calls without whoever said it.
    pub anonymous: Vec<AnonymousFound>,
    /// Calls that were opened for it.
    pub searched_calls: usize,
    /// There are more calls in this time than are opened at once: ask for a shorter one.
    pub truncated: bool,
}

/// One call, with what was said, masked.
#[derive(Debug, Serialize, JsonSchema)]
pub struct TranscriptFound {
    pub call: CallId,
    pub campaign: CampaignId,
    pub customer: CustomerId,
    pub answered_at: Option<Timestamp>,
    /// At most five.
    pub said: Vec<SaidWords>,
}

/// One utterance of the callee.
#[derive(Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct SaidWords {
    /// The node the call was in.
    #[schemars(example = &"确认分期期数")]
    pub node: String,
    /// Since the answer.
    pub begins_ms: u64,
    #[schemars(example = &"那就分三期吧")]
    pub text: String,
}

/// What was said in a call that holds the words, masked; without any where the person is gone.
pub async fn said_with(
    installation: &Installation,
    call: CallId,
    customer: &CustomerId,
    sought: &str,
) -> Result<Vec<SaidWords>, Problem> {
    let mut said = heard_in(installation, call, customer).await?;
    said.retain(|one| holds(&one.text, sought));
    said.truncate(SAID_MAX);
    Ok(said)
}

/// All that was said in a call, masked; asked only behind a record of it.
pub async fn heard_in(
    installation: &Installation,
    call: CallId,
    customer: &CustomerId,
) -> Result<Vec<SaidWords>, Problem> {
    let key = key_to_read(installation.vault(), customer, TranscriptOf::Call(call)).await?;
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
            said.push(SaidWords {
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

/// Letters count alike in both cases.
fn holds(text: &str, sought: &str) -> bool {
    text.to_lowercase().contains(&sought.to_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transcript_words::masked_words;

    #[test]
    fn words_are_found_in_any_case_and_a_masked_number_is_not() {
        assert!(holds("Six MONTHS please", "six months"));
        assert!(holds("那就分三期吧", "三期"));
        let masked = masked_words("手机13800138000，分三期");
        assert!(!holds(&masked, "13800138000") && holds(&masked, "分三期"));
    }
}
