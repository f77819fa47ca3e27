//! Stored records as the oracle reads them, as plain JSON.

use domain::stored_event::StoredEvent;
use domain::time::Timestamp;
use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use std::fmt;

/// The record members that some invariant uses, wherever they occur, by their JSON names. Only these are
/// kept: they are a small part of a log's bytes, and a world of a week has a hundred thousand records.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Member {
    Answers,
    Areas,
    AsOf,
    Call,
    CallbackAt,
    CallsCount,
    Campaign,
    Cause,
    Charged,
    Count,
    CustomerGrant,
    Definite,
    Dialing,
    Disposition,
    Drops,
    EndedAt,
    EndsAt,
    Evidence,
    Free,
    GivenAt,
    HoldOffMs,
    How,
    Leg,
    LegsUntil,
    List,
    MaxConcurrent,
    Mode,
    Number,
    NumberGrant,
    Outcome,
    Paced,
    Preset,
    Reason,
    Registry,
    Relief,
    Ringing,
    Scope,
    Screening,
    Settled,
    SipCallId,
    SipCode,
    TalkMs,
    Until,
    ValidUntil,
    Waiting,
    /// A member that no invariant uses.
    #[serde(other)]
    PassedOver,
}

/// The list member that an invariant uses. It is read as one text, with commas.
const LIST: Member = Member::Areas;

/// The data of a stored record, reduced to the members that the oracle uses.
#[derive(Debug, Default)]
pub(super) enum Data {
    /// Null, a list, or a number that is negative or has a fraction: not used by any invariant.
    #[default]
    Other,
    Text(Box<str>),
    Number(u64),
    Flag(bool),
    Members(Box<[(Member, Data)]>),
}

/// The parts of a stored record that the oracle uses.
#[derive(Deserialize)]
pub(super) struct Fact {
    pub(super) kind: String,
    pub(super) stream: String,
    pub(super) at: Timestamp,
    #[serde(default)]
    pub(super) campaign: String,
    #[serde(default)]
    pub(super) customer: String,
    #[serde(default)]
    pub(super) data: Data,
}

impl Data {
    fn get(&self, member: Member) -> Option<&Self> {
        let Self::Members(members) = self else {
            return None;
        };
        let found = members.iter().find(|(name, _)| *name == member);
        found.map(|(_, value)| value)
    }

    fn text(&self) -> &str {
        match self {
            Self::Text(text) => text,
            Self::Other | Self::Number(_) | Self::Flag(_) | Self::Members(_) => "",
        }
    }
}

impl<'de> Deserialize<'de> for Data {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(DataVisitor)
    }
}

/// Reads data without the unused members.
struct DataVisitor;

impl<'de> Visitor<'de> for DataVisitor {
    type Value = Data;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Data, E> {
        Ok(Data::Other)
    }
    fn visit_bool<E>(self, value: bool) -> Result<Data, E> {
        Ok(Data::Flag(value))
    }
    fn visit_u64<E>(self, value: u64) -> Result<Data, E> {
        Ok(Data::Number(value))
    }
    fn visit_i64<E>(self, value: i64) -> Result<Data, E> {
        Ok(u64::try_from(value).map_or(Data::Other, Data::Number))
    }
    fn visit_f64<E>(self, _: f64) -> Result<Data, E> {
        Ok(Data::Other)
    }
    fn visit_str<E>(self, value: &str) -> Result<Data, E> {
        Ok(Data::Text(value.into()))
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Data, A::Error> {
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Data::Other)
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Data, A::Error> {
        let mut members = Vec::new();
        while let Some(name) = map.next_key::<Member>()? {
            if name == Member::PassedOver {
                map.next_value::<IgnoredAny>()?;
            } else if name == LIST {
                let list: Vec<Data> = map.next_value()?;
                let texts: Vec<&str> = list.iter().map(Data::text).collect();
                members.push((name, Data::Text(texts.join(",").into())));
            } else {
                members.push((name, map.next_value()?));
            }
        }
        Ok(Data::Members(members.into()))
    }
}

impl Fact {
    /// Returns the text of a member of the data; empty if there is none.
    pub(super) fn text(&self, member: Member) -> &str {
        self.data.get(member).map_or("", Data::text)
    }

    /// Returns the text at a path of members of the data; empty if there is none.
    pub(super) fn text_at(&self, path: &[Member]) -> &str {
        let mut steps = path.iter();
        let found = steps.try_fold(&self.data, |data, member| data.get(*member));
        found.map_or("", Data::text)
    }

    /// Returns a number of the data; 0 if there is none.
    pub(super) fn number(&self, member: Member) -> u64 {
        match self.data.get(member) {
            Some(Data::Number(number)) => *number,
            Some(_) | None => 0,
        }
    }

    /// Returns the number at a path of members of the data; 0 if there is none.
    pub(super) fn number_at(&self, path: &[Member]) -> u64 {
        let mut steps = path.iter();
        match steps.try_fold(&self.data, |data, member| data.get(*member)) {
            Some(Data::Number(number)) => *number,
            Some(_) | None => 0,
        }
    }

    /// True if the data has this member, with any value.
    pub(super) fn has(&self, member: Member) -> bool {
        self.data.get(member).is_some()
    }

    pub(super) fn is_true(&self, member: Member) -> bool {
        matches!(self.data.get(member), Some(Data::Flag(true)))
    }

    /// Returns the instant at a path of members of the data; the epoch, which is before everything, if
    /// there is none.
    pub(super) fn instant_at(&self, path: &[Member]) -> Timestamp {
        self.text_at(path).parse().unwrap_or(Timestamp::EPOCH)
    }

    /// Returns the id in the stream's name, after the aggregate.
    pub(super) fn subject(&self) -> &str {
        self.stream.split_once('-').map_or("", |(_, id)| id)
    }
}

pub(super) fn facts(log: &[StoredEvent]) -> Result<Vec<Fact>, String> {
    log.iter()
        .map(|event| {
            serde_json::from_slice(&event.record)
                .map_err(|error| format!("position {}: {error}", event.position))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn data_is_read_without_what_no_invariant_looks_at() {
        let record = br#"{"kind":"call.permitted","stream":"call-c","at":"2026-03-02T02:00:00Z","data":{
            "customer_grant":{"valid_until":"2026-03-02T02:00:02.000000Z","verdicts":[{"rule":"x"}]},
            "leg":2,"charged":true,"sip_code":-1,"ratio":0.5,"reason":null,"list":[1],"areas":["212","646"],
            "verdicts":[]}}"#;
        let fact: Fact = serde_json::from_slice(record).unwrap();
        let until = "2026-03-02T02:00:02Z".parse().unwrap();
        assert_eq!(
            fact.instant_at(&[Member::CustomerGrant, Member::ValidUntil]),
            until
        );
        assert_eq!((fact.number(Member::Leg), fact.number(Member::SipCode)), (2, 0));
        assert!(fact.is_true(Member::Charged) && !fact.is_true(Member::Reason));
        assert!(fact.has(Member::Reason) && !fact.has(Member::Evidence));
        assert_eq!(
            (
                fact.text(Member::List),
                fact.text(Member::Outcome),
                fact.text(Member::Areas),
                fact.text_at(&[Member::Leg, Member::Call])
            ),
            ("", "", "212,646", "")
        );
        let Data::Members(members) = &fact.data else {
            panic!("{:?}", fact.data);
        };
        assert_eq!(members.len(), 7, "{members:?}");
        let grant = fact.data.get(Member::CustomerGrant).unwrap();
        assert!(grant.get(Member::PassedOver).is_none());
    }
}
