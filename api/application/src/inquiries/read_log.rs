//! Logging of reads of personal data: each read is logged before anything of it is shown. If it cannot be
//! logged, nothing is shown.
//!
//! A read of personal data is a reply that decrypts a sealed field, even to show it masked, or that
//! concerns one person or one phone number. Lists of sealed events, rows without names, and figures do not
//! count.

use super::customer_page::{self, PageView};
use crate::access::Caller;
use crate::as_of::{AS_OF, VALID_AT};
use crate::installation::Installation;
use crate::parameter::Parameter;
use crate::query::Query;
use domain::actor::Actor;
use domain::four_eyes::FourEyes;
use domain::ids::{CallId, CampaignId, CommandId, CustomerId, EventId, InquiryId, NumberId};
use domain::inquiry::{CALLS_NAMED_MAX, InquiryCommand, ReadFacts, ReadForm};
use domain::problem::Problem;
use domain::stored_event::Cause;
use futures_util::stream::{StreamExt, TryStreamExt, iter};
use serde_json::json;
use std::borrow::Cow;
use std::collections::BTreeSet;

/// The parameters of every route that shows personal data.
pub const BY: Parameter = Parameter::text("by", "Name of the reader, for the log", "wang");
pub const REASON: Parameter =
    Parameter::text("reason", "Reason for the log; no personal data", "a complaint");
/// The parameters of a route that shows personal data and also answers questions about the past.
pub const READ_THEN: &[Parameter] = &[AS_OF, VALID_AT, BY, REASON];

/// Time in milliseconds within which the same read by the same reader is logged once. These are whole
/// minutes of the clock, so that all processes on a log agree without communication.
const COUNTS_ONCE_MS: i64 = 60_000;

// A page of calls is one read that names all of them.
const _: () = assert!(projections::views::call_history::CALLS_MAX <= CALLS_NAMED_MAX);

/// Who reads, by which route, and why.
#[derive(Debug, Clone)]
pub struct Reader {
    route: String,
    door: &'static str,
    by: Option<String>,
    actor: Option<Actor>,
    reason: Option<String>,
    four_eyes: Option<Box<FourEyes>>,
    /// The visit to a customer page that this read is part of.
    view: Option<Box<PageView>>,
}

impl Reader {
    /// Builds the reader of a request; name and reason come from the query parameters `by` and `reason`.
    pub fn new(route: String, caller: &Caller, query: &Query) -> Self {
        let given = |name| {
            let text = query.text(name).filter(|text| !text.trim().is_empty());
            text.map(str::to_owned)
        };
        Self {
            route,
            door: caller.door(),
            by: caller.name_for_record(given(BY.name)),
            actor: caller.actor(given(BY.name).as_deref()),
            reason: given(REASON.name),
            four_eyes: None,
            view: None,
        }
    }
}

impl Reader {
    /// Builds the reader for a route with a `by` parameter of another meaning: only the authenticated
    /// caller counts, and there is no reason.
    pub fn of_caller(route: String, caller: &Caller) -> Self {
        Self {
            route,
            door: caller.door(),
            by: caller.name_for_record(None),
            actor: caller.actor(None),
            reason: None,
            four_eyes: None,
            view: None,
        }
    }

    /// Builds the reader for a disclosure by the program itself, for example to a webhook. It has no name.
    pub const fn of_program(route: String, door: &'static str) -> Self {
        Self {
            route,
            door,
            by: None,
            actor: None,
            reason: None,
            four_eyes: None,
            view: None,
        }
    }

    /// Makes the read part of the customer-page view that the header names. A malformed header is ignored.
    pub fn viewing(mut self, header: Option<&str>, caller: &Caller) -> Self {
        let view = header.and_then(|header| PageView::read(header, caller));
        self.view = view.map(Box::new);
        self
    }

    /// Returns the route as the API description names it.
    pub(super) fn route(&self) -> &str {
        &self.route
    }

    pub(super) const fn door(&self) -> &'static str {
        self.door
    }

    pub(super) fn by(&self) -> Option<&str> {
        self.by.as_deref()
    }

    pub(super) const fn actor(&self) -> Option<Actor> {
        self.actor
    }

    /// Sets the reason of the read.
    pub fn because(mut self, reason: String) -> Self {
        self.reason = Some(reason);
        self
    }

    /// Sets who requested and approved the read.
    pub fn behind(mut self, four_eyes: Option<Box<FourEyes>>) -> Self {
        self.four_eyes = four_eyes;
        self
    }
}

/// What a read shows: which fields, in which form, and about which customers.
#[derive(Debug, Clone)]
pub struct ReadContent {
    pub fields: Cow<'static, [&'static str]>,
    pub form: ReadForm,
    pub customer: Option<CustomerId>,
    pub number: Option<NumberId>,
    pub calls: Vec<CallId>,
    pub campaign: Option<CampaignId>,
    /// Columns of a query, listed after the fields.
    pub columns: Vec<String>,
}

impl ReadContent {
    /// Takes the number of values that are shown. With 0, the read is logged as showing nothing; other
    /// numbers change nothing.
    pub fn with_values(mut self, values: usize) -> Self {
        if values == 0 {
            self.form = ReadForm::Nothing;
        }
        self
    }

