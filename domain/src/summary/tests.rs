//! Tests of the summary rules and decider: a course gives its summary, and a repeated record stores nothing.

use super::wording::{WordingAskedFact, WordingFailedFact, WordingFailure, parse_wording};
use super::{
    FollowUpAction, FollowUpReason, INTENT_BY_OUTCOME, InterestLevel, InterestRule, SUMMARY_TEXT_CHARS_MAX,
    Summary, SummaryCommand, SummaryEvent, SummaryFact, SummaryPosition, SummaryRefusal, SummaryState,
    write_summary, write_text_summary,
};
use crate::call_course::{
    CallCourse, CallNotes, CourseEnd, CourseMark, DecidingRule, TextClose, TextCourse, TurnCounts,
};
use crate::calling_plan::FlowRef;
use crate::decider::{Context, Decider, EventData};
use crate::personal::Personal;
use crate::ports::masking::Masking;
use crate::record::stored_event::{Position, StreamVersion};
use crate::text_channel::{Channel, CloseReason};
use crate::time::Timestamp;
use std::collections::{BTreeMap, BTreeSet};
use values::disposition::{Disposition, Outcome};

const NOW: Timestamp = Timestamp::from_millis(1_772_416_800_000);

/// A masking that replaces one phone number with stars.
pub(super) struct Stars;

impl Masking for Stars {
    fn masked(&self, text: &str) -> String {
        text.replace("13800138000", "138****8000")
    }
}

pub(super) fn stars() -> Stars {
    Stars
}

/// Notes of a flow without tags and interest.
pub(super) fn notes(lang: &str) -> CallNotes {
    CallNotes {
        lang: lang.to_owned(),
        ..CallNotes::default()
    }
}

pub(super) fn made_at() -> SummaryPosition {
    SummaryPosition {
        position: Position(1_204),
        version: StreamVersion(17),
    }
}

/// A course in which the callee agreed to three terms.
pub(super) fn course() -> CallCourse {
    CallCourse {
        campaign: Some("T".parse().unwrap()),
        customer: Some("00112233445566778899aabbccddeeff".parse().unwrap()),
        flow: Some(FlowRef {
            flow: "card_instalment_spoken".parse().unwrap(),
            version: 3,
            content_hash: "5e".repeat(32),
        }),
        is_answered: true,
        ended: Some(CourseEnd {
            disposition: Disposition::Answered,
            outcome: Some(Outcome::Success),
            talk_ms: 41_300,
            at: NOW,
        }),
        turns: TurnCounts {
            heard_count: 3,
            understood_count: 3,
            decided_count: 4,
            said_count: 5,
            ..TurnCounts::default()
        },
        deciding: Some(DecidingRule {
            intent: Some("affirm".to_owned()),
            rule: "nodes.签约.intents.affirm".to_owned(),
        }),
        intents: BTreeSet::from(["affirm".to_owned(), "ask_fee".to_owned()]),
        slots: BTreeMap::from([
            ("terms".to_owned(), Some("3".to_owned())),
            ("phone".to_owned(), Some("13800138000".to_owned())),
        ]),
        marks: BTreeSet::from([CourseMark::Spoken, CourseMark::Corrected]),
        models: BTreeSet::from(["5e5e".to_owned()]),
        ..CallCourse::default()
    }
}

fn with(outcome: Option<Outcome>, intent: Option<&str>) -> CallCourse {
    let mut course = course();
    if let Some(end) = &mut course.ended {
        end.outcome = outcome;
    }
    course.intents.clear();
    course.deciding = intent.map(|intent| DecidingRule {
        intent: Some(intent.to_owned()),
        rule: format!("nodes.a.intents.{intent}"),
    });
    course
}

fn summarize(course: &CallCourse) -> SummaryFact {
    write_summary(course, &notes("zh-CN"), made_at(), &Stars).unwrap()
}

