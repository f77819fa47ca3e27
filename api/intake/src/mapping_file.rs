//! A mapping as a file of three columns (系统字段, 导入列名, 数据类型): CSV, XLSX or YAML.

use crate::mapping::{ColumnMapping, Mapping};
use crate::table::{Table, TableOptions};
use crate::{ImportError, cut};
use domain::visible_text::normalize;
use std::io::{Seek, SeekFrom, Write};

/// Largest mapping file in bytes: a row of 256 bytes for each column that a file may have.
pub const MAPPING_BYTES_MAX: usize = 64 * 1024;

/// The usual titles of the three columns.
const TITLES: [&[&str]; 3] = [
    &["系统字段", "member", "field", "system_field", "system field"],
    &["导入列名", "column", "import_column", "import column", "title"],
    &["数据类型", "type", "data_type", "data type", "kind"],
];

/// Reads a mapping file (CSV, XLSX or YAML). Its content decides which of them it is. Fails above
/// `MAPPING_BYTES_MAX` bytes.
pub fn read(bytes: &[u8], options: TableOptions) -> Result<Mapping, ImportError> {
    if bytes.len() > MAPPING_BYTES_MAX {
        return Err(ImportError::TooLarge {
            what: "the size of the mapping in bytes",
            limit: MAPPING_BYTES_MAX as u64,
        });
    }
    let mapped = match table(bytes, options) {
        Ok(mapped) => mapped,
        Err(error @ (ImportError::InvalidMapping(_) | ImportError::NoHeader)) => match yaml(bytes) {
            Some(rows) => rows,
            None => return Err(refused(error)),
        },
        Err(error) => return Err(error),
    };
    let mut columns = Vec::new();
    for [member, title, kind] in &mapped {
        // A system field without a column.
        if !title.is_empty() {
            columns.push(ColumnMapping::new(title, member, kind)?);
        }
    }
    Mapping::of(columns)
}

/// Replaces the error for an empty file by the one for a file that is not a mapping. Other errors are
/// unchanged.
fn refused(error: ImportError) -> ImportError {
    match error {
        ImportError::NoHeader => no_mapping(&[]),
        other => other,
    }
}

fn no_mapping(titles: &[String]) -> ImportError {
    ImportError::InvalidMapping(cut(&format!(
        "{}: a mapping file has the columns 系统字段, 导入列名, 数据类型",
        titles.join(",")
    )))
}

/// Returns member, column title and type of each row of a CSV or XLSX mapping.
fn table(bytes: &[u8], options: TableOptions) -> Result<Vec<[String; 3]>, ImportError> {
    let mut file = tempfile::tempfile().map_err(ImportError::Disk)?;
    file.write_all(bytes).map_err(ImportError::Disk)?;
    file.seek(SeekFrom::Start(0)).map_err(ImportError::Disk)?;
    let mut rows = Vec::new();
    let mut table = Table::of_file(file, "", options)?;
    table.each_titled_row(&places, &mut |places, row, cells| {
        let bad = |reason: String| ImportError::InvalidMapping(format!("row {row}: {reason}"));
        let cells = cells.map_err(|bad_row| bad(bad_row.reason))?;
        let mut texts: [String; 3] = Default::default();
        for (text, place) in texts.iter_mut().zip(places) {
            let cell = place.and_then(|place| cells.get(place));
            if let Some(cell) = cell {
                *text = cell
                    .as_ref()
                    .map_err(|why| bad(why.clone()))?
                    .shown
                    .trim()
                    .to_owned();
            }
        }
        rows.push(texts);
        Ok(true)
    })?;
    Ok(rows)
}

/// Returns the indices of the columns member, title and type. The column of types may be absent; fails
/// without one of the others.
fn places(titles: &[String]) -> Result<[Option<usize>; 3], ImportError> {
    let place = |names: &[&str]| {
        let is_it = |title: &String| names.contains(&normalize(title).to_lowercase().as_str());
        titles.iter().position(is_it)
    };
    let found = TITLES.map(place);
    match found {
        [Some(_), Some(_), _] => Ok(found),
        _ => Err(no_mapping(titles)),
    }
}

/// Reads a YAML list of objects that have the three titles as member names; `None` if the file is not that.
fn yaml(bytes: &[u8]) -> Option<Vec<[String; 3]>> {
    let text = std::str::from_utf8(bytes).ok()?;
    let items: Vec<std::collections::BTreeMap<String, String>> = domain::yaml::from_str(text).ok()?;
    let names: std::collections::BTreeSet<&String> = items.iter().flat_map(|item| item.keys()).collect();
    let names: Vec<String> = names.into_iter().cloned().collect();
    let places = places(&names).ok()?;
    let cell = |item: &std::collections::BTreeMap<String, String>, place: Option<usize>| {
        let name = place.and_then(|place| names.get(place));
        let text = name.and_then(|name| item.get(name));
        text.map(|text| text.trim().to_owned()).unwrap_or_default()
    };
    let rows = items.iter().map(|item| places.map(|place| cell(item, place)));
    Some(rows.collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mapping::{Meaning, Member};
    use crate::value_kind::ValueKind;

    fn read(bytes: &[u8]) -> Result<Mapping, ImportError> {
        super::read(bytes, TableOptions::default())
    }

    const CSV: &str = "系统字段,导入列名,数据类型\ncustomer_id,客户编号,文本\n手机号,\"电话,主\",text\namount,欠款,数值\n姓名,,文本\n";

    fn columns(mapping: &Mapping) -> Vec<(Meaning, ValueKind)> {
        let header = ["客户编号", "电话,主", "欠款"].map(str::to_owned);
        let columns = mapping.columns(&header).unwrap();
        columns
            .into_iter()
            .map(|column| (column.meaning, column.kind))
            .collect()
    }

    #[test]
    fn the_three_columns_are_read_from_csv_gbk_and_yaml_alike() {
        let (gbk, _, _) = encoding_rs::GBK.encode(CSV);
        let yaml = "- {系统字段: customer_id, 导入列名: 客户编号, 数据类型: 文本}\n\
                    - {系统字段: 手机号, 导入列名: '电话,主'}\n- {系统字段: amount, 导入列名: 欠款, 数据类型: number}\n";
        for bytes in [CSV.as_bytes(), &gbk, yaml.as_bytes()] {
            let read = read(bytes).unwrap();
            let expected = [
                (Meaning::Member(Member::CustomerId), ValueKind::Text),
                (Meaning::Member(Member::Phone), ValueKind::Text),
                (Meaning::Variable("amount".to_owned()), ValueKind::Number),
            ];
            assert_eq!(columns(&read), expected);
            let again = Mapping::parse(&read.as_text()).unwrap();
            assert_eq!(columns(&again), expected, "as it is sent");
        }
    }

    #[test]
    fn a_phone_that_is_called_a_number_and_a_file_that_is_no_mapping_are_refused() {
        let phone = "系统字段,导入列名,数据类型\nphone,电话,数值\n";
        assert!(matches!(read(phone.as_bytes()), Err(ImportError::MappedAs(name)) if name == "phone"));
        let unknown = "member,column,type\namount,欠款,blob\n";
        assert!(matches!(
            read(unknown.as_bytes()),
            Err(ImportError::InvalidMapping(_))
        ));
        for other in ["id,phone\n1,2\n", "", "just words"] {
            assert!(
                matches!(read(other.as_bytes()), Err(ImportError::InvalidMapping(_))),
                "{other}"
            );
        }
        let large = "x".repeat(MAPPING_BYTES_MAX + 1);
        assert!(matches!(
            read(large.as_bytes()),
            Err(ImportError::TooLarge { .. })
        ));
    }
}
