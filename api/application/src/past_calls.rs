//! Calls that another system made before us (NEW-13): each record is stored by the number's own stream and
//! by those who have the number; caps count what proves a dial. A bad record is told, the others count.
//!
//! The view only says whom to ask; each person answers from their own events. Who gets the number later
//! learns of its past by importing the same files again.

use crate::installation::{Installation, follow};
use actors::AskError;
use domain::calling_code::DefaultCountry;
use domain::compliance::ContactHistory;
use domain::customer::{CustomerCommand, CustomerEvent, Erasure, HistoryOrder};
use domain::ids::NumberId;
use domain::number::{NumberCommand, NumberEvent};
use domain::past_call::{HistorySource, PAST_CALLS_OF_EVENT_MAX, PastCall, PastCallId, is_status};
use domain::phone_number::PhoneNumber;
use domain::problem::{Kind, Problem};
use domain::stored_event::{Cause, Position};
use domain::time::Timestamp;
use projections::views::customer_timeline;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Most records of one request, so that those of one number fit into one event.
pub const PAST_CALLS_OF_REQUEST_MAX: usize = PAST_CALLS_OF_EVENT_MAX;

/// How long who has a number may still be on the way into the rows.
const VIEW_WAIT_MS: u64 = 5_000;

/// Longest name that a system gives to a record: VICIdial's `uniqueid` has twenty letters, a start beside it.
const KEY_BYTES_MAX: usize = 128;

/// One record as it is imported.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("examples" = [{ "phone": "13800138000", "key": "1772416800.1",
    "dialed_at": "2026-03-02T10:00:00+08:00", "proves_dial": true, "answered": true, "status": "ANSWERED",
    "talk_ms": 41_000 }]))]
pub struct PastCallRow {
    /// In any usual form.
    #[schemars(example = &"13800138000")]
    pub phone: String,
    /// The system's own name for the record; the same again is the same record.
    #[schemars(example = &"1772416800.1", length(min = 1, max = KEY_BYTES_MAX))]
    pub key: String,
    /// By which name it was imported before, where the system's files are named otherwise today: what was
    /// taken by that name is this record.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(example = &"1772416800.1/2026-03-02T02:00:00Z", length(min = 1, max = KEY_BYTES_MAX))]
    pub former_key: Option<String>,
    pub dialed_at: Timestamp,
    /// The record proves that the callee was dialed; else no cap counts it.
    pub proves_dial: bool,
    /// Absent where the record does not tell: counts as either.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answered: Option<bool>,
    /// The system's own word for how it ended: of VICIdial up to 6 capital letters, digits, `_` and `-`, at
    /// least one of them a letter, or the switch's; of Asterisk a disposition.
    #[schemars(example = &"NO ANSWER")]
    pub status: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub talk_ms: Option<u64>,
}

/// What became of the records.
#[derive(Debug, Default, Serialize, JsonSchema)]
pub struct PastCallsTaken {
    pub rows: usize,
    /// New facts of numbers.
    pub stored: usize,
    /// Imported before.
    pub known: usize,
    /// Stand for a dial of ours, which counts already.
    pub ours: usize,
    /// New facts of persons who have those numbers.
    pub of_people: usize,
    /// Persons who took none of a number's records, such as who has as many as are kept.
    pub people_refused: usize,
    pub refused: Vec<PastCallRefused>,
    #[serde(serialize_with = "Position::as_text")]
    #[schemars(with = "String")]
    pub position: Position,
}

/// A record that was not taken, and why.
#[derive(Debug, Serialize, JsonSchema)]
pub struct PastCallRefused {
    /// From 0, in the order of the request.
    pub row: usize,
    #[schemars(example = &"the call lies in the future")]
    pub why: String,
}

/// A record as it is told.
struct Told {
    /// Its place in the request.
    row: usize,
    call: PastCall,
    /// The id that it has where it was imported by its former name.
    former: Option<PastCallId>,
}

/// Takes each number's records together; a bad one, also one that could not be read, takes none with it.
pub async fn take_past_calls(
    installation: &Installation,
    source: HistorySource,
    rows: Vec<Option<PastCallRow>>,
    cause: Cause,
) -> Result<PastCallsTaken, Problem> {
    let mut taken = PastCallsTaken {
        rows: rows.len(),
        ..PastCallsTaken::default()
    };
    let mut numbers: BTreeMap<NumberId, Vec<Told>> = BTreeMap::new();
    let country = installation.default_country().await?;
    for (row, record) in rows.into_iter().enumerate() {
        let unread = "a member of it is missing, of another form, or none of a record";
        let record = record.ok_or_else(|| unread.to_owned());
        match record.and_then(|record| read(installation, country, source, row, record)) {
            Ok((number, told)) => numbers.entry(number).or_default().push(told),
            Err(why) => taken.refused.push(PastCallRefused { row, why }),
        }
    }
    let head = installation.store().head().await?;
    installation.rows_at(head, VIEW_WAIT_MS).await?;
    for (number, calls) in numbers {
        let one = Importing {
            installation,
            source,
            number,
            cause,
        };
        match one.take(&calls, &mut taken).await {
            Err(problem) if matches!(problem.kind, Kind::Refused) => {
                taken.refused.extend(calls.iter().map(|told| PastCallRefused {
                    row: told.row,
                    why: problem.detail.clone(),
                }));
            }
            other => other?,
        }
    }
    taken.refused.sort_by_key(|refused| refused.row);
    Ok(taken)
}

/// The record as it is stored: the number's id and no digits of it.
fn read(
    installation: &Installation,
    country: DefaultCountry,
    source: HistorySource,
    place: usize,
    row: PastCallRow,
) -> Result<(NumberId, Told), String> {
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
    let told = Told {
        row: place,
        call,
        former,
    };
    Ok((number, told))
}

struct Importing<'a> {
    installation: &'a Installation,
    source: HistorySource,
    number: NumberId,
    cause: Cause,
}

impl Importing<'_> {
    /// The records by the ids that they have: what was imported by a former name keeps its id, for number
    /// and people alike.
    async fn as_known(&self, rows: &[Told]) -> Result<Vec<PastCall>, Problem> {
        let loaded = self.installation.entities.numbers.state(&self.number).await?;
        let imported = loaded.state.history().imported();
        let named = rows.iter().map(|told| {
            let has = |former: &PastCallId| imported.is_some_and(|known| known.has(*former));
            PastCall {
                record: told.former.filter(has).unwrap_or(told.call.record),
                ..told.call.clone()
            }
        });
        Ok(named.collect())
    }

    async fn take(&self, rows: &[Told], taken: &mut PastCallsTaken) -> Result<(), Problem> {
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
        for (Told { row, .. }, call) in rows.iter().zip(&calls) {
            if !is_kept(&call) && ContactHistory::is_beyond_caps(call.dialed_at, now) {
                left_aside += 1;
                let why = "older than the cap window, and the number already has the maximum of records";
                taken.refused.push(PastCallRefused {
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

    async fn tell_people(&self, calls: &[PastCall], taken: &mut PastCallsTaken) -> Result<(), Problem> {
        let entities = &self.installation.entities;
        let db = self.installation.rows.db();
        for customer in customer_timeline::having(db.as_ref(), &self.number).await? {
            let loaded = entities.customers.state(&customer).await?;
            // Nothing new is kept of who was erased or is being erased.
            if loaded.state.erasure() != Erasure::None {
                continue;
            }
            let order = HistoryOrder {
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
                // One who takes no more, or is erased by now, stops none of the others.
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
