//! Converts Chinese text to syllables with tones, phrase by phrase, since many characters have several
//! readings (还款 huán kuǎn, 还是 hái shì). It is for espeak-ng's voice, which reads characters one by one.
//!
//! Text that is not Chinese (Latin words, digits, signs) is left as it is: the voice reads it. Names get
//! their commonest reading, which can be wrong: the readings of a person's name are not known here.

use pinyin::ToPinyin;

/// Longest phrase that is looked up in `PHRASES`, in characters.
const PHRASE_CHARACTERS_MAX: usize = 4;

/// Phrases in which characters are read differently than alone, each with the syllables for espeak-ng.
const PHRASES: &[(&str, &str)] = &[
    ("银行", "yin2 hang2"),
    ("行业", "hang2 ye4"),
    ("行情", "hang2 qing2"),
    ("同行", "tong2 hang2"),
    ("央行", "yang1 hang2"),
    ("分行", "fen1 hang2"),
    ("支行", "zhi1 hang2"),
    ("总行", "zong3 hang2"),
    ("本行", "ben3 hang2"),
    ("我行", "wo3 hang2"),
    ("他行", "ta1 hang2"),
    ("跨行", "kua4 hang2"),
    ("招行", "zhao1 hang2"),
    ("工行", "gong1 hang2"),
    ("农行", "nong2 hang2"),
    ("建行", "jian4 hang2"),
    ("还款", "huan2 kuan3"),
    ("还清", "huan2 qing1"),
    ("还钱", "huan2 qian2"),
    ("还贷", "huan2 dai4"),
    ("偿还", "chang2 huan2"),
    ("归还", "gui1 huan2"),
    ("退还", "tui4 huan2"),
    ("应还", "ying1 huan2"),
    ("待还", "dai4 huan2"),
    ("已还", "yi3 huan2"),
    ("未还", "wei4 huan2"),
    ("返还", "fan3 huan2"),
    ("最低还", "zui4 di1 huan2"),
    ("全额还", "quan2 e2 huan2"),
    ("按时还", "an4 shi2 huan2"),
    ("还是", "hai2 shi4"),
    ("还有", "hai2 you3"),
    ("还要", "hai2 yao4"),
    ("还没", "hai2 mei2"),
    ("还能", "hai2 neng2"),
    ("还可以", "hai2 ke3 yi3"),
    ("还需", "hai2 xu1"),
    ("还在", "hai2 zai4"),
    ("重庆", "chong2 qing4"),
    ("重新", "chong2 xin1"),
    ("重复", "chong2 fu4"),
    ("重要", "zhong4 yao4"),
    ("重点", "zhong4 dian3"),
    ("重大", "zhong4 da4"),
    ("重拨", "chong2 bo1"),
    ("重播", "chong2 bo1"),
    ("长期", "chang2 qi1"),
    ("长沙", "chang2 sha1"),
    ("长春", "chang2 chun1"),
    ("时长", "shi2 chang2"),
    ("增长", "zeng1 zhang3"),
    ("行长", "hang2 zhang3"),
    ("校长", "xiao4 zhang3"),
    ("家长", "jia1 zhang3"),
    ("经理", "jing1 li3"),
    ("利率", "li4 lv4"),
    ("费率", "fei4 lv4"),
    ("汇率", "hui4 lv4"),
    ("效率", "xiao4 lv4"),
    ("音乐", "yin1 yue4"),
    ("快乐", "kuai4 le4"),
    ("乐意", "le4 yi4"),
    ("便宜", "pian2 yi5"),
    ("方便", "fang1 bian4"),
    ("便捷", "bian4 jie2"),
    ("随便", "sui2 bian4"),
    ("了解", "liao3 jie3"),
    ("为了", "wei4 le5"),
    ("除了", "chu2 le5"),
    ("不了", "bu4 liao3"),
    ("受不了", "shou4 bu4 liao3"),
    ("得了", "de2 le5"),
    ("到期了", "dao4 qi1 le5"),
    ("觉得", "jue2 de5"),
    ("获得", "huo4 de2"),
    ("取得", "qu3 de2"),
    ("得到", "de2 dao4"),
    ("值得", "zhi2 de5"),
    ("记得", "ji4 de5"),
    ("晓得", "xiao3 de5"),
    ("睡觉", "shui4 jiao4"),
    ("都市", "du1 shi4"),
    ("首都", "shou3 du1"),
    ("成都", "cheng2 du1"),
    ("的确", "di2 que4"),
    ("目的", "mu4 di4"),
    ("应该", "ying1 gai1"),
    ("应当", "ying1 dang1"),
    ("回应", "hui2 ying4"),
    ("应用", "ying4 yong4"),
    ("供应", "gong1 ying4"),
    ("响应", "xiang3 ying4"),
    ("调整", "tiao2 zheng3"),
    ("调查", "diao4 cha2"),
    ("调研", "diao4 yan2"),
    ("协调", "xie2 tiao2"),
    ("下调", "xia4 tiao2"),
    ("上调", "shang4 tiao2"),
    ("转账", "zhuan3 zhang4"),
    ("转人工", "zhuan3 ren2 gong1"),
    ("处理", "chu3 li3"),
    ("好处", "hao3 chu4"),
    ("手续费", "shou3 xu4 fei4"),
    ("差额", "cha1 e2"),
    ("出差", "chu1 chai1"),
    ("差不多", "cha4 bu5 duo1"),
    ("给您", "gei3 nin2"),
    ("供给", "gong1 ji3"),
    ("给予", "ji3 yu3"),
    ("信用卡", "xin4 yong4 ka3"),
    ("参加", "can1 jia1"),
    ("参与", "can1 yu4"),
    ("人参", "ren2 shen1"),
    ("数量", "shu4 liang4"),
    ("数一数", "shu3 yi5 shu3"),
    ("号码", "hao4 ma3"),
    ("爱好", "ai4 hao4"),
    ("好奇", "hao4 qi2"),
    ("间隔", "jian4 ge2"),
    ("时间", "shi2 jian1"),
    ("中间", "zhong1 jian1"),
    ("期间", "qi1 jian1"),
    ("中奖", "zhong4 jiang3"),
    ("看中", "kan4 zhong4"),
    ("相信", "xiang1 xin4"),
    ("相片", "xiang4 pian4"),
    ("相关", "xiang1 guan1"),
    ("当天", "dang4 tian1"),
    ("当日", "dang4 ri4"),
    ("当月", "dang4 yue4"),
    ("适当", "shi4 dang4"),
    ("当前", "dang1 qian2"),
    ("角色", "jue2 se4"),
    ("角度", "jiao3 du4"),
    ("降低", "jiang4 di1"),
    ("投降", "tou2 xiang2"),
    ("只要", "zhi3 yao4"),
    ("只需", "zhi3 xu1"),
    ("一只", "yi4 zhi1"),
    ("准备", "zhun3 bei4"),
    ("传真", "chuan2 zhen1"),
    ("似的", "shi4 de5"),
    ("着急", "zhao2 ji2"),
    ("接着", "jie1 zhe5"),
    ("随着", "sui2 zhe5"),
    ("着手", "zhuo2 shou3"),
    ("朝阳", "chao2 yang2"),
    ("厦门", "xia4 men2"),
    ("大夫", "dai4 fu5"),
    ("曾经", "ceng2 jing1"),
    ("姓曾", "xing4 zeng1"),
    ("单位", "dan1 wei4"),
    ("姓单", "xing4 shan4"),
    ("解除", "jie3 chu2"),
    ("系统", "xi4 tong3"),
    ("联系", "lian2 xi4"),
    ("尽快", "jin3 kuai4"),
    ("尽管", "jin3 guan3"),
    ("尽力", "jin4 li4"),
    ("倒计时", "dao4 ji4 shi2"),
    ("空闲", "kong4 xian2"),
    ("有空", "you3 kong4"),
    ("没空", "mei2 kong4"),
    ("空调", "kong1 tiao2"),
    ("假期", "jia4 qi1"),
    ("虚假", "xu1 jia3"),
    ("万一", "wan4 yi1"),
    ("第一", "di4 yi1"),
    ("星期一", "xing1 qi1 yi1"),
    ("周一", "zhou1 yi1"),
    ("先生", "xian1 sheng5"),
    ("朋友", "peng2 you5"),
    ("什么", "shen2 me5"),
    ("怎么", "zen3 me5"),
    ("您的", "nin2 de5"),
    ("我的", "wo3 de5"),
    ("是的", "shi4 de5"),
    ("好的", "hao3 de5"),
    ("一个", "yi2 ge4"),
    ("不行", "bu4 xing2"),
    ("可行", "ke3 xing2"),
    ("行不行", "xing2 bu4 xing2"),
    ("执行", "zhi2 xing2"),
    ("进行", "jin4 xing2"),
    ("行为", "xing2 wei2"),
    ("作为", "zuo4 wei2"),
    ("因为", "yin1 wei4"),
    ("认为", "ren4 wei2"),
    ("为您", "wei4 nin2"),
    ("为什么", "wei4 shen2 me5"),
    ("分期", "fen1 qi1"),
    ("分钟", "fen1 zhong1"),
    ("部分", "bu4 fen4"),
    ("积分", "ji1 fen1"),
    ("身份", "shen1 fen4"),
    ("宁可", "ning4 ke3"),
    ("结果", "jie2 guo3"),
    ("没有", "mei2 you3"),
];

