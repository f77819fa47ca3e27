//! Tests what is masked in transcripts, and what stays.

use super::*;

#[test]
fn numbers_and_names_are_masked_in_digits_and_words() {
    for (said, wanted) in [
        ("我的电话是13800138000", "我的电话是138****8000"),
        ("138 0013 8000", "138 **** 8000"),
        (
            "one three eight oh oh one three eight zero zero zero",
            "one three eight ** ** *** ***** eight zero zero zero",
        ),
        ("幺三八零零幺三八零零零", "幺三八****八零零零"),
        ("卡号4111 1111 1111 1111", "卡号**** **** **** 1111"),
        ("四一一一一一一一一一一一一一一一", "************一一一一"),
        ("身份证11010519491231002X", "身份证110***********002X"),
        ("我叫张小明，想办分期", "我叫***，想办分期"),
        ("我姓李", "我姓*"),
        ("my name is John Smith", "my name is **********"),
        ("138 0013 8009 不对 是 8000", "138 **** **** 不对 是 8000"),
    ] {
        assert_eq!(mask(said).text, wanted, "{said}");
        assert_eq!(mask(wanted).text, wanted, "what is masked stays as it is");
    }
}

#[test]
fn long_numbers_are_masked_whatever_their_check_digits_say() {
    for (said, wanted) in [
        ("卡号4111111111111112", "卡号****************"),
        ("订单号4111111111111112", "订单号****************"),
        ("110105194912310021", "******************"),
        ("11010519491231002 x", "***************** *"),
        (
            "六二二二嗯零二幺那个三八零四然后是五五零幺",
            "****嗯***那个****然后是****",
        ),
        ("六二二二。零二幺，等一下，三八零四", "****。***，等一下，****"),
        ("010-12345678", "***-********"),
        ("0571 8888 6666", "**** **** ****"),
        ("(021)6543-2109", "(***)****-****"),
        ("六五四三二幺零", "*******"),
        ("６５４３２１０", "*******"),
        (
            "six five four uh three two one oh",
            "*** **** **** uh ***** *** *** **",
        ),
        ("我的护照是E12345678", "我的护照是*********"),
        ("20260315", "********"),
        ("1234567890123元", "*************元"),
    ] {
        assert_eq!(mask(said).text, wanted, "{said}");
        assert_eq!(mask(wanted).text, wanted, "what is masked stays as it is");
    }
}

#[test]
fn what_is_announced_as_a_secret_is_masked_however_short() {
    for (said, wanted) in [
        ("验证码是4829", "验证码是****"),
        ("验证码 四八 二九", "验证码 ** **"),
        ("身份证后四位是一二三四", "身份证后四位是****"),
        ("密码是123456", "密码是******"),
        ("密码是abcDEF", "密码是******"),
        ("我的微信号是zhang_san88", "我的微信号是***********"),
        ("微信：wxid-a1b2", "微信：*********"),
        ("卡号尾号8888", "卡号尾号****"),
        ("my password is hunter2", "my password is *******"),
        (
            "the verification code is four eight two nine",
            "the verification code is **** ***** *** ****",
        ),
    ] {
        assert_eq!(mask(said).text, wanted, "{said}");
    }
    for said in [
        "验证码60秒内有效",
        "密码错了3次",
        "卡号下面欠了5000元",
        "身份证要带吗",
        "微信支付可以吗",
        "用微信app付",
        "我忘了密码",
        "验证码一直收不到",
    ] {
        assert_eq!(mask(said).text, said);
    }
}

#[test]
fn addresses_of_mail_are_masked_written_and_spoken() {
    for (said, wanted) in [
        ("邮箱是zhang.san@qq.com谢谢", "邮箱是****************谢谢"),
        (
            "mail me at J.Doe+x@Example.org please",
            "mail me at ******************* please",
        ),
        ("zhangsan艾特qq点com", "****************"),
        ("lisi at gmail dot com", "*********************"),
    ] {
        let masked = mask(said).text;
        assert_eq!(masked, wanted, "{said}");
    }
    for said in ["look at this dot please", "meet me at five"] {
        assert_eq!(mask(said).text, said);
    }
}

