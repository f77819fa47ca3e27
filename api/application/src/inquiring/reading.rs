//! Reads of personal data: each is on record before anything of it is shown, and where it cannot be put on
//! record nothing is shown.
//!
//! What counts: whatever opens a sealed field, also to show it masked, and whatever tells of one person or
//! one phone number. Lists of sealed events, rows without names, and figures are not reads of it.

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

/// The parameters of every route that shows what is known of persons.
pub const BY: Parameter = Parameter::text("by", "Who reads, for the record", "wang");
pub const REASON: Parameter =
    Parameter::text("reason", "Why, for the record; nothing personal", "a complaint");
/// Those, of a route that can be asked as of a time.
pub const READ_THEN: &[Parameter] = &[AS_OF, VALID_AT, BY, REASON];

/// The same read by the same reader within this time counts once. Of the clock's minutes, so that all
/// processes on a log agree without asking one another.
const COUNTS_ONCE_MS: i64 = 60_000;

// A page of calls is one read, and names them all.
const _: () = assert!(projections::views::call_history::CALLS_MAX <= CALLS_NAMED_MAX);

/// Who asks, by which way, and why.
#[derive(Debug, Clone)]
pub struct Reader {
    route: String,
    door: &'static str,
    by: Option<String>,
    actor: Option<Actor>,
    reason: Option<String>,
    four_eyes: Option<Box<FourEyes>>,
    /// The look at a customer page that this read is part of.
    view: Option<Box<PageView>>,
}

impl Reader {
    /// Who asks by this route and door, for the reasons given as parameters.
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
    /// Of a route whose parameters are about others: who asks, and nothing that they claim.
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

    /// The program itself, which tells somebody outside by this way.
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

    /// The same, as part of the look at a customer page that a header names.
    pub fn viewing(mut self, header: Option<&str>, caller: &Caller) -> Self {
        let view = header.and_then(|header| PageView::read(header, caller));
        self.view = view.map(Box::new);
        self
    }

    /// The route, as the published description names it.
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

    /// The same, for the reason that a body gives.
    pub fn because(mut self, reason: String) -> Self {
        self.reason = Some(reason);
        self
    }

    /// The same, with who stands behind it.
    pub fn behind(mut self, four_eyes: Option<Box<FourEyes>>) -> Self {
        self.four_eyes = four_eyes;
        self
    }
}

/// What is about to be shown, and of whom.
#[derive(Debug, Clone)]
pub struct Shown {
    pub fields: Cow<'static, [&'static str]>,
    pub form: ReadForm,
    pub customer: Option<CustomerId>,
    pub number: Option<NumberId>,
    pub calls: Vec<CallId>,
    pub campaign: Option<CampaignId>,
    /// Columns of a question, named beside the fields.
    pub columns: Vec<String>,
}

impl Shown {
    /// The same where so many values are shown: of none, that nothing is shown.
    pub fn with_values(mut self, values: usize) -> Self {
        if values == 0 {
            self.form = ReadForm::Nothing;
        }
        self
    }

    /// The same with the columns that a question asks of.
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

/// Reads put on record at once: enough to fill a group commit.
const AT_ONCE_MAX: usize = 64;

/// Puts a read of each on record; what they show is given out only behind all of them.
pub async fn put_each_on_record(
    installation: &Installation,
    reader: &Reader,
    reads: Vec<Shown>,
) -> Result<(), Problem> {
    let recording = iter(reads).map(|shown| put_on_record(installation, reader.clone(), shown));
    let recording = recording.buffer_unordered(AT_ONCE_MAX);
    recording.try_for_each(|_| std::future::ready(Ok(()))).await
}

/// Puts a read on record; what it shows is given out only behind this. Answers the event that says it.
pub async fn put_on_record(
    installation: &Installation,
    reader: Reader,
    shown: Shown,
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
        // What is masked needs nobody behind it.
        four_eyes: four_eyes.filter(|_| shown.form == ReadForm::Clear),
        parts: Vec::new(),
    };
    let read = Read {
        facts,
        by,
        actor,
        view: None,
    };
    let minute = minute_of(installation);
    read.store(installation, minute).await
}

/// Stores one event for a look at a customer page; a read of the same look finds it for the rest of its
/// minute and the next one, so that a page that loads over the end of a minute has one event too. None of a
/// read that this event does not record.
async fn put_view_on_record(
    installation: &Installation,
    reader: &Reader,
    view: &PageView,
    shown: &Shown,
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
    let read = Read {
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

/// A read before it is stored.
struct Read {
    facts: ReadFacts,
    by: Option<String>,
    actor: Option<Actor>,
    /// Tells looks at one page from each other.
    view: Option<String>,
}

impl Read {
    /// The command that stores it in this minute: the same for the same read.
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
