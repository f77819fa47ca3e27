//! A mapping as a file of three columns (系统字段, 导入列名, 数据类型): CSV, XLSX or YAML.

use crate::csv_text::{CsvText, Row};
use crate::encoding::{DecodingReader, Detection, EncodingChoice};
use crate::file_kind::ARCHIVE_MARK;
use crate::mapping::{Mapped, Mapping};
use crate::{ImportError, cut, unfolding};
use calamine::{DataType, Reader, Xlsx};
use std::fs::File;
use std::io::{BufReader, Cursor, Write};

/// Largest mapping file: a row of 256 bytes for each of the columns that a file may have.
pub const MAPPING_BYTES_MAX: usize = 64 * 1024;

/// The titles of the three columns, as people write them.
const TITLES: [&[&str]; 3] = [
    &["系统字段", "member", "field", "system_field", "system field"],
    &["导入列名", "column", "import_column", "import column", "title"],
    &["数据类型", "type", "data_type", "data type", "kind"],
];

/// Reads a mapping file by what it is, whatever it is called.
pub fn read(bytes: &[u8]) -> Result<Mapping, ImportError> {
    if bytes.len() > MAPPING_BYTES_MAX {
        return Err(ImportError::TooLarge {
            what: "the size of the mapping in bytes",
            limit: MAPPING_BYTES_MAX as u64,
        });
    }
    let table = if bytes.starts_with(ARCHIVE_MARK) {
        sheet(bytes)?
    } else {
        let table = text_table(bytes)?;
        match places(table.first()) {
            Ok(_) => table,
            Err(error) => yaml(bytes).ok_or(error)?,
        }
    };
    let [member, column, kind] = places(table.first())?;
    let cell = |row: &[String], place: Option<usize>| {
        let text = place.and_then(|place| row.get(place));
        text.map(|text| text.trim().to_owned()).unwrap_or_default()
    };
    let mut mapped = Vec::new();
    for row in table.iter().skip(1) {
        let (member, title) = (cell(row, member), cell(row, column));
        // A field of the system that no column holds.
        if title.is_empty() {
            continue;
        }
        mapped.push(Mapped::new(&title, &member, &cell(row, kind))?);
    }
    Mapping::of(mapped)
}

/// Where the three columns stand; the kinds may be absent.
fn places(header: Option<&Vec<String>>) -> Result<[Option<usize>; 3], ImportError> {
    let header = header.map(Vec::as_slice).unwrap_or_default();
    let place = |titles: &[&str]| {
        let is_it = |cell: &String| titles.contains(&cell.trim().to_lowercase().as_str());
        header.iter().position(is_it)
    };
    let found = TITLES.map(place);
    match found {
        [Some(_), Some(_), _] => Ok(found),
        _ => Err(ImportError::InvalidMapping(cut(&format!(
            "{}: a mapping file has the columns 系统字段, 导入列名, 数据类型",
            header.join(",")
        )))),
    }
}

fn text_table(bytes: &[u8]) -> Result<Vec<Vec<String>>, ImportError> {
    let mut detection = Detection::default();
    detection.feed(bytes);
    let encoding = detection.finish(EncodingChoice::Auto).encoding;
    let text = DecodingReader::new(Cursor::new(bytes.to_vec()), encoding);
    let mut text = CsvText::open(Box::new(text)).map_err(ImportError::Disk)?;
    let mut table = Vec::new();
    let mut at = 1;
    while let Some(row) = text.next_row(at)? {
        at += 1;
        match row {
            Row::Cells(cells) => table.push(cells),
            Row::StrayQuote => {
                return Err(ImportError::InvalidMapping(format!(
                    "row {}: a stray quote",
                    at - 1
                )));
            }
        }
    }
    table.retain(|row| row.iter().any(|cell| !cell.trim().is_empty()));
    Ok(table)
}

fn sheet(bytes: &[u8]) -> Result<Vec<Vec<String>>, ImportError> {
    let unreadable = |error: calamine::XlsxError| ImportError::Unreadable(error.to_string());
    let mut file = tempfile::tempfile().map_err(ImportError::Disk)?;
    file.write_all(bytes).map_err(ImportError::Disk)?;
    unfolding::check(&mut file)?;
    let mut workbook: Xlsx<BufReader<File>> = Xlsx::new(BufReader::new(file)).map_err(unreadable)?;
    let range = workbook.worksheet_range_at(0).ok_or(ImportError::NoHeader)?;
    let range = range.map_err(unreadable)?;
    let text = |cell: &calamine::Data| cell.as_string().unwrap_or_default();
    Ok(range.rows().map(|row| row.iter().map(text).collect()).collect())
}

/// A list of objects with the three titles as names.
fn yaml(bytes: &[u8]) -> Option<Vec<Vec<String>>> {
    let text = std::str::from_utf8(bytes).ok()?;
    let items: Vec<std::collections::BTreeMap<String, String>> = domain::yaml::from_str(text).ok()?;
    let names: std::collections::BTreeSet<&String> = items.iter().flat_map(|item| item.keys()).collect();
    let mut table = vec![names.iter().map(|name| (*name).clone()).collect()];
    for item in &items {
        let cell = |name: &&String| item.get(*name).cloned().unwrap_or_default();
        table.push(names.iter().map(cell).collect());
    }
    Some(table)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mapping::{Meaning, Member};
    use crate::value_kind::ValueKind;

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
