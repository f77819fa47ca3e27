//! How a table is to be read, from a request.

use crate::ImportError;
use crate::encoding::EncodingChoice;

/// What happens to rows that are hidden or filtered out in Excel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum HiddenRows {
    /// They are left out and counted: for lists that lead to calls.
    #[default]
    Exclude,
    /// They are read and counted: for lists that forbid calls.
    Include,
    /// The file is refused until the request decides: for other files.
    Refuse,
}

impl HiddenRows {
    /// The values that a request may have.
    pub const CODES: &[&str] = &["exclude", "include"];

    /// Parses `exclude` or `include`. Any other text is an error; `Refuse` cannot be requested.
    pub fn parse(text: &str) -> Result<Self, ImportError> {
        match text {
            "exclude" => Ok(Self::Exclude),
            "include" => Ok(Self::Include),
            _ => Err(ImportError::InvalidOption {
                option: "hidden_rows",
                wants: "exclude or include",
            }),
        }
    }
}

/// How a table is to be read.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TableOptions {
    pub encoding: EncodingChoice,
    /// The sheet to read, even if hidden. Without it, the first visible one.
    pub sheet: Option<String>,
    pub hidden_rows: HiddenRows,
    /// The row of titles, as in a spreadsheet. Without it, the row is searched for.
    pub header_row: Option<u64>,
}

impl TableOptions {
    /// Parses the options of a request. Absent and empty texts mean the default; `unsaid` is the one for
    /// hidden rows. Fails with the name of the option that is invalid.
    pub fn parse(
        encoding: Option<&str>,
        sheet: Option<&str>,
        hidden_rows: Option<&str>,
        header_row: Option<&str>,
        unsaid: HiddenRows,
    ) -> Result<Self, ImportError> {
        let said = |text: Option<&str>| {
            text.map(str::trim)
                .filter(|text| !text.is_empty())
                .map(str::to_owned)
        };
        let header_row = said(header_row).map(|text| match text.parse::<u64>() {
            Ok(row) if row > 0 => Ok(row),
            Ok(_) | Err(_) => Err(ImportError::InvalidOption {
                option: "header_row",
                wants: "the number of a row, from 1",
            }),
        });
        Ok(Self {
            encoding: EncodingChoice::parse(encoding.unwrap_or_default())?,
            sheet: said(sheet),
            hidden_rows: match said(hidden_rows) {
                Some(code) => HiddenRows::parse(&code)?,
                None => unsaid,
            },
            header_row: header_row.transpose()?,
        })
    }

    /// Returns the options that determine which rows are read (sheet, hidden rows, row of titles), as one
    /// text; empty if none is set. Two different readings of one file are two lists.
    pub fn reading(&self) -> String {
        let mut said = Vec::new();
        said.extend(self.sheet.as_ref().map(|sheet| format!("sheet={sheet}")));
        if self.hidden_rows == HiddenRows::Include {
            said.push("hidden_rows=include".to_owned());
        }
        said.extend(self.header_row.map(|row| format!("header_row={row}")));
        said.join("\n")
    }
}

impl From<EncodingChoice> for TableOptions {
    fn from(encoding: EncodingChoice) -> Self {
        Self {
            encoding,
            ..Self::default()
        }
    }
}
