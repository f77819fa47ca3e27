//! Tests with typical tables: hidden rows and sheets, headlines, formats, formulas.

use super::*;
use crate::encoding::EncodingChoice;
use crate::mapping::{Mapping, Member};
use crate::source::{ListRows, NamedRow, RowSource};
use crate::testing::{Sheet, number_cell, text_row, workbook};
use std::io::Write;
use std::ops::ControlFlow;

fn file_of(bytes: &[u8]) -> File {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(bytes).unwrap();
    file.seek(SeekFrom::Start(0)).unwrap();
    file
}

type ListRead = (Vec<Result<NamedRow, BadRow>>, TableReport);

fn list(bytes: &[u8], options: TableOptions) -> Result<ListRead, ImportError> {
    let table = Table::of_file(file_of(bytes), "list", options)?;
    let mut rows = ListRows::new(table, Mapping::default());
    let mut read = Vec::new();
    rows.read_rows(&mut |row| {
        read.push(row);
        ControlFlow::Continue(())
    })?;
    Ok((read, rows.report()))
}

fn ids(read: &ListRead) -> Vec<&str> {
    let good = read.0.iter().flatten();
    good.map(|row| row.members[&Member::CustomerId].as_str())
        .collect()
}

fn hidden(hidden_rows: HiddenRows) -> TableOptions {
    TableOptions {
        hidden_rows,
        ..TableOptions::default()
    }
}

const TITLES: [&str; 2] = ["客户ID", "手机号"];

/// Three customers. The second is filtered out, and a row without height is also hidden.
fn filtered() -> String {
    [
        text_row(1, "", &TITLES),
        text_row(2, "", &["H1", "13800138001"]),
        text_row(3, "hidden=\"1\"", &["H2", "13800138002"]),
        text_row(4, "hidden=\"true\"", &["", ""]),
        text_row(5, "ht=\"0\" customHeight=\"1\"", &["H3", "13800138003"]),
        text_row(6, "hidden=\"0\"", &["H4", "13800138004"]),
    ]
    .concat()
}

fn sheet<'a>(name: &'a str, state: &'a str, rows: String) -> Sheet<'a> {
    Sheet { name, state, rows }
}

#[test]
fn rows_that_excel_hides_are_left_out_and_counted_taken_or_refused() {
    let bytes = workbook(&[sheet("名单", "visible", filtered())], &[]);
    let read = list(&bytes, hidden(HiddenRows::Exclude)).unwrap();
    assert_eq!(ids(&read), ["H1", "H4"]);
    let report = read.1.workbook.unwrap();
    assert_eq!((report.sheet.as_str(), report.hidden_rows), ("名单", 2));
    assert_eq!(
        (report.first_hidden_rows, report.hidden_rows_read),
        (vec![3, 5], false)
    );
    let read = list(&bytes, hidden(HiddenRows::Include)).unwrap();
    assert_eq!(ids(&read), ["H1", "H2", "H3", "H4"]);
    let report = read.1.workbook.unwrap();
    assert_eq!((report.hidden_rows, report.hidden_rows_read), (2, true));
    let refused = list(&bytes, hidden(HiddenRows::Refuse)).unwrap_err().to_string();
    for part in ["2 rows that are hidden", "row 3", "--hidden-rows include"] {
        assert!(refused.contains(part), "{refused}");
    }
    let plain = [text_row(1, "", &TITLES), text_row(2, "", &["H1", "13800138001"])].concat();
    let bytes = workbook(&[sheet("名单", "visible", plain)], &[]);
    assert_eq!(ids(&list(&bytes, hidden(HiddenRows::Refuse)).unwrap()), ["H1"]);
}

