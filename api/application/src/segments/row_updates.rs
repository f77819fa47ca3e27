//! Keeps the rows for segments up to date with the log: customers' own events, with values opened by the
//! keys of this process.

use domain::customer::event::CustomerEvent;
use domain::customer::{Customer, ProfileChange, profile_changes};
use domain::event_filter::EventFilter;
use domain::ports::event_store::EventStore;
use domain::ports::vault::Vault;
use domain::problem::{Problem, ProblemKind};
use domain::stored_event::{Position, StoredEvent, open_personal, read_event};
use projections::{CustomerChanges, EventSpan, Pages, SegmentRows};

/// Most events read for one question: twenty million customers with one call each. Above it, the question
/// fails.
const EVENTS_MAX: u64 = 100_000_000;

/// Kinds of events with data that segments use.
const KINDS: [&str; 7] = [
    CustomerEvent::REGISTERED,
    CustomerEvent::ATTRIBUTES_SET,
    CustomerEvent::TAGGED,
    CustomerEvent::ENROLLED,
    CustomerEvent::CALL_CLOSED,
    CustomerEvent::ENROLMENT_SETTLED,
    CustomerEvent::ERASED,
];

/// Rows, and the log position up to which they are complete.
pub(super) struct PositionedRows {
    pub(super) rows: SegmentRows,
    pub(super) until: Position,
}

impl PositionedRows {
    pub(super) async fn begin() -> Result<Self, Problem> {
        Ok(Self {
            rows: SegmentRows::in_memory().await?,
            until: Position(0),
        })
    }

    /// Applies the log's events up to a position to the rows. Stops early with an error if `goes_on`
    /// returns false; what was applied is kept.
    pub(super) async fn follow(
        &mut self,
        store: &dyn EventStore,
        vault: &dyn Vault,
        until: Position,
        goes_on: &(dyn Fn() -> bool + Sync),
    ) -> Result<(), Problem> {
        if self.until >= until {
            return Ok(());
        }
        let filter = EventFilter {
            kinds: KINDS.map(str::to_owned).to_vec(),
            ..EventFilter::default()
        };
        let span = EventSpan {
            after: self.until,
            events_max: EVENTS_MAX,
            ..EventSpan::until(filter, until)
        };
        let mut pages = Pages::begin(store, &span).await?;
        while let Some(page) = pages.next().await? {
            let Some(last) = page.last().map(|event| event.position) else {
                continue;
            };
            let changes = opened(&page, vault).await?;
            self.rows.take(changes).await?;
            self.until = last;
            if !goes_on() {
                let detail =
                    format!("the log was read up to {last}; send the request again to continue from there");
                return Err(Problem::new(
                    ProblemKind::Unavailable,
                    "segment-not-ready",
                    detail,
                ));
            }
        }
        self.until = until;
        Ok(())
    }
}

/// Returns the changes of the rows that a page of events causes, per customer, with values decrypted. A
/// customer with a destroyed key has no row, even for the past, so later changes find none.
async fn opened(page: &[StoredEvent], vault: &dyn Vault) -> Result<Vec<CustomerChanges>, Problem> {
    let fault = |error: &dyn std::error::Error| Problem::fault(error.to_string());
    let mut changes = Vec::with_capacity(page.len());
    for stored in page {
        let envelope = stored.envelope().map_err(|error| fault(&error))?;
        let Some(customer) = envelope.customer.clone() else {
            continue;
        };
        let mut event = read_event::<Customer>(&envelope).map_err(|error| fault(&error))?;
        let begins = matches!(event, CustomerEvent::Registered { .. });
        if begins || tells_values(&event) {
            let key = vault.existing_key(&customer).await?;
            if begins && key.is_none() {
                changes.push((customer, vec![ProfileChange::Forget]));
                continue;
            }
            open_personal(&envelope, &mut event, vault, key.as_ref())?;
        }
        changes.push((customer, profile_changes(&event)));
    }
    Ok(changes)
}

/// Returns true if the event has sealed values that segments use: attributes and tags. Names and variables
/// are not used.
const fn tells_values(event: &CustomerEvent) -> bool {
    matches!(
        event,
        CustomerEvent::AttributesSet { .. } | CustomerEvent::Tagged { .. }
    )
}
