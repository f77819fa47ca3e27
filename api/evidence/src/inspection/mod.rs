//! An inspection (号码查证): from a customer, or a number and a time, to the calls, the lawful basis, the
//! decisions, the recordings and later operations, and a bundle that proves them to a reader without the log.
//!
//! It is based on whole streams, which the bundle contains, and on no view; a view only finds the customers
//! of a number. Each read is logged before data is shown: the caller does that with `tells`.

mod call_transcript;
mod complaint_call;
mod context;
mod conversations;
mod gather;
mod page;
mod page_conversations;
mod recordings;
mod response;
mod response_parts;

pub use complaint_call::call_at;
pub use context::PersonalValueForm;
pub use conversations::{InspectionConversationResponse, InspectionLineResponse, InspectionMessageResponse};
pub use gather::{CALLS_MAX, InspectionScope};
pub use response::{Counts, Inspection, InspectionScopeResponse, RecordingState};

use crate::event_bundles::{EventProofs, EvidenceBundleFile, LaterEventPolicy, Prover};
use application::installation::Installation;
use application::reply_value::value;
use context::InspectionContext;
use domain::ids::{CallId, CustomerId, InquiryId, NumberId};
use domain::problem::{Problem, ProblemKind};
use domain::stored_event::Position;
use domain::time::Timestamp;
use gather::InspectionEvents;
use recordings::Recordings;
use std::collections::BTreeMap;
use std::path::Path;
use store::proof::SignedCheckpoint;
use store::proof::bundle::{Attachments, BundleSubject};
use tokio::sync::{Semaphore, SemaphorePermit};

/// Permits for concurrent inspections: each may hold recordings of a hundred megabytes in memory, twice
/// while its bundle is packed.
static PLACES: Semaphore = Semaphore::const_new(2);

/// Name of the page's file in a bundle.
const PAGE_FILE: &str = "attached/inspection.html";
const ANSWER_FILE: &str = "attached/inspection.json";

/// An inspection to perform.
#[derive(Debug, Clone)]
pub struct InspectionInputs {
    pub ask: InspectionScope,
    /// The requested customer; for a number, all customers that have it are inspected.
    pub customer: Option<CustomerId>,
    /// The number in the form in which it is shown.
    pub phone: Option<String>,
    pub at: Option<Timestamp>,
    pub values: PersonalValueForm,
}

/// A completed inspection that is not shown yet: the read must be logged first.
pub struct Inspected {
    pub answer: Inspection,
    found: InspectionEvents,
    recordings: Recordings,
    _place: SemaphorePermit<'static>,
}

/// The person, number and calls that a reply reveals, for the record of the read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DisclosedSubject {
    pub customer: Option<CustomerId>,
    pub number: Option<NumberId>,
    pub calls: Vec<CallId>,
}

impl Inspected {
    /// Performs the inspection: collects the events, decrypts what is to be shown, and reads the recordings
    /// from `folder`. Fails if two inspections are running.
    pub async fn find(
        installation: &Installation,
        folder: &Path,
        order: InspectionInputs,
    ) -> Result<Self, Problem> {
        let busy = |_| {
            Problem::new(
                ProblemKind::Busy,
                "inspections-busy",
                "two inspections are already running",
            )
        };
        let place = PLACES.try_acquire().map_err(busy)?;
        let found = InspectionEvents::read(installation.store(), order.ask.clone()).await?;
        let opened = InspectionContext::of(installation, &found, order.values).await?;
        let mut calls = response_parts::calls(&found, &opened);
        let recordings = Recordings::of(folder, &mut calls).await?;
        let mut answer = Inspection {
            about: InspectionScopeResponse {
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
            bases: response_parts::bases(&found, &opened),
            consents: response_parts::consents(&found),
            calls,
            conversations: conversations::conversations(installation, &found, order.values).await?,
            messages: conversations::messages(installation, &found, order.values).await?,
            refusals: response_parts::refusals(&found, &opened),
            objections: response_parts::objections(&found),
            operations: response_parts::operations(&found),
        };
        answer.counts = Counts::of(&answer);
        Ok(Self {
            answer,
            found,
            recordings,
            _place: place,
        })
    }

    /// Returns what the reply reveals, for the read log: one entry per customer with the calls; for a
    /// number without customers, the number alone.
    pub fn tells(&self) -> Vec<DisclosedSubject> {
        let number = self.answer.about.number.clone();
        let mut of: BTreeMap<CustomerId, Vec<CallId>> = BTreeMap::new();
        for person in &self.answer.persons {
            of.entry(person.customer.clone()).or_default();
        }
        for call in &self.answer.calls {
            of.entry(call.customer.clone()).or_default().push(call.call);
        }
        if of.is_empty() {
            return vec![DisclosedSubject {
                customer: None,
                number,
                calls: Vec::new(),
            }];
        }
        let tells = of.into_iter().map(|(customer, calls)| DisclosedSubject {
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
    ) -> Result<EvidenceBundleFile, Problem> {
        let page = page::page(&self.answer, prover);
        let json = format!("{:#}\n", value(&self.answer));
        let mut attached: Attachments = self.recordings.files;
        attached.insert(PAGE_FILE.to_owned(), page.into_bytes());
        attached.insert(ANSWER_FILE.to_owned(), json.into_bytes());
        let EventProofs { events, .. } =
            prover.proved(self.found.selection, LaterEventPolicy::Refused, checkpoint)?;
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
