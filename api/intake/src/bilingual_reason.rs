//! Reasons why a row is bad, in two languages: English first, then Chinese after ` / `.

use domain::phone_number::InvalidPhoneNumber;

/// Joins an English and a Chinese text with ` / `.
pub(crate) fn join_languages(en: &str, zh: &str) -> String {
    format!("{en} / {zh}")
}

/// Returns why a text is not a phone number, in English and Chinese.
pub(crate) fn of_phone(wrong: InvalidPhoneNumber) -> String {
    let zh = match wrong {
        InvalidPhoneNumber::Empty => "手机号为空".to_owned(),
        InvalidPhoneNumber::TooLongText => "手机号过长".to_owned(),
        InvalidPhoneNumber::SpreadsheetDecimal => {
            "手机号带有小数（如 .0）：请将该列设为文本格式后重新导出".to_owned()
        }
        InvalidPhoneNumber::ScientificNotation => {
            "手机号为科学计数法，已丢失数字：请将该列设为文本格式".to_owned()
        }
        InvalidPhoneNumber::StrangeCharacter(found) => format!("手机号含有字符 {found:?}"),
        InvalidPhoneNumber::TooShort(digits) => format!("手机号只有 {digits} 位数字"),
        InvalidPhoneNumber::TooLong(digits) => format!("手机号有 {digits} 位数字，过长"),
        InvalidPhoneNumber::NoCountryCode => {
            "号码没有国家代码，且无法确定国家：请写成 +国家代码 号码".to_owned()
        }
        InvalidPhoneNumber::UnknownCountry => "国家代码未知".to_owned(),
        InvalidPhoneNumber::NotANumberOf(region) => format!("{region} 没有这种号码"),
    };
    join_languages(&wrong.to_string(), &zh)
}
