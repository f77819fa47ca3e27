//! Tests what is found in customers' sentences; every moment is Sunday 22 November 2026, 10:00, in Shanghai.

use super::*;
use chrono::NaiveDate;

/// 2026-11-22T10:00+08:00, a Sunday.
const NOW: CallMoment = CallMoment {
    at_ms: 1_795_312_800_000,
    zone_minutes: 480,
};

fn one(said: &str) -> Value {
    let found = find(said, NOW);
    assert_eq!(found.len(), 1, "{said}: {found:?}");
    found[0].value.clone()
}

#[test]
fn amounts_in_fen() {
    for (said, fen) in [
        ("五千块", 500_000),
        ("三千二", 320_000),
        ("一万五", 1_500_000),
        ("一万零五十", 1_005_000),
        ("一万零五十块", 1_005_000),
        ("两百五", 25_000),
        ("2,000元", 200_000),
        ("2000.50元", 200_050),
        ("¥3250.5", 325_050),
        ("叁仟贰佰伍拾元整", 325_000),
        ("三块五", 350),
        ("五毛", 50),
        ("三千二百五十元五角", 325_050),
        ("一百块零五分", 10_005),
        ("3千块", 300_000),
        ("1.5万元", 1_500_000),
        ("三点五万", 3_500_000),
        ("十二万三千四百五十六块", 12_345_600),
        ("一亿两千万", 12_000_000_000),
        ("１０００元", 100_000),
        ("fifteen hundred yuan", 150_000),
        ("two thousand five hundred and twenty yuan", 252_000),
        ("3,000 rmb", 300_000),
        ("a thousand yuan", 100_000),
        (
            "eight million five hundred and ninety-two thousand one hundred and three yuan",
            859_210_300,
        ),
        ("a million yuan", 100_000_000),
        ("2 million yuan", 200_000_000),
    ] {
        assert_eq!(
            one(said),
            Value::Amount {
                fen_min: fen,
                fen_max: fen
            },
            "{said}"
        );
    }
}

#[test]
fn amounts_that_are_about_or_from_to() {
    for (said, fen_min, fen_max, granularity) in [
        ("十来万", 10_000_000, 10_000_000, Granularity::About),
        ("三五千", 300_000, 500_000, Granularity::Span),
        ("两三千块", 200_000, 300_000, Granularity::Span),
        ("三到五千", 300_000, 500_000, Granularity::Span),
        ("三千到五千块", 300_000, 500_000, Granularity::Span),
        ("五千块左右", 500_000, 500_000, Granularity::About),
        ("大概五千", 500_000, 500_000, Granularity::About),
        ("五千多块", 500_000, 500_000, Granularity::About),
        ("几千块", 200_000, 900_000, Granularity::Span),
        ("十几万", 11_000_000, 19_000_000, Granularity::Span),
    ] {
        let found = find(said, NOW);
        assert_eq!(found.len(), 1, "{said}: {found:?}");
        assert_eq!(found[0].value, Value::Amount { fen_min, fen_max }, "{said}");
        assert_eq!(found[0].granularity, granularity, "{said}");
    }
}

#[test]
fn shares_periods_and_numbers() {
    for (said, millionths) in [
        ("百分之三点五", 35_000),
        ("百分之百", 1_000_000),
        ("千分之六", 6_000),
        ("万分之五", 500),
        ("七折", 700_000),
        ("八五折", 850_000),
        ("85折", 850_000),
        ("3.5%", 35_000),
        ("三成", 300_000),
        ("六个点", 60_000),
        ("three point five percent", 35_000),
        ("12 per cent", 120_000),
    ] {
        assert_eq!(one(said), Value::Share { millionths }, "{said}");
    }
    for (said, unit, count_min, count_max) in [
        ("三十六期", PeriodUnit::Instalments, 36, 36),
        ("12期", PeriodUnit::Instalments, 12, 12),
        ("半年", PeriodUnit::Months, 6, 6),
        ("一年半", PeriodUnit::Months, 18, 18),
        ("两三个月", PeriodUnit::Months, 2, 3),
        ("半个月", PeriodUnit::Days, 15, 15),
        ("一个半月", PeriodUnit::Days, 45, 45),
        ("两个星期", PeriodUnit::Days, 14, 14),
        ("一个半小时", PeriodUnit::Minutes, 90, 90),
        ("二十四个月", PeriodUnit::Months, 24, 24),
        ("twelve months", PeriodUnit::Months, 12, 12),
        ("half a year", PeriodUnit::Months, 6, 6),
        ("36 instalments", PeriodUnit::Instalments, 36, 36),
    ] {
        assert_eq!(
            one(said),
            Value::Period {
                unit,
                count_min,
                count_max
            },
            "{said}"
        );
    }
    for (said, number) in [("三个", 3_000), ("二十八", 28_000), ("42", 42_000)] {
        let value = Value::Number {
            thousandths_min: number,
            thousandths_max: number,
        };
        assert_eq!(one(said), value, "{said}");
    }
}