/// Characters with a reading, when alone, that is not the one that the dictionary lists first.
const CHARACTERS: &[(char, &str)] = &[
    ('了', "le5"),
    ('的', "de5"),
    ('地', "di4"),
    ('得', "de5"),
    ('着', "zhe5"),
    ('吗', "ma5"),
    ('呢', "ne5"),
    ('吧', "ba5"),
    ('啊', "a5"),
    ('嘛', "ma5"),
    ('们', "men5"),
    ('还', "hai2"),
    ('都', "dou1"),
    ('和', "he2"),
    ('行', "xing2"),
    ('率', "lv4"),
    ('给', "gei3"),
    ('没', "mei2"),
    ('谁', "shei2"),
    ('哪', "na3"),
];

/// What the text's next piece becomes: the syllables of a phrase or character, or the character itself.
enum SpokenUnit {
    Syllables(Vec<String>),
    As(char),
}

/// Returns Chinese text as syllables with tones, for example `nin2 hao3，`; other text stays as it is.
pub(crate) fn readings(text: &str) -> String {
    let characters: Vec<char> = text.chars().collect();
    let mut spoken = String::with_capacity(text.len() * 2);
    let mut after_syllable = false;
    let mut at = 0;
    while let Some(rest) = characters.get(at..).filter(|rest| !rest.is_empty()) {
        let before = at
            .checked_sub(1)
            .and_then(|before| characters.get(before))
            .copied();
        let (piece, length) = piece(rest, before);
        match piece {
            SpokenUnit::Syllables(syllables) => {
                for syllable in syllables {
                    let apart = after_syllable || spoken.ends_with(|last: char| last.is_ascii_alphanumeric());
                    if apart {
                        spoken.push(' ');
                    }
                    spoken.push_str(&syllable);
                    after_syllable = true;
                }
            }
            SpokenUnit::As(one) => {
                if after_syllable && one.is_alphanumeric() {
                    spoken.push(' ');
                }
                spoken.push(one);
                after_syllable = false;
            }
        }
        at += length;
    }
    spoken
}

