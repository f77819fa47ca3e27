//! A file of what is known of customers: CSV in any encoding that lists have, or XLSX, one row a customer,
//! read into rows of the request that sets it. A bad row is told by its number, and the others count.
//!
//! One column is the customer's id; every other one is an attribute by its own title or by what it is mapped
//! to, or holds tags of one level, several behind one another with `;` between. An empty cell says nothing.

use crate::csv_text::{CsvText, Row};
use crate::encoding::{DecodingReader, Detection, EncodingChoice};
use crate::source::Cell;
use crate::{BadRow, COLUMNS_MAX, ImportError, bounded_file, cut, cut_titles, file_kind, xlsx};
use domain::attribute::{Attribute, TagLevel};
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::Cursor;
use std::path::Path;

/// Largest file: a quarter of a million customers with forty values each.
pub const PROFILE_BYTES_MAX: usize = 256 * 1024 * 1024;

/// What stands between the tags of one cell.
const BETWEEN_TAGS: [char; 4] = [';', '；', '|', '、'];

/// What a column is mapped to that is left out.
const LEFT_OUT: &str = "-";

/// Titles of the customer's id, small letters.
const CUSTOMER_TITLES: [&str; 5] = ["customer_id", "customerid", "客户编号", "客户id", "客户号"];

/// What a column holds.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Holds {
    Customer,
    /// The attribute's own name.
    Value(String),
    Tags(TagLevel),
    Nothing,
}

/// Which column is what, by what somebody said and else by its title.
#[derive(Debug, Clone, Default)]
pub struct ProfileColumns {
    said: BTreeMap<String, String>,
}

impl ProfileColumns {
    /// From `COLUMN=NAME` each: an attribute, `customer_id`, `tags.business`, or `-` for a column that is
    /// left out.
    pub fn read(said: &[String]) -> Result<Self, ImportError> {
        let mut columns = BTreeMap::new();
        for text in said {
            let pair = text.split_once('=').filter(|(title, _)| !title.trim().is_empty());
            let (title, name) = pair.ok_or_else(|| ImportError::InvalidMapping(cut(text)))?;
            columns.insert(title.trim().to_owned(), name.trim().to_owned());
        }
        Ok(Self { said: columns })
    }

    fn of(&self, header: &[String]) -> Result<Vec<Holds>, ImportError> {
        if header.len() > COLUMNS_MAX {
            return Err(ImportError::TooLarge {
                what: "the number of columns",
                limit: COLUMNS_MAX as u64,
            });
        }
        let is_title = |said: &&String| header.iter().any(|title| title.trim() == said.as_str());
        if let Some(unknown) = self.said.keys().find(|said| !is_title(said)) {
            return Err(ImportError::UnknownColumn(cut(unknown)));
        }
        let mut once = BTreeSet::new();
        let mut columns = Vec::with_capacity(header.len());
        for title in header {
            let title = title.trim();
            let said = self.said.get(title).map(String::as_str);
            let holds = holds(said.unwrap_or(title)).map_err(|why| {
                let advice = format!("column {:?}: {why}; leave it out with --map COLUMN=-", cut(title));
                ImportError::Unreadable(advice)
            })?;
            if holds != Holds::Nothing && !once.insert(format!("{holds:?}")) {
                return Err(ImportError::MappedTwice(cut(title)));
            }
            columns.push(holds);
        }
        if !columns.contains(&Holds::Customer) {
            return Err(ImportError::MissingColumn {
                member: "customer_id",
                columns: cut_titles(header),
            });
        }
        Ok(columns)
    }
}

fn holds(name: &str) -> Result<Holds, String> {
    if name == LEFT_OUT || name.is_empty() {
        return Ok(Holds::Nothing);
    }
    if CUSTOMER_TITLES.contains(&name.to_lowercase().as_str()) {
        return Ok(Holds::Customer);
    }
    let level = name.strip_prefix("tags.").or_else(|| name.strip_suffix("标签"));
    if let Some(level) = level.and_then(TagLevel::of_word) {
        return Ok(Holds::Tags(level));
    }
    let attribute = Attribute::named(name).map_err(|fault| fault.to_string())?;
    Ok(Holds::Value(attribute.to_string()))
}