#[test]
fn an_agreement_says_its_intent_its_figures_and_what_may_follow() {
    let fact = summarize(&course());
    assert_eq!(fact.intent.as_deref(), Some("affirm"));
    assert_eq!(fact.intent_rule.as_deref(), Some("nodes.签约.intents.affirm"));
    let interest = fact.interest.unwrap();
    assert_eq!(
        (interest.level, interest.rule),
        (InterestLevel::High, InterestRule::Agreed)
    );
    assert_eq!(fact.follow_up.action, FollowUpAction::SendMessage);
    assert_eq!(
        (fact.made_at_position, fact.made_at_version),
        (Position(1_204), StreamVersion(17))
    );
    let text = fact.text.value().unwrap();
    assert_eq!(
        text,
        "接通，通话41秒，结果：成功。客户说了3句，意图：同意，意向高（同意）。terms：3。标记：改口。建议：发送信息（已同意，可发确认）。"
    );
    let phone = fact.slots.get("phone").and_then(Personal::value);
    assert_eq!(
        phone.map(String::as_str),
        Some("138****8000"),
        "masked before it is sealed"
    );
    let english = write_summary(&course(), &notes("en"), made_at(), &Stars).unwrap();
    assert_eq!(
        english.text.value().unwrap(),
        "answered, 41 s, outcome: success. Utterances: 3; intent: yes; interest: high (agreed). terms: 3. \
         Marks: changed an answer. Suggested: send a message (they agreed: a confirmation may be sent)."
    );
}

#[test]
fn the_stored_name_of_each_list_is_its_code() {
    let written = |value: serde_json::Value| value.as_str().unwrap().to_owned();
    for one in InterestLevel::ALL {
        assert_eq!(written(serde_json::to_value(one).unwrap()), one.code());
    }
    for one in InterestRule::ALL {
        assert_eq!(written(serde_json::to_value(one).unwrap()), one.code());
    }
    for one in FollowUpAction::ALL {
        assert_eq!(written(serde_json::to_value(one).unwrap()), one.code());
    }
    for one in FollowUpReason::ALL {
        assert_eq!(written(serde_json::to_value(one).unwrap()), one.code());
    }
    for one in CourseMark::ALL {
        assert_eq!(written(serde_json::to_value(one).unwrap()), one.code());
    }
}

#[test]
fn who_was_not_answered_or_has_not_ended_has_no_summary() {
    let unanswered = CallCourse {
        is_answered: false,
        ..course()
    };
    let running = CallCourse {
        ended: None,
        ..course()
    };
    for course in [unanswered, running] {
        assert_eq!(write_summary(&course, &notes("zh-CN"), made_at(), &Stars), None);
    }
}

/// Cases: outcome, deciding intent, then the expected intent, interest, follow-up and reason; `-` is none.
const ENDS: &str = "\
success affirm affirm high send_message agreed
declined deny deny low none declined
declined - deny low none declined
callback busy busy medium call_back asked_for_later
opted_out deny opt_out low do_not_call opted_out
wrong_party - wrong_number low do_not_call wrong_party
hung_up busy busy medium call_back asked_for_later
hung_up - - low none hung_up
no_response - - low call_back nothing_heard
failed - - low call_back failed_by_us
- - - low none finished";

#[test]
fn each_end_has_its_intent_interest_and_follow_up() {
    for row in ENDS.lines() {
        let words: Vec<&str> = row.split(' ').collect();
        let outcome = Outcome::ALL.iter().copied().find(|one| one.code() == words[0]);
        let fact = summarize(&with(outcome, Some(words[1]).filter(|said| *said != "-")));
        let interest = fact.interest.unwrap().level.code();
        let (action, reason) = (fact.follow_up.action.code(), fact.follow_up.reason.code());
        let found = [fact.intent.as_deref().unwrap_or("-"), interest, action, reason];
        assert_eq!(found[..], words[2..], "{row}");
    }
    for (outcome, intent) in INTENT_BY_OUTCOME {
        assert_eq!(
            summarize(&with(Some(*outcome), None)).intent.as_deref(),
            Some(*intent)
        );
    }
}

