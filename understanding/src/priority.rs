//! Rules that are read before any model: opt-outs, deaths, complaints, requests for a person, a wrong person.
//!
//! Each rule has fixed words. The order of the rules is their precedence: an opt-out comes first, because a
//! missed one leads to a call that must not be made. A rule with a negation directly before its words (不用转人工,
//! 我不投诉) does not count. An opt-out always counts: its words are negations themselves, and a negation before
//! them (不需要别再打了) is a second refusal. Words that mean a death only of a person (死了, "is dead") count if a
//! person is their subject: `deaths.rs`.

use crate::deaths;
use crate::text::FoldedText;
use std::ops::Range;

/// What a rule's words mean. The order of the variants is the order of precedence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Priority {
    /// 不再致电: counts at any moment of a call.
    OptOut,
    /// 本人已故: this person is not called again.
    Deceased,
    /// 投诉.
    Complaint,
    /// 转人工.
    Human,
    /// 非本人.
    WrongPerson,
    /// 已还款, 已办理.
    AlreadyDone,
    /// Another time, in English only; in Chinese a model distinguishes it from similar intents.
    Busy,
}

/// A rule that matched, with the place of its words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleMatch {
    /// The meaning of the rule.
    pub priority: Priority,
    /// The bytes of its words in the text.
    pub span: Range<usize>,
}

const RULES: &[(Priority, &[&str])] = &[
    (
        Priority::OptOut,
        &[
            "别再打",
            "别再给我打",
            "别打了",
            "别打电话",
            "别给我打",
            "不要再打",
            "不要给我打",
            "不要打电话",
            "不要打来",
            "不想再接到",
            "不要骚扰",
            "别骚扰",
            "把我拉黑",
            "从名单里去掉",
            "从名单里删",
            "把我电话删",
            "把我号码删",
            "删掉我的号码",
            "删了我的号码",
            "以后别联系",
            "不要再联系",
            "别再联系",
            "不要联系我",
            "取消来电",
            "拒绝来电",
            "退订",
            "不同意接听",
            "stop calling",
            "do not call",
            "don't call",
            "never call me again",
            "no more calls",
            "remove my number",
            "remove me",
            "delete my number",
            "take me off",
            "take my number off",
            "don't ever call",
            "don't ever phone",
            "do not phone",
            "don't phone",
            "do not ring me",
            "don't ring me",
            "never phone me",
            "never ring me",
            "never call this number",
            "stop phoning",
            "stop ringing",
            "stop these calls",
            "quit calling",
            "off your list",
            "off the list",
            "unsubscribe",
        ],
    ),
    (
        Priority::Deceased,
        &[
            "去世",
            "过世",
            "病故",
            "已经不在了",
            "人不在了",
            "走了好几年",
            "死了",
            "passed away",
            "is dead",
            "deceased",
            "has died",
            "he died",
            "she died",
            "husband died",
            "wife died",
            "father died",
            "mother died",
        ],
    ),
    (
        Priority::Complaint,
        &[
            "投诉",
            "举报",
            "银保监",
            "金融监管",
            "消协",
            "工信部",
            "12315",
            "12378",
            "12381",
            "曝光你",
            "去法院",
            "起诉",
            "告你们",
            "找律师",
            "报警",
            "complain",
            "complaint",
            "lawyer",
            "report you",
        ],
    ),
    (
        Priority::Human,
        &[
            "转人工",
            "接人工",
            "人工客服",
            "人工服务",
            "人工坐席",
            "找人工",
            "要人工",
            "换人工",
            "换个真人",
            "找真人",
            "要真人",
            "真人客服",
            "跟人说话",
            "和人说话",
            "叫个人来",
            "转接工作人员",
            "跟真人",
            "speak to a human",
            "talk to a human",
            "real person",
            "speak to an agent",
            "speak to someone",
        ],
    ),
    (
        Priority::WrongPerson,
        &[
            "打错了",
            "打错电话",
            "找错人",
            "不是本人",
            "我不是他",
            "我不是她",
            "没这个人",
            "没有这个人",
            "不认识这个人",
            "不认识他",
            "号码换人",
            "机主不是我",
            "wrong number",
            "wrong person",
        ],
    ),
    (
        Priority::AlreadyDone,
        &[
            "已经还了",
            "已经还清",
            "已经还完",
            "我还过了",
            "早就还了",
            "早还完了",
            "昨天还了",
            "刚还了",
            "刚还的",
            "已经办过",
            "already paid",
            "paid it already",
        ],
    ),
    (
        Priority::Busy,
        &[
            "i am busy",
            "i'm busy",
            "in a meeting",
            "call me later",
            "call back later",
            "not a good time",
        ],
    ),
];