/// One row: its number as a spreadsheet counts, and the customer as the request sets them.
#[derive(Debug, Clone, PartialEq)]
pub struct ProfileLine {
    pub row: u64,
    pub customer: Value,
}

/// Reads a file by its first bytes, a workbook's first sheet or text, and hands each row to `take`.
pub fn each_of_file<E: From<ImportError>>(
    path: &Path,
    choice: EncodingChoice,
    columns: &ProfileColumns,
    take: &mut dyn FnMut(Result<ProfileLine, BadRow>) -> Result<(), E>,
) -> Result<(), E> {
    let bytes = bounded_file::read(path, PROFILE_BYTES_MAX).map_err(ImportError::Disk)?;
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let head = bytes.get(..file_kind::HEAD_BYTES).unwrap_or(&bytes);
    file_kind::check(&name, head)?;
    if head.starts_with(file_kind::ARCHIVE_MARK) {
        drop(bytes);
        return each_of_sheet(path, columns, take);
    }
    each(bytes, choice, columns, take)
}

/// Rows of a workbook's first sheet. A cell that lost digits, or holds an error, costs its row.
fn each_of_sheet<E: From<ImportError>>(
    path: &Path,
    columns: &ProfileColumns,
    take: &mut dyn FnMut(Result<ProfileLine, BadRow>) -> Result<(), E>,
) -> Result<(), E> {
    let file = File::open(path).map_err(ImportError::Disk)?;
    let mut header: Option<(Vec<String>, Vec<Holds>)> = None;
    let mut ended = Ok(());
    xlsx::each_row_of(file, |row, cells| {
        let Some((titles, holds)) = &header else {
            let titles: Vec<String> = cells.into_iter().map(Result::unwrap_or_default).collect();
            let holds = columns.of(&titles)?;
            header = Some((titles, holds));
            return Ok(true);
        };
        ended = take(sheet_line(row, cells, titles, holds));
        Ok(ended.is_ok())
    })?;
    ended?;
    header.map(|_read| ()).ok_or_else(|| ImportError::NoHeader.into())
}

fn sheet_line(row: u64, cells: Vec<Cell>, titles: &[String], holds: &[Holds]) -> Result<ProfileLine, BadRow> {
    let mut read = Vec::with_capacity(cells.len());
    for (place, cell) in cells.into_iter().enumerate() {
        let is_left_out = holds.get(place) == Some(&Holds::Nothing);
        read.push(match cell {
            Ok(text) => text,
            Err(_) if is_left_out => String::new(),
            Err(reason) => {
                let column = titles.get(place).map_or_else(String::new, |title| cut(title));
                return Err(BadRow { row, column, reason });
            }
        });
    }
    // What stands behind the titles and is empty is no cell of the row.
    while read.len() > holds.len() && read.last().is_some_and(|cell| cell.trim().is_empty()) {
        read.pop();
    }
    line(row, &read, holds)
}

/// Reads rows of text, and hands each to `take`, good or bad; `Err` where the header is none, or where `take`
/// ends it.
pub fn each<E: From<ImportError>>(
    bytes: Vec<u8>,
    choice: EncodingChoice,
    columns: &ProfileColumns,
    take: &mut dyn FnMut(Result<ProfileLine, BadRow>) -> Result<(), E>,
) -> Result<(), E> {
    let mut detection = Detection::default();
    detection.feed(&bytes);
    let seen = detection.finish(choice);
    seen.check()?;
    let text = DecodingReader::new(Cursor::new(bytes), seen.encoding);
    let mut text = CsvText::open(Box::new(text)).map_err(ImportError::Disk)?;
    let (mut row, mut holds): (u64, Option<Vec<Holds>>) = (0, None);
    loop {
        row += 1;
        let cells = match text.next_row(row)? {
            None if holds.is_none() => return Err(ImportError::NoHeader.into()),
            None => return Ok(()),
            Some(Row::Cells(cells)) if cells.iter().all(|cell| cell.trim().is_empty()) => continue,
            Some(Row::Cells(cells)) => Some(cells),
            Some(Row::StrayQuote) => None,
        };
        match (&holds, cells) {
            (None, Some(header)) => holds = Some(columns.of(&header)?),
            (Some(holds), Some(cells)) => take(line(row, &cells, holds))?,
            (_, None) => take(Err(BadRow {
                row,
                column: "\"".to_owned(),
                reason: "a quote is opened and not closed / 引号没有成对".to_owned(),
            }))?,
        }
    }
}

