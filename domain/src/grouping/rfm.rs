//! RFM grades (recency, frequency, money; Hughes 1994): each part is scored 1 to 5, then one of eight grades
//! follows.
//!
//! By quantiles, each fifth of the customers has its own score, and equal values have equal scores. By rules,
//! the limits are given. A customer without one of the three values has no grade.

use serde::Serialize;
use std::fmt;

/// The recency, frequency and money values of one customer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RfmFacts {
    /// Days since the last order. Fewer are better.
    pub recency_days: i64,
    pub orders_count: i64,
    /// In ten-thousandths.
    pub amount: i64,
}

/// The three RFM scores of a customer, from 1 to 5; 5 is best.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct RfmScore {
    pub recency: u8,
    pub frequency: u8,
    pub money: u8,
}

/// The limits of the scores 2, 3, 4 and 5: least values, and for recency the most days since the last order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RfmLimits {
    pub recency_days: [i64; 4],
    pub orders_count: [i64; 4],
    pub amount: [i64; 4],
}

/// One of the eight RFM grades: each score is high (3 or more) or low.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct RfmGrade {
    pub code: &'static str,
    pub zh: &'static str,
    pub en: &'static str,
}

/// The eight RFM grades, ordered by recency, frequency and money, low before high.
pub const RFM_GRADES: [RfmGrade; 8] = [
    grade("lost", "一般挽留客户", "lost"),
    grade("lost_big", "重要挽留客户", "lost, spent much"),
    grade("sleeping", "一般保持客户", "sleeping, ordered often"),
    grade("to_win_back", "重要保持客户", "to win back"),
    grade("new", "一般发展客户", "new"),
    grade("promising", "重要发展客户", "promising"),
    grade("regular", "一般价值客户", "regular"),
    grade("champion", "重要价值客户", "champion"),
];

const fn grade(code: &'static str, zh: &'static str, en: &'static str) -> RfmGrade {
    RfmGrade { code, zh, en }
}

/// Lowest score that counts as high.
const HIGH: u8 = 3;

impl RfmScore {
    pub fn grade(self) -> RfmGrade {
        let place = usize::from(self.recency >= HIGH) * 4
            + usize::from(self.frequency >= HIGH) * 2
            + usize::from(self.money >= HIGH);
        let [lost, ..] = RFM_GRADES;
        RFM_GRADES.get(place).copied().unwrap_or(lost)
    }
}

impl fmt::Display for RfmScore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}{}", self.recency, self.frequency, self.money)
    }
}

/// Returns each customer's scores by quintiles among these customers, in their order. Equal values have
/// equal scores.
pub fn grades_by_quantiles(people: &[RfmFacts]) -> Vec<RfmScore> {
    let fifths = |of: fn(&RfmFacts) -> i64| -> Vec<u8> {
        let mut order: Vec<i64> = people.iter().map(of).collect();
        order.sort_unstable();
        let score = |value: i64| {
            let below = order.partition_point(|other| *other < value);
            let fifth = below * 5 / order.len().max(1);
            u8::try_from(fifth.min(4)).unwrap_or(4) + 1
        };
        people.iter().map(|person| score(of(person))).collect()
    };
    let recency = fifths(|person| person.recency_days.saturating_neg());
    let frequency = fifths(|person| person.orders_count);
    let money = fifths(|person| person.amount);
    let scores = recency.into_iter().zip(frequency).zip(money);
    scores
        .map(|((recency, frequency), money)| RfmScore {
            recency,
            frequency,
            money,
        })
        .collect()
}

/// Returns each customer's scores by the given limits, in their order.
pub fn grades_by_rules(people: &[RfmFacts], limits: &RfmLimits) -> Vec<RfmScore> {
    let reached = |value: i64, limits: &[i64; 4]| {
        let count = limits.iter().filter(|limit| value >= **limit).count();
        u8::try_from(count).unwrap_or(4) + 1
    };
    let within = |days: i64| {
        let count = limits.recency_days.iter().filter(|limit| days <= **limit).count();
        u8::try_from(count).unwrap_or(4) + 1
    };
    let score = |person: &RfmFacts| RfmScore {
        recency: within(person.recency_days),
        frequency: reached(person.orders_count, &limits.orders_count),
        money: reached(person.amount, &limits.amount),
    };
    people.iter().map(score).collect()
}
