//! The number library: place and carrier of issue of Chinese numbers, from a dated table in the program.
//!
//! A number keeps its prefix when it is ported or its owner moves: the table states where it was issued and
//! nothing more. Numbers without an entry are unknown. Source: `domain/data/cn_numbers/`.

use serde::Serialize;
use std::sync::LazyLock;

/// The edition of the table: its source, version and date.
pub const EDITION: &str = "libphonenumber 9.0.43 (2026-11-06)";

/// The column of a customer record with the number's home location; it takes precedence over the table.
pub const HOME_LOCATION: &str = "home_location";

/// The variables by which a flow can use the table's values for a customer's number.
pub const HOME_PROVINCE: &str = "home_province";
pub const HOME_CITY: &str = "home_city";
pub const CARRIER: &str = "carrier";

/// Returns true if a list needs no column for this variable, because an import fills it from the number
/// library.
pub fn fills(name: &str) -> bool {
    matches!(name, HOME_PROVINCE | HOME_CITY | CARRIER)
}

/// Returns the table's value for a phone number (E.164) under one of these variable names; `None` if the
/// table has none.
pub fn variable(name: &str, phone: &str) -> Option<&'static str> {
    let value = match name {
        HOME_PROVINCE => home(phone)?.province,
        HOME_CITY => home(phone)?.city,
        CARRIER => carrier(phone)?,
        _ => return None,
    };
    Some(value).filter(|value| !value.is_empty())
}

/// The first mobile prefix of the table, of seven digits.
const FIRST: u32 = 1_300_000;

/// The digits of a mobile number, and how many of them determine its place of issue.
const MOBILE_DIGITS: usize = 11;
const PREFIX_DIGITS: usize = 7;

const PLACES: &str = include_str!("../data/cn_numbers/places.tsv");
const AREAS: &str = include_str!("../data/cn_numbers/areas.tsv");
const CARRIERS: &str = include_str!("../data/cn_numbers/carriers.tsv");
const MOBILES: &[u8] = include_bytes!("../data/cn_numbers/mobiles.bin");

/// The place in mainland China where a number was issued.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct NumberHome {
    /// ISO 3166-2, for example `CN-GD`.
    pub code: &'static str,
    pub province: &'static str,
    /// Empty if the table has only the province.
    pub city: &'static str,
}

struct Table {
    places: Vec<NumberHome>,
    /// The first prefix of each run, and the index of its place from 1; 0 for none.
    mobiles: Vec<(u32, u16)>,
    areas: Vec<(&'static str, u16)>,
    carriers: Vec<(&'static str, &'static str)>,
}

static TABLE: LazyLock<Table> = LazyLock::new(|| Table {
    places: PLACES.lines().filter_map(home_of).collect(),
    mobiles: runs(MOBILES),
    areas: AREAS
        .lines()
        .filter_map(|line| {
            let (area, place) = line.split_once('\t')?;
            Some((area, place.parse().ok()?))
        })
        .collect(),
    carriers: CARRIERS
        .lines()
        .filter_map(|line| {
            let (prefix, names) = line.split_once('\t')?;
            Some((prefix, names.split('\t').next()?))
        })
        .collect(),
});

/// Returns where an E.164 number was issued; `None` if the table does not have it or it is not a mainland
/// number.
pub fn home(phone: &str) -> Option<NumberHome> {
    let national = phone.strip_prefix("+86")?;
    let place = if is_mobile(national) {
        mobile_place(national.get(..PREFIX_DIGITS)?.parse().ok()?)
    } else {
        let area = |size| {
            let prefix = national.get(..size)?;
            let found = TABLE.areas.iter().find(|(area, _)| *area == prefix);
            found.map(|(_, place)| *place)
        };
        (2..=5).rev().find_map(area)
    };
    let place = usize::from(place?).checked_sub(1)?;
    TABLE.places.get(place).copied()
}

/// Returns the carrier that issued a mainland mobile number; `None` for other numbers and unknown prefixes.
pub fn carrier(phone: &str) -> Option<&'static str> {
    let national = phone.strip_prefix("+86").filter(|national| is_mobile(national))?;
    let of = |size| {
        let prefix = national.get(..size)?;
        let found = TABLE.carriers.iter().find(|(known, _)| *known == prefix);
        found.map(|(_, carrier)| *carrier)
    };
    (3..=5).rev().find_map(of)
}

