//! The text of a summary in Chinese or English, made from its countable values.

use super::fact::{FollowUp, Interest};
use crate::call_course::{CallCourse, CourseEnd, CourseMark, TextClose};
use std::collections::BTreeMap;
use values::disposition::Outcome;

/// Longest slot value that the summary's text contains, in characters: a date or an amount. Longer values
/// appear only among the slots.
const VALUE_CHARS_MAX: usize = 10;
/// Most slots in the summary's text; the first ones. A flow usually asks for a handful.
const SLOTS_IN_TEXT_MAX: usize = 12;

/// Most tags in the summary's text, the first ones. The summary itself holds all of them.
const TAGS_IN_TEXT_MAX: usize = 6;

/// The end of a call or of a text conversation, as a summary states it.
#[derive(Debug, Clone, Copy)]
pub(super) enum Ending {
    Call(CourseEnd),
    Text(TextClose),
}

impl Ending {
    const fn outcome(self) -> Option<Outcome> {
        match self {
            Self::Call(end) => end.outcome,
            Self::Text(close) => close.outcome,
        }
    }

    fn in_chinese(self) -> String {
        match self {
            Self::Call(end) => format!("{}，通话{}秒", end.disposition.label_zh(), end.talk_ms / 1_000),
            Self::Text(close) => format!(
                "文字会话（{}），{}",
                close.channel.label_zh(),
                close.reason.label_zh()
            ),
        }
    }

    fn in_english(self) -> String {
        match self {
            Self::Call(end) => format!("{}, {} s", end.disposition.label_en(), end.talk_ms / 1_000),
            Self::Text(close) => format!(
                "conversation in text ({}), {}",
                close.channel.label_en(),
                close.reason.label_en()
            ),
        }
    }
}

/// The values from which a summary's text is made.
pub(super) struct SummaryValues<'a> {
    pub(super) course: &'a CallCourse,
    pub(super) ending: Ending,
    pub(super) intent: Option<&'a str>,
    pub(super) interest: Option<Interest>,
    pub(super) follow_up: FollowUp,
    pub(super) slots: &'a BTreeMap<String, Option<String>>,
    pub(super) tags: &'a [String],
}

/// Returns the text of a summary: in Chinese if the flow's language is Chinese, otherwise in English.
pub(super) fn text(summary: &SummaryValues<'_>, lang: &str) -> String {
    if lang.starts_with("zh") {
        in_chinese(summary)
    } else {
        in_english(summary)
    }
}

fn in_chinese(summary: &SummaryValues<'_>) -> String {
    let SummaryValues { course, ending, .. } = summary;
    let mut text = ending.in_chinese();
    if let Some(outcome) = ending.outcome() {
        text.push_str(&format!("，结果：{}", outcome.label_zh()));
    }
    text.push('。');
    let turns = course.turns;
    if course.is_spoken() {
        text.push_str(&format!(
            "客户说了{}句",
            turns.heard_count.max(turns.understood_count)
        ));
        let intent = summary.intent.map(|intent| intent_label(intent, |label| label.1));
        text.extend(intent.map(|intent| format!("，意图：{intent}")));
        let interest = summary.interest;
        text.extend(interest.map(|it| format!("，意向{}（{}）", it.level.label_zh(), it.rule.label_zh())));
        text.extend(course.emotion.map(|it| format!("，情绪：{}", it.label_zh())));
        text.push('。');
    } else if turns.keypress_count > 0 {
        text.push_str(&format!("客户按键{}次。", turns.keypress_count));
    }
    for (name, value) in summary.values() {
        text.push_str(&format!("{name}：{value}。"));
    }
    if !summary.tags.is_empty() {
        text.push_str(&format!("标签：{}。", summary.tags().join("、")));
    }
    let marks = summary.marks(CourseMark::label_zh);
    if !marks.is_empty() {
        text.push_str(&format!("标记：{}。", marks.join("、")));
    }
    let FollowUp { action, reason } = summary.follow_up;
    text.push_str(&format!("建议：{}（{}）。", action.label_zh(), reason.label_zh()));
    text
}

