//! The seller of a campaign, and the message that an answered callee hears if no agent is free.
//!
//! Source: 16 CFR 310.4(b)(4)(iii) requires a recorded message with the name and telephone number of the
//! seller; 47 CFR 64.1200(a)(7)(i) limits it to the purpose, the name and a number, and requires a way to opt
//! out. The message says nothing else: a sales text would be a prerecorded telemarketing call.

use crate::calling_code::DefaultCountry;
use crate::phone_number::PhoneNumber;
use serde::{Deserialize, Serialize};

/// Longest name of a seller, in characters. It is spoken within a few seconds.
pub const SELLER_NAME_CHARS_MAX: usize = 64;

/// Digits per group in a spoken number.
const GROUP_DIGITS: usize = 4;

/// The seller in a campaign's plan: name and number of a company, which are no personal data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Seller {
    #[schemars(length(min = 1, max = 64), example = &"Example Bank")]
    pub name: String,
    /// The seller's number in E.164 format, which answers calls and takes opt-outs.
    #[schemars(regex(pattern = r"^\+[0-9]{7,15}$"), example = &"+12025550100")]
    pub number: String,
}

impl Seller {
    /// Returns what is wrong with the seller's name or number; `None` if both are valid.
    pub fn fault(&self) -> Option<&'static str> {
        let chars = self.name.chars().count();
        if self.name.trim().is_empty() || chars > SELLER_NAME_CHARS_MAX {
            return Some("its name has 1 to 64 characters");
        }
        if self.name.chars().any(char::is_control) {
            return Some("the name is spoken and cannot contain control characters");
        }
        let read = PhoneNumber::parse(&self.number, DefaultCountry::Unknown);
        let is_callable = read.is_ok_and(|read| read.as_e164() == self.number);
        (!is_callable).then_some("its number must be a callable number in the form +12025550100")
    }

    /// Returns the seller's number as spoken: digit by digit, in groups that can be written down.
    fn spoken_number(&self) -> String {
        let digits: Vec<char> = self.number.chars().filter(char::is_ascii_digit).collect();
        let (country, rest) = match digits.split_first() {
            // North America: country, area, exchange, line.
            Some((&'1', rest)) if rest.len() == 10 => ("1, ", rest),
            Some(_) | None => ("", digits.as_slice()),
        };
        let groups: Vec<&[char]> = match country {
            "" => rest.rchunks(GROUP_DIGITS).rev().collect(),
            _ => {
                let (area, local) = rest.split_at(3);
                let (exchange, line) = local.split_at(3);
                vec![area, exchange, line]
            }
        };
        let spoken = groups.into_iter().map(|group| {
            let digits: Vec<String> = group.iter().map(char::to_string).collect();
            digits.join(" ")
        });
        format!("{country}{}", spoken.collect::<Vec<_>>().join(", "))
    }
}

/// The content of the message that an answered callee hears if no agent is free.
#[derive(Debug, Clone, Copy)]
pub struct SellerMessage<'a> {
    pub seller: &'a Seller,
    /// Language of the flow, a BCP 47 tag.
    pub language: &'a str,
    /// True for a sales call; the message then states this purpose.
    pub sells: bool,
    /// The opt-out key, if the flow has one.
    pub refusing_key: Option<char>,
}

impl SellerMessage<'_> {
    /// Returns the spoken text: name, purpose if it is a sales call, number, and opt-out key if there is
    /// one. Chinese for `zh` languages, else English.
    pub fn text(&self) -> String {
        let (name, number) = (self.seller.name.trim(), self.seller.spoken_number());
        if self.language.starts_with("zh") {
            let purpose = if self.sells {
                "，本次来电为营销目的"
            } else {
                ""
            };
            let refusing = |key| format!("如不希望再次接到来电，请按{key}。");
            let key = self.refusing_key.map(refusing).unwrap_or_default();
            return format!("您好，这是{name}的来电{purpose}。{name}的电话号码是{number}。{key}");
        }
        let purpose = if self.sells {
            " for telemarketing purposes"
        } else {
            ""
        };
        let refusing = |key| format!(" To receive no further calls, press {key}.");
        let key = self.refusing_key.map(refusing).unwrap_or_default();
        format!(
            "Hello. This was a call{purpose} from {name}. The telephone number of {name} is {number}.{key}"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seller(name: &str, number: &str) -> Seller {
        Seller {
            name: name.to_owned(),
            number: number.to_owned(),
        }
    }

    fn said(seller: &Seller, language: &str, sells: bool, refusing_key: Option<char>) -> String {
        SellerMessage {
            seller,
            language,
            sells,
            refusing_key,
        }
        .text()
    }

    #[test]
    fn a_callee_can_make_something_of_a_name_and_a_number_that_can_be_called() {
        let longest = "n".repeat(SELLER_NAME_CHARS_MAX);
        for (name, number, is_good) in [
            ("Example Bank", "+12025550100", true),
            ("示例银行", "+8613800138000", true),
            (longest.as_str(), "+12025550100", true),
            (&format!("{longest}n"), "+12025550100", false),
            (" ", "+12025550100", false),
            ("", "+12025550100", false),
            ("Example\nBank", "+12025550100", false),
            ("Example Bank", "2025550100", false),
            ("Example Bank", "+1 202 555 0100", false),
            ("Example Bank", "+1911", false),
            ("Example Bank", "+12", false),
            ("Example Bank", "+99912345678", false),
            ("Example Bank", "", false),
        ] {
            let fault = seller(name, number).fault();
            assert_eq!(fault.is_none(), is_good, "{name:?} {number}: {fault:?}");
        }
    }

    #[test]
    fn the_message_states_name_and_number_and_nothing_that_sells() {
        let bank = seller("Example Bank", "+12025550100");
        assert_eq!(
            said(&bank, "en", true, Some('9')),
            "Hello. This was a call for telemarketing purposes from Example Bank. The telephone number of \
             Example Bank is 1, 2 0 2, 5 5 5, 0 1 0 0. To receive no further calls, press 9."
        );
        assert_eq!(
            said(&bank, "en-US", false, None),
            "Hello. This was a call from Example Bank. The telephone number of Example Bank is 1, 2 0 2, 5 5 5, \
             0 1 0 0."
        );
        assert_eq!(
            said(&seller("示例银行", "+8613800138000"), "zh-CN", true, Some('9')),
            "您好，这是示例银行的来电，本次来电为营销目的。示例银行的电话号码是8, 6 1 3 8, 0 0 1 3, 8 0 0 0。\
             如不希望再次接到来电，请按9。"
        );
    }
}
