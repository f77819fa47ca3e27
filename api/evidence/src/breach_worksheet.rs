//! The worksheet of a breach (泄露核查): the persons with data that a user or key accessed in a period, and who
//! must be notified.
//!
//! It is based on the logged reads (decision 0035), which are stored before data is shown; the audit trail
//! only locates them. Files of masked rows are listed separately, because they name no persons.

use crate::inspection::PersonalValueForm;
use application::installation::Installation;
use domain::actor::SignInMethod;
use domain::ids::{CallId, CampaignId, CustomerId, KeyId, NumberId};
use domain::inquiry::{Inquiry, InquiryEvent, ReadFacts, ReadForm};
use domain::personal::{mask_external_id, mask_name};
use domain::phone_number::mask_e164;
use domain::problem::{Problem, ProblemKind};
use domain::stored_event::{Envelope, Position, read_event};
use domain::time::Timestamp;
use projections::views::audit_trail::{self, AuditFilter, EVENTS_MAX};
use projections::views::customer_timeline;
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// Most reads of one worksheet; more are refused. A longer period is requested in parts.
const READS_MAX: usize = 50_000;

/// Most persons with contact values in one reply. Showing each of them is a logged read.
pub const NOTICES_MAX: usize = 1_000;

/// Longest wait until the audit trail has caught up with the log, in milliseconds.
const ROWS_WAIT_MS: u64 = 5_000;

/// Of which user or key, and over which period, a worksheet is made.
#[derive(Debug, Clone)]
pub struct BreachWorksheetScope {
    /// The user with the listed accesses, by the name that the audit trail stores. With `key` set, the
    /// owner of that key.
    pub by: String,
    /// Only accesses with this API key of the user.
    pub key: Option<KeyId>,
    /// Leaves out reads by the directory's own key under this name: the name is only a claim there.
    pub without_claims: bool,
    pub from: Option<Timestamp>,
    pub to: Option<Timestamp>,
}

/// The worksheet of a breach: the persons with data that a user or key accessed.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Seen {
    #[schemars(example = &"wang")]
    pub by: String,
    pub key: Option<KeyId>,
    pub from: Option<Timestamp>,
    pub to: Option<Timestamp>,
    /// Log position up to which the worksheet is complete.
    pub position: String,
    /// Number of logged reads of personal data.
    pub reads: usize,
    /// Number of SQL queries on masked views.
    pub queries: usize,
    pub persons: Vec<SeenPerson>,
    /// Numbers that were looked up and that no known customer has.
    pub numbers: Vec<NumberId>,
    /// Files that were exported.
    pub exports: Vec<SeenExport>,
}

/// One person with accessed data.
#[derive(Debug, Serialize, JsonSchema)]
pub struct SeenPerson {
    pub customer: CustomerId,
    pub reads: usize,
    /// True if at least one value was shown in clear.
    pub clear: bool,
    #[schemars(example = ["name"])]
    pub fields: BTreeSet<String>,
    pub first_at: Timestamp,
    pub last_at: Timestamp,
    /// Contact values for notifying the person; only if requested.
    pub contact: Option<Contact>,
}

/// Contact values of a person; null values if the person is erased.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Contact {
    #[schemars(example = &"**01")]
    external_id: Option<String>,
    #[schemars(example = &"王*")]
    name: Option<String>,
    #[schemars(example = ["138****8000"])]
    phones: Vec<String>,
}

impl Contact {
    /// Number of values shown; erased values do not count.
    pub fn values_count(&self) -> usize {
        let own = [&self.external_id, &self.name].into_iter().flatten();
        own.count() + self.phones.len()
    }
}

/// One exported file.
#[derive(Debug, Serialize, JsonSchema)]
pub struct SeenExport {
    pub at: Timestamp,
    #[schemars(example = &"calls")]
    pub what: String,
    #[schemars(example = &"csv")]
    pub format: String,
    pub campaign: Option<CampaignId>,
    pub customer: Option<CustomerId>,
    pub call: Option<CallId>,
    pub position: String,
}

/// Returns the persons that a user or key accessed data of, by our ids, with the exports and the looked-up
/// numbers. Waits for the audit trail. Fails above `READS_MAX` reads.
pub async fn seen(installation: &Installation, ask: BreachWorksheetScope) -> Result<Seen, Problem> {
    let head = installation.store().head().await?;
    installation.rows_at(head, ROWS_WAIT_MS).await?;
    let mut seen = Seen {
        by: ask.by.clone(),
        key: ask.key,
        from: ask.from,
        to: ask.to,
        position: head.to_string(),
        reads: 0,
        queries: 0,
        persons: Vec::new(),
        numbers: Vec::new(),
        exports: Vec::new(),
    };
    let mut persons: BTreeMap<CustomerId, SeenPerson> = BTreeMap::new();
    for kind in [
        InquiryEvent::PERSONAL_DATA_READ,
        InquiryEvent::EXPORTED,
        InquiryEvent::QUERIED,
        InquiryEvent::SEARCHED,
    ] {
        for (envelope, position) in read_audited_events(installation, &ask, kind).await? {
            let event =
                read_event::<Inquiry>(&envelope).map_err(|error| Problem::fault(error.to_string()))?;
            match event {
                InquiryEvent::PersonalDataRead { facts, .. } => {
                    seen.reads += 1;
                    seen.took(installation, &facts, envelope.at, &mut persons).await?;
                }
                InquiryEvent::Exported { facts, .. } => seen.exports.push(SeenExport {
                    at: envelope.at,
                    what: facts.what,
                    format: facts.format,
                    campaign: facts.campaign,
                    customer: facts.customer,
                    call: facts.call,
                    position: position.to_string(),
                }),
                InquiryEvent::Queried { .. } | InquiryEvent::Searched { .. } => seen.queries += 1,
                InquiryEvent::Compared { .. }
                | InquiryEvent::Answered { .. }
                | InquiryEvent::Refused { .. } => {}
            }
        }
    }
    seen.numbers.sort();
    seen.numbers.dedup();
    seen.persons = persons.into_values().collect();
    Ok(seen)
}