fn line(row: u64, cells: &[String], holds: &[Holds]) -> Result<ProfileLine, BadRow> {
    let bad = |reason: &str| BadRow {
        row,
        column: "customer_id".to_owned(),
        reason: reason.to_owned(),
    };
    if cells.len() > holds.len() {
        return Err(bad(
            "the row has more cells than the header / 该行的单元格多于表头",
        ));
    }
    let (mut id, mut set, mut tags) = (None, Map::new(), Vec::new());
    for (cell, holds) in cells.iter().zip(holds) {
        let cell = cell.trim();
        match holds {
            _ if cell.is_empty() => {}
            Holds::Nothing => {}
            Holds::Customer => id = Some(cell),
            Holds::Value(name) => {
                set.insert(name.clone(), json!(cell));
            }
            Holds::Tags(level) => {
                let add: Vec<&str> = cell.split(BETWEEN_TAGS).map(str::trim).collect();
                let add: Vec<&str> = add.into_iter().filter(|tag| !tag.is_empty()).collect();
                tags.push(json!({ "level": level.code(), "add": add }));
            }
        }
    }
    let id = id.ok_or_else(|| bad("the id is empty / 客户编号为空"))?;
    let mut customer = Map::new();
    customer.insert("customer".to_owned(), json!(id));
    if !set.is_empty() {
        customer.insert("set".to_owned(), Value::Object(set));
    }
    if !tags.is_empty() {
        customer.insert("tags".to_owned(), Value::Array(tags));
    }
    Ok(ProfileLine {
        row,
        customer: Value::Object(customer),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use encoding_rs::GB18030;

    fn rows(text: &str, said: &[&str]) -> Result<Vec<Result<ProfileLine, BadRow>>, ImportError> {
        let said: Vec<String> = said.iter().map(|text| (*text).to_owned()).collect();
        let columns = ProfileColumns::read(&said)?;
        let (bytes, _, _) = GB18030.encode(text);
        let mut rows = Vec::new();
        each::<ImportError>(
            bytes.into_owned(),
            EncodingChoice::Gb18030,
            &columns,
            &mut |row| {
                rows.push(row);
                Ok(())
            },
        )?;
        Ok(rows)
    }

    #[test]
    fn each_column_is_an_attribute_a_level_of_tags_or_left_out() {
        let text =
            "客户编号,年龄,手机号,业务标签,城市等级\nC1,31,13800138000,信用卡；存款,一线\n\nC2,,,,\n,40,,,\n";
        let told = rows(text, &["手机号=-", "城市等级=city_tier"]).unwrap();
        let first = told[0].as_ref().unwrap();
        assert_eq!(first.row, 2);
        assert_eq!(
            first.customer,
            json!({ "customer": "C1", "set": { "age": "31", "city_tier": "一线" },
                "tags": [{ "level": "business", "add": ["信用卡", "存款"] }] })
        );
        assert_eq!(told[1].as_ref().unwrap().customer, json!({ "customer": "C2" }));
        assert_eq!(told[2].as_ref().unwrap_err().row, 5);
    }

    #[test]
    fn a_header_that_names_somebody_or_one_thing_twice_or_nobody_is_refused() {
        for (text, said, why) in [
            ("customer_id,手机号\n", vec![], "手机号"),
            ("customer_id,age,年龄\n", vec![], "mapped to"),
            ("age\n", vec![], "customer_id"),
            ("customer_id,age\n", vec!["city=region"], "city"),
            ("customer_id\n", vec!["city"], "city"),
            ("", vec![], "header"),
        ] {
            let refused = rows(text, &said).unwrap_err().to_string();
            assert!(refused.contains(why), "{text:?}: {refused}");
        }
    }

    #[test]
    fn a_stray_quote_and_a_row_too_long_cost_their_own_rows() {
        let told = rows("customer_id,age\nC1,\"31\nC2,32\nC3,33,34\nC4,35\n", &[]).unwrap();
        let good: Vec<u64> = told.iter().flatten().map(|line| line.row).collect();
        assert_eq!((good, told.len()), (vec![3, 5], 4));
    }

    /// A workbook of one sheet, as small as one may be.
    fn workbook(rows: &[(u32, String)]) -> Vec<u8> {
        use std::io::Write;
        // Names of the format, no addresses that are asked.
        let named = |what: &str| format!("http://{}.org/{what}", "schemas.openxmlformats");
        let main = named("spreadsheetml/2006/main");
        let office = named("officeDocument/2006/relationships");
        let package = named("package/2006/relationships");
        let of_rows = |(row, cells): &(u32, String)| format!("<row r=\"{row}\">{cells}</row>");
        let cells: String = rows.iter().map(of_rows).collect();
        let parts = [
            (
                "_rels/.rels",
                format!(
                    "<Relationships xmlns=\"{package}\"><Relationship Id=\"r0\" \
                     Type=\"{office}/officeDocument\" Target=\"xl/workbook.xml\"/></Relationships>"
                ),
            ),
            (
                "xl/workbook.xml",
                format!(
                    "<workbook xmlns=\"{main}\" xmlns:r=\"{office}\"><sheets><sheet name=\"1\" sheetId=\"1\" \
                     r:id=\"r1\"/></sheets></workbook>"
                ),
            ),
            (
                "xl/_rels/workbook.xml.rels",
                format!(
                    "<Relationships xmlns=\"{package}\"><Relationship Id=\"r1\" Type=\"{office}/worksheet\" \
                     Target=\"worksheets/sheet1.xml\"/></Relationships>"
                ),
            ),
            (
                "xl/worksheets/sheet1.xml",
                format!("<worksheet xmlns=\"{main}\"><sheetData>{cells}</sheetData></worksheet>"),
            ),
        ];
        let mut archive = zip::ZipWriter::new(Cursor::new(Vec::new()));
        for (name, text) in parts {
            let options = zip::write::SimpleFileOptions::default();
            archive.start_file(name, options).unwrap();
            archive.write_all(text.as_bytes()).unwrap();
        }
        archive.finish().unwrap().into_inner()
    }

    #[test]
    fn a_workbook_is_read_as_text_is_and_a_cell_that_lost_digits_costs_its_row() {
        let title =
            |at: &str, text: &str| format!("<c r=\"{at}\" t=\"inlineStr\"><is><t>{text}</t></is></c>");
        let number = |at: &str, text: &str| format!("<c r=\"{at}\"><v>{text}</v></c>");
        let rows = [
            (
                1,
                title("A1", "客户编号")
                    + &title("B1", "年龄")
                    + &title("C1", "备注")
                    + &title("D1", "业务标签"),
            ),
            (
                2,
                title("A2", "C1")
                    + &number("B2", "31")
                    + &number("C2", "1e16")
                    + &title("D2", "信用卡；存款"),
            ),
            (4, number("A4", "1e16") + &number("B4", "40")),
            (5, number("B5", "41")),
        ];
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("crm.xlsx");
        std::fs::write(&path, workbook(&rows)).unwrap();
        let columns = ProfileColumns::read(&["备注=-".to_owned()]).unwrap();
        let mut told = Vec::new();
        let mut take = |row| {
            told.push(row);
            Ok::<(), ImportError>(())
        };
        each_of_file(&path, EncodingChoice::Auto, &columns, &mut take).unwrap();
        let first = told[0].as_ref().unwrap();
        assert_eq!(
            (first.row, &first.customer),
            (
                2,
                &json!({ "customer": "C1", "set": { "age": "31" },
                    "tags": [{ "level": "business", "add": ["信用卡", "存款"] }] })
            )
        );
        let bad: Vec<(u64, &str)> = told
            .iter()
            .filter_map(|one| one.as_ref().err())
            .map(|bad| (bad.row, bad.column.as_str()))
            .collect();
        assert_eq!(bad, [(4, "客户编号"), (5, "customer_id")]);
        let misnamed = folder.path().join("crm.csv");
        std::fs::copy(&path, &misnamed).unwrap();
        let refused = each_of_file::<ImportError>(&misnamed, EncodingChoice::Auto, &columns, &mut |_| Ok(()));
        assert!(refused.unwrap_err().to_string().contains("XLSX workbook"));
    }
}
