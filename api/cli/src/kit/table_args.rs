//! Options for reading a CSV or XLSX file, shared by all commands that take one.

use application::percent::encode;
use clap::ValueEnum;
use intake::ImportError;
use intake::table::{HiddenRows, TableOptions};

/// Encoding, sheet, hidden rows and header row of a CSV or XLSX file.
#[derive(Debug, Clone, Default, clap::Args)]
pub(crate) struct TableArgs {
    /// Encoding of a CSV file: auto, utf-8, gbk, gb18030, big5, windows-1252, shift_jis, euc-kr …; auto
    /// refuses a file if its encoding is not certain
    #[arg(long, default_value = "auto")]
    encoding: String,
    /// The sheet of a workbook; it may be hidden. Default: the first visible sheet
    #[arg(long, value_name = "NAME")]
    sheet: Option<String>,
    /// How to treat rows that are hidden or filtered out in Excel (隐藏或被筛选掉的行)
    #[arg(long, value_enum, value_name = "WHICH")]
    hidden_rows: Option<HiddenRowsArg>,
    /// Row number of the column titles, counted from 1 as in a spreadsheet; default: the row is searched for
    #[arg(long, value_name = "ROW", value_parser = clap::value_parser!(u64).range(1..))]
    header_row: Option<u64>,
}

/// Treatment of rows that Excel hides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum HiddenRowsArg {
    /// Skip them and report how many
    Exclude,
    /// Read them and report how many
    Include,
}

impl HiddenRowsArg {
    pub(crate) const fn choice(self) -> HiddenRows {
        match self {
            Self::Exclude => HiddenRows::Exclude,
            Self::Include => HiddenRows::Include,
        }
    }

    const fn code(self) -> &'static str {
        match self {
            Self::Exclude => "exclude",
            Self::Include => "include",
        }
    }
}

impl TableArgs {
    /// Returns the options for a file that this command reads itself. `unsaid` applies if `--hidden-rows` is
    /// not given.
    pub(crate) fn options(&self, unsaid: HiddenRows) -> Result<TableOptions, ImportError> {
        let header_row = self.header_row.map(|row| row.to_string());
        TableOptions::parse(
            Some(&self.encoding),
            self.sheet.as_deref(),
            self.hidden_rows.map(HiddenRowsArg::code),
            header_row.as_deref(),
            unsaid,
        )
    }

    /// Returns the options for a file that the server reads, as `&name=value` pairs of a query string.
    pub(crate) fn query(&self) -> String {
        let mut query = format!("&encoding={}", encode(&self.encoding));
        if let Some(sheet) = &self.sheet {
            query.push_str(&format!("&sheet={}", encode(sheet)));
        }
        if let Some(hidden) = self.hidden_rows {
            query.push_str(&format!("&hidden_rows={}", hidden.code()));
        }
        if let Some(row) = self.header_row {
            query.push_str(&format!("&header_row={row}"));
        }
        query
    }
}
