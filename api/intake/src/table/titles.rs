//! The row of titles: named by the request, or found among the first rows.
//!
//! Exports put a headline, a date or a note above the titles. A hidden row is used as the titles only if
//! there is no visible one.

use super::{HiddenRows, RowHandler, TableOptions, TableReport, WorkbookReport};
use crate::ImportError;
use crate::cell::TableRow;
use crate::xlsx::HIDDEN_LISTED_MAX;

/// Rows with a value among which the titles are searched for. Headlines and notes above the titles take
/// fewer.
pub(crate) const HEADER_ROWS_MAX: usize = 20;

/// Returns the row's cells as titles, with an empty title for an unreadable cell; `None` if the row could
/// not be read.
pub(super) fn titles_of(row: &TableRow) -> Option<Vec<String>> {
    let cells = row.cells.as_ref().ok()?;
    let title = |cell: &crate::cell::Cell| match cell {
        Ok(text) => text.shown.clone(),
        Err(_) => String::new(),
    };
    Some(cells.iter().map(title).collect())
}

/// Finds the row of titles, then passes on the rows below it.
pub(super) struct TitleFinder<'a, 'b, T> {
    options: TableOptions,
    read_titles: &'a dyn Fn(&[String]) -> Result<T, ImportError>,
    take: &'a mut RowHandler<'b, T>,
    titles: Option<T>,
    /// Rows with a value before the titles were found.
    rows_before: usize,
    /// The first hidden row that can be titles, and the rows below it.
    fallback: Option<(u64, T, Vec<TableRow>)>,
    /// Why the row that is most similar to titles is invalid: its number of cells, and the error.
    failed: Option<(usize, ImportError)>,
    report: TableReport,
    hidden_rows: u64,
    first_hidden: Vec<u64>,
}

impl<'a, 'b, T> TitleFinder<'a, 'b, T> {
    pub(super) fn new(
        options: TableOptions,
        read_titles: &'a dyn Fn(&[String]) -> Result<T, ImportError>,
        take: &'a mut RowHandler<'b, T>,
    ) -> Self {
        Self {
            options,
            read_titles,
            take,
            titles: None,
            rows_before: 0,
            fallback: None,
            failed: None,
            report: TableReport::default(),
            hidden_rows: 0,
            first_hidden: Vec::new(),
        }
    }

    /// Receives the next row of the table. Returns false if no more rows are needed. Fails if the row named
    /// by the request is empty or not the titles.
    pub(super) fn take(&mut self, row: TableRow) -> Result<bool, ImportError> {
        if self.titles.is_some() {
            return self.give(row);
        }
        match self.options.header_row {
            Some(named) if row.number < named => Ok(true),
            Some(named) if row.number > named => Err(ImportError::NoHeaderAt { row: named }),
            Some(_) => {
                let titles = titles_of(&row).unwrap_or_default();
                self.begin(row.number, (self.read_titles)(&titles)?);
                Ok(true)
            }
            None => self.search(row),
        }
    }

    /// Ends the search at the end of the table: uses a hidden row if no visible one was accepted. Fails if
    /// no titles were found.
    pub(super) fn finish(&mut self) -> Result<(), ImportError> {
        match (&self.titles, self.options.header_row) {
            (Some(_), _) => Ok(()),
            (None, Some(named)) => Err(ImportError::NoHeaderAt { row: named }),
            (None, None) => self.give_up_search().map(|_more| ()),
        }
    }

    pub(super) fn report(self, workbook: Option<WorkbookReport>) -> TableReport {
        TableReport {
            workbook: workbook.map(|workbook| WorkbookReport {
                hidden_rows: self.hidden_rows,
                first_hidden_rows: self.first_hidden,
                ..workbook
            }),
            ..self.report
        }
    }

    fn begin(&mut self, row: u64, titles: T) {
        self.titles = Some(titles);
        self.report.header_row = row;
    }

    fn search(&mut self, row: TableRow) -> Result<bool, ImportError> {
        self.rows_before += 1;
        match titles_of(&row) {
            None => {
                if let Err(bad) = &row.cells {
                    self.note_failed(0, ImportError::Unreadable(bad.reason.clone()));
                }
            }
            Some(titles) => match (self.read_titles)(&titles) {
                Ok(read) if !row.is_hidden => {
                    self.begin(row.number, read);
                    return Ok(true);
                }
                Ok(read) if self.fallback.is_none() => {
                    self.fallback = Some((row.number, read, Vec::new()));
                    return self.go_on();
                }
                Ok(_) => {}
                Err(error) => {
                    let filled = titles.iter().filter(|title| !title.trim().is_empty()).count();
                    self.note_failed(filled, error);
                }
            },
        }
        if let Some((_, _, below)) = &mut self.fallback {
            below.push(row);
        }
        self.go_on()
    }

    fn note_failed(&mut self, filled: usize, error: ImportError) {
        if self.failed.as_ref().is_none_or(|(most, _)| filled > *most) {
            self.failed = Some((filled, error));
        }
    }

    fn go_on(&mut self) -> Result<bool, ImportError> {
        match self.rows_before < HEADER_ROWS_MAX {
            true => Ok(true),
            false => self.give_up_search(),
        }
    }

