//! From a call's course to its summary: pure, so that it can be written again at any time.

use super::fact::{
    FollowUp, FollowUpAction, FollowUpReason, Interest, InterestLevel, InterestRule, SummaryFact,
};
use super::text::{Told, text};
use crate::call_course::{CallCourse, CallNotes, CourseEnd, CourseMark};
use crate::personal::Personal;
use crate::ports::masking::Masking;
use crate::record::stored_event::{Position, StreamVersion};
use std::collections::BTreeMap;
use values::disposition::{Disposition, Outcome};

/// Of these rules and the texts; it changes with them, so that two summaries can be told apart.
pub const SUMMARY_VERSION: u32 = 3;

/// The intent of a call that no word decided, by its outcome; `hung_up` and `no_response` have none.
pub const INTENT_BY_OUTCOME: &[(Outcome, &str)] = &[
    (Outcome::Success, "affirm"),
    (Outcome::Declined, "deny"),
    (Outcome::Callback, "callback"),
    (Outcome::OptedOut, OPT_OUT),
    (Outcome::WrongParty, "wrong_number"),
    (Outcome::Transferred, "transfer_human"),
];

/// A refusal of further calls, by whatever words or key.
const OPT_OUT: &str = "opt_out";

/// By which something was refused, put off, or complained about.
const REFUSALS: &[&str] = &["deny", "not_interested", "no_money_need", "refuse_call"];
const LATER: &[&str] = &["busy", "callback", "consider"];
const COMPLAINT: &str = "complaint";
/// What begins the names of intents by which something is asked.
const ASKS: &str = "ask_";

/// The last event of a call that a summary is made from: its place in the log and in the call's stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MadeAt {
    pub position: Position,
    pub version: StreamVersion,
}

/// The summary of a call that was answered and has ended; of any other there is none. `notes` are its flow's,
/// and `made_at` is the place of its last event.
pub fn written(
    course: &CallCourse,
    notes: &CallNotes,
    made_at: MadeAt,
    masking: &dyn Masking,
) -> Option<SummaryFact> {
    let end = course.ended.filter(|_| course.is_answered)?;
    let (campaign, customer) = (course.campaign.clone()?, course.customer.clone()?);
    let flow = course.flow.clone()?;
    let (intent, intent_rule) = intent(course, end);
    let interest = interest(course, notes, end, intent.as_deref());
    let follow_up = follow_up(course, end, intent.as_deref(), interest);
    let slots: BTreeMap<String, Option<String>> = course
        .slots
        .iter()
        .map(|(name, value)| (name.clone(), value.as_deref().map(|value| masking.masked(value))))
        .collect();
    let told = Told {
        course,
        end,
        intent: intent.as_deref(),
        interest,
        follow_up,
        slots: &slots,
        tags: &notes.tags,
    };
    let text = masking.masked(&text(&told, &notes.lang));
    let personal = |value: Option<String>| value.map_or(Personal::Erased { hash: None }, Personal::open);
    Some(SummaryFact {
        campaign,
        customer,
        flow,
        ended_at: end.at,
        talk_ms: end.talk_ms,
        disposition: end.disposition,
        outcome: end.outcome,
        intent,
        intent_rule,
        interest,
        slots: slots
            .into_iter()
            .map(|(name, value)| (name, personal(value)))
            .collect(),
        emotion: course.emotion.map(|emotion| emotion.code().to_owned()),
        tags: course.marks.clone(),
        flow_tags: notes
            .tags
            .iter()
            .map(|tag| Personal::open(masking.masked(tag)))
            .collect(),
        text: Personal::open(text),
        lang: notes.lang.clone(),
        follow_up,
        turns: course.turns,
        models: course.models.clone(),
        summary_version: SUMMARY_VERSION,
        made_at_position: made_at.position,
        made_at_version: made_at.version,
    })
}

/// Which intent decided the call, and where that stands.
fn intent(course: &CallCourse, end: CourseEnd) -> (Option<String>, Option<String>) {
    if is_opted_out(course, end) {
        return (Some(OPT_OUT.to_owned()), Some(OPT_OUT.to_owned()));
    }
    if let Some(deciding) = &course.deciding
        && deciding.intent.is_some()
    {
        return (deciding.intent.clone(), Some(deciding.rule.clone()));
    }
    let by_outcome = INTENT_BY_OUTCOME
        .iter()
        .find(|(outcome, _)| Some(*outcome) == end.outcome);
    match by_outcome {
        Some((_, intent)) => (Some((*intent).to_owned()), Some("outcome".to_owned())),
        None => (None, None),
    }
}