#[test]
fn what_must_not_be_missed_goes_before_the_outcome() {
    let marked = |mark| {
        let mut course = with(Some(Outcome::HungUp), None);
        course.marks.insert(mark);
        summarize(&course)
    };
    let opted_out = marked(CourseMark::OptedOut);
    assert_eq!(opted_out.intent.as_deref(), Some("opt_out"));
    assert_eq!(opted_out.follow_up.action, FollowUpAction::DoNotCall);
    assert_eq!(
        marked(CourseMark::SensitiveWord).follow_up.reason,
        FollowUpReason::SensitiveWord
    );
    assert_eq!(
        marked(CourseMark::Transferred).follow_up.reason,
        FollowUpReason::AskedForPerson
    );
    let mut asked = with(Some(Outcome::HungUp), None);
    asked.intents.insert("ask_fee".to_owned());
    let fact = summarize(&asked);
    assert_eq!(fact.interest.unwrap().rule, InterestRule::Asked);
    assert_eq!(fact.follow_up.reason, FollowUpReason::HungUpInterested);
    asked.interest = Some("高".to_owned());
    assert_eq!(summarize(&asked).interest.unwrap().rule, InterestRule::Noted);
    asked.intents.insert("complaint".to_owned());
    assert_eq!(summarize(&asked).follow_up.reason, FollowUpReason::Complained);
}

#[test]
fn a_call_of_keys_alone_shows_no_interest() {
    let mut course = with(Some(Outcome::Success), None);
    course.turns = TurnCounts {
        keypress_count: 2,
        ..TurnCounts::default()
    };
    let fact = summarize(&course);
    assert_eq!(fact.interest, None);
    assert!(fact.text.value().unwrap().contains("客户按键2次"));
}

#[test]
fn an_unreadable_value_stays_erased() {
    let mut course = course();
    course.slots.insert("phone".to_owned(), None);
    let fact = summarize(&course);
    assert_eq!(fact.slots.get("phone"), Some(&Personal::Erased { hash: None }));
}

#[test]
fn it_is_recorded_once_and_its_personal_fields_are_its_slots_and_its_text() {
    let record = |fact: SummaryFact| SummaryCommand::Record(Box::new(fact));
    let decide = |state: &SummaryState, command| Summary::decide(state, command, Context { now: NOW });
    let mut state = SummaryState::default();
    let events = decide(&state, record(summarize(&course()))).unwrap();
    let mut event = SummaryEvent::Recorded(Box::new(summarize(&course())));
    assert_eq!(events, vec![event.clone()]);
    let places: Vec<String> = event.personal().into_iter().map(|(place, _)| place).collect();
    assert_eq!(places, ["/slots/phone", "/slots/terms", "/text"]);
    Summary::evolve(&mut state, &event, NOW);
    assert_eq!(decide(&state, record(summarize(&course()))), Ok(vec![]));
    let long = SummaryFact {
        text: Personal::open("x".repeat(SUMMARY_TEXT_CHARS_MAX + 1)),
        ..summarize(&course())
    };
    let chars = SUMMARY_TEXT_CHARS_MAX + 1;
    assert_eq!(
        decide(&SummaryState::default(), record(long)),
        Err(SummaryRefusal::TextTooLong { chars })
    );
}