/// Words directly before a rule's words that cancel it.
const NEGATIONS: &[&str] = &[
    "不用",
    "不要",
    "不想",
    "不会",
    "没有",
    "没",
    "不是要",
    "不需要",
    "不",
    "别",
    "not",
    "don't",
];

/// Returns the first rule that matches; `None` if none does.
pub fn find_first_rule(text: &str) -> Option<RuleMatch> {
    find_first_rule_among(text, |_every| true)
}

/// Returns the first rule, by precedence, with words in the text, among those for which `is_asked` is true;
/// `None` if none matches.
pub(crate) fn find_first_rule_among(text: &str, is_asked: impl Fn(Priority) -> bool) -> Option<RuleMatch> {
    let folded = FoldedText::of(text);
    let mut rules = RULES.iter().filter(|(priority, _)| is_asked(*priority));
    rules.find_map(|(priority, words)| {
        let hit = place_of(&folded, *priority, words)?;
        Some(RuleMatch {
            priority: *priority,
            span: folded.bytes(hit, text),
        })
    })
}

/// Returns true if the words of the rule `wanted` are in the text, even if another rule takes precedence.
pub fn matches_rule(text: &str, wanted: Priority) -> bool {
    find_first_rule_among(text, |priority| priority == wanted).is_some()
}

fn place_of(text: &FoldedText, priority: Priority, words: &[&str]) -> Option<Range<usize>> {
    (0..text.chars().len()).find_map(|place| {
        let (found, end) = text.one_of(place, words)?;
        let counts = match priority {
            Priority::OptOut => true,
            Priority::Deceased => !is_negated(text, place) && deaths::is_of_a_person(text, found, place..end),
            Priority::Complaint
            | Priority::Human
            | Priority::WrongPerson
            | Priority::AlreadyDone
            | Priority::Busy => !is_negated(text, place),
        };
        counts.then_some(place..end)
    })
}

fn is_negated(text: &FoldedText, place: usize) -> bool {
    let ends_here = |words: &str| {
        let length = words.chars().count();
        let start = |gap: usize| place.checked_sub(length + gap);
        [0, 1].into_iter().filter_map(start).any(|start| {
            text.starts_with(start, words)
                && (start + length..place)
                    .all(|between| matches!(text.at(between), Some(' ' | '给' | '去' | '要' | '想')))
        })
    };
    NEGATIONS.iter().any(|words| ends_here(words))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_must_not_be_missed_goes_first() {
        for (said, wanted) in [
            ("他已经去世了", Some(Priority::Deceased)),
            ("他已经去世了，你们别再打了", Some(Priority::OptOut)),
            ("人都死了，不要再打电话来了", Some(Priority::OptOut)),
            ("he passed away, stop calling", Some(Priority::OptOut)),
            ("烦死了，别打了", Some(Priority::OptOut)),
            ("再打我就投诉，别再打了", Some(Priority::OptOut)),
            ("别再给我打电话了", Some(Priority::OptOut)),
            ("我要去银保监会投诉", Some(Priority::Complaint)),
            ("给我转人工", Some(Priority::Human)),
            ("你打错了", Some(Priority::WrongPerson)),
            ("我已经还了", Some(Priority::AlreadyDone)),
            ("please stop calling me", Some(Priority::OptOut)),
            ("this is the wrong number", Some(Priority::WrongPerson)),
            ("不需要别再打了", Some(Priority::OptOut)),
            ("不用别再给我打电话了", Some(Priority::OptOut)),
            ("我说了不要别打了", Some(Priority::OptOut)),
            ("别别再打了", Some(Priority::OptOut)),
            ("不用 别再打了", Some(Priority::OptOut)),
            ("no don't stop calling me", Some(Priority::OptOut)),
            ("remove me from your list", Some(Priority::OptOut)),
            ("take my number off", Some(Priority::OptOut)),
            ("I'm busy, call me later", Some(Priority::Busy)),
            ("I am not busy", None),
            ("不用转人工", None),
            ("我不想投诉你们", None),
            ("没投诉过", None),
            ("好的", None),
            ("", None),
        ] {
            assert_eq!(
                find_first_rule(said).map(|found| found.priority),
                wanted,
                "{said}"
            );
        }
        assert!(matches_rule("他已经去世了，你们别再打了", Priority::OptOut));
        assert!(!matches_rule("他已经去世了", Priority::OptOut));
        assert!(!matches_rule("不用转人工", Priority::Human));
        let said = "你好，给我转人工吧";
        assert_eq!(
            said.get(find_first_rule(said).expect("a rule").span),
            Some("转人工")
        );
    }
}