fn ms(day: u32, hour: u32, minute: u32) -> i64 {
    let (month, day) = if day > 30 { (12, day - 30) } else { (11, day) };
    let (day, hour) = if hour == 24 { (day + 1, 0) } else { (day, hour) };
    let local = NaiveDate::from_ymd_opt(2026, month, day)
        .unwrap()
        .and_hms_opt(hour, minute, 0)
        .unwrap();
    local.and_utc().timestamp_millis() - 8 * 3_600_000
}

#[test]
#[expect(clippy::too_many_lines, reason = "one table")]
fn times_from_the_calls_own_moment() {
    let hour = |day, hour| {
        (
            Some(ms(day, hour, 0)),
            Some(ms(day, hour + 1, 0)),
            Granularity::Hour,
        )
    };
    let day = |day| (Some(ms(day, 0, 0)), Some(ms(day, 24, 0)), Granularity::Day);
    let minute = |day, hour, minute| {
        (
            Some(ms(day, hour, minute)),
            Some(ms(day, hour, minute) + 60_000),
            Granularity::Minute,
        )
    };
    let part = |day, from, to| {
        (
            Some(ms(day, from, 0)),
            Some(ms(day, to, 0)),
            Granularity::PartOfDay,
        )
    };
    for (said, (start_ms, end_ms, granularity)) in [
        ("明天下午三点", hour(23, 15)),
        ("明天下午3点半", minute(23, 15, 30)),
        ("下午三点一刻", minute(22, 15, 15)),
        ("后天上午", part(24, 8, 12)),
        ("大后天", day(25)),
        ("今晚八点", hour(22, 20)),
        ("明晚", part(23, 18, 24)),
        ("下周三", day(25)),
        ("下周三下午三点", hour(25, 15)),
        ("这周日", day(22)),
        ("周三", day(25)),
        ("五号", day(35)),
        ("下个月五号", day(35)),
        ("十二月五号", day(35)),
        ("2026年12月5日", day(35)),
        ("2026-12-05", day(35)),
        ("八点", hour(22, 20)),
        ("十一点", hour(22, 11)),
        ("三点", hour(22, 15)),
        ("15:30", minute(22, 15, 30)),
        ("十点二十分", minute(22, 10, 20)),
        ("半小时后", minute(22, 10, 30)),
        ("一个半小时以后", minute(22, 11, 30)),
        ("两天后", day(24)),
        ("过两天", day(24)),
        ("八点以后", (Some(ms(22, 20, 0)), None, Granularity::Open)),
        ("晚上八点以后", (Some(ms(22, 20, 0)), None, Granularity::Open)),
        ("五点以前", (None, Some(ms(22, 17, 0)), Granularity::Open)),
        (
            "月底",
            (Some(ms(28, 0, 0)), Some(ms(31, 0, 0)), Granularity::Month),
        ),
        (
            "下周末",
            (Some(ms(28, 0, 0)), Some(ms(30, 0, 0)), Granularity::Week),
        ),
        ("tomorrow at 3 pm", hour(23, 15)),
        ("tomorrow afternoon", part(23, 12, 18)),
        ("next Wednesday", day(25)),
        ("the day after tomorrow", day(24)),
        ("in half an hour", minute(22, 10, 30)),
        ("after 8", (Some(ms(22, 20, 0)), None, Granularity::Open)),
        ("at 3 pm", hour(22, 15)),
    ] {
        let found = find(said, NOW);
        assert_eq!(found.len(), 1, "{said}: {found:?}");
        assert_eq!(
            found[0].value,
            Value::Time {
                start_ms,
                end_ms,
                is_past: false
            },
            "{said}"
        );
        assert_eq!(found[0].granularity, granularity, "{said}");
        assert_eq!(found[0].span, 0..said.len(), "{said}");
    }
}

#[test]
fn what_is_past_is_said_so_and_what_cannot_be_known_too() {
    for said in ["昨天", "这周三", "今天早上"] {
        assert!(matches!(one(said), Value::Time { is_past: true, .. }), "{said}");
    }
    assert_eq!(one("初十"), Value::Unknown(MissingValueReason::LunarDay));
    assert_eq!(
        one("下个月三十一号"),
        Value::Time {
            start_ms: Some(ms(61, 0, 0)),
            end_ms: Some(ms(61, 0, 0) + 86_400_000),
            is_past: false
        }
    );
    assert_eq!(
        one("这个月三十一号"),
        Value::Unknown(MissingValueReason::NoSuchDay)
    );
}