#[test]
fn what_the_flow_notes_is_in_the_summary_and_goes_before_what_a_model_heard() {
    let mut course = with(Some(Outcome::Callback), None);
    course.interest = Some("高".to_owned());
    let noted = CallNotes {
        tags: vec!["要资料13800138000".to_owned(), "老客户".to_owned()],
        interest: Some("低".to_owned()),
        ..notes("zh-CN")
    };
    let fact = write_summary(&course, &noted, made_at(), &Stars).unwrap();
    let interest = fact.interest.unwrap();
    assert_eq!(
        (interest.level, interest.rule),
        (InterestLevel::Low, InterestRule::Noted)
    );
    let tags: Vec<&str> = fact
        .flow_tags
        .iter()
        .map(|tag| tag.value().unwrap().as_str())
        .collect();
    assert_eq!(
        tags,
        ["要资料138****8000", "老客户"],
        "masked before they are sealed"
    );
    assert!(
        fact.text
            .value()
            .unwrap()
            .contains("标签：要资料138****8000、老客户。")
    );
    let mut gone = fact;
    gone.erase();
    assert!(gone.flow_tags.iter().all(|tag| tag.value().is_none()));
    let own = CallNotes {
        interest: Some("看情况".to_owned()),
        ..notes("zh-CN")
    };
    let level = write_summary(&course, &own, made_at(), &Stars)
        .unwrap()
        .interest
        .unwrap()
        .level;
    assert_eq!(level, InterestLevel::High, "a word of one's own is no level");
}

/// Figures of the tests: every digit, and each of these days.
struct Digits;

impl crate::ports::writer::Figures for Digits {
    fn figures(&self, text: &str) -> BTreeSet<String> {
        let digits = text
            .split(|one: char| !one.is_ascii_digit())
            .filter(|run| !run.is_empty());
        digits
            .map(str::to_owned)
            .chain(text.contains("明天").then(|| "明天".to_owned()))
            .collect()
    }
}

#[test]
fn what_a_model_words_names_the_calls_own_outcome_and_no_other_figure() {
    let fact = summarize(&course());
    let heard = ["明天也行，138****8000".to_owned()];
    let read = |answer: &str| parse_wording(answer, &fact, &heard, &Digits).map_err(WordingFailure::name);
    let answer = |outcome: &str, action: &str, summary: &str| {
        serde_json::json!({ "outcome": outcome, "action": action, "summary": summary,
            "follow_up": "发送确认。" })
        .to_string()
    };
    let good = read(&answer("success", "send_message", "客户同意分3期，明天确认。")).unwrap();
    assert_eq!(
        (good.text.as_str(), good.follow_up.as_str()),
        ("客户同意分3期，明天确认。", "发送确认。")
    );
    for (answer, why) in [
        (answer("declined", "send_message", "客户拒绝。"), "contradicts"),
        (answer("success", "none", "客户同意。"), "contradicts"),
        (answer("success", "send_message", "客户同意分12期。"), "figures"),
        (
            answer("success", "send_message", "客户同意，减免5000元。"),
            "figures",
        ),
        (answer("success", "send_message", " "), "garbled"),
        (answer("success", "send_message", "同意\n忽略"), "garbled"),
        (
            answer(
                "success",
                "send_message",
                &"同".repeat(SUMMARY_TEXT_CHARS_MAX + 1),
            ),
            "garbled",
        ),
        ("当然，客户同意了。".to_owned(), "garbled"),
        (
            answer("success", "send_message", "同意").replace("summary", "say"),
            "garbled",
        ),
    ] {
        assert_eq!(read(&answer), Err(why), "{answer}");
    }
}

#[test]
fn a_model_is_asked_once_after_the_summary_and_answers_once() {
    let asked = || {
        SummaryCommand::AskWording(Box::new(WordingAskedFact {
            model: "m".to_owned(),
            prompt_sha256: "9f".repeat(32),
        }))
    };
    let failed = || {
        SummaryCommand::FailWording(Box::new(WordingFailedFact {
            model: "m".to_owned(),
            prompt_sha256: "9f".repeat(32),
            took_ms: 1,
            failure: "late".to_owned(),
            prompt_tokens: None,
            answer_tokens: None,
        }))
    };
    let mut state = SummaryState::default();
    let mut tell = |command: SummaryCommand| -> Result<usize, SummaryRefusal> {
        let events = Summary::decide(&state, command, Context { now: NOW })?;
        events
            .iter()
            .for_each(|event| Summary::evolve(&mut state, event, NOW));
        Ok(events.len())
    };
    assert_eq!(tell(asked()), Err(SummaryRefusal::NotRecorded));
    assert_eq!(
        tell(SummaryCommand::Record(Box::new(summarize(&course())))),
        Ok(1)
    );
    assert_eq!(tell(failed()), Err(SummaryRefusal::WordingNotAsked));
    assert_eq!(tell(asked()), Ok(1));
    assert_eq!(tell(asked()), Err(SummaryRefusal::WordingAsked));
    assert_eq!((tell(failed()), tell(failed())), (Ok(1), Ok(0)));
}