    /// Sets the columns of a query.
    pub fn with_columns(mut self, columns: Vec<String>) -> Self {
        self.columns = columns;
        self
    }

    pub const fn of(fields: &'static [&'static str], form: ReadForm) -> Self {
        Self {
            fields: Cow::Borrowed(fields),
            form,
            customer: None,
            number: None,
            calls: Vec::new(),
            campaign: None,
            columns: Vec::new(),
        }
    }
}

/// Reads that are logged concurrently: enough to fill a group commit.
const AT_ONCE_MAX: usize = 64;

/// Logs each of these reads. Their content may be returned only after this succeeds.
pub async fn put_each_on_record(
    installation: &Installation,
    reader: &Reader,
    reads: Vec<ReadContent>,
) -> Result<(), Problem> {
    let recording = iter(reads).map(|shown| put_on_record(installation, reader.clone(), shown));
    let recording = recording.buffer_unordered(AT_ONCE_MAX);
    recording.try_for_each(|_| std::future::ready(Ok(()))).await
}

/// Logs a read of personal data. Its content may be returned only after this succeeds. Returns the id of
/// the event; the same read within a minute returns the first event's.
pub async fn put_on_record(
    installation: &Installation,
    reader: Reader,
    shown: ReadContent,
) -> Result<EventId, Problem> {
    if let Some(view) = &reader.view {
        let stored = put_view_on_record(installation, &reader, view, &shown);
        if let Some(event) = Box::pin(stored).await? {
            return Ok(event);
        }
    }
    let Reader {
        route,
        door,
        by,
        actor,
        reason,
        four_eyes,
        view: _,
    } = reader;
    let facts = ReadFacts {
        route,
        door: door.to_owned(),
        fields: shown
            .fields
            .iter()
            .map(|field| (*field).to_owned())
            .chain(shown.columns)
            .collect(),
        form: shown.form,
        customer: shown.customer,
        number: shown.number,
        calls: shown.calls,
        campaign: shown.campaign,
        reason,
        // Masked values need no approval.
        four_eyes: four_eyes.filter(|_| shown.form == ReadForm::Clear),
        parts: Vec::new(),
    };
    let read = ReadRecord {
        facts,
        by,
        actor,
        view: None,
    };
    let minute = minute_of(installation);
    read.store(installation, minute).await
}

/// Logs a view of a customer page with one event and returns its id. Further reads of the same view find
/// that event in the rest of its minute and in the next one, so a page that loads across a minute boundary
/// has one event too. Returns `None` for a read that the event does not cover.
async fn put_view_on_record(
    installation: &Installation,
    reader: &Reader,
    view: &PageView,
    shown: &ReadContent,
) -> Result<Option<EventId>, Problem> {
    if !view.covers(installation, reader, shown).await? {
        return Ok(None);
    }
    let parts = view.recorded();
    let is_clear = parts.iter().any(|part| part.form == ReadForm::Clear);
    let fields: BTreeSet<&String> = parts.iter().flat_map(|part| &part.fields).collect();
    let facts = ReadFacts {
        route: customer_page::ROUTE.to_owned(),
        door: reader.door.to_owned(),
        fields: fields.into_iter().cloned().collect(),
        form: if is_clear {
            ReadForm::Clear
        } else {
            ReadForm::Masked
        },
        customer: Some(view.customer.clone()),
        number: None,
        calls: Vec::new(),
        campaign: None,
        reason: reader.reason.clone(),
        four_eyes: None,
        parts,
    };
    let read = ReadRecord {
        facts,
        by: reader.by.clone(),
        actor: reader.actor,
        view: Some(view.view.clone()),
    };
    let minute = minute_of(installation);
    let earlier = read.command(minute.saturating_sub(1));
    let inquiries = &installation.entities.inquiries;
    if inquiries
        .state(&InquiryId::derive(earlier))
        .await?
        .state
        .is_asked()
    {
        return Ok(Some(EventId::derive(earlier, 0)));
    }
    read.store(installation, minute).await.map(Some)
}

fn minute_of(installation: &Installation) -> i64 {
    installation.now().micros().div_euclid(COUNTS_ONCE_MS * 1_000)
}

/// A read that is to be logged.
struct ReadRecord {
    facts: ReadFacts,
    by: Option<String>,
    actor: Option<Actor>,
    /// Id of the visit, to distinguish visits to one page.
    view: Option<String>,
}

impl ReadRecord {
    /// Returns the id of the command that logs the read in this minute, derived from the read, so that the
    /// same read has the same id.
    fn command(&self, minute: i64) -> CommandId {
        let mut same = json!({ "read": self.facts, "by": self.by, "actor": self.actor, "minute": minute });
        if let (Some(view), Some(members)) = (&self.view, same.as_object_mut()) {
            members.insert("view".to_owned(), json!(view));
        }
        CommandId::derive_from_text(&format!("personal data read: {same}"))
    }

    async fn store(self, installation: &Installation, minute: i64) -> Result<EventId, Problem> {
        let cause = Cause::outside(self.command(minute)).asked_by(self.actor);
        let id = InquiryId::derive(cause.command);
        let command = InquiryCommand::ReadPersonalData {
            facts: self.facts,
            by: self.by,
        };
        installation.entities.inquiries.ask(&id, command, cause).await?;
        Ok(EventId::derive(cause.command, 0))
    }
}