#[test]
fn names_are_masked_where_people_tell_them() {
    for (said, wanted) in [
        ("我是张三丰", "我是***"),
        ("你好，我是李明，想问一下", "你好，我是**，想问一下"),
        ("我是王建国的儿子", "我是***的儿子"),
        ("我就是赵敏", "我就是**"),
        ("叫我小王", "叫我小*"),
        ("叫我李姐就行", "叫我**就行"),
        ("免贵姓欧阳", "免贵姓**"),
        ("我姓张叫三丰", "我姓****"),
        ("他姓赵", "他姓*"),
        ("我是王先生", "我是*先生"),
        ("本人叫司马光", "本人叫***"),
    ] {
        assert_eq!(mask(said).text, wanted, "{said}");
    }
    for said in [
        "我是本人",
        "我是他家人",
        "我是她爱人",
        "我是他老婆他不在",
        "我是家人",
        "我是程序员",
        "我是高中老师",
        "我是安保",
        "我是管理员",
        "我是文员",
        "我是江苏人",
        "我是方便的时候再打",
        "我是在和电脑对话吧",
        "我是来办分期的",
        "您贵姓",
        "姓名是什么",
        "我不姓王",
        "领导叫我了",
        "我叫你别打了",
        "我是谢谢你",
        "叫我怎么办",
    ] {
        assert_eq!(mask(said).text, said);
    }
    assert_eq!(
        mask_among("我是温馨卡用户", "尊敬的温馨卡用户").text,
        "我是温馨卡用户"
    );
    assert_ne!(mask("我是温雨欣").text, "我是温雨欣");
}

#[test]
fn amounts_dates_and_counts_stay_with_their_units() {
    for said in [
        "1000000元",
        "1,000,000元",
        "欠了1234567.89元",
        "¥1234567",
        "2026-03-15",
        "2026/3/15 10:30",
        "2026年3月15日",
        "一百二十万",
        "分十二期还是二十四期还是三十六期",
        "五千块",
        "我叫你别打了",
        "分十二期",
        "六期",
        "",
    ] {
        let masked = mask(said);
        assert_eq!((masked.text.as_str(), masked.masked_count), (said, 0));
    }
}

#[test]
fn a_number_in_parts_is_masked_across_turns() {
    let turns = ["六二二二零二", "嗯，三八零四", "三期"];
    assert_eq!(mask_turns(&turns, ""), ["******", "嗯，****", "三期"]);
    assert_eq!(mask_turns(&["三期", "六期\n吧"], ""), ["三期", "六期 吧"]);
    assert!(mask_turns(&[], "").is_empty());
    let first = mask_digits_asked_for("前面是622202", "");
    assert_eq!((first.text.as_str(), first.masked_count), ("前面是******", 1));
    assert_eq!(mask_digits_asked_for("一个都没有", "").text, "一个都没有");
}

#[test]
fn a_thousand_numbers_are_masked_in_both_forms() {
    let spoken = |digits: &str| -> String {
        digits
            .chars()
            .map(|digit| "零幺二三四五六七八九".chars().nth(digit as usize - 48).unwrap())
            .collect()
    };
    for number in 0..1_000_u64 {
        let phone = format!("13800138{number:03}");
        assert!(!mask(&format!("打{phone}吧")).text.contains(&phone));
        let masked = mask(&spoken(&phone));
        assert_eq!(masked.masked_count, 1, "{phone}");
        let digits = format!("622202{:010}", number * 7_919);
        for text in [digits.clone(), spoken(&digits)] {
            let masked = mask(&text);
            assert_eq!(masked.masked_count, 1, "{text}");
            let stars = masked.text.chars().filter(|found| *found == '*').count();
            let keeps_end = crate::entities::is_bank_card(&digits);
            assert_eq!(stars, if keeps_end { 12 } else { 16 }, "{text}");
        }
    }
}

/// One line of the shipped examples contains a name; the others identify no person.
#[test]
fn no_line_of_the_shipped_examples_is_masked_but_for_a_name() {
    let lines = include_str!("../../../fixtures/nlu/zh_outbound_seed.tsv").lines();
    let labelled = include_str!("../../../fixtures/nlu/zh_outbound_labelled.jsonl").lines();
    let masked: Vec<String> = lines
        .chain(labelled)
        .map(mask)
        .filter(|masked| masked.masked_count > 0)
        .map(|masked| masked.text)
        .collect();
    assert_eq!(masked.len(), 1, "{masked:?}");
    assert!(masked[0].contains("我姓*你找错了"), "{masked:?}");
}
