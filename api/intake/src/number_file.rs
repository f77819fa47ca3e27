//! A file of numbers: one per line, or a table with titles that identify the columns of numbers. CSV in any
//! encoding, or XLSX.
//!
//! A list that forbids calls must not lose a number without notice. Therefore hidden Excel rows are read,
//! and so are all sheets with numbers, with or without titles, and all columns titled as phone numbers.
//! Without a title, the number of a line is its only value, or the only value that can be a number. A line
//! with several such values is bad.

use crate::cell::Cell;
use crate::mapping::Member;
use crate::table::{HEADER_ROWS_MAX, HiddenRows, Table, TableOptions, WorkbookReport};
use crate::{ImportError, cut};
use chrono::NaiveDate;
use domain::calling_code::DefaultCountry;
use domain::phone_number::{InvalidPhoneNumber, PhoneNumber};
use domain::visible_text::normalize;
use std::path::Path;

/// Titles of a column of numbers, in addition to those of a customer list.
const TITLES: [&str; 12] = [
    "号码",
    "被叫号码",
    "主叫号码",
    "黑名单号码",
    "禁呼号码",
    "number",
    "numbers",
    "phone number",
    "dnc",
    "msisdn",
    "callee",
    "digest",
];

/// The character that a comment line starts with.
const COMMENT: char = '#';

/// The form of the lines of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LineForm {
    /// Numbers in a column. The user may give its title.
    Column(Option<String>),
    /// All values of a line together: an area code and the digits after it.
    WholeLine,
}

/// One line of the file with its number as written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NumberLine {
    /// Line number as in a spreadsheet or editor.
    pub line: u64,
    /// The number, or why the line has none.
    pub number: Result<String, String>,
}

/// Which sheets are read if the request names none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DefaultSheets {
    /// Only the first visible sheet.
    FirstVisible,
    /// All sheets with numbers, including hidden ones.
    All,
}

/// Passes the number of each line of a file to `take`, bad lines too, until it returns false. Returns the
/// report of each sheet read; empty for text. Blocking.
pub fn each_number(
    path: &Path,
    options: TableOptions,
    form: LineForm,
    sheets: DefaultSheets,
    take: &mut dyn FnMut(NumberLine) -> Result<bool, ImportError>,
) -> Result<Vec<WorkbookReport>, ImportError> {
    let is_named = options.sheet.is_some();
    let includes = options.hidden_rows == HiddenRows::Include;
    let mut table = Table::open(path, options)?;
    let names: Vec<String> = table.sheets().into_iter().map(|sheet| sheet.name).collect();
    if names.is_empty() || is_named || sheets == DefaultSheets::FirstVisible {
        let columns = columns_of(&mut table, &form)?;
        let report = read(&mut table, &columns, includes, take)?;
        return Ok(report.into_iter().collect());
    }
    let (mut reports, mut left_out) = (Vec::new(), Vec::new());
    for name in names {
        table.choose_sheet(&name);
        match columns_of(&mut table, &form) {
            Ok(columns) if columns.is_known || holds_numbers(&mut table)? => {
                reports.extend(read(&mut table, &columns, includes, take)?);
            }
            Ok(_) | Err(ImportError::NoHeader | ImportError::UnknownColumn(_)) => left_out.push(name),
            Err(other) => return Err(other),
        }
    }
    if reports.is_empty() {
        return Err(ImportError::WithoutColumn {
            column: "phone",
            chinese: "手机号",
            columns: crate::cut_titles(&left_out),
        });
    }
    for report in &mut reports {
        report
            .sheets_not_read
            .retain(|sheet| left_out.contains(&sheet.name));
    }
    Ok(reports)
}

/// The columns of a file that contain numbers.
struct Columns {
    /// True if the columns were identified by their titles.
    is_known: bool,
    places: Vec<usize>,
    /// The row of the titles; 0 if there are none.
    header_row: u64,
    /// True if all values of a line form one number.
    is_whole_line: bool,
}

