//! The independent count: from the rows of the log's file, read as bytes and parsed here, and the carrier's
//! records. No code of the product is used.

use super::ids;
use crate::carrier::CdrLine;
use crate::history::member;
use rusqlite::{Connection, OpenFlags};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// One record as stored in the file.
struct Row {
    position: u64,
    record: Value,
}

impl Row {
    fn text(&self, pointer: &str) -> &str {
        member(&self.record, pointer).as_str().unwrap_or_default()
    }

    fn kind(&self) -> &str {
        self.text("/kind")
    }
}

/// The rows of the log.
pub(super) struct LogRows(Vec<Row>);

/// The counts for one inspection.
#[derive(Default)]
pub(super) struct InspectionCounts {
    calls_named: BTreeSet<String>,
    pub calls: usize,
    pub persons: usize,
    pub bases: usize,
    pub verdicts: usize,
    pub refusals: usize,
    pub consents: usize,
    pub objections: usize,
    pub recordings: usize,
    pub operations: usize,
    broken: Vec<String>,
}

impl LogRows {
    pub(super) fn read(data: &Path) -> Self {
        let file = Connection::open_with_flags(data.join("events.db"), OpenFlags::SQLITE_OPEN_READ_ONLY);
        let file = file.expect("the log's file opens");
        let mut statement = file
            .prepare("SELECT pos, record FROM event ORDER BY pos")
            .expect("the table is there");
        let rows = statement
            .query_map([], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, Vec<u8>>(1)?)))
            .expect("rows are read");
        let rows = rows.map(|row| {
            let (position, bytes) = row.expect("a row is read");
            let position = u64::try_from(position).expect("positions count up");
            let record = serde_json::from_slice(&bytes).expect("a record is JSON");
            Row { position, record }
        });
        Self(rows.collect())
    }

    /// Returns the time of the last event so far.
    pub(super) fn last_at(data: &Path) -> String {
        let raw = Self::read(data);
        let last = raw.0.iter().map(|row| row.text("/at")).max();
        last.expect("the log is not empty").to_owned()
    }

    pub(super) fn events(&self) -> usize {
        self.0.len()
    }

    fn of<'a>(&'a self, stream: &'a str) -> impl Iterator<Item = &'a Row> {
        self.0.iter().filter(move |row| row.text("/stream") == stream)
    }

    /// Returns our id of a number: for customers that were called, from the calls that the carrier recorded;
    /// for others, from the answer itself.
    fn number_of(&self, value: &str, by_number: bool, answer: &Value, details: &CarrierRecords) -> String {
        if !by_number {
            return String::new();
        }
        let legs: BTreeSet<&str> = details
            .values()
            .filter(|line| line.callee.ends_with(value))
            .map(|line| line.call_id.as_str())
            .collect();
        let dialed = self
            .0
            .iter()
            .find(|row| row.kind() == "call.dialing" && legs.contains(row.text("/data/sip_call_id")));
        let Some(dialed) = dialed else {
            // The number was not called: the answer's own id is compared with the suppression of this number
            // below.
            return member(answer, "/about/number")
                .as_str()
                .unwrap_or_default()
                .to_owned();
        };
        let permitted = self.of(dialed.text("/stream")).next();
        permitted
            .map(|row| row.text("/data/number_grant/number").to_owned())
            .unwrap_or_default()
    }

    /// Counts what an answer should contain, at the position up to which it was read.
    pub(super) fn count(
        &self,
        value: &str,
        by_number: bool,
        answer: &Value,
        details: &CarrierRecords,
    ) -> InspectionCounts {
        let number = self.number_of(value, by_number, answer, details);
        let upto: u64 = member(answer, "/about/position")
            .as_str()
            .and_then(|text| text.parse().ok())
            .unwrap_or(0);
        let log = Self(
            self.0
                .iter()
                .filter(|row| row.position <= upto)
                .map(|row| Row {
                    position: row.position,
                    record: row.record.clone(),
                })
                .collect(),
        );
        let persons: BTreeSet<String> = match by_number {
            true => log
                .0
                .iter()
                .filter(|row| row.kind() == "customer.number_added" && row.text("/data/number") == number)
                .map(|row| row.text("/customer").to_owned())
                .collect(),
            // The question is about a person by external id: the answer names the customer.
            false => [member(answer, "/about/customer")
                .as_str()
                .unwrap_or_default()
                .to_owned()]
            .into(),
        };
        let numbers: BTreeSet<String> = match by_number {
            true => [number.clone()].into(),
            false => log
                .0
                .iter()
                .filter(|row| {
                    row.kind() == "customer.number_added" && persons.contains(row.text("/customer"))
                })
                .map(|row| row.text("/data/number").to_owned())
                .collect(),
        };
        let mut counted = log.counted(&persons, &numbers, by_number, answer);
        if by_number {
            counted
                .broken
                .extend(log.dialed_as_the_carrier_says(value, &number, details));
        }
        counted
    }

    fn counted(
        &self,
        persons: &BTreeSet<String>,
        numbers: &BTreeSet<String>,
        by_number: bool,
        answer: &Value,
    ) -> InspectionCounts {
        let within = |row: &Row| {
            let bound = |name: &str| member(answer, name).as_str().unwrap_or_default();
            let (at, from, to) = (row.text("/at"), bound("/about/from"), bound("/about/to"));
            (from.is_empty() || from <= at) && (to.is_empty() || at <= to)
        };
        let permitted = self.0.iter().filter(|row| {
            let of_number = numbers.contains(row.text("/data/number_grant/number"));
            let of_person = persons.contains(row.text("/customer"));
            let is_meant = if by_number { of_number } else { of_person };
            row.kind() == "call.permitted" && is_meant && within(row)
        });
        let calls: BTreeSet<String> = permitted.map(|row| row.text("/stream").to_owned()).collect();
        let number_streams: BTreeSet<String> = numbers.iter().map(|id| format!("number-{id}")).collect();
        let person_streams: BTreeSet<String> = persons.iter().map(|id| format!("customer-{id}")).collect();
        let asked_for: BTreeSet<&str> = self
            .0
            .iter()
            .filter(|row| person_streams.contains(row.text("/stream")))
            .flat_map(|row| [row.text("/data/call")])
            .collect();
        let mut counted = InspectionCounts {
            calls: calls.len(),
            persons: persons.len(),
            ..InspectionCounts::default()
        };
        let call_ids: BTreeSet<String> = calls
            .iter()
            .map(|stream| stream.trim_start_matches("call-").to_owned())
            .collect();
        let named: BTreeSet<&str> = [persons, numbers, &call_ids]
            .into_iter()
            .flatten()
            .map(String::as_str)
            .collect();
        for row in &self.0 {
            let stream = row.text("/stream");
            let of_person = person_streams.contains(stream);
            let of_number = number_streams.contains(stream);
            let of_call = calls.contains(stream);
            let grants = ["/data/customer_grant/verdicts", "/data/number_grant/verdicts"];
            match row.kind() {
                "call.permitted" if of_call => {
                    let lists = grants
                        .iter()
                        .filter_map(|name| member(&row.record, name).as_array());
                    counted.verdicts += lists.map(Vec::len).sum::<usize>();
                }
                "call.ended" if of_call && !row.text("/data/recording_sha256").is_empty() => {
                    counted.recordings += 1;
                }
                "customer.enrolled" if of_person => counted.bases += 1,
                "customer.consent_recorded" | "customer.consent_withdrawn" if of_person => {
                    counted.consents += 1;
                }
                "number.opted_out" | "number.suppressed" if of_number => counted.objections += 1,
                "customer.dial_refused" if of_person && within(row) => counted.refusals += 1,
                "number.dial_refused" if of_number && within(row) => {
                    let meant = by_number || asked_for.contains(row.text("/data/call"));
                    counted.refusals += usize::from(meant);
                }
                _ => {}
            }
            counted.operations += usize::from(is_operation(row, of_person || of_number || of_call, &named));
        }
        counted.calls_named = call_ids;
        counted
    }

    /// Checks that the carrier was called on this number as often as the log says that it was dialed.
    fn dialed_as_the_carrier_says(
        &self,
        value: &str,
        number: &str,
        details: &CarrierRecords,
    ) -> Option<String> {
        let called = details
            .values()
            .filter(|line| line.callee.ends_with(value))
            .count();
        let calls: BTreeSet<&str> = self
            .0
            .iter()
            .filter(|row| row.kind() == "call.permitted" && row.text("/data/number_grant/number") == number)
            .map(|row| row.text("/stream"))
            .collect();
        let dialed = self
            .0
            .iter()
            .filter(|row| row.kind() == "call.dialing" && calls.contains(row.text("/stream")))
            .count();
        (called != dialed)
            .then(|| format!("{value}: the carrier was called {called} times, the log says {dialed}"))
    }

    /// Returns what is wrong with the records of so many inspections: each must exist, after the record of
    /// its read.
    pub(super) fn unrecorded(&self, inspections: usize) -> Option<String> {
        let taken = self
            .0
            .iter()
            .filter(|row| row.kind() == "inquiry.exported" && row.text("/data/what") == "inspection");
        let taken: Vec<u64> = taken.map(|row| row.position).collect();
        let first_read = self.0.iter().find(|row| {
            row.kind() == "inquiry.personal_data_read"
                && row.text("/data/route") == "POST /api/v1/inspections/bundle"
        });
        let before = first_read.is_some_and(|read| taken.first().is_some_and(|taken| read.position < *taken));
        (taken.len() != inspections || !before).then(|| {
            format!(
                "{} of {inspections} inspections are on record, reads before: {before}",
                taken.len()
            )
        })
    }
}

