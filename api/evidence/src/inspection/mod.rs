//! An inspection (号码查证): from a customer, or a number and a time, to the calls, the lawful basis, the
//! decisions, the recordings and later operations, and a bundle that proves them to a reader without the log.
//!
//! It is based on whole streams, which the bundle contains, and on no view; a view only finds the customers
//! of a number. Each read is logged before data is shown: the caller does that with `tells`.

mod gather;
mod nearest;
mod opened;
mod page;
mod page_written;
mod recordings;
mod shown;
mod spoken;
mod tell;
mod written;

pub use gather::{Ask, CALLS_MAX};
pub use nearest::call_at;
pub use opened::Values;
pub use shown::{AboutShown, Counts, Inspection, RecordingState};
pub use written::{ConversationTold, LineTold, MessageTold};

use crate::proved::{Later, Made, Proved, Prover};
use application::installation::Installation;
use application::reply_value::value;
use domain::ids::{CallId, CustomerId, InquiryId, NumberId};
use domain::problem::{Kind, Problem};
use domain::stored_event::Position;
use domain::time::Timestamp;
use gather::Gathered;
use opened::Opened;
use recordings::Recordings;
use std::collections::BTreeMap;
use std::path::Path;
use store::proof::SignedCheckpoint;
use store::proof::bundle::{Attached, BundleSubject};
use tokio::sync::{Semaphore, SemaphorePermit};

/// Permits for concurrent inspections: each may hold recordings of a hundred megabytes, twice while its
/// bundle is packed.
static PLACES: Semaphore = Semaphore::const_new(2);

/// Names of the files in a bundle besides its events.
const PAGE_FILE: &str = "attached/inspection.html";
const ANSWER_FILE: &str = "attached/inspection.json";

/// An inspection to perform.
#[derive(Debug, Clone)]
pub struct Order {
    pub ask: Ask,
    /// The requested customer; for a number, all customers that have it are inspected.
    pub customer: Option<CustomerId>,
    /// The number in the form in which it is shown.
    pub phone: Option<String>,
    pub at: Option<Timestamp>,
    pub values: Values,
}

/// A completed inspection that is not shown yet.
pub struct Inspected {
    pub answer: Inspection,
    found: Gathered,
    recordings: Recordings,
    _place: SemaphorePermit<'static>,
}

/// The person, number and calls that a reply reveals, for the record of the read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tells {
    pub customer: Option<CustomerId>,
    pub number: Option<NumberId>,
    pub calls: Vec<CallId>,
}

impl Inspected {
    /// Performs the inspection; `folder` holds the recordings. Refuses while two inspections are running.
    pub async fn find(installation: &Installation, folder: &Path, order: Order) -> Result<Self, Problem> {
        let busy = |_| {
            Problem::new(
                Kind::Busy,
                "inspections-busy",
                "two inspections are already running",
            )
        };
        let place = PLACES.try_acquire().map_err(busy)?;
        let found = Gathered::read(installation.store(), order.ask.clone()).await?;
        let opened = Opened::of(installation, &found, order.values).await?;
        let mut calls = tell::calls(&found, &opened);
        let recordings = Recordings::of(folder, &mut calls).await?;
        let mut answer = Inspection {
            about: AboutShown {
                customer: order.customer,
                number: order.ask.number,
                phone: order.phone,
                at: order.at,
                from: order.ask.from,
                to: order.ask.to,
                position: found.reached.to_string(),
            },
            counts: Counts::default(),
            persons: opened.persons(),
            bases: tell::bases(&found, &opened),
            consents: tell::consents(&found),
            calls,
            conversations: written::conversations(installation, &found, order.values).await?,
            messages: written::messages(installation, &found, order.values).await?,
            refusals: tell::refusals(&found, &opened),
            objections: tell::objections(&found),
            operations: tell::operations(&found),
        };
        answer.counts = Counts::of(&answer);
        Ok(Self {
            answer,
            found,
            recordings,
            _place: place,
        })
    }

    /// Returns what the reply reveals: one entry per customer with the calls; a number without customers
    /// alone.
    pub fn tells(&self) -> Vec<Tells> {
        let number = self.answer.about.number.clone();
        let mut of: BTreeMap<CustomerId, Vec<CallId>> = BTreeMap::new();
        for person in &self.answer.persons {
            of.entry(person.customer.clone()).or_default();
        }
        for call in &self.answer.calls {
            of.entry(call.customer.clone()).or_default().push(call.call);
        }
        if of.is_empty() {
            return vec![Tells {
                customer: None,
                number,
                calls: Vec::new(),
            }];
        }
        let tells = of.into_iter().map(|(customer, calls)| Tells {
            customer: Some(customer),
            number: number.clone(),
            calls,
        });
        tells.collect()
    }

    /// Returns the position of the last event used, which a checkpoint must cover.
    pub fn last(&self) -> Position {
        let mut positions = self.found.selection.events.keys();
        positions.next_back().copied().unwrap_or_default()
    }

    /// Builds the bundle: every event used, the page, the reply and the recordings. `id` is the id under
    /// which the inspection is recorded.
    pub fn bundle(
        self,
        id: InquiryId,
        prover: &Prover,
        checkpoint: &SignedCheckpoint,
    ) -> Result<Made, Problem> {
        let page = page::page(&self.answer, prover);
        let json = format!("{:#}\n", value(&self.answer));
        let mut attached: Attached = self.recordings.files;
        attached.insert(PAGE_FILE.to_owned(), page.into_bytes());
        attached.insert(ANSWER_FILE.to_owned(), json.into_bytes());
        let Proved { events, .. } = prover.proved(self.found.selection, Later::Refused, checkpoint)?;
        let subject = BundleSubject {
            kind: "inspection".to_owned(),
            id: id.to_string(),
        };
        prover.bundle(subject, events, attached, checkpoint)
    }
}

impl Counts {
    fn of(answer: &Inspection) -> Self {
        let calls = answer.calls.iter();
        Self {
            persons: answer.persons.len(),
            bases: answer.bases.len(),
            consents: answer.consents.len(),
            calls: answer.calls.len(),
            conversations: answer.conversations.len(),
            messages: answer.messages.len(),
            verdicts: calls.clone().map(|call| call.verdicts.len()).sum(),
            refusals: answer.refusals.len(),
            objections: answer.objections.len(),
            recordings: calls.filter(|call| call.recording.is_some()).count(),
            operations: answer.operations.len(),
        }
    }
}