/// Returns true if a title identifies a column of numbers: the title that the user gave, or, if none was
/// given, one of `TITLES` or of a customer list's phone titles.
fn is_title(title: &str, form: &LineForm) -> bool {
    if let LineForm::Column(Some(named)) = form {
        return normalize(title) == normalize(named);
    }
    let plain = normalize(title).to_lowercase();
    TITLES.contains(&plain.as_str()) || Member::is_phone_title(&plain)
}

fn columns_of(table: &mut Table, form: &LineForm) -> Result<Columns, ImportError> {
    let has_title = |titles: &[String]| titles.iter().any(|title| is_title(title, form));
    let (row, titles) = table.titles(&has_title)?;
    let places: Vec<usize> = titles
        .iter()
        .enumerate()
        .filter(|(_, title)| is_title(title, form))
        .map(|(place, _)| place)
        .collect();
    let is_known = !places.is_empty();
    if let (false, LineForm::Column(Some(named))) = (is_known, form) {
        return Err(ImportError::UnknownColumn(cut(named)));
    }
    Ok(Columns {
        is_known,
        places,
        header_row: if is_known { row } else { 0 },
        is_whole_line: *form == LineForm::WholeLine,
    })
}

/// Returns true if a sheet without titles contains numbers: one of its values can be a number, or each of
/// its first rows has one value. Rows with no number or several are then bad and reported.
fn holds_numbers(table: &mut Table) -> Result<bool, ImportError> {
    let (mut seen, mut is_single, mut is_found) = (0, true, false);
    table.each_row(&mut |row| {
        let cells = row.cells.unwrap_or_default();
        if seen < HEADER_ROWS_MAX {
            is_single &= filled(&cells).count() == 1;
        }
        seen += 1;
        let mut texts = cells.iter().filter_map(|cell| cell.as_ref().ok());
        is_found = texts.any(|text| may_be_number(text.identifier()));
        Ok(!is_found)
    })?;
    Ok(is_found || (is_single && seen > 0))
}

fn filled(cells: &[Cell]) -> impl Iterator<Item = &Cell> {
    let is_blank = |cell: &Cell| cell.as_ref().is_ok_and(|text| normalize(&text.shown).is_empty());
    cells.iter().filter(move |cell| !is_blank(cell))
}

fn read(
    table: &mut Table,
    columns: &Columns,
    includes_hidden: bool,
    take: &mut dyn FnMut(NumberLine) -> Result<bool, ImportError>,
) -> Result<Option<WorkbookReport>, ImportError> {
    table.each_row(&mut |row| {
        let is_left_out = row.is_hidden && !includes_hidden;
        if row.number <= columns.header_row || is_left_out {
            return Ok(true);
        }
        let line = row.number;
        let cells = match row.cells {
            Ok(cells) => cells,
            Err(bad) => {
                let number = Err(bad.reason);
                return take(NumberLine { line, number });
            }
        };
        if is_comment(&cells) {
            return Ok(true);
        }
        for number in columns.numbers(&cells) {
            if !take(NumberLine { line, number })? {
                return Ok(false);
            }
        }
        Ok(true)
    })
}

fn is_comment(cells: &[Cell]) -> bool {
    let first = cells.first().and_then(|cell| cell.as_ref().ok());
    first.is_some_and(|text| text.shown.trim_start().starts_with(COMMENT))
}

impl Columns {
    fn numbers(&self, cells: &[Cell]) -> Vec<Result<String, String>> {
        let text = |cell: &Cell| {
            cell.as_ref()
                .map(|text| text.identifier().to_owned())
                .map_err(Clone::clone)
        };
        if self.is_whole_line && !self.is_known {
            let texts: Result<Vec<String>, String> = cells.iter().map(text).collect();
            return vec![texts.map(|texts| texts.join(","))];
        }
        if self.is_known {
            let found = self.places.iter().filter_map(|place| cells.get(*place));
            let found: Vec<Cell> = found.cloned().collect();
            let numbers: Vec<_> = filled(&found).map(text).collect();
            return match numbers.is_empty() {
                true => vec![Err("the column of numbers is empty".to_owned())],
                false => numbers,
            };
        }
        let mut values = filled(cells);
        match (values.next(), values.next()) {
            (Some(only), None) => vec![text(only)],
            (None, _) => Vec::new(),
            (Some(_), Some(_)) => vec![only_number(cells)],
        }
    }
}

