//! A file of customers' attributes and tags: CSV in any encoding that lists can have, or XLSX, with one row
//! per customer. Its rows become those of the request that sets them. A bad row is reported by its number;
//! the other rows count.
//!
//! One column is the customer's id. Every other column is an attribute, by its own title or its mapping, or
//! has the tags of one level, separated by `;`. An empty cell changes nothing.

use crate::cell::Cell;
use crate::table::{Table, TableOptions, TableReport};
use crate::{BadRow, COLUMNS_MAX, ImportError, cut, cut_titles};
use domain::attribute::{Attribute, TagLevel};
use domain::visible_text::normalize;
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// Largest file in bytes: a quarter of a million customers with forty values each.
pub const PROFILE_BYTES_MAX: u64 = 256 * 1024 * 1024;

/// Separators between the tags of one cell.
const BETWEEN_TAGS: [char; 4] = [';', '；', '|', '、'];

/// The mapping of a column that is left out.
const LEFT_OUT: &str = "-";

/// Titles of the customer's id, in lower case.
const CUSTOMER_TITLES: [&str; 5] = ["customer_id", "customerid", "客户编号", "客户id", "客户号"];

/// The content of a column of a file of attributes.
#[derive(Debug, Clone, PartialEq, Eq)]
enum ColumnContent {
    Customer,
    /// The values of the attribute with this name.
    Value(String),
    Tags(TagLevel),
    Nothing,
}

/// What each column of a file contains, by the user's mapping or else by its title.
#[derive(Debug, Clone, Default)]
pub struct ProfileColumns {
    said: BTreeMap<String, String>,
}

impl ProfileColumns {
    /// Reads mappings of the form `COLUMN=NAME`: NAME is an attribute, `customer_id`, a tag level like
    /// `tags.business`, or `-` to leave the column out. Fails with `InvalidMapping` if there is no `=` or
    /// no column.
    pub fn read(said: &[String]) -> Result<Self, ImportError> {
        let mut columns = BTreeMap::new();
        for text in said {
            let pair = text.split_once('=').filter(|(title, _)| !title.trim().is_empty());
            let (title, name) = pair.ok_or_else(|| ImportError::InvalidMapping(cut(text)))?;
            columns.insert(normalize(title).into_owned(), normalize(name).into_owned());
        }
        Ok(Self { said: columns })
    }

    fn of(&self, header: &[String]) -> Result<Vec<ColumnContent>, ImportError> {
        if header.len() > COLUMNS_MAX {
            return Err(ImportError::TooLarge {
                what: "the number of columns",
                limit: COLUMNS_MAX as u64,
            });
        }
        let is_title = |said: &&String| header.iter().any(|title| normalize(title) == said.as_str());
        if let Some(unknown) = self.said.keys().find(|said| !is_title(said)) {
            return Err(ImportError::UnknownColumn(cut(unknown)));
        }
        let mut once = BTreeSet::new();
        let mut columns = Vec::with_capacity(header.len());
        for title in header {
            let title = normalize(title);
            let title = title.as_ref();
            let said = self.said.get(title).map(String::as_str);
            let holds = holds(said.unwrap_or(title)).map_err(|why| {
                let advice = format!("column {:?}: {why}; leave it out with --map COLUMN=-", cut(title));
                ImportError::Unreadable(advice)
            })?;
            if holds != ColumnContent::Nothing && !once.insert(format!("{holds:?}")) {
                return Err(ImportError::MappedTwice(cut(title)));
            }
            columns.push(holds);
        }
        if !columns.contains(&ColumnContent::Customer) {
            return Err(ImportError::MissingColumn {
                member: "customer_id",
                columns: cut_titles(header),
            });
        }
        Ok(columns)
    }
}

fn holds(name: &str) -> Result<ColumnContent, String> {
    if name == LEFT_OUT || name.is_empty() {
        return Ok(ColumnContent::Nothing);
    }
    if CUSTOMER_TITLES.contains(&name.to_lowercase().as_str()) {
        return Ok(ColumnContent::Customer);
    }
    let level = name.strip_prefix("tags.").or_else(|| name.strip_suffix("标签"));
    if let Some(level) = level.and_then(TagLevel::of_word) {
        return Ok(ColumnContent::Tags(level));
    }
    let attribute = Attribute::named(name).map_err(|fault| fault.to_string())?;
    Ok(ColumnContent::Value(attribute.to_string()))
}

/// One row: its number as in a spreadsheet, and the customer in the form of the request.
#[derive(Debug, Clone, PartialEq)]
pub struct ProfileLine {
    pub row: u64,
    pub customer: Value,
}

/// Reads a file and passes each row below the titles to `take`, good or bad. Ends at the first error of
/// `take`. Fails with `TooLarge` above `PROFILE_BYTES_MAX`.
pub fn each_of_file<E: From<ImportError>>(
    path: &Path,
    options: TableOptions,
    columns: &ProfileColumns,
    take: &mut dyn FnMut(Result<ProfileLine, BadRow>) -> Result<(), E>,
) -> Result<TableReport, E> {
    let length = std::fs::metadata(path).map_err(ImportError::Disk)?.len();
    if length > PROFILE_BYTES_MAX {
        return Err(ImportError::TooLarge {
            what: "the size of the file in bytes",
            limit: PROFILE_BYTES_MAX,
        }
        .into());
    }
    let mut table = Table::open(path, options)?;
    let read_titles = |titles: &[String]| Ok((titles.to_vec(), columns.of(titles)?));
    let mut ended = Ok(());
    let report = table.each_titled_row(&read_titles, &mut |(titles, holds), row, cells| {
        let read = cells.and_then(|cells| table_line(row, cells, titles, holds));
        ended = take(read);
        Ok(ended.is_ok())
    });
    ended?;
    Ok(report?)
}

