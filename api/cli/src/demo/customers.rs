//! The demo's customers: generated from the seed, with invented names and numbers of the right form.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};
use std::collections::BTreeSet;

/// Mobile prefixes of mainland China, a plausible selection.
const PREFIXES: [&str; 8] = ["138", "139", "150", "158", "177", "186", "189", "199"];

const SURNAMES: [&str; 16] = [
    "王", "李", "张", "刘", "陈", "杨", "黄", "赵", "吴", "周", "徐", "孙", "马", "朱", "胡", "林",
];

const GIVEN: [&str; 16] = [
    "伟", "芳", "娜", "敏", "静", "强", "磊", "洋", "艳", "勇", "军", "杰", "娟", "涛", "明", "超",
];

/// One row of the demo's list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct DemoCustomer {
    pub(crate) customer_id: String,
    pub(crate) phone: String,
    pub(crate) name: String,
    pub(crate) days: u64,
    pub(crate) account: String,
}

/// Generates customers. The same seed gives the same customers; a larger count begins with the same ones.
pub(crate) fn generate(seed: u64, count: usize) -> Vec<DemoCustomer> {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let mut phones = BTreeSet::new();
    (1..=count)
        .map(|index| DemoCustomer {
            customer_id: format!("C{index:05}"),
            phone: phone(&mut random, &mut phones),
            name: format!("{}{}", pick(&mut random, &SURNAMES), pick(&mut random, &GIVEN)),
            days: 1 + below(&mut random, 30),
            account: format!("尾号{:04}", below(&mut random, 10_000)),
        })
        .collect()
}

fn phone(random: &mut ChaCha8Rng, taken: &mut BTreeSet<String>) -> String {
    loop {
        let phone = format!("{}{:08}", pick(random, &PREFIXES), below(random, 100_000_000));
        if taken.insert(phone.clone()) {
            return phone;
        }
    }
}

fn below(random: &mut ChaCha8Rng, limit: u64) -> u64 {
    random.next_u64() % limit
}

fn pick<'a>(random: &mut ChaCha8Rng, from: &[&'a str]) -> &'a str {
    let limit = from.len() as u64;
    usize::try_from(below(random, limit))
        .ok()
        .and_then(|index| from.get(index).copied())
        .unwrap_or_default()
}

/// Returns the demo's customers as a CSV file of the usual form.
pub(crate) fn to_csv(customers: &[DemoCustomer]) -> String {
    let mut text = "客户ID,手机号,姓名,days,account\n".to_owned();
    for one in customers {
        text.push_str(&format!(
            "{},{},{},{},{}\n",
            one.customer_id, one.phone, one.name, one.days, one.account
        ));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::calling_code::{CallingCode, DefaultCountry};
    use domain::phone_number::PhoneNumber;

    #[test]
    fn the_same_seed_makes_the_same_people_and_another_makes_others() {
        assert_eq!(generate(7, 200), generate(7, 200));
        assert_eq!(generate(7, 200)[..10], generate(7, 10));
        assert_ne!(generate(7, 10), generate(8, 10));
    }

    #[test]
    fn every_number_can_be_dialed_and_none_occurs_twice() {
        let customers = generate(7, 2_000);
        let phones: BTreeSet<_> = customers.iter().map(|one| &one.phone).collect();
        assert_eq!(phones.len(), 2_000);
        assert!(
            phones.iter().all(|phone| PhoneNumber::parse(
                phone,
                DefaultCountry::Of(CallingCode::MAINLAND_CHINA)
            )
            .is_ok())
        );
    }
}
