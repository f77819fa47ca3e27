//! Imports calls that another system made (NEW-13). Each record is stored in the stream of its number and
//! in those of the customers who have the number. Frequency caps count a record that proves a dial. A bad
//! record is returned with its reason; the others count.
//!
//! The view only names the customers to write to; each customer decides from its own events. A customer who
//! gets the number later gets its past calls when the same files are imported again.

use crate::installation::{Installation, follow};
use actors::AskError;
use domain::calling_code::DefaultCountry;
use domain::compliance::ContactHistory;
use domain::customer::{CustomerCommand, CustomerEvent, Erasure, PastCallImport};
use domain::ids::NumberId;
use domain::number::{NumberCommand, NumberEvent};
use domain::past_call::{HistorySource, PAST_CALLS_OF_EVENT_MAX, PastCall, PastCallId, is_status};
use domain::phone_number::PhoneNumber;
use domain::problem::{Problem, ProblemKind};
use domain::stored_event::{Cause, Position};
use domain::time::Timestamp;
use projections::views::customer_timeline;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Most records in one request, so that all records of one number fit into one event.
pub const PAST_CALLS_OF_REQUEST_MAX: usize = PAST_CALLS_OF_EVENT_MAX;

/// Longest wait for the view that lists the customers of each number, in milliseconds.
const VIEW_WAIT_MS: u64 = 5_000;

/// Longest key that a system gives to a record, in bytes: VICIdial's `uniqueid` has twenty characters,
/// followed by the start time.
const KEY_BYTES_MAX: usize = 128;

/// One past call as it is imported.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("examples" = [{ "phone": "13800138000", "key": "1772416800.1",
    "dialed_at": "2026-03-02T10:00:00+08:00", "proves_dial": true, "answered": true, "status": "ANSWERED",
    "talk_ms": 41_000 }]))]
pub struct PastCallRow {
    /// The number dialed, in any usual form.
    #[schemars(example = &"13800138000")]
    pub phone: String,
    /// The other system's own key of the record. A record with the same key is the same record.
    #[schemars(example = &"1772416800.1", length(min = 1, max = KEY_BYTES_MAX))]
    pub key: String,
    /// The key under which this record was imported before, if the system's files use another key today. A
    /// record imported under that key is the same record.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(example = &"1772416800.1/2026-03-02T02:00:00Z", length(min = 1, max = KEY_BYTES_MAX))]
    pub former_key: Option<String>,
    pub dialed_at: Timestamp,
    /// True if the record proves that the callee was dialed. Only then do caps count it.
    pub proves_dial: bool,
    /// Whether the callee answered. If absent, every cap counts the record, those on answered calls too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answered: Option<bool>,
    /// The system's own word for how the call ended. VICIdial: up to 6 capital letters, digits, `_` and
    /// `-`, at least one of them a letter, or the switch's word. Asterisk: a disposition.
    #[schemars(example = &"NO ANSWER")]
    pub status: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub talk_ms: Option<u64>,
}

/// The result of an import of past calls: counts, and the refused records.
#[derive(Debug, Default, Serialize, JsonSchema)]
pub struct PastCallImportReport {
    pub rows: usize,
    /// Records stored in the streams of numbers.
    pub stored: usize,
    /// Records that were imported before.
    pub known: usize,
    /// Records of dials that this installation made; they count already.
    pub ours: usize,
    /// Records stored in the streams of customers who have these numbers.
    pub of_people: usize,
    /// Customers who accepted no record of a number, for example because they have as many records as are
    /// kept.
    pub people_refused: usize,
    pub refused: Vec<RefusedPastCall>,
    #[serde(serialize_with = "Position::as_text")]
    #[schemars(with = "String")]
    pub position: Position,
}

/// A record that was refused, with the reason.
#[derive(Debug, Serialize, JsonSchema)]
pub struct RefusedPastCall {
    /// Index of the record in the request, from 0.
    pub row: usize,
    #[schemars(example = &"the call lies in the future")]
    pub why: String,
}

/// A parsed record of the request.
struct ParsedRecord {
    /// Index of the record in the request.
    row: usize,
    call: PastCall,
    /// The record's id under its former key, if it has one.
    former: Option<PastCallId>,
}

/// Imports the records of another system's calls, grouped by number. A record that is bad or refused is
/// returned and does not affect the others. Records that were imported before change nothing.
pub async fn take_past_calls(
    installation: &Installation,
    source: HistorySource,
    rows: Vec<Option<PastCallRow>>,
    cause: Cause,
) -> Result<PastCallImportReport, Problem> {
    let mut taken = PastCallImportReport {
        rows: rows.len(),
        ..PastCallImportReport::default()
    };
    let mut numbers: BTreeMap<NumberId, Vec<ParsedRecord>> = BTreeMap::new();
    let country = installation.default_country().await?;
    for (row, record) in rows.into_iter().enumerate() {
        let unread = "a member of it is missing, of another form, or none of a record";
        let record = record.ok_or_else(|| unread.to_owned());
        match record.and_then(|record| read(installation, country, source, row, record)) {
            Ok((number, parsed)) => numbers.entry(number).or_default().push(parsed),
            Err(why) => taken.refused.push(RefusedPastCall { row, why }),
        }
    }
    let head = installation.store().head().await?;
    installation.rows_at(head, VIEW_WAIT_MS).await?;
    for (number, calls) in numbers {
        let one = ImportContext {
            installation,
            source,
            number,
            cause,
        };
        match one.take(&calls, &mut taken).await {
            Err(problem) if matches!(problem.kind, ProblemKind::Refused) => {
                taken.refused.extend(calls.iter().map(|parsed| RefusedPastCall {
                    row: parsed.row,
                    why: problem.detail.clone(),
                }));
            }
            other => other?,
        }
    }
    taken.refused.sort_by_key(|refused| refused.row);
    Ok(taken)
}

