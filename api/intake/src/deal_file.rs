//! A file of deals, CSV or XLSX, read into rows of the request that reports them. A bad row is reported by
//! its line; the other rows count.
//!
//! Columns: `customer_id`, `reference`, `type` (signed, repaid,
//! appointed, kept, 成交, 还款, 约访, 约访成功), `amount` (such as 1280.00, in units
//! of two decimals), `currency` (default: CNY), `happened_at` (RFC 3339), and `call` or `campaign`.

use crate::cell::Cell;
use crate::row::parse_instant;
use crate::table::{Table, TableOptions, TableReport};
use crate::{ImportError, cut_titles};
use domain::deal::DealKind;
use domain::visible_text::normalize;
use serde_json::{Map, Value, json};
use std::path::Path;

/// Most rows of one file: a year of a large desk. More rows need several files.
pub const DEAL_ROWS_MAX: usize = 200_000;

/// Names of the columns of a file of deals, in English and Chinese.
const COLUMNS: [(&str, &str); 8] = [
    ("customer_id", "客户编号"),
    ("reference", "单号"),
    ("type", "类型"),
    ("amount", "金额"),
    ("currency", "币种"),
    ("happened_at", "时间"),
    ("call", "呼叫"),
    ("campaign", "任务"),
];

/// One line of the file: the row in the form of the request that reports deals, or why it cannot be read.
#[derive(Debug, Clone, PartialEq)]
pub struct DealLine {
    pub line: u64,
    pub row: Result<Value, String>,
}

/// Reads a file of deals. Returns its lines in file order, with bad ones, and how the table was read. Fails
/// with `TooLarge` above `DEAL_ROWS_MAX` rows, or if the file or its columns cannot be read.
pub fn read(path: &Path, options: TableOptions) -> Result<(Vec<DealLine>, TableReport), ImportError> {
    let mut lines = Vec::new();
    let mut table = Table::open(path, options)?;
    let report = table.each_titled_row(&places_of, &mut |places, line, cells| {
        if lines.len() >= DEAL_ROWS_MAX {
            return Err(ImportError::TooLarge {
                what: "the number of rows",
                limit: DEAL_ROWS_MAX as u64,
            });
        }
        let row = cells
            .map_err(|bad| bad.reason)
            .and_then(|cells| row(&cells, places));
        lines.push(DealLine { line, row });
        Ok(true)
    })?;
    Ok((lines, report))
}

/// For each entry of `COLUMNS`, its index in the file's rows; `None` if the file does not have the column.
type ColumnIndices = [Option<usize>; COLUMNS.len()];

fn places_of(titles: &[String]) -> Result<ColumnIndices, ImportError> {
    let place = |names: (&str, &str)| {
        let is_it = |title: &String| [names.0, names.1].contains(&normalize(title).as_ref());
        titles.iter().position(is_it)
    };
    let places = COLUMNS.map(place);
    for (names, found) in COLUMNS.iter().zip(&places) {
        let is_needed = ["customer_id", "reference", "type", "amount", "happened_at"].contains(&names.0);
        if is_needed && found.is_none() {
            return Err(ImportError::WithoutColumn {
                column: names.0,
                chinese: names.1,
                columns: cut_titles(titles),
            });
        }
    }
    Ok(places)
}

fn row(cells: &[Cell], places: &ColumnIndices) -> Result<Value, String> {
    let cell = |name: &str| -> Result<Option<String>, String> {
        let place = COLUMNS
            .iter()
            .position(|names| names.0 == name)
            .and_then(|column| places.get(column).copied().flatten());
        let Some(cell) = place.and_then(|place| cells.get(place)) else {
            return Ok(None);
        };
        let cell = cell.as_ref().map_err(|why| format!("{name}: {why}"))?;
        let text = match name {
            "customer_id" | "reference" | "call" => cell.identifier(),
            "happened_at" => cell.moment(),
            _ => &cell.shown,
        };
        let text = text.trim();
        Ok((!text.is_empty()).then(|| text.to_owned()))
    };
    let needed = |name: &str| cell(name)?.ok_or_else(|| format!("{name} is empty"));
    let word = needed("type")?;
    let kind = DealKind::of_word(&word)
        .ok_or_else(|| format!("{word:?} is not a type: signed, repaid, appointed or kept"))?;
    let at = needed("happened_at")?;
    let at = parse_instant(&at).ok_or_else(|| {
        format!("{at:?} is no instant: use 2026-03-02T10:00:00+08:00 or 2026-03-02 10:00:00 (Beijing time)")
    })?;
    let amount = needed("amount")?;
    let mut row = Map::new();
    row.insert("customer".to_owned(), json!(needed("customer_id")?));
    row.insert("reference".to_owned(), json!(needed("reference")?));
    row.insert("type".to_owned(), json!(kind));
    row.insert("amount_minor".to_owned(), json!(minor(&amount)?));
    row.insert(
        "currency".to_owned(),
        json!(cell("currency")?.unwrap_or_else(|| "CNY".to_owned())),
    );
    row.insert("happened_at".to_owned(), json!(at));
    for name in ["call", "campaign"] {
        row.extend(cell(name)?.map(|text| (name.to_owned(), json!(text))));
    }
    Ok(Value::Object(row))
}

