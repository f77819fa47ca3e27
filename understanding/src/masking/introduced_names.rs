//! Finds names that callers tell of themselves: after 我叫, 我是, 叫我, 姓 and in English "my name is".
//!
//! A name is a family name of the list with at most two characters after it. Words that begin like a name are
//! excluded: professions, places, common words, and the words of the flow that the caller answers.

use crate::names::family_at;
use crate::text::{FoldedText, is_han};
use std::ops::Range;

/// Words after which a person's name always follows.
const NAMED: &[&str] = &[
    "我的名字叫",
    "我的名字是",
    "名字叫",
    "名字是",
    "我叫",
    "本人叫",
    "姓名是",
    "my name is",
    "my name's",
];

/// Words after which a name or something else follows.
const MAY_BE_NAMED: &[&str] = &["我是", "叫我", "本人是", "这边是", "我就是"];

/// Characters that end a name.
const STOPS: &str =
    "的吗呢吧啊呀了是在，。不我你您他她它要想有说也就还这那先女来办给打找问用从到和跟做没没去可会能都";

/// Titles after a family name alone.
const TITLES: &[&str] = &[
    "先生", "女士", "小姐", "太太", "老师", "经理", "总", "阿姨", "师傅", "某", "工",
];

/// Common words that begin with the character of a family name.
const NO_NAMES: &[&str] = &[
    "高级",
    "高兴",
    "高中",
    "高管",
    "高铁",
    "高考",
    "高工",
    "高校",
    "高职",
    "高血压",
    "方便",
    "方案",
    "方向",
    "金融",
    "金牌",
    "金卡",
    "金额",
    "金华",
    "白天",
    "白领",
    "白金",
    "白名单",
    "黄金",
    "黄山",
    "黄石",
    "马上",
    "马来",
    "万一",
    "万能",
    "万州",
    "钱包",
    "许多",
    "常客",
    "常年",
    "常用",
    "常州",
    "常德",
    "文员",
    "文科",
    "文化",
    "文职",
    "文秘",
    "程序",
    "程度",
    "董事",
    "董秘",
    "段时间",
    "武警",
    "武汉",
    "康复",
    "严重",
    "严格",
    "牛人",
    "温州",
    "申请",
    "申报",
    "尤其",
    "毕业",
    "毕竟",
    "辛苦",
    "管理",
    "管家",
    "管道",
    "管账",
    "舒服",
    "关系",
    "关心",
    "关于",
    "纪检",
    "童装",
    "欧洲",
    "项目",
    "游客",
    "游戏",
    "游泳",
    "阳光",
    "阳性",
    "席位",
    "卫生",
    "卫校",
    "甘肃",
    "甘愿",
    "景区",
    "包工",
    "包头",
    "包月",
    "包子",
    "宁波",
    "宁夏",
    "宁愿",
    "桂林",
    "柏林",
    "吉林",
    "晋升",
    "晋城",
    "简单",
    "简直",
    "盖房",
    "符合",
    "穆斯林",
    "燕郊",
    "蓝领",
    "荆州",
    "石家庄",
    "石油",
    "石化",
    "石匠",
    "陆续",
    "陆军",
    "毛病",
    "秦皇岛",
    "江苏",
    "江西",
    "江门",
    "江南",
    "江北",
    "江阴",
    "顾客",
    "顾问",
    "邵阳",
    "龙岩",
    "贺州",
    "兰州",
    "施工",
    "陶瓷",
    "安徽",
    "安全",
    "安保",
    "安检",
    "安装",
    "安阳",
    "安庆",
    "安康",
    "安排",
    "季度",
    "鲁南",
    "焦急",
    "焦作",
    "柳州",
    "岳阳",
    "齐全",
    "齐齐",
    "梅州",
    "莫名",
    "庄稼",
    "涂料",
    "谷歌",
    "任何",
    "任务",
    "范围",
    "田径",
    "夏天",
    "钟点",
    "余额",
    "余下",
    "余姚",
    "苏州",
    "苏宁",
    "曾经",
    "沈阳",
    "于是",
    "唐山",
    "韩国",
    "韩语",
    "谢谢",
    "郑州",
    "郑重",
    "何时",
    "何必",
    "林业",
    "胡说",
    "孙子",
    "孙女",
    "徐州",
    "周一",
    "周二",
    "周三",
    "周四",
    "周五",
    "周六",
    "周日",
    "周末",
    "周围",
    "周边",
    "周期",
    "周转",
    "陈述",
    "张家口",
    "洪水",
    "丁克",
    "蒙古",
];