/// Converts a row to the stored form, which has the id of its number and no digits of it. Returns the
/// reason if the row is bad.
fn read(
    installation: &Installation,
    country: DefaultCountry,
    source: HistorySource,
    place: usize,
    row: PastCallRow,
) -> Result<(NumberId, ParsedRecord), String> {
    let phone = PhoneNumber::parse(&row.phone, country).map_err(|error| error.to_string())?;
    let mut keys = std::iter::once(&row.key).chain(&row.former_key);
    if !keys.all(|key| (1..=KEY_BYTES_MAX).contains(&key.len())) {
        return Err(format!("its key has 1 to {KEY_BYTES_MAX} bytes"));
    }
    if !is_status(source, &row.status) {
        return Err(format!("its status is no word of {}", source.code()));
    }
    if row.dialed_at > installation.now() {
        return Err("the call lies in the future".to_owned());
    }
    let number = installation.vault().derive_number(phone.as_e164());
    let named = |key: &str| PastCallId::derive(source, &number, key);
    let former = row.former_key.as_deref().map(named);
    let call = PastCall {
        record: named(&row.key),
        dialed_at: row.dialed_at,
        proves_dial: row.proves_dial,
        answered: row.answered,
        status: row.status,
        talk_ms: row.talk_ms,
    };
    let parsed = ParsedRecord {
        row: place,
        call,
        former,
    };
    Ok((number, parsed))
}

struct ImportContext<'a> {
    installation: &'a Installation,
    source: HistorySource,
    number: NumberId,
    cause: Cause,
}

impl ImportContext<'_> {
    /// Returns the records under the ids under which they are stored: a record that was imported under its
    /// former key keeps that id, in the streams of the number and of the customers.
    async fn as_known(&self, rows: &[ParsedRecord]) -> Result<Vec<PastCall>, Problem> {
        let loaded = self.installation.entities.numbers.state(&self.number).await?;
        let imported = loaded.state.history().imported();
        let named = rows.iter().map(|parsed| {
            let has = |former: &PastCallId| imported.is_some_and(|known| known.has(*former));
            PastCall {
                record: parsed.former.filter(has).unwrap_or(parsed.call.record),
                ..parsed.call.clone()
            }
        });
        Ok(named.collect())
    }

    async fn take(&self, rows: &[ParsedRecord], taken: &mut PastCallImportReport) -> Result<(), Problem> {
        let calls = self.as_known(rows).await?;
        let entities = &self.installation.entities;
        let command = NumberCommand::ImportHistory {
            source: self.source,
            calls: calls.clone(),
        };
        let cause = follow(self.cause, self.number.as_str()).behind();
        let answer = entities.numbers.ask(&self.number, command, cause).await?;
        taken.position = taken.position.max(answer.position);
        let stored: usize = answer.events.iter().map(calls_of_number).sum();
        let imported = answer.state.history().imported();
        let is_kept = |call: &&PastCall| imported.is_some_and(|imported| imported.has(call.record));
        let kept = calls.iter().filter(is_kept).count();
        let now = self.installation.now();
        let mut left_aside = 0;
        for (ParsedRecord { row, .. }, call) in rows.iter().zip(&calls) {
            if !is_kept(&call) && ContactHistory::is_beyond_caps(call.dialed_at, now) {
                left_aside += 1;
                let why = "older than the cap window, and the number already has the maximum of records";
                taken.refused.push(RefusedPastCall {
                    row: *row,
                    why: why.to_owned(),
                });
            }
        }
        taken.stored += stored;
        taken.known += kept.saturating_sub(stored);
        taken.ours += calls.len().saturating_sub(kept + left_aside);
        self.tell_people(&calls, taken).await
    }

    async fn tell_people(&self, calls: &[PastCall], taken: &mut PastCallImportReport) -> Result<(), Problem> {
        let entities = &self.installation.entities;
        let db = self.installation.rows.db();
        for customer in customer_timeline::find_by_number(db.as_ref(), &self.number).await? {
            let loaded = entities.customers.state(&customer).await?;
            // An erased customer, or one being erased, gets no new data.
            if loaded.state.erasure() != Erasure::None {
                continue;
            }
            let order = PastCallImport {
                source: self.source,
                number: self.number.clone(),
                calls: calls.to_vec(),
            };
            let command = CustomerCommand::ImportHistory(Box::new(order));
            let cause = follow(self.cause, &format!("{}/{customer}", self.number)).behind();
            match entities.customers.ask(&customer, command, cause).await {
                Ok(answer) => {
                    taken.position = taken.position.max(answer.position);
                    taken.of_people += answer.events.iter().map(calls_of_person).sum::<usize>();
                }
                // A customer who takes no more records, or was erased meanwhile, does not stop the others.
                Err(AskError::Refused(_)) => taken.people_refused += 1,
                Err(other) => return Err(other.into()),
            }
        }
        Ok(())
    }
}

fn calls_of_number(event: &NumberEvent) -> usize {
    match event {
        NumberEvent::HistoryImported { calls, .. } => calls.len(),
        _ => 0,
    }
}

fn calls_of_person(event: &CustomerEvent) -> usize {
    match event {
        CustomerEvent::HistoryImported { calls, .. } => calls.len(),
        _ => 0,
    }
}
