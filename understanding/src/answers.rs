//! Reads a short answer by rules, before any model is used: yes, no, or neither.
//!
//! A sign of listening (嗯, 啊) is no consent. Two negations are one yes (不是不行), a question is no answer
//! (行不行啊), and words after 但是 count against those before it.

use crate::text::normalize_text;

/// The meaning of a callee's short answer, by rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// Agreement in words.
    Yes,
    /// Refusal in words.
    No,
    /// Agreement with a condition: the flow asks on.
    YesBut,
    /// A sound that only shows that the callee is listening.
    BackChannel,
    /// A question in return.
    Question,
    /// None of these, by these rules.
    Neither,
}

const SOUNDS: &[&str] = &[
    "嗯哼", "嗯", "啊", "哦", "噢", "喔", "呃", "额", "唔", "哎", "诶", "uh huh", "mm hmm", "mhm", "uh",
    "hmm", "mm", "oh",
];
const SOFT: &str = "啊呀吧呢的了哦嘛哈啦嗯那就 ";

/// Double negations that mean yes.
const DOUBLE: &[&str] = &[
    "不是不行",
    "不是不可以",
    "不是不能",
    "没有不同意",
    "没说不行",
    "不是不同意",
    "不是不愿意",
    "也不是不",
    "没有不愿意",
];
const QUESTIONS: &[&str] = &[
    "行不行",
    "可不可以",
    "能不能",
    "好不好",
    "要不要",
    "是不是",
    "对不对",
    "有没有",
    "可以吗",
    "行吗",
    "能吗",
    "好吗",
    "是吗",
    "对吗",
    "吗",
    "为什么",
    "什么",
    "多少",
    "怎么",
    "哪",
];
const BUT: &[&str] = &["但是", "可是", "不过", "但", "就是怕", "只是", " but "];
const NO: &[&str] = &[
    "不用",
    "不要",
    "不行",
    "不需要",
    "不可以",
    "不同意",
    "不想",
    "不办",
    "不考虑",
    "不是",
    "不对",
    "不愿意",
    "不方便",
    "不感兴趣",
    "没兴趣",
    "没必要",
    "没需要",
    "算了",
    "别办",
    "免了",
    "不了",
    "拒绝",
    "不好",
    "不能",
    "没有",
    "不",
];
const YES: &[&str] = &[
    "可以",
    "好的",
    "好啊",
    "好吧",
    "好呀",
    "同意",
    "没问题",
    "没错",
    "愿意",
    "行",
    "是的",
    "对的",
    "对",
    "好",
    "是",
    "要得",
    "要",
    "中",
    "成",
    "办吧",
    "没意见",
    "当然",
    "确认",
];
const NO_WORDS: &[&str] = &["no", "nope", "not", "don't", "dont", "never", "can't", "won't"];
/// English words that refuse by themselves; the other `NO_WORDS` depend on the words after them (don't know,
/// can't hear).
const NO_FIRST: &[&str] = &["no", "nope", "never"];
const YES_WORDS: &[&str] = &[
    "yes", "yeah", "yep", "yup", "sure", "ok", "okay", "correct", "right", "fine", "agree", "agreed",
];

/// Returns the meaning of an answer.
pub fn read(text: &str) -> Answer {
    let said = normalize_text(text);
    if said.is_empty() {
        return Answer::Neither;
    }
    if is_sounds(&said) {
        return Answer::BackChannel;
    }
    let asks = text.trim_end().ends_with(['?', '？']);
    let (first, rest) = parted(&said);
    if DOUBLE.iter().any(|words| first.contains(words)) {
        return if rest.is_some() {
            Answer::YesBut
        } else {
            Answer::Yes
        };
    }
    if asks || QUESTIONS.iter().any(|words| first.contains(words)) {
        return Answer::Question;
    }
    let answer = plain(first);
    match (answer, rest) {
        (Answer::Yes, Some(_)) => Answer::YesBut,
        (answer, _) => answer,
    }
}

/// Returns true if an English answer begins with a refusal, whatever follows it.
pub fn begins_with_no(text: &str) -> bool {
    let said = normalize_text(text);
    let first = said.split(' ').next().unwrap_or_default();
    NO_FIRST.contains(&first)
}

/// Returns true if an answer is consent: words of agreement without a condition, never a mere sound.
pub fn is_consent(text: &str) -> bool {
    read(text) == Answer::Yes
}