fn in_english(summary: &SummaryValues<'_>) -> String {
    let SummaryValues { course, ending, .. } = summary;
    let mut text = ending.in_english();
    if let Some(outcome) = ending.outcome() {
        text.push_str(&format!(", outcome: {}", outcome.label_en()));
    }
    text.push_str(". ");
    let turns = course.turns;
    if course.is_spoken() {
        let said = turns.heard_count.max(turns.understood_count);
        text.push_str(&format!("Utterances: {said}"));
        let intent = summary.intent.map(|intent| intent_label(intent, |label| label.2));
        text.extend(intent.map(|intent| format!("; intent: {intent}")));
        let interest = summary.interest;
        let in_words = interest.map(|it| {
            let (level, rule) = (it.level.label_en(), it.rule.label_en());
            format!("; interest: {level} ({rule})")
        });
        text.extend(in_words);
        text.extend(course.emotion.map(|it| format!("; sounded {}", it.label_en())));
        text.push_str(". ");
    } else if turns.keypress_count > 0 {
        text.push_str(&format!("Keys pressed: {}. ", turns.keypress_count));
    }
    for (name, value) in summary.values() {
        text.push_str(&format!("{name}: {value}. "));
    }
    if !summary.tags.is_empty() {
        text.push_str(&format!("Tags: {}. ", summary.tags().join(", ")));
    }
    let marks = summary.marks(CourseMark::label_en);
    if !marks.is_empty() {
        text.push_str(&format!("Marks: {}. ", marks.join(", ")));
    }
    let FollowUp { action, reason } = summary.follow_up;
    text.push_str(&format!(
        "Suggested: {} ({}).",
        action.label_en(),
        reason.label_en()
    ));
    text
}

impl SummaryValues<'_> {
    /// Returns the slots with a number or date as value, at most `SLOTS_IN_TEXT_MAX`. Names and sentences
    /// appear only among the summary's slots.
    fn values(&self) -> impl Iterator<Item = (&str, &str)> {
        let is_figure = |value: &&str| {
            value.chars().count() <= VALUE_CHARS_MAX
                && value
                    .chars()
                    .all(|found| found.is_ascii_digit() || ".-:".contains(found))
        };
        let slots = self.slots.iter();
        let known = slots.filter_map(|(name, value)| Some((name.as_str(), value.as_deref()?)));
        known
            .filter(move |(_, value)| is_figure(value))
            .take(SLOTS_IN_TEXT_MAX)
    }

    /// Returns the first tags of the summary, at most `TAGS_IN_TEXT_MAX`.
    fn tags(&self) -> Vec<&str> {
        self.tags
            .iter()
            .take(TAGS_IN_TEXT_MAX)
            .map(String::as_str)
            .collect()
    }

    /// Returns the labels of the call's marks, except those that the text states in another way.
    fn marks(&self, label: fn(CourseMark) -> &'static str) -> Vec<&'static str> {
        let marks = self.course.marks.iter().copied();
        marks
            .filter(|mark| !matches!(mark, CourseMark::Spoken | CourseMark::Keyed))
            .map(label)
            .collect()
    }
}

/// Chinese and English labels of the intents in bundled flows. Other intents appear with their name.
const INTENT_LABELS: &[(&str, &str, &str)] = &[
    ("affirm", "同意", "yes"),
    ("deny", "拒绝", "no"),
    ("opt_out", "谢绝来电", "refuses further calls"),
    ("refuse_call", "谢绝来电", "refuses further calls"),
    ("not_interested", "没兴趣", "not interested"),
    ("no_money_need", "不需要", "needs none"),
    ("busy", "正忙", "busy"),
    ("callback", "改天再打", "call again later"),
    ("consider", "考虑一下", "thinks about it"),
    ("transfer_human", "转人工", "wants a person"),
    ("complaint", "投诉", "complains"),
    ("wrong_number", "非本人", "wrong person"),
    ("deceased", "本人已故", "the person has died"),
    ("already_done", "已办理", "done already"),
    ("too_expensive", "嫌贵", "too expensive"),
    ("ask_fee", "问费用", "asks the fee"),
    ("ask_term", "问期数", "asks the term"),
    ("ask_amount", "问金额", "asks the amount"),
    ("ask_process", "问流程", "asks how it goes"),
    ("who_are_you", "问来电方", "asks who calls"),
    (
        "where_from_my_number",
        "问号码来源",
        "asks where the number is from",
    ),
    ("is_robot", "问是否机器人", "asks whether a robot speaks"),
    ("is_fraud", "怀疑诈骗", "suspects fraud"),
];

type IntentLabel = (&'static str, &'static str, &'static str);

fn intent_label(intent: &str, of: fn(&IntentLabel) -> &'static str) -> &str {
    let known = INTENT_LABELS.iter().find(|label| label.0 == intent);
    known.map_or(intent, of)
}