/// Returns what the beginning of `rest` becomes, and its length in characters: the longest known phrase, or
/// otherwise the first character. `before`: the character in front of it.
fn piece(rest: &[char], before: Option<char>) -> (SpokenUnit, usize) {
    for length in (2..=PHRASE_CHARACTERS_MAX.min(rest.len())).rev() {
        let phrase: String = rest.iter().take(length).collect();
        if let Some((_, reading)) = PHRASES.iter().find(|one| one.0 == phrase) {
            let syllables = reading.split(' ').map(str::to_owned).collect();
            return (SpokenUnit::Syllables(syllables), length);
        }
    }
    let Some(one) = rest.first().copied() else {
        return (SpokenUnit::Syllables(Vec::new()), 1);
    };
    let Some(alone) = alone(one) else {
        return (SpokenUnit::As(one), 1);
    };
    let next = rest.get(1).copied().and_then(alone_tone);
    let changed = match (one, next) {
        ('不', Some('4')) => "bu2".to_owned(),
        ('一', Some(tone)) if !counts(before) && !counts(rest.get(1).copied()) => match tone {
            '4' | '5' => "yi2".to_owned(),
            _ => "yi4".to_owned(),
        },
        _ => alone,
    };
    (SpokenUnit::Syllables(vec![changed]), 1)
}

fn alone(one: char) -> Option<String> {
    if let Some((_, reading)) = CHARACTERS.iter().find(|known| known.0 == one) {
        return Some((*reading).to_owned());
    }
    let syllable = one.to_pinyin()?.with_tone_num_end().replace('ü', "v");
    let toned = syllable.ends_with(|last: char| last.is_ascii_digit());
    Some(if toned { syllable } else { syllable + "5" })
}

