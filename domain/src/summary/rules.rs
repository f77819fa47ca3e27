//! The rules that turn the course of a call into its summary. Pure, so that a summary can be computed again
//! at any time.

use super::fact::{
    FollowUp, FollowUpAction, FollowUpReason, Interest, InterestLevel, InterestRule, SummaryFact,
};
use super::text::{Ending, SummaryValues, text};
use super::text_fact::TextSummaryFact;
use crate::call_course::{CallCourse, CallNotes, CourseMark, TextCourse};
use crate::personal::Personal;
use crate::ports::masking::Masking;
use crate::record::stored_event::{Position, StreamVersion};
use std::collections::BTreeMap;
use values::disposition::{Disposition, Outcome};

/// Version of the summary rules and text templates, stored in each summary. It increases when they change.
pub const SUMMARY_VERSION: u32 = 3;

/// The intent of a call that no utterance decided, by the call's outcome. `hung_up` and `no_response` have
/// none.
pub const INTENT_BY_OUTCOME: &[(Outcome, &str)] = &[
    (Outcome::Success, "affirm"),
    (Outcome::Declined, "deny"),
    (Outcome::Callback, "callback"),
    (Outcome::OptedOut, OPT_OUT),
    (Outcome::WrongParty, "wrong_number"),
    (Outcome::Transferred, "transfer_human"),
];

/// The intent of an opt-out, spoken or by key.
const OPT_OUT: &str = "opt_out";

/// Intents that decline, postpone or complain.
const REFUSALS: &[&str] = &["deny", "not_interested", "no_money_need", "refuse_call"];
const LATER: &[&str] = &["busy", "callback", "consider"];
const COMPLAINT: &str = "complaint";
/// Prefix of intents that ask a question.
const ASKS: &str = "ask_";

/// The last event that a summary includes: its position in the log and its version in the call's stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SummaryPosition {
    pub position: Position,
    pub version: StreamVersion,
}

/// Returns the summary of an answered call that has ended; `None` for any other call. `notes`: what its
/// flow noted; `made_at`: the place of its last event. The same events give the same summary.
pub fn write_summary(
    course: &CallCourse,
    notes: &CallNotes,
    made_at: SummaryPosition,
    masking: &dyn Masking,
) -> Option<SummaryFact> {
    let end = course.ended.filter(|_| course.is_answered)?;
    let (campaign, customer) = (course.campaign.clone()?, course.customer.clone()?);
    let flow = course.flow.clone()?;
    let read = read(course, notes, end.outcome, || unsaid(end.disposition));
    let words = read.words(course, notes, Ending::Call(end), masking);
    Some(SummaryFact {
        campaign,
        customer,
        flow,
        ended_at: end.at,
        talk_ms: end.talk_ms,
        disposition: end.disposition,
        outcome: end.outcome,
        intent: read.intent,
        intent_rule: read.intent_rule,
        interest: read.interest,
        slots: words.slots,
        emotion: course.emotion.map(|emotion| emotion.code().to_owned()),
        tags: course.marks.clone(),
        flow_tags: words.flow_tags,
        text: words.text,
        lang: notes.lang.clone(),
        follow_up: read.follow_up,
        turns: course.turns,
        models: course.models.clone(),
        summary_version: SUMMARY_VERSION,
        made_at_position: made_at.position,
        made_at_version: made_at.version,
    })
}

/// Returns the summary of a closed text conversation; `None` for an open one. `notes` and `made_at` are as
/// in `write_summary`.
pub fn write_text_summary(
    text_course: &TextCourse,
    notes: &CallNotes,
    made_at: SummaryPosition,
    masking: &dyn Masking,
) -> Option<TextSummaryFact> {
    let (course, close) = (&text_course.course, text_course.close?);
    let (campaign, customer) = (course.campaign.clone()?, course.customer.clone()?);
    let flow = course.flow.clone()?;
    let read = read(course, notes, close.outcome, || left_off(course, notes));
    let words = read.words(course, notes, Ending::Text(close), masking);
    Some(TextSummaryFact {
        campaign,
        customer,
        flow,
        channel: close.channel,
        closed_at: close.at,
        reason: close.reason,
        outcome: close.outcome,
        intent: read.intent,
        intent_rule: read.intent_rule,
        interest: read.interest,
        slots: words.slots,
        tags: course.marks.clone(),
        flow_tags: words.flow_tags,
        text: words.text,
        lang: notes.lang.clone(),
        follow_up: read.follow_up,
        turns: course.turns,
        models: course.models.clone(),
        summary_version: SUMMARY_VERSION,
        made_at_position: made_at.position,
        made_at_version: made_at.version,
    })
}