    /// Uses a hidden row as the titles, or fails: there is no visible one.
    fn give_up_search(&mut self) -> Result<bool, ImportError> {
        let Some((row, titles, below)) = self.fallback.take() else {
            return Err(self
                .failed
                .take()
                .map_or(ImportError::NoHeader, |(_, error)| error));
        };
        self.begin(row, titles);
        for row in below {
            if !self.give(row)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn give(&mut self, row: TableRow) -> Result<bool, ImportError> {
        if row.is_hidden {
            self.hidden_rows += 1;
            if self.first_hidden.len() < HIDDEN_LISTED_MAX {
                self.first_hidden.push(row.number);
            }
            if self.options.hidden_rows == HiddenRows::Exclude {
                return Ok(true);
            }
        }
        match &self.titles {
            Some(titles) => (self.take)(titles, row.number, row.cells),
            None => Ok(true),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cell::CellText;

    fn row(number: u64, is_hidden: bool, cells: &[&str]) -> TableRow {
        TableRow {
            number,
            is_hidden,
            cells: Ok(cells
                .iter()
                .map(|text| Ok(CellText::from((*text).to_owned())))
                .collect()),
        }
    }

    /// Reads rows with titles `id` and `phone`. Returns the numbers of the rows passed on, and the report
    /// with the titles' row.
    fn given(options: TableOptions, rows: Vec<TableRow>) -> Result<(Vec<u64>, TableReport), ImportError> {
        let read = |titles: &[String]| match ["id", "phone"]
            .iter()
            .all(|title| titles.iter().any(|one| one == title))
        {
            true => Ok(titles.len()),
            false => Err(ImportError::Unreadable(titles.join(","))),
        };
        let mut given = Vec::new();
        let mut take = |_: &usize, number: u64, _: Result<Vec<crate::cell::Cell>, crate::BadRow>| {
            given.push(number);
            Ok(true)
        };
        let mut titled = TitleFinder::new(options, &read, &mut take);
        for row in rows {
            titled.take(row)?;
        }
        titled.finish()?;
        let report = titled.report(Some(WorkbookReport::default()));
        Ok((given, report))
    }

    fn sheet() -> Vec<TableRow> {
        vec![
            row(1, false, &["overdue customers"]),
            row(3, false, &["id", "phone", "name"]),
            row(4, false, &["C1", "1"]),
            row(5, true, &["C2", "2"]),
            row(6, false, &["C3", "3"]),
        ]
    }

    #[test]
    fn titles_below_a_headline_are_found_and_hidden_rows_are_left_out_and_counted() {
        let (rows, report) = given(TableOptions::default(), sheet()).unwrap();
        assert_eq!((rows, report.header_row), (vec![4, 6], 3));
        let workbook = report.workbook.unwrap();
        assert_eq!((workbook.hidden_rows, workbook.first_hidden_rows), (1, vec![5]));
        let include = TableOptions {
            hidden_rows: HiddenRows::Include,
            ..TableOptions::default()
        };
        let (rows, report) = given(include, sheet()).unwrap();
        assert_eq!((rows, report.workbook.unwrap().hidden_rows), (vec![4, 5, 6], 1));
    }

    #[test]
    fn a_row_that_is_named_is_the_titles_or_an_error() {
        let named = |row| TableOptions {
            header_row: Some(row),
            ..TableOptions::default()
        };
        assert_eq!(given(named(3), sheet()).unwrap().0, [4, 6]);
        assert!(matches!(
            given(named(1), sheet()),
            Err(ImportError::Unreadable(_))
        ));
        for empty in [2, 9] {
            let refused = given(named(empty), sheet());
            assert!(matches!(refused, Err(ImportError::NoHeaderAt { row }) if row == empty));
        }
    }

    #[test]
    fn hidden_titles_serve_where_no_visible_row_does() {
        let rows = vec![row(1, true, &["id", "phone"]), row(2, false, &["C1", "1"])];
        assert_eq!(given(TableOptions::default(), rows).unwrap().0, [2]);
        let both = vec![
            row(1, true, &["id", "phone"]),
            row(2, false, &["id", "phone"]),
            row(3, false, &["C1", "1"]),
        ];
        assert_eq!(given(TableOptions::default(), both).unwrap().0, [3]);
    }

    #[test]
    fn without_titles_the_error_is_of_the_row_that_looks_most_like_them() {
        let rows = vec![
            row(1, false, &["headline"]),
            row(2, false, &["id", "mobile"]),
            row(3, false, &["C1", "1"]),
        ];
        let refused = given(TableOptions::default(), rows).unwrap_err();
        assert!(matches!(refused, ImportError::Unreadable(titles) if titles == "id,mobile"));
        assert!(matches!(
            given(TableOptions::default(), Vec::new()),
            Err(ImportError::NoHeader)
        ));
        let late: Vec<TableRow> = (1..=20)
            .map(|number| row(number, false, &["note"]))
            .chain([row(21, false, &["id", "phone"])])
            .collect();
        assert!(given(TableOptions::default(), late).is_err());
    }
}
