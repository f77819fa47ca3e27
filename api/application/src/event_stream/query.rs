//! The parameters that filter events, the same on the command line and in URLs.

use crate::parameter::Parameter;
use domain::call::event::CallEvent;
use domain::event_filter::{EventFilter, FILTER_NAMES_MAX};
use domain::ids::CustomerId;

pub const KIND: Parameter = Parameter::texts(
    "kind",
    "Only events of this kind (call.ended); `call.` takes all of calls; may be given several times",
    CallEvent::ENDED,
);
pub const STREAM: Parameter = Parameter::texts(
    "stream",
    "Only events of this stream (call-ID); `call-` takes all calls; may be given several times",
    "call-",
);
pub const CAMPAIGN: Parameter = Parameter::campaign("Only events about this campaign");
pub const CUSTOMER: Parameter = Parameter::text(
    "customer",
    "Only events about this customer: the id shown here (32 hexadecimal digits), or your own",
    "C01",
);

pub const SUBSCRIBER: Parameter = Parameter::text(
    "subscriber",
    "Follow as this subscriber, from its acknowledged position. The first use creates it and sets its filter",
    "crm",
);

/// The filter parameters as text.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FilterParameters {
    pub kinds: Vec<String>,
    pub streams: Vec<String>,
    pub campaign: Option<String>,
    pub customer: Option<String>,
}

/// Parses a filter of events. A customer is our customer id, or the institution's own, from which `derive`
/// computes ours. Fails on an unknown form or more than `FILTER_NAMES_MAX` kinds or streams.
pub fn filter_of(
    words: FilterParameters,
    derive: impl FnOnce(&str) -> Result<CustomerId, String>,
) -> Result<EventFilter, String> {
    for (name, given) in [("kind", &words.kinds), ("stream", &words.streams)] {
        if given.len() > FILTER_NAMES_MAX {
            return Err(format!("at most {FILTER_NAMES_MAX} of {name} can be given"));
        }
        if given.iter().any(String::is_empty) {
            return Err(format!("{name} is empty"));
        }
    }
    let campaign = words.campaign.map(|text| text.parse()).transpose();
    let customer = words.customer.map(|text| match text.parse() {
        Ok(id) => Ok(id),
        Err(_) => derive(&text),
    });
    Ok(EventFilter {
        kinds: words.kinds,
        streams: words.streams,
        campaign: campaign.map_err(|error: domain::ids::InvalidId| error.to_string())?,
        customer: customer.transpose()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "00112233445566778899aabbccddeeff";

    fn read(words: FilterParameters) -> Result<EventFilter, String> {
        filter_of(words, |text| {
            if text == "C001" {
                Ok(ID.parse().unwrap())
            } else {
                Err("unknown".to_owned())
            }
        })
    }

    #[test]
    fn as_many_names_as_the_limit_are_taken_and_one_more_is_not() {
        for (count, taken) in [(FILTER_NAMES_MAX, true), (FILTER_NAMES_MAX + 1, false)] {
            let kinds = vec!["call.".to_owned(); count];
            assert_eq!(
                read(FilterParameters {
                    kinds,
                    ..FilterParameters::default()
                })
                .is_ok(),
                taken
            );
        }
        let empty = FilterParameters {
            streams: vec![String::new()],
            ..FilterParameters::default()
        };
        assert!(read(empty).is_err());
    }

    #[test]
    fn a_customer_is_named_by_either_id() {
        for text in [ID, "C001"] {
            let words = FilterParameters {
                customer: Some(text.to_owned()),
                ..FilterParameters::default()
            };
            assert_eq!(read(words).unwrap().customer, Some(ID.parse().unwrap()));
        }
        let words = FilterParameters {
            campaign: Some("a/b".to_owned()),
            ..FilterParameters::default()
        };
        assert!(read(words).is_err());
    }
}