/// What the summary rules derived from the course of a call or conversation.
struct RuleResults {
    intent: Option<String>,
    intent_rule: Option<String>,
    interest: Option<Interest>,
    follow_up: FollowUp,
}

/// The texts of a summary after masking.
struct MaskedTexts {
    slots: BTreeMap<String, Personal<String>>,
    flow_tags: Vec<Personal<String>>,
    text: Personal<String>,
}

/// Applies the summary rules to a course. `unsaid` returns the follow-up if there is no outcome.
fn read(
    course: &CallCourse,
    notes: &CallNotes,
    outcome: Option<Outcome>,
    unsaid: impl FnOnce() -> (FollowUpAction, FollowUpReason),
) -> RuleResults {
    let (intent, intent_rule) = intent(course, outcome);
    let interest = interest(course, notes, outcome, intent.as_deref());
    let follow_up = follow_up(course, outcome, intent.as_deref(), interest, unsaid);
    RuleResults {
        intent,
        intent_rule,
        interest,
        follow_up,
    }
}

impl RuleResults {
    fn words(
        &self,
        course: &CallCourse,
        notes: &CallNotes,
        ending: Ending,
        masking: &dyn Masking,
    ) -> MaskedTexts {
        let slots: BTreeMap<String, Option<String>> = course
            .slots
            .iter()
            .map(|(name, value)| (name.clone(), value.as_deref().map(|value| masking.masked(value))))
            .collect();
        let values = SummaryValues {
            course,
            ending,
            intent: self.intent.as_deref(),
            interest: self.interest,
            follow_up: self.follow_up,
            slots: &slots,
            tags: &notes.tags,
        };
        let text = masking.masked(&text(&values, &notes.lang));
        let personal = |value: Option<String>| value.map_or(Personal::Erased { hash: None }, Personal::open);
        let tags = notes.tags.iter();
        MaskedTexts {
            text: Personal::open(text),
            flow_tags: tags.map(|tag| Personal::open(masking.masked(tag))).collect(),
            slots: slots
                .into_iter()
                .map(|(name, value)| (name, personal(value)))
                .collect(),
        }
    }
}

/// Returns the intent that decided the call and the rule that named it: an opt-out, the deciding intent,
/// else the outcome's intent. `None` if none of them applies.
fn intent(course: &CallCourse, outcome: Option<Outcome>) -> (Option<String>, Option<String>) {
    if is_opted_out(course, outcome) {
        return (Some(OPT_OUT.to_owned()), Some(OPT_OUT.to_owned()));
    }
    if let Some(deciding) = &course.deciding
        && deciding.intent.is_some()
    {
        return (deciding.intent.clone(), Some(deciding.rule.clone()));
    }
    let by_outcome = INTENT_BY_OUTCOME
        .iter()
        .find(|(known, _)| Some(*known) == outcome);
    match by_outcome {
        Some((_, intent)) => (Some((*intent).to_owned()), Some("outcome".to_owned())),
        None => (None, None),
    }
}

fn is_opted_out(course: &CallCourse, outcome: Option<Outcome>) -> bool {
    course.is(CourseMark::OptedOut) || outcome == Some(Outcome::OptedOut)
}

fn is_among(intent: Option<&str>, list: &[&str]) -> bool {
    intent.is_some_and(|intent| list.contains(&intent))
}

/// Returns the callee's interest level with the rule behind it; `None` if the callee said nothing. A note
/// of the flow takes precedence over a model's estimate.
fn interest(
    course: &CallCourse,
    notes: &CallNotes,
    outcome: Option<Outcome>,
    intent: Option<&str>,
) -> Option<Interest> {
    if !course.is_spoken() {
        return None;
    }
    let refused = is_opted_out(course, outcome)
        || is_among(intent, REFUSALS)
        || matches!(outcome, Some(Outcome::Declined | Outcome::WrongParty));
    let noted = [&notes.interest, &course.interest].into_iter();
    let noted = noted.flatten().find_map(|noted| level(noted));
    let is_asked = course.intents.iter().any(|intent| intent.starts_with(ASKS));
    let (level, rule) = if refused {
        (InterestLevel::Low, InterestRule::Refused)
    } else if let Some(level) = noted {
        (level, InterestRule::Noted)
    } else if outcome == Some(Outcome::Success) {
        (InterestLevel::High, InterestRule::Agreed)
    } else if course.is(CourseMark::Transferred) {
        (InterestLevel::Medium, InterestRule::AskedForPerson)
    } else if outcome == Some(Outcome::Callback) || is_among(intent, LATER) {
        (InterestLevel::Medium, InterestRule::Later)
    } else if is_asked {
        (InterestLevel::Medium, InterestRule::Asked)
    } else {
        (InterestLevel::Low, InterestRule::NothingShown)
    };
    Some(Interest { level, rule })
}