fn is_sounds(said: &str) -> bool {
    let mut rest = said;
    loop {
        rest = rest.trim_start();
        if rest.is_empty() {
            return true;
        }
        let Some(behind) = SOUNDS.iter().find_map(|sound| rest.strip_prefix(sound)) else {
            return false;
        };
        rest = behind;
    }
}

/// Splits an answer at its first "but" into the parts before and after it. Without one, or if it begins the
/// answer: the whole answer and `None`.
fn parted(said: &str) -> (&str, Option<&str>) {
    let found = BUT
        .iter()
        .filter_map(|words| said.split_once(words))
        .min_by_key(|(first, _)| first.len());
    match found {
        Some((first, rest)) if !first.is_empty() => (first, Some(rest)),
        _ => (said, None),
    }
}

/// Returns yes, no or neither by the words with which an answer begins, or of which it consists.
fn plain(said: &str) -> Answer {
    let said = said.trim_start_matches(|found| "嗯啊哦呃额那就 ".contains(found));
    let words: Vec<&str> = said.split(' ').collect();
    if words.iter().any(|word| NO_WORDS.contains(word)) {
        return Answer::No;
    }
    if words.first().is_some_and(|word| YES_WORDS.contains(word)) {
        return Answer::Yes;
    }
    if NO.iter().any(|words| said.starts_with(words)) {
        return Answer::No;
    }
    // A refusal may follow its reason: 我真的不需要. A yes must be the whole answer, or begin it.
    let strong = [
        "不需要",
        "不用了",
        "不要了",
        "不考虑",
        "不同意",
        "不办",
        "没兴趣",
        "不感兴趣",
        "算了",
    ];
    if strong.iter().any(|words| said.contains(words)) {
        return Answer::No;
    }
    let Some(behind) = YES.iter().find_map(|words| said.strip_prefix(words)) else {
        return Answer::Neither;
    };
    let mut rest = behind.trim_start_matches(|found| SOFT.contains(found));
    while let Some(behind) = YES.iter().find_map(|words| rest.strip_prefix(words)) {
        rest = behind.trim_start_matches(|found| SOFT.contains(found));
    }
    let polite = [
        "谢谢",
        "麻烦你",
        "麻烦您",
        "你说",
        "您说",
        "这样",
        "办",
        "给我办",
        "帮我办",
        "可以办",
    ];
    let is_short = rest.is_empty() || polite.iter().any(|words| rest.starts_with(words));
    if is_short { Answer::Yes } else { Answer::Neither }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_answer_is_what_it_says() {
        for (said, wanted) in [
            ("好的", Answer::Yes),
            ("可以", Answer::Yes),
            ("嗯，可以的", Answer::Yes),
            ("行吧", Answer::Yes),
            ("是的没错", Answer::Yes),
            ("好的麻烦你了", Answer::Yes),
            ("可以啊那就办吧", Answer::Yes),
            ("不是不行", Answer::Yes),
            ("我没有不同意", Answer::Yes),
            ("yes please", Answer::Yes),
            ("不用了谢谢", Answer::No),
            ("不行", Answer::No),
            ("我真的不需要", Answer::No),
            ("还是算了吧", Answer::No),
            ("No, thanks", Answer::No),
            ("I don't want it", Answer::No),
            ("可以啊但是利息太高", Answer::YesBut),
            ("不是不行，不过我要问问老公", Answer::YesBut),
            ("嗯", Answer::BackChannel),
            ("啊", Answer::BackChannel),
            ("哦哦", Answer::BackChannel),
            ("嗯嗯，哦", Answer::BackChannel),
            ("uh huh", Answer::BackChannel),
            ("行不行啊", Answer::Question),
            ("可以吗", Answer::Question),
            ("好？", Answer::Question),
            ("利息多少", Answer::Question),
            ("我在开会", Answer::Neither),
            ("对面有家银行", Answer::Neither),
            ("", Answer::Neither),
        ] {
            assert_eq!(read(said), wanted, "{said}");
        }
    }

    #[test]
    fn only_words_of_agreement_are_consent() {
        for said in ["嗯", "啊", "嗯嗯", "可以啊但是", "行不行啊", "不是", "你说什么"] {
            assert!(!is_consent(said), "{said}");
        }
        assert!(is_consent("同意"));
    }
}
