//! Options of `events read` and `events tail` that select events; the same words as in a URL.

use crate::kit::failure::Failure;
use application::event_stream::{FilterParameters, filter_of};
use application::percent::encode;
use domain::event_filter::EventFilter;

/// A selection of events. All options given must hold; of several kinds or streams, any one.
#[derive(Debug, clap::Args)]
pub(super) struct FilterArgs {
    /// Only events of this kind (call.ended); `call.` selects all kinds of calls. May be repeated
    #[arg(long, value_name = "KIND")]
    kind: Vec<String>,
    /// Only events of this stream (call-ID); `call-` selects all calls. May be repeated
    #[arg(long, value_name = "STREAM")]
    stream: Vec<String>,
    /// Only events about this campaign
    #[arg(long, value_name = "ID")]
    campaign: Option<String>,
    /// Only events about this customer, by the id shown in events
    #[arg(long, value_name = "ID")]
    customer: Option<String>,
}

impl FilterArgs {
    /// Returns the filter for a log that is read directly. Without keys, a customer can only be given by our
    /// id.
    pub(super) fn filter(&self) -> Result<EventFilter, Failure> {
        let words = FilterParameters {
            kinds: self.kind.clone(),
            streams: self.stream.clone(),
            campaign: self.campaign.clone(),
            customer: self.customer.clone(),
        };
        filter_of(words, |text| {
            Err(format!(
                "--customer {text}: give the id shown in events, 32 hexadecimal digits"
            ))
        })
        .map_err(Failure::usage)
    }

    /// Returns the selection for a server, as `&name=value` pairs.
    pub(super) fn query(&self) -> String {
        let kinds = self.kind.iter().map(|kind| ("kind", kind));
        let streams = self.stream.iter().map(|stream| ("stream", stream));
        let campaign = self.campaign.iter().map(|campaign| ("campaign", campaign));
        let customer = self.customer.iter().map(|customer| ("customer", customer));
        kinds
            .chain(streams)
            .chain(campaign)
            .chain(customer)
            .map(|(name, value)| format!("&{name}={}", encode(value)))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_become_a_query_and_a_filter() {
        let args = FilterArgs {
            kind: vec!["call.".to_owned(), "customer.enrolled".to_owned()],
            stream: Vec::new(),
            campaign: Some("T".to_owned()),
            customer: None,
        };
        assert_eq!(args.query(), "&kind=call.&kind=customer.enrolled&campaign=T");
        let filter = args.filter().unwrap();
        assert_eq!(
            (filter.kinds.len(), filter.campaign),
            (2, Some("T".parse().unwrap()))
        );
        let own = FilterArgs {
            customer: Some("C001".to_owned()),
            ..args
        };
        assert!(own.query().ends_with("&customer=C001"));
        assert!(own.filter().is_err());
    }
}
