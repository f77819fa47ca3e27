//! Prints the report of an import for people: counts of rows, what Excel hides, and the first bad rows.
//! `--json` has all of them.

use crate::kit::failure::Failure;
use crate::kit::output;
use application::lists::load::{Elsewhere, ImportReport};
use intake::table::WorkbookReport;

/// Most bad rows printed; `--json` has all that the server lists.
const BAD_ROWS_SHOWN_MAX: usize = 20;

/// Prints the report.
pub(crate) fn show(report: &ImportReport) -> Result<(), Failure> {
    let verb = match (report.dry_run, report.repeated) {
        (true, _) => "would be enrolled",
        (false, true) => "were enrolled by an earlier import of this file",
        (false, false) => "enrolled",
    };
    output::line(&format!(
        "{} rows ({}): {} {verb}, {} duplicates, {} bad",
        report.rows, report.format, report.enrolled, report.duplicates, report.bad_count
    ))?;
    if let Some(row) = report.header_row.filter(|row| *row != 1) {
        output::line(&format!("  the titles are in row {row} / 表头在第 {row} 行"))?;
    }
    if let Some(workbook) = &report.workbook {
        hidden(workbook)?;
    }
    if let Elsewhere::About(count) = report.duplicates_elsewhere {
        output::line(&format!(
            "  about {count} customers are in other campaigns (rounded down to tens)"
        ))?;
    }
    same_number(report)?;
    for bad in report.bad.iter().take(BAD_ROWS_SHOWN_MAX) {
        output::line(&format!("  row {}, {}: {}", bad.row, bad.column, bad.reason))?;
    }
    if report.bad.len() > BAD_ROWS_SHOWN_MAX {
        output::line("  … print all with --json")?;
    }
    Ok(())
}

/// Prints the sheet that was read, and the rows and sheets that Excel hides.
fn hidden(workbook: &WorkbookReport) -> Result<(), Failure> {
    output::line(&format!("  sheet {:?} / 工作表", workbook.sheet))?;
    let count = workbook.hidden_rows;
    if count > 0 {
        let first: Vec<String> = workbook.first_hidden_rows.iter().map(u64::to_string).collect();
        let (en, zh) = match workbook.hidden_rows_read {
            true => ("read", "已读取"),
            false => ("left out; --hidden-rows include reads them", "未导入"),
        };
        output::line(&format!(
            "  {count} rows are hidden or filtered out in Excel (隐藏或被筛选掉的行, {zh}): {en}; rows {}",
            first.join(", ")
        ))?;
    }
    for sheet in &workbook.sheets_not_read {
        let state = if sheet.hidden {
            "hidden / 隐藏"
        } else {
            "visible / 可见"
        };
        output::line(&format!(
            "  sheet {:?} ({state}) was not read; select it with --sheet",
            sheet.name
        ))?;
    }
    Ok(())
}

/// Prints rows with a phone number of another customer, and whether the later customer is called.
fn same_number(report: &ImportReport) -> Result<(), Failure> {
    let shared = &report.same_number;
    if shared.count == 0 {
        return Ok(());
    }
    output::line(&format!(
        "{} rows share a number with another customer ({}): {} left out (同号)",
        shared.count, report.duplicates_policy, shared.left_out
    ))?;
    for row in shared.rows.iter().take(BAD_ROWS_SHOWN_MAX) {
        let first = row
            .same_row
            .map_or_else(|| "another list".to_owned(), |same_row| format!("row {same_row}"));
        let called = match &row.same_as {
            Some(other) => format!("not called: customer {other} is called, not {}", row.customer),
            None => format!("called too: customer {}", row.customer),
        };
        output::line(&format!("  row {} has the number of {first}; {called}", row.row))?;
    }
    if shared.rows.len() > BAD_ROWS_SHOWN_MAX {
        output::line("  … print all with --json")?;
    }
    Ok(())
}
