//! Prints the report of an import for people: counts of rows, what Excel hides, and the first bad rows.
//! `--json` has all of them.

use crate::kit::failure::Failure;
use crate::kit::output;
use application::format_localized;
use application::language::localized;
use application::lists::load::{ImportReport, OtherCampaignsCount};
use intake::table::WorkbookReport;

/// Most bad rows printed; `--json` has all that the server lists.
const BAD_ROWS_SHOWN_MAX: usize = 20;

/// Prints the report.
pub(crate) fn show(report: &ImportReport) -> Result<(), Failure> {
    let (rows, format) = (report.rows, &report.format);
    let (enrolled, duplicates, bad) = (report.enrolled, report.duplicates, report.bad_count);
    let verb = match (report.dry_run, report.repeated) {
        (true, _) => localized("可导入", "would be enrolled"),
        (false, true) => localized(
            "此前导入本文件时已入队",
            "were enrolled by an earlier import of this file",
        ),
        (false, false) => localized("已导入", "enrolled"),
    };
    output::line(&format_localized!(
        "{rows} 行（{format}）：{verb} {enrolled}，重复 {duplicates}，有误 {bad}",
        "{rows} rows ({format}): {enrolled} {verb}, {duplicates} duplicates, {bad} bad"
    ))?;
    if let Some(row) = report.header_row.filter(|row| *row != 1) {
        output::line(&format_localized!(
            "  表头在第 {row} 行",
            "  the titles are in row {row}"
        ))?;
    }
    if let Some(workbook) = &report.workbook {
        hidden(workbook)?;
    }
    if let OtherCampaignsCount::About(count) = report.duplicates_elsewhere {
        output::line(&format_localized!(
            "  约 {count} 名客户也在其他外呼任务中（按十位舍去）",
            "  about {count} customers are in other campaigns (rounded down to tens)"
        ))?;
    }
    same_number(report)?;
    for bad in report.bad.iter().take(BAD_ROWS_SHOWN_MAX) {
        output::line(&format_localized!(
            "  第 {} 行，{}：{}",
            "  row {}, {}: {}",
            bad.row,
            bad.column,
            bad.reason
        ))?;
    }
    if report.bad.len() > BAD_ROWS_SHOWN_MAX {
        output::line(all_by_json())?;
    }
    Ok(())
}

fn all_by_json() -> &'static str {
    localized("  … 全部请用 --json 输出", "  … print all with --json")
}

/// Prints the sheet that was read, and the rows and sheets that Excel hides.
fn hidden(workbook: &WorkbookReport) -> Result<(), Failure> {
    output::line(&format_localized!(
        "  工作表 {:?}",
        "  sheet {:?}",
        workbook.sheet
    ))?;
    let count = workbook.hidden_rows;
    if count > 0 {
        let first: Vec<String> = workbook.first_hidden_rows.iter().map(u64::to_string).collect();
        let state = match workbook.hidden_rows_read {
            true => localized("已读取", "read"),
            false => localized(
                "未导入；用 --hidden-rows include 读取",
                "left out; --hidden-rows include reads them",
            ),
        };
        output::line(&format_localized!(
            "  Excel 中隐藏或被筛选掉的行 {count} 行：{state}；行号 {}",
            "  {count} rows are hidden or filtered out in Excel: {state}; rows {}",
            first.join(", ")
        ))?;
    }
    for sheet in &workbook.sheets_not_read {
        let state = if sheet.hidden {
            localized("隐藏", "hidden")
        } else {
            localized("可见", "visible")
        };
        output::line(&format_localized!(
            "  工作表 {:?}（{state}）未读取；请用 --sheet 选择",
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
    output::line(&format_localized!(
        "{} 行与其他客户同号（{}）：未导入 {} 行",
        "{} rows share a number with another customer ({}): {} left out",
        shared.count,
        report.duplicates_policy,
        shared.left_out
    ))?;
    for row in shared.rows.iter().take(BAD_ROWS_SHOWN_MAX) {
        let first = row.same_row.map_or_else(
            || localized("另一名单", "another list").to_owned(),
            |same_row| format_localized!("第 {same_row} 行", "row {same_row}"),
        );
        let called = match &row.same_as {
            Some(other) => format_localized!(
                "不呼叫 {}，呼叫客户 {other}",
                "not called: customer {other} is called, not {}",
                row.customer
            ),
            None => format_localized!("同样呼叫客户 {}", "called too: customer {}", row.customer),
        };
        output::line(&format_localized!(
            "  第 {} 行与{first}同号；{called}",
            "  row {} has the number of {first}; {called}",
            row.row
        ))?;
    }
    if shared.rows.len() > BAD_ROWS_SHOWN_MAX {
        output::line(all_by_json())?;
    }
    Ok(())
}