/// Parses an amount like `1280`, `1280.5` or `1280.50` and returns hundredths of the currency unit.
/// Fails on a sign, a separator or more than two decimals.
fn minor(text: &str) -> Result<u64, String> {
    let wrong = || format!("{text:?} is not an amount such as 1280.00");
    let (whole, part) = text.split_once('.').unwrap_or((text, "00"));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(whole) || !digits(part) || part.len() > 2 {
        return Err(wrong());
    }
    let hundredths: u64 = format!("{part:0<2}").parse().map_err(|_not_one| wrong())?;
    let whole: u64 = whole.parse().map_err(|_not_one| wrong())?;
    let minor = whole
        .checked_mul(100)
        .and_then(|minor| minor.checked_add(hundredths));
    minor.ok_or_else(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Vec<DealLine>, ImportError> {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), text).unwrap();
        super::read(file.path(), TableOptions::default()).map(|(lines, _)| lines)
    }

    #[test]
    fn good_rows_count_and_bad_ones_are_listed_by_line() {
        let text = "\u{feff}customer_id,单号,类型,amount,happened_at,campaign\n\
                    C1,O-1,成交,1280.5,2026-03-05T10:00:00+08:00,LOAN\n\
                    C1,O-2,lent,1,2026-03-05T10:00:00+08:00,LOAN\n\
                    C1,O-3,repaid,\"1,280\",2026-03-05T10:00:00+08:00,LOAN\n\
                    C1,O-4,repaid,0,yesterday,LOAN\n\
                    ,O-5,repaid,7,2026-03-05T10:00:00+08:00,LOAN\n\
                    C2,O-6,repaid,0,2026-03-05T10:00:00+08:00,LOAN\n";
        let lines = read(text).unwrap();
        let good: Vec<_> = lines
            .iter()
            .filter(|line| line.row.is_ok())
            .map(|line| line.line)
            .collect();
        assert_eq!(good, [2, 7]);
        let first = lines[0].row.as_ref().unwrap();
        assert_eq!(first["amount_minor"], 128_050);
        assert_eq!(
            (&first["type"], &first["currency"]),
            (&json!("signed"), &json!("CNY"))
        );
        let refused = read("customer_id,reference\n").unwrap_err().to_string();
        assert!(refused.contains("type"), "{refused}");
    }

    #[test]
    fn a_file_that_is_a_pipe_is_read() {
        use std::io::Write;
        use std::os::fd::AsRawFd;
        let (pipe, mut to) = std::io::pipe().unwrap();
        let text = "customer_id,reference,type,amount,happened_at,campaign\n\
                    C1,O-1,repaid,1,2026-03-05T10:00:00+08:00,LOAN\n";
        to.write_all(text.as_bytes()).unwrap();
        drop(to);
        let path = format!("/dev/fd/{}", pipe.as_raw_fd());
        let (lines, _) = super::read(Path::new(&path), TableOptions::default()).unwrap();
        assert_eq!(lines.len(), 1);
        assert!(lines[0].row.is_ok(), "{lines:?}");
    }

    #[test]
    fn an_amount_has_at_most_two_decimals_and_no_sign() {
        for (text, wanted) in [("0", 0), ("12", 1_200), ("12.3", 1_230), ("12.34", 1_234)] {
            assert_eq!(minor(text), Ok(wanted));
        }
        for text in ["", ".", "1.", ".5", "-1", "1.234", "1e3", "99999999999999999999"] {
            assert!(minor(text).is_err(), "{text}");
        }
    }
}