fn alone_tone(one: char) -> Option<char> {
    alone(one)?.chars().last()
}

/// Returns true for a numeral: 一 beside a numeral is a number and keeps its tone.
fn counts(one: Option<char>) -> bool {
    one.is_some_and(|one| "零〇一二三四五六七八九十百千万亿第幺两点".contains(one))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_with_several_readings_are_read_by_their_phrase() {
        for (text, expected) in [
            ("还款", "huan2 kuan3"),
            ("还是", "hai2 shi4"),
            ("您还没还款", "nin2 hai2 mei2 huan2 kuan3"),
            ("银行", "yin2 hang2"),
            ("不行", "bu4 xing2"),
            ("行为", "xing2 wei2"),
            ("行长", "hang2 zhang3"),
            ("重庆", "chong2 qing4"),
            ("重要", "zhong4 yao4"),
            ("重新", "chong2 xin1"),
            ("长期", "chang2 qi1"),
            ("增长", "zeng1 zhang3"),
            ("利率", "li4 lv4"),
            ("汇率", "hui4 lv4"),
            ("音乐", "yin1 yue4"),
            ("快乐", "kuai4 le4"),
            ("便宜", "pian2 yi5"),
            ("方便", "fang1 bian4"),
            ("了解", "liao3 jie3"),
            ("到了", "dao4 le5"),
            ("觉得", "jue2 de5"),
            ("得到", "de2 dao4"),
            ("睡觉", "shui4 jiao4"),
            ("成都", "cheng2 du1"),
            ("都是", "dou1 shi4"),
            ("目的", "mu4 di4"),
            ("应该", "ying1 gai1"),
            ("应用", "ying4 yong4"),
            ("调整", "tiao2 zheng3"),
            ("调查", "diao4 cha2"),
            ("处理", "chu3 li3"),
            ("好处", "hao3 chu4"),
            ("出差", "chu1 chai1"),
            ("差不多", "cha4 bu5 duo1"),
            ("给您", "gei3 nin2"),
            ("给予", "ji3 yu3"),
            ("参加", "can1 jia1"),
            ("着急", "zhao2 ji2"),
            ("尽快", "jin3 kuai4"),
            ("有空", "you3 kong4"),
            ("假期", "jia4 qi1"),
            ("当天", "dang4 tian1"),
            ("中奖", "zhong4 jiang3"),
            ("因为", "yin1 wei4"),
            ("认为", "ren4 wei2"),
            ("厦门", "xia4 men2"),
        ] {
            assert_eq!(readings(text), expected, "{text}");
        }
    }

    #[test]
    fn tones_change_before_others_as_they_do_in_speech() {
        for (text, expected) in [
            ("不是", "bu2 shi4"),
            ("不好", "bu4 hao3"),
            ("不需要", "bu4 xu1 yao4"),
            ("一定", "yi2 ding4"),
            ("一天", "yi4 tian1"),
            ("一起", "yi4 qi3"),
            ("十一", "shi2 yi1"),
            ("一二三", "yi1 er4 san1"),
            ("第一", "di4 yi1"),
            ("一", "yi1"),
        ] {
            assert_eq!(readings(text), expected, "{text}");
        }
    }

    #[test]
    fn what_is_not_chinese_stays_and_is_kept_apart() {
        for (text, expected) in [
            ("您好，请办理。", "nin2 hao3，qing3 ban4 li3。"),
            ("打开APP查看12期", "da3 kai1 APP cha2 kan4 12 qi1"),
            ("hello there", "hello there"),
            ("", ""),
            ("女儿略", "nv3 er2 lve4"),
        ] {
            assert_eq!(readings(text), expected, "{text}");
        }
    }

    #[test]
    fn every_phrase_has_a_syllable_for_each_character_and_is_listed_once() {
        for (index, (phrase, reading)) in PHRASES.iter().enumerate() {
            assert_eq!(phrase.chars().count(), reading.split(' ').count(), "{phrase}");
            assert!(phrase.chars().count() <= PHRASE_CHARACTERS_MAX, "{phrase}");
            assert!(
                !PHRASES[index + 1..].iter().any(|other| other.0 == *phrase),
                "{phrase}"
            );
            for syllable in reading.split(' ') {
                let (letters, tone) = syllable.split_at(syllable.len() - 1);
                assert!(
                    letters.chars().all(|one| one.is_ascii_lowercase()) && "12345".contains(tone),
                    "{phrase}"
                );
            }
        }
    }
}
