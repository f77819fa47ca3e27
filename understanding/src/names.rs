//! Chinese family names: finds the characters at a place that can begin a person's name.

use crate::text::{FoldedText, is_han};

/// Family names of one character: the hundred most frequent, and further ones that begin few other words.
const ONE: &str = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎\
余潘杜戴夏钟汪田任姜范方石姚谭廖邹熊金陆郝孔白崔康毛邱秦江史顾侯邵孟龙万段雷钱汤尹黎易常武乔贺赖龚文\
肖闫樊兰殷施陶洪翟安颜倪严牛温芦季俞章鲁葛伍韦申尤毕聂焦柳邢岳齐梅莫庄辛管祝涂谷祁舒耿牟卜詹关苗凌纪\
靳盛童欧甄项曲游阳裴席卫屈鲍覃霍翁隋甘景包柏宁柯阮桂闵冉辜吉饶刁瞿戚池滕晋苑邬臧畅褚廉简娄盖符奚穆燕\
郎邸冀姬屠郜晏栾郁蒙窦迟敖糜鄢卓仇艾蓝巩稽邴荆";

/// Family names of two characters.
pub(crate) const TWO: &[&str] = &[
    "欧阳", "司徒", "诸葛", "上官", "司马", "皇甫", "尉迟", "慕容", "东方", "令狐", "夏侯", "长孙", "宇文",
    "公孙", "轩辕", "端木", "南宫", "独孤",
];

/// The number of characters of the family name that begins here; `None` if none can.
pub(crate) fn family_at(text: &FoldedText, place: usize) -> Option<usize> {
    if text.one_of(place, TWO).is_some() {
        return Some(2);
    }
    text.at(place).filter(|found| ONE.contains(*found)).map(|_| 1)
}

/// Returns true if the Chinese characters before `end` are exactly a family name with one or two characters
/// after it.
pub(crate) fn is_full_name_before(text: &FoldedText, end: usize) -> bool {
    let is_inside = |place: &usize| text.at(*place).is_some_and(is_han);
    let length = (0..end).rev().take_while(is_inside).count();
    let start = end - length;
    family_at(text, start).is_some_and(|family| matches!(length - family.min(length), 1 | 2))
}