/// Converts one row of cells to a customer of the request. An unreliable cell makes the row bad, unless its
/// column is left out.
fn table_line(
    row: u64,
    cells: Vec<Cell>,
    titles: &[String],
    holds: &[ColumnContent],
) -> Result<ProfileLine, BadRow> {
    let mut read = Vec::with_capacity(cells.len());
    for (place, cell) in cells.into_iter().enumerate() {
        let held = holds.get(place);
        read.push(match cell {
            Ok(text) if held == Some(&ColumnContent::Customer) => text.identifier().to_owned(),
            // An attribute has its own type: it gets the stored date, not its displayed form.
            Ok(text) => text.moment().to_owned(),
            Err(_) if held == Some(&ColumnContent::Nothing) => String::new(),
            Err(reason) => {
                let column = titles.get(place).map_or_else(String::new, |title| cut(title));
                return Err(BadRow { row, column, reason });
            }
        });
    }
    // Empty cells beyond the titles are not part of the row.
    while read.len() > holds.len() && read.last().is_some_and(|cell| cell.trim().is_empty()) {
        read.pop();
    }
    line(row, &read, holds)
}

fn line(row: u64, cells: &[String], holds: &[ColumnContent]) -> Result<ProfileLine, BadRow> {
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
            ColumnContent::Nothing => {}
            ColumnContent::Customer => id = Some(cell),
            ColumnContent::Value(name) => {
                set.insert(name.clone(), json!(cell));
            }
            ColumnContent::Tags(level) => {
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
    use crate::encoding::EncodingChoice;
    use encoding_rs::GB18030;

    fn rows(text: &str, said: &[&str]) -> Result<Vec<Result<ProfileLine, BadRow>>, ImportError> {
        let said: Vec<String> = said.iter().map(|text| (*text).to_owned()).collect();
        let columns = ProfileColumns::read(&said)?;
        let (bytes, _, _) = GB18030.encode(text);
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), bytes).unwrap();
        let options = EncodingChoice::Named(GB18030).into();
        let mut rows = Vec::new();
        each_of_file::<ImportError>(file.path(), options, &columns, &mut |row| {
            rows.push(row);
            Ok(())
        })?;
        Ok(rows)
    }

    #[test]
    fn each_column_is_an_attribute_a_level_of_tags_or_left_out() {
        let text =
            "客户编号,年龄,手机号,业务标签,城市等级\nC1,31,13800138000,信用卡；存款,一线\n\nC2,,,,\n,40,,,\n";
        let rows_read = rows(text, &["手机号=-", "城市等级=city_tier"]).unwrap();
        let first = rows_read[0].as_ref().unwrap();
        assert_eq!(first.row, 2);
        assert_eq!(
            first.customer,
            json!({ "customer": "C1", "set": { "age": "31", "city_tier": "一线" },
                "tags": [{ "level": "business", "add": ["信用卡", "存款"] }] })
        );
        assert_eq!(
            rows_read[1].as_ref().unwrap().customer,
            json!({ "customer": "C2" })
        );
        assert_eq!(rows_read[2].as_ref().unwrap_err().row, 5);
    }

    #[test]
    fn a_header_without_a_customer_or_with_a_column_twice_is_refused() {
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
        let rows_read = rows("customer_id,age\nC1,\"31\nC2,32\nC3,33,34\nC4,35\n", &[]).unwrap();
        let good: Vec<u64> = rows_read.iter().flatten().map(|line| line.row).collect();
        assert_eq!((good, rows_read.len()), (vec![3, 5], 4));
    }

    fn workbook(rows: &[(u32, String)]) -> Vec<u8> {
        let rows = rows
            .iter()
            .map(|(row, cells)| format!("<row r=\"{row}\">{cells}</row>"));
        let sheet = crate::testing::Sheet {
            name: "1",
            state: "visible",
            rows: rows.collect(),
        };
        crate::testing::workbook(&[sheet], &[])
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
        let mut rows_read = Vec::new();
        let mut take = |row| {
            rows_read.push(row);
            Ok::<(), ImportError>(())
        };
        each_of_file(&path, TableOptions::default(), &columns, &mut take).unwrap();
        let first = rows_read[0].as_ref().unwrap();
        assert_eq!(
            (first.row, &first.customer),
            (
                2,
                &json!({ "customer": "C1", "set": { "age": "31" },
                    "tags": [{ "level": "business", "add": ["信用卡", "存款"] }] })
            )
        );
        let bad: Vec<(u64, &str)> = rows_read
            .iter()
            .filter_map(|one| one.as_ref().err())
            .map(|bad| (bad.row, bad.column.as_str()))
            .collect();
        assert_eq!(bad, [(4, "客户编号"), (5, "customer_id")]);
        let misnamed = folder.path().join("crm.csv");
        std::fs::copy(&path, &misnamed).unwrap();
        let refused =
            each_of_file::<ImportError>(&misnamed, TableOptions::default(), &columns, &mut |_| Ok(()));
        assert!(refused.unwrap_err().to_string().contains("XLSX workbook"));
    }
}
