//! Decides whether words that can mean a death mean the death of a person.
//!
//! After an adjective or a verb, 死了 only strengthens it (忙死了, 烦死了, 贵死了, 快急死了): that is how callees use it. It
//! means a death if a person, an adverb of time or a cause of death comes directly before it (他死了, 我爸已经死了,
//! 病死了), or if it begins the sentence. In English, telephones, batteries and lines are dead too.

use crate::names::is_full_name_before;
use crate::text::FoldedText;
use std::ops::Range;

/// Last characters of Chinese words for a person other than caller and callee.
const PERSONS: &[&str] = &[
    "他",
    "她",
    "人",
    "机主",
    "户主",
    "爸",
    "爸爸",
    "父亲",
    "妈",
    "妈妈",
    "母亲",
    "爷爷",
    "奶奶",
    "外公",
    "外婆",
    "姥姥",
    "姥爷",
    "公公",
    "婆婆",
    "岳父",
    "岳母",
    "老公",
    "丈夫",
    "先生",
    "老婆",
    "妻子",
    "太太",
    "媳妇",
    "儿子",
    "女儿",
    "孩子",
    "哥",
    "哥哥",
    "弟",
    "弟弟",
    "姐",
    "姐姐",
    "妹",
    "妹妹",
    "叔叔",
    "伯伯",
    "舅舅",
    "姑姑",
    "阿姨",
    "女士",
    "小姐",
    "老头",
    "老头子",
    "老爷子",
    "亲戚",
    "朋友",
    "同事",
    "邻居",
    "客户",
];

/// Words that end with 人 and express a feeling about the call: 烦人死了 is no death.
const FEELINGS: &[&str] = &[
    "烦人", "气人", "吓人", "急人", "坑人", "骗人", "累人", "吵人", "丢人", "恼人", "缠人", "磨人", "愁人",
    "闷人",
];

/// Words that may come between the person and 死了.
const ADVERBS: &[&str] = &[
    "已经",
    "早就",
    "早已",
    "早",
    "都",
    "就",
    "也",
    "是",
    "真的",
    "确实",
    "刚",
    "刚刚",
    "才",
    "不幸",
    "突然",
    "后来",
    "不久前",
    "前不久",
    "去",
    "今",
    "昨",
    "上周",
    "年初",
    "年底",
    "在医院",
    "在家",
];

/// Characters of a date before 死了, as in 三年前死了 or 去年五月10号死了.
const DATE_PARTS: &str = "0123456789零〇一二两三四五六七八九十几多年月号日天份前上个";

/// Last characters of a date: a date has one of them, 张三 in 张三死了 has none.
const DATE_ENDS: &[&str] = &["年", "月", "号", "日", "天", "份", "前"];

/// Causes of death.
const CAUSES: &[&str] = &[
    "病",
    "癌症",
    "得癌",
    "肿瘤",
    "车祸",
    "意外",
    "事故",
    "工伤",
    "摔",
    "淹",
    "溺水",
    "车撞",
    "撞车",
    "跳楼",
    "自杀",
    "上吊",
    "被人打",
    "被打",
    "被杀",
    "触电",
    "中风",
    "脑溢血",
    "心脏病",
    "心梗",
];

/// Words that end like a cause of death but are none.
const NO_CAUSES: &[&str] = &["毛病", "神经病", "有病", "手机摔", "屏幕摔"];

/// Words that give 死了 another sense if they follow it: giving up, a wish, a question.
const OTHER_SENSES: &[&str] = &[
    "心",
    "这条心",
    "这个心",
    "那条心",
    "这份心",
    "算了",
    "才好",
    "吗",
    "没",
    "一样",
    "似的",
];

/// Things that "are dead" or "have died" in English.
const THINGS: &[&str] = &[
    "phone",
    "mobile",
    "cell",
    "handset",
    "battery",
    "line",
    "connection",
    "signal",
    "reception",
    "network",
    "internet",
    "wifi",
    "computer",
    "laptop",
    "tablet",
    "car",
    "engine",
    "deal",
    "market",
    "business",
    "account",
    "it",
    "this",
    "that",
    "which",
    "what",
    "everything",
    "app",
    "website",
    "site",
    "link",
    "speaker",
    "microphone",
    "headset",
    "charger",
    "screen",
];

/// Words that follow "dead" if it only strengthens or belongs to another phrase.
const STRENGTHENED: &[&str] = &[
    "tired", "serious", "wrong", "set", "on", "right", "sure", "easy", "slow", "end", "last", "simple",
    "beat", "broke", "against", "weight", "zone",
];

/// True if these words of a rule, at this place, mean the death of a person.
pub(crate) fn is_of_a_person(text: &FoldedText, words: &str, place: Range<usize>) -> bool {
    match words {
        "死了" => is_chinese_death(text, place),
        "is dead" => !is_of_a_thing(text, place.start) && !is_next(text, place.end, STRENGTHENED),
        "has died" => !is_of_a_thing(text, place.start) && !is_next(text, place.end, &["down", "out"]),
        "he died" | "she died" => !is_next(text, place.end, &["laughing", "inside"]),
        _ => true,
    }
}