/// Returns the code of the province with which a text begins (`广东`, `广东省/深圳市`, `新疆维吾尔自治区`, `CN-GD`); `None`
/// if there is none.
pub fn province_of(text: &str) -> Option<&'static str> {
    let text = text.trim();
    let names = TABLE.places.iter().find(|place| {
        let short = place.province.trim_end_matches('市');
        text.starts_with(short) || text.eq_ignore_ascii_case(place.code)
    });
    names.map(|place| place.code)
}

fn is_mobile(national: &str) -> bool {
    national.len() == MOBILE_DIGITS && national.starts_with('1')
}

fn mobile_place(prefix: u32) -> Option<u16> {
    let after = TABLE.mobiles.partition_point(|(start, _)| *start <= prefix);
    let (_, place) = TABLE.mobiles.get(after.checked_sub(1)?)?;
    Some(*place)
}

fn home_of(line: &'static str) -> Option<NumberHome> {
    let mut cells = line.split('\t');
    Some(NumberHome {
        code: cells.next()?,
        province: cells.next()?,
        city: cells.next()?,
    })
}

/// Decodes the table of mobile prefixes: pairs of length and place, stored with seven bits per byte.
/// Returns the first prefix of each run with its place.
fn runs(bytes: &[u8]) -> Vec<(u32, u16)> {
    let mut numbers = Vec::new();
    let (mut number, mut shift) = (0_u32, 0_u32);
    for byte in bytes {
        number |= u32::from(byte & 0x7f).checked_shl(shift).unwrap_or(0);
        shift += 7;
        if byte & 0x80 == 0 {
            numbers.push(number);
            (number, shift) = (0, 0);
        }
    }
    let mut start = FIRST;
    let mut runs = Vec::with_capacity(numbers.len() / 2);
    for pair in numbers.chunks_exact(2) {
        if let [length, place] = pair {
            runs.push((start, u16::try_from(*place).unwrap_or(0)));
            start = start.saturating_add(*length);
        }
    }
    runs
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_whole() {
        assert_eq!(TABLE.places.len(), 380);
        assert_eq!(TABLE.mobiles.len(), 79_683);
        assert!(TABLE.mobiles.iter().all(|(_, place)| usize::from(*place) <= 380));
        assert_eq!(TABLE.mobiles.first().map(|(start, _)| *start), Some(FIRST));
        let known = |code: &str| TABLE.places.iter().any(|place| place.code == code);
        assert!(
            ["CN-BJ", "CN-GD", "CN-XJ", "CN-XZ", "CN-NM"]
                .into_iter()
                .all(known)
        );
    }

    #[test]
    fn mobiles_and_landlines_are_found_and_what_is_not_in_the_table_is_unknown() {
        let found = |phone| home(phone).map(|home| (home.code, home.province, home.city));
        for (phone, expected) in [
            ("+8613800138000", Some(("CN-BJ", "北京市", "北京市"))),
            ("+861065529988", Some(("CN-BJ", "北京市", "北京市"))),
            ("+8675526559988", Some(("CN-GD", "广东", "深圳市"))),
            ("+868916529988", Some(("CN-XZ", "西藏", "拉萨市"))),
            ("+869916529988", Some(("CN-XJ", "新疆", "乌鲁木齐市"))),
            ("+8612345678901", None),
            ("+12025550123", None),
            ("+86", None),
        ] {
            assert_eq!(found(phone), expected, "{phone}");
        }
    }

    #[test]
    fn a_carrier_is_found_by_the_longest_prefix() {
        assert_eq!(carrier("+8613800138000"), Some("中国移动"));
        assert_eq!(carrier("+8612345678901"), None);
        assert_eq!(carrier("+861065529988"), None, "a landline");
        assert_eq!(carrier("+12025550123"), None);
    }

    #[test]
    fn a_record_names_its_province_in_words_or_as_a_code() {
        for (text, code) in [
            ("广东省/深圳市", Some("CN-GD")),
            ("新疆维吾尔自治区", Some("CN-XJ")),
            (" 西藏 ", Some("CN-XZ")),
            ("上海", Some("CN-SH")),
            ("cn-gd", Some("CN-GD")),
            ("深圳", None),
            ("", None),
        ] {
            assert_eq!(province_of(text), code, "{text}");
        }
    }
}