/// The same course as a conversation in SMS.
pub(super) fn text_course() -> TextCourse {
    let course = CallCourse {
        is_answered: false,
        ended: None,
        ..course()
    };
    TextCourse {
        course,
        channel: Some(Channel::Sms),
        close: Some(TextClose {
            channel: Channel::Sms,
            reason: CloseReason::FlowEnded,
            outcome: Some(Outcome::Success),
            at: NOW,
        }),
        ..TextCourse::default()
    }
}

fn closed(reason: CloseReason, outcome: Option<Outcome>) -> TextCourse {
    let mut course = text_course();
    course.close = course.close.map(|close| TextClose {
        reason,
        outcome,
        ..close
    });
    course
}

#[test]
fn a_text_is_read_by_the_rules_of_a_call_and_says_by_which_way_it_came() {
    let of_call = write_summary(&course(), &notes("zh-CN"), made_at(), &stars()).unwrap();
    let fact = write_text_summary(&text_course(), &notes("zh-CN"), made_at(), &stars()).unwrap();
    assert_eq!(
        (&fact.intent, &fact.intent_rule, fact.interest, fact.follow_up),
        (
            &of_call.intent,
            &of_call.intent_rule,
            of_call.interest,
            of_call.follow_up
        )
    );
    assert_eq!(fact.slots, of_call.slots);
    let text = fact.text.value().unwrap();
    assert!(
        text.starts_with("文字会话（短信），流程结束，结果：成功。"),
        "{text}"
    );
    assert!(!text.contains("通话"), "{text}");
    let english = write_text_summary(&text_course(), &notes("en"), made_at(), &stars()).unwrap();
    let text = english.text.value().unwrap();
    assert!(
        text.starts_with("conversation in text (short messages), the flow ended, outcome: "),
        "{text}"
    );
}

#[test]
fn an_idle_conversation_is_not_called_hung_up_and_an_open_one_has_no_summary() {
    let mut silent = closed(CloseReason::Idle, None);
    silent.course.turns = TurnCounts::default();
    let written = |course: &TextCourse| write_text_summary(course, &notes("zh-CN"), made_at(), &stars());
    let fact = written(&silent).unwrap();
    assert_eq!(
        (fact.interest, fact.follow_up.action, fact.follow_up.reason),
        (None, FollowUpAction::CallBack, FollowUpReason::NothingHeard)
    );
    let mut left = closed(CloseReason::Idle, None);
    left.course.interest = Some("high".to_owned());
    left.course.deciding = None;
    let fact = written(&left).unwrap();
    assert_eq!(fact.follow_up.reason, FollowUpReason::LeftOffInterested);
    left.course.interest = None;
    left.course.intents.clear();
    assert_eq!(written(&left).unwrap().follow_up.reason, FollowUpReason::LeftOff);
    left.close = None;
    assert_eq!(written(&left), None);
}

#[test]
fn a_text_is_recorded_once() {
    let fact = write_text_summary(&text_course(), &notes("zh-CN"), made_at(), &stars()).unwrap();
    let command = SummaryCommand::RecordText(Box::new(fact));
    let mut state = SummaryState::default();
    let context = Context { now: NOW };
    let events = Summary::decide(&state, command.clone(), context).unwrap();
    assert!(matches!(events.as_slice(), [SummaryEvent::TextRecorded(_)]));
    Summary::evolve(&mut state, &events[0], NOW);
    assert_eq!(Summary::decide(&state, command, context), Ok(Vec::new()));
    assert!(state.text().is_some() && state.recorded().is_none());
}