fn is_chinese_death(text: &FoldedText, place: Range<usize>) -> bool {
    if OTHER_SENSES
        .iter()
        .any(|words| text.starts_with(place.end, words))
    {
        return false;
    }
    let end = without_blanks(text, place.start);
    if start_of_one(text, end, CAUSES).is_some() {
        return start_of_one(text, end, NO_CAUSES).is_none();
    }
    let subject_end = without_adverbs(text, end);
    let is_first = subject_end
        .checked_sub(1)
        .and_then(|before| text.at(before))
        .is_none_or(|before| !before.is_alphanumeric());
    if is_first {
        return true;
    }
    let is_person = start_of_one(text, subject_end, PERSONS).is_some()
        && start_of_one(text, subject_end, FEELINGS).is_none();
    // 高兴死了: a word that looks like a name needs an adverb after it.
    is_person || (subject_end < end && is_full_name_before(text, subject_end))
}

/// Returns the place where the words before `end` end, without adverbs and dates between.
fn without_adverbs(text: &FoldedText, end: usize) -> usize {
    let mut end = end;
    while let Some(start) = start_of_one(text, end, ADVERBS).or_else(|| start_of_date(text, end)) {
        end = without_blanks(text, start);
    }
    end
}

fn start_of_date(text: &FoldedText, end: usize) -> Option<usize> {
    start_of_one(text, end, DATE_ENDS)?;
    let is_of_date = |place: &usize| text.at(*place).is_some_and(|found| DATE_PARTS.contains(found));
    Some(end - (0..end).rev().take_while(is_of_date).count())
}

fn is_of_a_thing(text: &FoldedText, start: usize) -> bool {
    let before: String = text.chars().get(..start).unwrap_or_default().iter().collect();
    let mut words = before.split(|one: char| !one.is_alphanumeric() && one != '\'');
    let last = words.rfind(|word| !word.is_empty());
    last.is_none_or(|last| THINGS.contains(&last))
}

/// Returns true if the next word after `place` is one of these.
fn is_next(text: &FoldedText, place: usize, words: &[&str]) -> bool {
    let rest: String = text.chars().get(place..).unwrap_or_default().iter().collect();
    let mut rest = rest.split(|one: char| !one.is_alphanumeric());
    let next = rest.find(|word| !word.is_empty());
    next.is_some_and(|next| words.contains(&next))
}

/// Returns the place where the longest of these words that ends at `end` begins; `None` if none ends there.
fn start_of_one(text: &FoldedText, end: usize, words: &[&str]) -> Option<usize> {
    let starts = words.iter().filter_map(|word| {
        let start = end.checked_sub(word.chars().count())?;
        text.starts_with(start, word).then_some(start)
    });
    starts.min()
}

/// Returns the place after the last character before `end` that is not a blank.
fn without_blanks(text: &FoldedText, end: usize) -> usize {
    let is_blank = |place: &usize| text.at(*place) == Some(' ');
    end - (0..end).rev().take_while(is_blank).count()
}

#[cfg(test)]
mod tests {
    use crate::priority::{Priority, find_first_rule, matches_rule};

    #[test]
    fn a_death_is_one_of_a_person() {
        for said in [
            "他死了",
            "人死了",
            "人都死了",
            "死了",
            "死了好几年了",
            "我爸已经死了",
            "他三年前死了",
            "我老公去年就死了",
            "张先生死了",
            "他去年五月10号死了",
            "他是病死了",
            "出车祸死了",
            "张三已经死了",
            "喂，他早死了",
            "欧阳建国早就死了",
            "my husband is dead",
            "the person you want is dead",
            "he died last year",
        ] {
            assert_eq!(
                find_first_rule(said).map(|found| found.priority),
                Some(Priority::Deceased),
                "{said}"
            );
        }
    }

    #[test]
    fn words_that_only_strengthen_and_things_are_no_death() {
        for said in [
            "忙死了",
            "烦死了",
            "贵死了",
            "我都快忙死了",
            "他烦死了",
            "热死了",
            "我累死了",
            "吵死了",
            "气死了",
            "困死了",
            "急死了",
            "饿死了",
            "麻烦死了",
            "难受死了",
            "高兴死了",
            "笑死了",
            "烦人死了",
            "真是烦死了",
            "手机卡死了",
            "手机已经死了",
            "你死了这条心吧",
            "死了算了",
            "他快死了",
            "他死了吗",
            "毛病死了",
            "我都要被你们烦死了",
            "冷 死了",
            "我死了",
            "my phone is dead",
            "the line is dead",
            "I am dead tired",
            "he is dead wrong",
            "the battery has died",
            "it is dead",
            "he died laughing",
        ] {
            assert!(!matches_rule(said, Priority::Deceased), "{said}");
        }
    }
}