/// Returns the characters of each name. Words in `own_words`, the texts of the flow, are not names.
pub(crate) fn find_introduced_names<'t>(
    text: &'t FoldedText,
    own_words: &'t str,
) -> impl Iterator<Item = Range<usize>> + 't {
    (0..text.chars().len()).filter_map(move |place| name_at(text, place, own_words))
}

fn name_at(text: &FoldedText, place: usize, own_words: &str) -> Option<Range<usize>> {
    if let Some((words, end)) = text.one_of(place, NAMED) {
        let start = behind_pause(text, end);
        return match words.is_ascii() {
            true => english_name(text, start),
            false => chinese_name(text, start, own_words, true),
        };
    }
    if let Some((_, end)) = text.one_of(place, MAY_BE_NAMED) {
        return chinese_name(text, behind_pause(text, end), own_words, false);
    }
    surname_at(text, place, own_words)
}

fn behind_pause(text: &FoldedText, end: usize) -> usize {
    let is_pause = |place: usize| matches!(text.at(place), Some(' ' | ':' | ','));
    (end..).find(|place| !is_pause(*place)).unwrap_or(end)
}

/// Returns the place of at most two words in letters.
fn english_name(text: &FoldedText, start: usize) -> Option<Range<usize>> {
    let is_letter = |place: &usize| {
        text.at(*place)
            .is_some_and(|found| found.is_alphabetic() || found == ' ')
    };
    let length = (start..).take_while(is_letter).count();
    let words = text
        .chars()
        .get(start..start + length)?
        .split(|found| *found == ' ');
    let two: usize = words.take(2).map(|word| word.len() + 1).sum();
    (length > 0).then_some(start..start + two.saturating_sub(1).min(length))
}

/// Returns the place of a family name, also after 小 or 老, with at most two characters after it; `None` if
/// there is none. `is_sure`: the words before announce a name.
fn chinese_name(text: &FoldedText, start: usize, own_words: &str, is_sure: bool) -> Option<Range<usize>> {
    if is_no_name(text, start, own_words) {
        return None;
    }
    let is_nickname = matches!(text.at(start), Some('小' | '老')) && family_at(text, start + 1).is_some();
    let start = start + usize::from(is_nickname);
    let family = family_at(text, start)?;
    let given = given_length(text, start + family);
    let end = start + family;
    let is_alone = !text.at(end).is_some_and(char::is_alphanumeric);
    let is_name = is_sure || given > 0 || is_alone || text.one_of(end, TITLES).is_some();
    is_name.then_some(start..end + given)
}

/// Returns the place of a name after 姓, as in 我姓王 and 免贵姓李; of 我姓张叫三丰 both parts. `None` if none follows.
fn surname_at(text: &FoldedText, place: usize, own_words: &str) -> Option<Range<usize>> {
    if text.at(place) != Some('姓') {
        return None;
    }
    let before = place.checked_sub(1).and_then(|before| text.at(before));
    if matches!(before, Some('不' | '百' | '同')) {
        return None;
    }
    let start = behind_pause(text, place + 1);
    let is_own = matches!(before, Some('我' | '人' | '贵'));
    let is_any = is_own
        && text.at(start).is_some_and(is_han)
        && !matches!(
            text.at(start),
            Some('什' | '啥' | '名' | '氏' | '甚' | '不' | '么')
        );
    if family_at(text, start).is_none() && !is_any || is_no_name(text, start, own_words) {
        return None;
    }
    let family = family_at(text, start).unwrap_or(1);
    let mut end = start + family + given_length(text, start + family);
    let called = behind_pause(text, end);
    if matches!(text.at(called), Some('叫' | '名')) {
        let given = given_length(text, called + 1);
        end = if given > 0 { called + 1 + given } else { end };
    }
    Some(start..end)
}

/// Returns how many of the next two characters may be a given name.
fn given_length(text: &FoldedText, start: usize) -> usize {
    let is_given = |place: &usize| {
        let found = text.at(*place);
        found.is_some_and(|found| is_han(found) && !STOPS.contains(found) && found != '叫')
            && text.one_of(*place, TITLES).is_none()
    };
    (start..start + 2).take_while(is_given).count()
}

/// Returns true if a common word, or two characters of the flow's own words, begin here: then it is no
/// name.
fn is_no_name(text: &FoldedText, start: usize, own_words: &str) -> bool {
    if text.one_of(start, NO_NAMES).is_some() {
        return true;
    }
    let pair: String = text
        .chars()
        .get(start..start + 2)
        .unwrap_or_default()
        .iter()
        .collect();
    pair.chars().all(is_han) && !pair.is_empty() && own_words.contains(&pair)
}
