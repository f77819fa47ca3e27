//! VICIdial's tables by its schema: the columns and their places, and what its statuses show about a dial.

use csv::StringRecord;
use std::collections::BTreeMap;
use std::path::Path;

/// A table by its file's name, and the columns read from it, with their places in VICIdial's schema.
pub(super) struct Table {
    pub(super) name: &'static str,
    pub(super) columns: &'static [(&'static str, usize)],
}

pub(super) const LOG: Table = Table {
    name: "vicidial_log",
    columns: &[
        ("uniqueid", 0),
        ("lead_id", 1),
        ("call_date", 4),
        ("start_epoch", 5),
        ("length_in_sec", 7),
        ("status", 8),
        ("phone_code", 9),
        ("phone_number", 10),
    ],
};
pub(super) const SWITCH: Table = Table {
    name: "vicidial_carrier_log",
    columns: &[
        ("uniqueid", 0),
        ("call_date", 1),
        ("lead_id", 3),
        ("dialstatus", 5),
        ("answered_time", 8),
    ],
};
pub(super) const PEOPLE: Table = Table {
    name: "vicidial_list",
    columns: &[
        ("lead_id", 0),
        ("phone_code", 10),
        ("phone_number", 11),
        ("called_count", 30),
    ],
};

/// Statuses of rows without a dial: waiting, on a do-not-call list, no channel, a search (VICIdial's system
/// statuses).
pub(super) const NOT_DIALED: [&str; 7] = ["NEW", "QUEUE", "DNCL", "DNCC", "LRERR", "LSMERG", "HOPPER"];

/// Statuses without an answer (system statuses, and those of call progress detection).
pub(super) const NOT_ANSWERED: [&str; 13] = [
    "NA", "N", "B", "AB", "DC", "ADC", "ADCT", "CPDB", "CPDNA", "CPDREJ", "CPDINV", "CPDUA", "CPDUK",
];

/// Statuses of calls answered by a person or a machine, even without a conversation.
pub(super) const ANSWERED: [&str; 8] = ["A", "AA", "AM", "AL", "AFAX", "DROP", "PDROP", "PM"];

/// Returns the table of a file, the indices of its columns, and whether the first record is a header: by
/// the titles of a header, otherwise by the file's name. `None` if the table is unknown.
pub(super) fn table_of(
    path: &Path,
    first: &StringRecord,
) -> Option<(&'static Table, BTreeMap<&'static str, usize>, bool)> {
    let titles: Vec<String> = first
        .iter()
        .map(|cell| cell.trim_matches(['\u{feff}', ' ', '`', '"']).to_lowercase())
        .collect();
    let place = |name: &str| titles.iter().position(|title| title == name);
    for table in [&SWITCH, &LOG, &PEOPLE] {
        let found: Option<BTreeMap<_, _>> = table
            .columns
            .iter()
            .map(|(name, _)| Some((*name, place(name)?)))
            .collect();
        if let Some(places) = found {
            return Some((table, places, true));
        }
    }
    let name = path.file_name()?.to_str()?.to_lowercase();
    let table = [&SWITCH, &LOG, &PEOPLE]
        .into_iter()
        .find(|table| name.starts_with(table.name))?;
    Some((table, table.columns.iter().copied().collect(), false))
}