/// Returns the events of this kind by the user or key in the period, read from the log at the positions
/// that the audit trail names.
async fn read_audited_events(
    installation: &Installation,
    ask: &BreachWorksheetScope,
    kind: &str,
) -> Result<Vec<(Envelope, Position)>, Problem> {
    let filter = AuditFilter {
        kind: Some(kind.to_owned()),
        by_whom: Some(ask.by.clone()),
        from: ask.from,
        until: ask.to,
        ..AuditFilter::default()
    };
    let mut audited = Vec::new();
    let mut after = Position(0);
    loop {
        let rows = audit_trail::events(installation.rows.db().as_ref(), &filter, after, EVENTS_MAX).await?;
        for row in &rows {
            let Some(stored) = installation.store().find(row.id).await? else {
                continue;
            };
            let envelope = stored
                .envelope()
                .map_err(|error| Problem::fault(error.to_string()))?;
            let is_meant = ask.key.is_none_or(|key| is_by_key(&envelope, key));
            if is_meant && !(ask.without_claims && is_claim(&envelope)) {
                audited.push((envelope, stored.position));
            }
        }
        if audited.len() > READS_MAX {
            let why = format!("there are more than {READS_MAX} views: shorten the period");
            return Err(Problem::new(ProblemKind::Refused, "too-many-reads", why));
        }
        match rows.last() {
            Some(last) if rows.len() >= EVENTS_MAX => after = last.position,
            _ => return Ok(audited),
        }
    }
}

fn is_by_key(envelope: &Envelope, key: KeyId) -> bool {
    let way = envelope.by.as_ref().map(domain::actor::Actor::way);
    matches!(way, Some(SignInMethod::Key(of)) if of == key)
}

fn is_claim(envelope: &Envelope) -> bool {
    let by = envelope.by.as_ref().filter(|by| !by.name().is_empty());
    by.is_some_and(|by| by.way() == SignInMethod::Directory)
}

impl Seen {
    /// Adds one logged read to the worksheet: counts it for the persons that it names by id, call or
    /// number.
    async fn took(
        &mut self,
        installation: &Installation,
        facts: &ReadFacts,
        at: Timestamp,
        persons: &mut BTreeMap<CustomerId, SeenPerson>,
    ) -> Result<(), Problem> {
        // The read is counted, but it showed nothing of a person.
        if facts.form == ReadForm::Nothing {
            return Ok(());
        }
        let mut of: BTreeSet<CustomerId> = facts.customer.iter().cloned().collect();
        for call in &facts.calls {
            let state = installation.entities.calls.state(call).await?.state;
            of.extend(state.customer().cloned());
        }
        if let (true, Some(number)) = (of.is_empty(), &facts.number) {
            let db = installation.rows.db();
            of.extend(customer_timeline::find_by_number(db.as_ref(), number).await?);
            if of.is_empty() {
                self.numbers.push(number.clone());
            }
        }
        for customer in of {
            let person = persons.entry(customer.clone()).or_insert_with(|| SeenPerson {
                customer,
                reads: 0,
                clear: false,
                fields: BTreeSet::new(),
                first_at: at,
                last_at: at,
                contact: None,
            });
            person.reads += 1;
            person.clear |= facts.form == ReadForm::Clear;
            person.fields.extend(facts.fields.iter().cloned());
            person.first_at = person.first_at.min(at);
            person.last_at = person.last_at.max(at);
        }
        Ok(())
    }

    /// Adds the contact values to each person of the worksheet. The caller logs a read of each person
    /// before it shows any of them.
    pub async fn add_contacts(
        &mut self,
        installation: &Installation,
        values: PersonalValueForm,
    ) -> Result<(), Problem> {
        for person in &mut self.persons {
            let state = installation
                .entities
                .customers
                .state(&person.customer)
                .await?
                .state;
            let numbers = state.numbers().iter();
            person.contact = Some(Contact {
                external_id: values.of(state.external_id(), mask_external_id),
                name: values.of(state.name(), mask_name),
                phones: numbers
                    .filter_map(|known| values.of(Some(&known.phone), mask_e164))
                    .collect(),
            });
        }
        Ok(())
    }
}