/// The carrier's records by Call-ID.
type CarrierRecords = BTreeMap<String, CdrLine>;

fn is_operation(row: &Row, is_theirs: bool, named: &BTreeSet<&str>) -> bool {
    if is_theirs {
        return !row.text("/by/name").is_empty() || !row.text("/by/via").is_empty();
    }
    let is_asked = matches!(row.kind(), "inquiry.personal_data_read" | "inquiry.exported");
    let several = member(&row.record, "/data/calls")
        .as_array()
        .into_iter()
        .flatten();
    let several = several.filter_map(Value::as_str);
    let one = ["/customer", "/data/customer", "/data/number", "/data/call"].map(|name| row.text(name));
    is_asked && one.into_iter().chain(several).any(|id| named.contains(id))
}

impl InspectionCounts {
    pub(super) fn add(&mut self, other: &Self) {
        self.calls += other.calls;
        self.verdicts += other.verdicts;
        self.refusals += other.refusals;
        self.consents += other.consents;
        self.objections += other.objections;
        self.recordings += other.recordings;
        self.operations += other.operations;
    }

    /// Returns the differences between the counts and an answer.
    pub(super) fn differs(&self, answer: &Value, value: &str) -> Vec<String> {
        let mut found = self.broken.clone();
        let answered = ids(answer, "/calls", "call");
        if answered != self.calls_named {
            found.push(format!(
                "{value}: calls {answered:?}, and the log has {:?}",
                self.calls_named
            ));
        }
        let pairs = [
            ("calls", self.calls),
            ("persons", self.persons),
            ("bases", self.bases),
            ("verdicts", self.verdicts),
            ("refusals", self.refusals),
            ("consents", self.consents),
            ("objections", self.objections),
            ("recordings", self.recordings),
            ("operations", self.operations),
        ];
        for (name, counted) in pairs {
            let stated = member(answer, &format!("/counts/{name}"));
            let listed = member(answer, &format!("/{name}")).as_array().map(Vec::len);
            if stated != &Value::from(counted) || listed.is_some_and(|listed| listed != counted) {
                found.push(format!(
                    "{value}: {name} {stated} (listed {listed:?}), and the log has {counted}"
                ));
            }
        }
        found
    }
}