/// Returns the only value of a line that can be a number; an error if there is none or several.
fn only_number(cells: &[Cell]) -> Result<String, String> {
    let texts = filled(cells).filter_map(|cell| cell.as_ref().ok());
    let mut numbers = texts
        .map(|text| text.identifier())
        .filter(|text| may_be_number(text));
    match (numbers.next(), numbers.next()) {
        (Some(only), None) => Ok(only.to_owned()),
        (_, _) => {
            Err("it has several values, and no title (phone, 手机号) says which is the number".to_owned())
        }
    }
}

/// Returns true if the text can be a phone number of any country. A date of eight digits, like 20260305,
/// cannot.
fn may_be_number(text: &str) -> bool {
    let first = text.split_whitespace().next().unwrap_or_default();
    let day = first.replace('/', "-");
    let is_day = NaiveDate::parse_from_str(&day, "%Y-%m-%d").is_ok();
    let read = PhoneNumber::parse(text, DefaultCountry::Unknown);
    !is_day && matches!(read, Ok(_) | Err(InvalidPhoneNumber::NoCountryCode))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Sheet, text_row, workbook};

    type FileRead = (Vec<(u64, Option<String>)>, Vec<WorkbookReport>);

    fn read_with(
        bytes: &[u8],
        hidden_rows: HiddenRows,
        sheets: DefaultSheets,
    ) -> Result<FileRead, ImportError> {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), bytes).unwrap();
        let options = TableOptions {
            hidden_rows,
            ..TableOptions::default()
        };
        let mut lines = Vec::new();
        let form = LineForm::Column(None);
        let reports = each_number(file.path(), options, form, sheets, &mut |line| {
            lines.push((line.line, line.number.ok()));
            Ok(true)
        })?;
        Ok((lines, reports))
    }

    fn forbidding(bytes: &[u8]) -> FileRead {
        read_with(bytes, HiddenRows::Include, DefaultSheets::All).unwrap()
    }

    fn numbers(lines: &[(u64, Option<String>)]) -> Vec<&str> {
        lines.iter().filter_map(|(_, number)| number.as_deref()).collect()
    }

    #[test]
    fn the_forms_of_a_customer_list_are_read() {
        let lines = "13800138901\n# a comment\n\n+86 138 0013 8902\n";
        let utf16: Vec<u8> = [0xff, 0xfe]
            .into_iter()
            .chain(lines.encode_utf16().flat_map(u16::to_le_bytes))
            .collect();
        for bytes in [lines.as_bytes(), &utf16] {
            let (read, _) = forbidding(bytes);
            assert_eq!(numbers(&read), ["13800138901", "+86 138 0013 8902"]);
            assert_eq!(read[1].0, 4);
        }
        let table = "\u{feff}登记名单\n号码,登记时间\n13800138901,2026-01-01\n,2026-01-01\n";
        let (read, _) = forbidding(table.as_bytes());
        assert_eq!(read, [(3, Some("13800138901".to_owned())), (4, None)]);
        let two = "手机号;电话;x\n13800138901;13800138902;1\n";
        assert_eq!(
            numbers(&forbidding(two.as_bytes()).0),
            ["13800138901", "13800138902"]
        );
        let untitled = forbidding(b"13800138901,13800138902\n13800138903\n").0;
        assert_eq!(untitled, [(1, None), (2, Some("13800138903".to_owned()))]);
        let dated = forbidding(b"13800138901,2026-01-01\n13800138902,2026-01-02\n").0;
        assert_eq!(numbers(&dated), ["13800138901", "13800138902"]);
    }

    #[test]
    fn a_column_that_the_user_names_is_the_only_one_that_is_read() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "phone,y\n1,13800138901\n").unwrap();
        let read = |title: &str| {
            let mut lines = Vec::new();
            let form = LineForm::Column(Some(title.to_owned()));
            let options = TableOptions::default();
            each_number(file.path(), options, form, DefaultSheets::All, &mut |line| {
                lines.push(line.number.unwrap());
                Ok(true)
            })
            .map(|_| lines)
        };
        assert_eq!(read("y").unwrap(), ["13800138901"]);
        assert!(matches!(read("z"), Err(ImportError::UnknownColumn(_))));
    }

    fn sheets() -> Vec<u8> {
        let numbers = |state: &'static str, name: &'static str, number: &str| Sheet {
            name,
            state,
            rows: [
                text_row(1, "", &["号码", "日期"]),
                text_row(2, "", &[number, "x"]),
                text_row(3, "hidden=\"1\"", &[&format!("{number}9"), "x"]),
            ]
            .concat(),
        };
        let notes = Sheet {
            name: "notes",
            state: "visible",
            rows: text_row(1, "", &["what", "this is"]) + &text_row(2, "", &["a", "b"]),
        };
        workbook(
            &[
                numbers("visible", "now", "1"),
                numbers("hidden", "before", "2"),
                notes,
            ],
            &[],
        )
    }

    #[test]
    fn a_list_that_forbids_calls_reads_hidden_rows_and_sheets_and_counts_them() {
        let (read, reports) = forbidding(&sheets());
        assert_eq!(numbers(&read), ["1", "19", "2", "29"]);
        let counted: Vec<_> = reports
            .iter()
            .map(|one| (one.sheet.as_str(), one.hidden_rows, one.hidden_rows_read))
            .collect();
        assert_eq!(counted, [("now", 1, true), ("before", 1, true)]);
        let not_read: Vec<_> = reports[0]
            .sheets_not_read
            .iter()
            .map(|sheet| sheet.name.as_str())
            .collect();
        assert_eq!(not_read, ["notes"]);
    }

    #[test]
    fn a_sheet_without_titles_is_read_with_any_columns_beside_its_numbers() {
        let sheet = |name: &'static str, rows: [[&str; 2]; 2]| Sheet {
            name,
            state: "visible",
            rows: text_row(1, "", &rows[0]) + &text_row(2, "", &rows[1]),
        };
        let book = workbook(
            &[
                sheet("titled", [["号码", "日期"], ["13800138901", "x"]]),
                sheet("untitled", [["13800138902", "张三"], ["李四", "13800138903"]]),
                sheet("unknown titles", [["谁", "何处"], ["王五", "13800138904"]]),
                sheet(
                    "two numbers",
                    [["13800138905", "13800138906"], ["", "13800138907"]],
                ),
                sheet("notes", [["a", "b"], ["c", "d"]]),
            ],
            &[],
        );
        let (read, reports) = forbidding(&book);
        let found = ["1", "2", "3", "4", "7"].map(|last| format!("1380013890{last}"));
        assert_eq!(numbers(&read), found);
        // An ambiguous line is reported by itself, not the whole list.
        let bad: Vec<u64> = read
            .iter()
            .filter(|(_, number)| number.is_none())
            .map(|(line, _)| *line)
            .collect();
        assert_eq!(bad, [1, 1]);
        let sheets: Vec<_> = reports.iter().map(|one| one.sheet.as_str()).collect();
        assert_eq!(sheets, ["titled", "untitled", "unknown titles", "two numbers"]);
    }

    #[test]
    fn hidden_rows_and_sheets_of_a_list_for_calls_are_left_out() {
        let (read, reports) = read_with(&sheets(), HiddenRows::Exclude, DefaultSheets::FirstVisible).unwrap();
        assert_eq!(numbers(&read), ["1"]);
        assert_eq!((reports[0].hidden_rows, reports[0].hidden_rows_read), (1, false));
    }

    #[test]
    fn lines_of_area_code_and_digits_stay_whole() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "202,5550123\n202,5550124\n").unwrap();
        let mut lines = Vec::new();
        let mut take = |line: NumberLine| {
            lines.push(line.number.unwrap());
            Ok(true)
        };
        let options = TableOptions::default();
        each_number(
            file.path(),
            options,
            LineForm::WholeLine,
            DefaultSheets::All,
            &mut take,
        )
        .unwrap();
        assert_eq!(lines, ["202,5550123", "202,5550124"]);
    }
}