#[test]
fn the_first_visible_sheet_is_read_and_a_hidden_one_only_by_its_name() {
    let people = |id: &str| [text_row(1, "", &TITLES), text_row(2, "", &[id, "13800138001"])].concat();
    let sheets = [
        sheet("old", "hidden", people("OLD")),
        sheet("very old", "veryHidden", people("VERY")),
        sheet("March", "visible", people("MARCH")),
        sheet("April", "visible", people("APRIL")),
    ];
    let bytes = workbook(&sheets, &[]);
    let read = list(&bytes, TableOptions::default()).unwrap();
    assert_eq!(ids(&read), ["MARCH"]);
    let report = read.1.workbook.unwrap();
    assert_eq!(report.sheet, "March");
    let others: Vec<_> = report
        .sheets_not_read
        .iter()
        .map(|one| (one.name.as_str(), one.hidden))
        .collect();
    assert_eq!(others, [("old", true), ("very old", true), ("April", false)]);
    let named = |name: &str| TableOptions {
        sheet: Some(name.to_owned()),
        ..TableOptions::default()
    };
    assert_eq!(ids(&list(&bytes, named("old")).unwrap()), ["OLD"]);
    let refused = list(&bytes, named("May")).unwrap_err().to_string();
    assert!(
        refused.contains("no sheet \"May\"") && refused.contains("March"),
        "{refused}"
    );
    let all_hidden = workbook(&[sheet("old", "hidden", people("OLD"))], &[]);
    let refused = list(&all_hidden, TableOptions::default())
        .unwrap_err()
        .to_string();
    assert!(
        refused.contains("no visible sheet") && refused.contains("--sheet"),
        "{refused}"
    );
}

#[test]
fn hidden_columns_are_read() {
    let rows = [
        "<cols/>".to_owned(),
        text_row(1, "", &["客户ID", "手机号", "days"]),
        text_row(2, "", &["C1", "13800138001", "3"]),
    ]
    .concat();
    let bytes = workbook(&[sheet("1", "visible", rows)], &[]);
    let read = list(&bytes, TableOptions::default()).unwrap();
    assert_eq!(read.0[0].as_ref().unwrap().variables["days"], "3");
}

/// A row of a sheet: an id, a phone number, and one number with a format.
fn formatted(row: u32, phone: &str, number: &str, format: usize) -> String {
    let cells = [
        number_cell(&format!("A{row}"), &row.to_string(), 1),
        number_cell(&format!("B{row}"), phone, 2),
        number_cell(&format!("C{row}"), number, format),
    ];
    format!("<row r=\"{row}\">{}</row>", cells.concat())
}

#[test]
fn cells_are_read_as_they_are_shown_and_ids_and_phones_keep_their_digits() {
    let formats = [
        "000000",
        "0.00E+00",
        "yyyy\"年\"m\"月\"d\"日\"",
        "#,##0.00",
        "0.00%",
        "000",
    ];
    let rows = [
        text_row(1, "", &["客户ID", "手机号", "value"]),
        formatted(2, "13800138041", "46086", 3),
        formatted(3, "13800138042", "1296.388", 4),
        formatted(4, "13800138043", "0.0525", 5),
        formatted(5, "13800138044", "7", 6),
        formatted(6, "13800138045", "51356317.21", 0),
    ]
    .concat();
    let bytes = workbook(&[sheet("1", "visible", rows)], &formats);
    let read = list(&bytes, TableOptions::default()).unwrap();
    let values: Vec<&str> = read
        .0
        .iter()
        .flatten()
        .map(|row| row.variables["value"].as_str())
        .collect();
    assert_eq!(values, ["2026年3月5日", "1296.39", "5.25%", "007", "51356317.21"]);
    assert_eq!(ids(&read)[0], "000002");
    assert_eq!(read.0[0].as_ref().unwrap().members[&Member::Phone], "13800138041");
}