/// Returns the interest level with this code or Chinese label; `None` for other words.
fn level(noted: &str) -> Option<InterestLevel> {
    InterestLevel::ALL
        .iter()
        .copied()
        .find(|level| level.code() == noted || level.label_zh() == noted)
}

fn follow_up(
    course: &CallCourse,
    outcome: Option<Outcome>,
    intent: Option<&str>,
    interest: Option<Interest>,
    unsaid: impl FnOnce() -> (FollowUpAction, FollowUpReason),
) -> FollowUp {
    use FollowUpAction as Action;
    use FollowUpReason as Reason;
    let (action, reason) = if is_opted_out(course, outcome) {
        (Action::DoNotCall, Reason::OptedOut)
    } else if course.is(CourseMark::SensitiveWord) {
        (Action::Human, Reason::SensitiveWord)
    } else if course.intents.contains(COMPLAINT) || intent == Some(COMPLAINT) {
        (Action::Human, Reason::Complained)
    } else if course.is(CourseMark::Transferred) {
        (Action::Human, Reason::AskedForPerson)
    } else {
        match outcome {
            Some(Outcome::OptedOut) => (Action::DoNotCall, Reason::OptedOut),
            Some(Outcome::WrongParty) => (Action::DoNotCall, Reason::WrongParty),
            Some(Outcome::Transferred) => (Action::Human, Reason::AskedForPerson),
            Some(Outcome::Callback) => (Action::CallBack, Reason::AskedForLater),
            Some(Outcome::Success) => (Action::SendMessage, Reason::Agreed),
            Some(Outcome::Declined) => (Action::None, Reason::Declined),
            Some(Outcome::Failed) => (Action::CallBack, Reason::FailedByUs),
            Some(Outcome::NoResponse) => (Action::CallBack, Reason::NothingHeard),
            Some(Outcome::HungUp) => hung_up(intent, interest),
            None => unsaid(),
        }
    };
    FollowUp { action, reason }
}

fn hung_up(intent: Option<&str>, interest: Option<Interest>) -> (FollowUpAction, FollowUpReason) {
    if is_among(intent, LATER) {
        return (FollowUpAction::CallBack, FollowUpReason::AskedForLater);
    }
    match interest {
        Some(shown) if shown.level > InterestLevel::Low => {
            (FollowUpAction::CallBack, FollowUpReason::HungUpInterested)
        }
        Some(_) | None => (FollowUpAction::None, FollowUpReason::HungUp),
    }
}

/// Returns the follow-up of a call without a conversation outcome, by its disposition.
fn unsaid(disposition: Disposition) -> (FollowUpAction, FollowUpReason) {
    if !disposition.is_by_person() {
        return (FollowUpAction::CallBack, FollowUpReason::NotAPerson);
    }
    if disposition == Disposition::Answered {
        return (FollowUpAction::None, FollowUpReason::Finished);
    }
    (FollowUpAction::CallBack, FollowUpReason::FailedByUs)
}

/// Returns the follow-up of a text conversation without an outcome: the customer stopped replying or a user
/// closed it.
fn left_off(course: &CallCourse, notes: &CallNotes) -> (FollowUpAction, FollowUpReason) {
    let is_answered = course.is_spoken() || course.turns.keypress_count > 0;
    if !is_answered {
        return (FollowUpAction::CallBack, FollowUpReason::NothingHeard);
    }
    let shown = interest(course, notes, None, None);
    match shown {
        Some(shown) if shown.level > InterestLevel::Low => {
            (FollowUpAction::CallBack, FollowUpReason::LeftOffInterested)
        }
        Some(_) | None => (FollowUpAction::None, FollowUpReason::LeftOff),
    }
}