#[test]
fn phones_cards_and_identity_numbers() {
    let phone = |digits: &str| Value::Phone(digits.to_owned());
    for (said, wanted) in [
        ("13800138000", "13800138000"),
        ("138 0013 8000", "13800138000"),
        ("138-0013-8000", "13800138000"),
        ("+86 13800138000", "13800138000"),
        ("一三八零零一三八零零零", "13800138000"),
        ("幺三八，零零幺三，八零零零", "13800138000"),
        ("138 0013 8009 不对 是 8000", "13800138000"),
        ("幺三九，不对，是幺三八，零零幺三，八零零零", "13800138000"),
    ] {
        let found = find(said, NOW);
        let values: Vec<&Value> = found.iter().map(|found| &found.value).collect();
        assert!(values.contains(&&phone(wanted)), "{said}: {found:?}");
    }
    assert!(is_bank_card("4111111111111111"));
    assert!(!is_bank_card("4111111111111112"));
    assert_eq!(
        one("4111 1111 1111 1111"),
        Value::BankCard("4111111111111111".into())
    );
    assert_eq!(
        one("四一一一，一一一一，一一一一，一一一一"),
        Value::BankCard("4111111111111111".into())
    );
    // The example of GB 11643 in many textbooks, not a person's number.
    assert!(is_identity_number("11010519491231002X"));
    assert!(!is_identity_number("110105194912310021"));
    assert_eq!(
        one("11010519491231002X"),
        Value::IdentityNumber("11010519491231002X".into())
    );
}

#[test]
fn a_sentence_gives_each_of_its_entities_with_its_place() {
    let said = "那就分十二期吧，五千块，明天下午三点打13800138000";
    let found = find(said, NOW);
    let spans: Vec<&str> = found
        .iter()
        .map(|found| said.get(found.span.clone()).unwrap())
        .collect();
    assert_eq!(spans, ["十二期", "五千块", "明天下午三点", "13800138000"]);
}

#[test]
fn a_day_of_the_calendar_in_english_is_the_next_one_unless_its_year_is_said() {
    let day = |said: &str| match &find(said, NOW)[..] {
        [
            Entity {
                value: Value::Time { start_ms, .. },
                granularity: Granularity::Day,
                ..
            },
        ] => *start_ms,
        other => panic!("{said}: {other:?}"),
    };
    for (english, said) in [
        ("on July twenty-seventh, 2027", "2027年7月27日"),
        ("the 27th of July 2027", "2027年7月27日"),
        ("December thirty-first", "12月31日"),
        ("31 December", "12月31日"),
    ] {
        assert_eq!(day(english), day(said), "{english}");
    }
    for none in ["may I go first", "march on", "the first one"] {
        assert_eq!(find(none, NOW), [], "{none}");
    }
}

#[test]
fn words_with_digits_in_them_are_no_numbers() {
    for said in [
        "等一下",
        "万一不行呢",
        "我再想一想",
        "一起",
        "有点贵",
        "这个不对",
        "周到",
        "三心二意",
    ] {
        assert_eq!(find(said, NOW), [], "{said}");
    }
}

#[test]
fn nothing_that_is_said_stops_the_reader() {
    let parts: Vec<&str> = "零 一 两 三 九 十 百 千 万 亿 几 半 点 来 多 块 元 角 毛 分 % 折 期 个 月 年 天 周 下 这 号 日 底 末 以后 前 \
         明天 下午 晚 早 小时 后 过 不对 是 13800138000 9999999999999999999 2026 - : , . X ¥ 我叫 张 hundred thousand \
         nine one oh eight july twenty seventh may first in after at half a an and point yuan percent next monday pm 到 第 初 大概 左右 人民币 😀 ａ"
        .split_whitespace()
        .collect();
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let mut draw = |bound: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state >> 33).unwrap() % bound
    };
    for _ in 0..30_000 {
        let said: String = (0..1 + draw(12))
            .map(|_| {
                format!(
                    "{}{}",
                    parts[draw(parts.len())],
                    if draw(3) == 0 { " " } else { "" }
                )
            })
            .collect();
        for found in find(&said, NOW) {
            assert!(
                said.get(found.span.clone())
                    .is_some_and(|words| !words.is_empty()),
                "{said}: {found:?}"
            );
        }
        let masked = crate::masking::mask(&said);
        assert_eq!(masked.text.chars().count(), said.chars().count(), "{said}");
        crate::answers::read(&said);
        crate::priority::find_first_rule(&said);
    }
}