#[test]
fn a_moment_of_a_consent_and_a_mapped_date_are_read_in_whatever_form_they_are_shown() {
    let formats = ["m\"月\"d\"日\""];
    let row = |row: u32| {
        let cells = [
            crate::testing::text_cell(&format!("A{row}"), "C1"),
            crate::testing::text_cell(&format!("B{row}"), "13800138041"),
            number_cell(&format!("C{row}"), "46086.5", 1),
            number_cell(&format!("D{row}"), "46086", 1),
        ];
        format!("<row r=\"{row}\">{}</row>", cells.concat())
    };
    let rows = [text_row(1, "", &["客户ID", "手机号", "同意时间", "到期"]), row(2)].concat();
    let bytes = workbook(&[sheet("1", "visible", rows)], &formats);
    let table = Table::of_file(file_of(&bytes), "list.xlsx", TableOptions::default()).unwrap();
    let mapping = Mapping::parse(r#"[{"column":"到期","member":"due","type":"日期"}]"#).unwrap();
    let mut rows = Vec::new();
    ListRows::new(table, mapping)
        .read_rows(&mut |row| {
            rows.push(row);
            ControlFlow::Continue(())
        })
        .unwrap();
    let row = rows[0].as_ref().unwrap();
    assert_eq!(row.members[&Member::ConsentAt], "2026-03-05 12:00:00");
    assert_eq!(row.variables["due"], "3月5日");
}

#[test]
fn a_formula_without_a_stored_value_is_named_with_its_row_and_column() {
    let rows = [
        text_row(1, "", &TITLES),
        "<row r=\"2\"><c r=\"A2\" t=\"inlineStr\"><is><t>C1</t></is></c><c r=\"B2\"><f>A1</f><v/></c></row>".to_owned(),
        "<row r=\"3\"><c r=\"A3\" t=\"inlineStr\"><is><t>C2</t></is></c><c r=\"B3\"><f>A1</f></c></row>".to_owned(),
        "<row r=\"4\"><c r=\"A4\" t=\"inlineStr\"><is><t>C3</t></is></c><c r=\"B4\"><f>A1</f><v>13800138001</v></c></row>"
            .to_owned(),
        "<row r=\"5\"><c r=\"A5\" t=\"inlineStr\"><is><t>C4</t></is></c><c r=\"B5\" t=\"str\"><f>A1</f><v></v></c></row>"
            .to_owned(),
    ]
    .concat();
    let bytes = workbook(&[sheet("1", "visible", rows)], &[]);
    let read = list(&bytes, TableOptions::default()).unwrap();
    assert_eq!(ids(&read), ["C3", "C4"]);
    let bad: Vec<_> = read.0.iter().filter_map(|row| row.as_ref().err()).collect();
    let places: Vec<_> = bad.iter().map(|bad| (bad.row, bad.column.as_str())).collect();
    assert_eq!(places, [(2, "手机号"), (3, "手机号")]);
    assert!(
        bad[0].reason.contains("formula") && bad[0].reason.contains("公式"),
        "{}",
        bad[0].reason
    );
}

#[test]
fn titles_below_a_headline_are_found_in_text_and_in_a_workbook() {
    let csv = "Overdue customers\n\nid;phone;note\nC1;13800138001;a, b\n";
    let read = list(csv.as_bytes(), TableOptions::default()).unwrap();
    assert_eq!((ids(&read), read.1.header_row), (vec!["C1"], 3));
    let rows = [
        text_row(1, "", &["逾期客户名单"]),
        text_row(4, "", &TITLES),
        text_row(5, "", &["C1", "13800138001"]),
    ]
    .concat();
    let bytes = workbook(&[sheet("1", "visible", rows)], &[]);
    let read = list(&bytes, TableOptions::default()).unwrap();
    assert_eq!((ids(&read), read.1.header_row), (vec!["C1"], 4));
    let named = TableOptions {
        header_row: Some(2),
        ..EncodingChoice::Auto.into()
    };
    let refused = list(&bytes, named).unwrap_err().to_string();
    assert!(refused.contains("row 2 is empty"), "{refused}");
}