fn is_opted_out(course: &CallCourse, end: CourseEnd) -> bool {
    course.is(CourseMark::OptedOut) || end.outcome == Some(Outcome::OptedOut)
}

fn is_among(intent: Option<&str>, list: &[&str]) -> bool {
    intent.is_some_and(|intent| list.contains(&intent))
}

/// By words only: of a call in which nothing was said it is not known. What the flow notes goes before what a
/// model heard.
fn interest(
    course: &CallCourse,
    notes: &CallNotes,
    end: CourseEnd,
    intent: Option<&str>,
) -> Option<Interest> {
    if !course.is_spoken() {
        return None;
    }
    let refused = is_opted_out(course, end)
        || is_among(intent, REFUSALS)
        || matches!(end.outcome, Some(Outcome::Declined | Outcome::WrongParty));
    let noted = [&notes.interest, &course.interest].into_iter();
    let noted = noted.flatten().find_map(|noted| level(noted));
    let is_asked = course.intents.iter().any(|intent| intent.starts_with(ASKS));
    let (level, rule) = if refused {
        (InterestLevel::Low, InterestRule::Refused)
    } else if let Some(level) = noted {
        (level, InterestRule::Noted)
    } else if end.outcome == Some(Outcome::Success) {
        (InterestLevel::High, InterestRule::Agreed)
    } else if course.is(CourseMark::Transferred) {
        (InterestLevel::Medium, InterestRule::AskedForPerson)
    } else if end.outcome == Some(Outcome::Callback) || is_among(intent, LATER) {
        (InterestLevel::Medium, InterestRule::Later)
    } else if is_asked {
        (InterestLevel::Medium, InterestRule::Asked)
    } else {
        (InterestLevel::Low, InterestRule::NothingShown)
    };
    Some(Interest { level, rule })
}

/// A level as a flow or a model writes it.
fn level(noted: &str) -> Option<InterestLevel> {
    InterestLevel::ALL
        .iter()
        .copied()
        .find(|level| level.code() == noted || level.label_zh() == noted)
}

fn follow_up(
    course: &CallCourse,
    end: CourseEnd,
    intent: Option<&str>,
    interest: Option<Interest>,
) -> FollowUp {
    use FollowUpAction as Action;
    use FollowUpReason as Reason;
    let (action, reason) = if is_opted_out(course, end) {
        (Action::DoNotCall, Reason::OptedOut)
    } else if course.is(CourseMark::SensitiveWord) {
        (Action::Human, Reason::SensitiveWord)
    } else if course.intents.contains(COMPLAINT) || intent == Some(COMPLAINT) {
        (Action::Human, Reason::Complained)
    } else if course.is(CourseMark::Transferred) {
        (Action::Human, Reason::AskedForPerson)
    } else {
        match end.outcome {
            Some(Outcome::OptedOut) => (Action::DoNotCall, Reason::OptedOut),
            Some(Outcome::WrongParty) => (Action::DoNotCall, Reason::WrongParty),
            Some(Outcome::Transferred) => (Action::Human, Reason::AskedForPerson),
            Some(Outcome::Callback) => (Action::CallBack, Reason::AskedForLater),
            Some(Outcome::Success) => (Action::SendMessage, Reason::Agreed),
            Some(Outcome::Declined) => (Action::None, Reason::Declined),
            Some(Outcome::Failed) => (Action::CallBack, Reason::FailedByUs),
            Some(Outcome::NoResponse) => (Action::CallBack, Reason::NothingHeard),
            Some(Outcome::HungUp) => hung_up(intent, interest),
            None => unsaid(end.disposition),
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

/// Of a call whose conversation came to no outcome.
fn unsaid(disposition: Disposition) -> (FollowUpAction, FollowUpReason) {
    if !disposition.is_by_person() {
        return (FollowUpAction::CallBack, FollowUpReason::NotAPerson);
    }
    if disposition == Disposition::Answered {
        return (FollowUpAction::None, FollowUpReason::Finished);
    }
    (FollowUpAction::CallBack, FollowUpReason::FailedByUs)
}
