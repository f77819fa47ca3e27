//! Reads rows of other systems: Asterisk's `Master.csv` and bills with a header.

use crate::reconcile::columns::{Column, Columns};
use crate::reconcile::values::{instant, minutes, seconds};
use chrono::FixedOffset;
use csv::StringRecord;
use domain::time::Timestamp;
use std::collections::BTreeMap;

/// The format of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Asterisk's cdr-csv: no header, 16 to 18 columns in a fixed order
    Asterisk,
    /// A header and rows; columns are found by their titles in Chinese or English
    Csv,
}

impl Format {
    /// Format names in commands, each with its description.
    pub const WORDS: &[(&str, &str)] = &[
        (
            "asterisk",
            "Asterisk's cdr-csv: no header, 16 to 18 columns in a fixed order",
        ),
        (
            "csv",
            "A header and rows; columns are found by their titles in Chinese or English",
        ),
    ];

    /// Returns the format with this name.
    pub fn of_word(word: &str) -> Option<Self> {
        match word {
            "asterisk" => Some(Self::Asterisk),
            "csv" => Some(Self::Csv),
            _ => None,
        }
    }
}

/// One call as the other system recorded it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExternalCallRow {
    pub line: u64,
    /// Candidates for the SIP Call-ID, without a host part.
    pub(crate) sip_ids: Vec<String>,
    /// Rows with the same key are the same record.
    pub key: String,
    /// As the file has it.
    pub callee: String,
    pub start: Timestamp,
    pub talk_s: u64,
    /// Billed minutes. If the file has none, `talk_s` rounded up to minutes.
    pub minutes: u64,
}

/// Fewest and most columns of Asterisk's file. The last two are optional (`cdr.conf`: loguniqueid,
/// loguserfield).
const ASTERISK_COLUMNS: std::ops::RangeInclusive<usize> = 16..=18;

/// Where each column is in the rows of a file, and how their times are read.
#[derive(Debug, Clone)]
pub(crate) struct Layout {
    format: Format,
    columns: BTreeMap<Column, usize>,
    offset: FixedOffset,
}

impl Layout {
    /// Returns the layout of Asterisk's file: accountcode, src, dst, dcontext, clid, channel, dstchannel,
    /// lastapp, lastdata, start, answer, end, duration, billsec, disposition, amaflags, uniqueid,
    /// userfield.
    pub(crate) fn asterisk(offset: FixedOffset) -> Self {
        let columns = [
            (Column::Callee, 2),
            (Column::Start, 9),
            (Column::Seconds, 13),
            (Column::Unique, 16),
            (Column::CallId, 17),
        ];
        Self {
            format: Format::Asterisk,
            columns: columns.into(),
            offset,
        }
    }

    /// Returns the layout of a bill by its header and the columns that the user gave. Fails with the
    /// columns that are missing.
    pub(crate) fn of_header(
        header: &StringRecord,
        said: &Columns,
        offset: FixedOffset,
    ) -> Result<Self, String> {
        Ok(Self {
            format: Format::Csv,
            columns: said.places(header)?,
            offset,
        })
    }

    /// Reads one row of the file at this line. Fails with the reason if a value cannot be read.
    pub(crate) fn read(&self, record: &StringRecord, line: u64) -> Result<ExternalCallRow, String> {
        if self.format == Format::Asterisk && !ASTERISK_COLUMNS.contains(&record.len()) {
            return Err(format!("it has {} columns, not 16 to 18", record.len()));
        }
        let cell = |column| {
            let place = self.columns.get(&column)?;
            let cell = record.get(*place)?.trim();
            (!cell.is_empty()).then_some(cell)
        };
        let callee = cell(Column::Callee).ok_or("the callee is empty")?.to_owned();
        let start = instant(cell(Column::Start).ok_or("the start is empty")?, self.offset)?;
        let talk = cell(Column::Seconds).map(seconds).transpose()?;
        let billed = cell(Column::Minutes).map(minutes).transpose()?;
        let (talk_s, minutes) = match (talk, billed) {
            (Some(talk), Some(billed)) => (talk, billed),
            (Some(talk), None) => (talk, talk.div_ceil(60)),
            // Only minutes are known: this is the longest talk that they allow.
            (None, Some(billed)) => (billed.saturating_mul(60), billed),
            (None, None) => return Err("it has neither seconds nor minutes".to_owned()),
        };
        let ids = [Column::CallId, Column::Unique];
        let sip_ids = ids
            .into_iter()
            .filter_map(cell)
            .map(|id| id.split('@').next().unwrap_or(id).to_owned())
            .collect();
        let key = match cell(Column::Unique).or_else(|| cell(Column::CallId)) {
            Some(unique) => unique.to_owned(),
            None => format!("{callee}/{start}/{talk_s}"),
        };
        Ok(ExternalCallRow {
            line,
            sip_ids,
            key,
            callee,
            start,
            talk_s,
            minutes,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn beijing() -> FixedOffset {
        FixedOffset::east_opt(8 * 3_600).unwrap()
    }

    #[test]
    fn a_chinese_header_says_where_everything_is() {
        let header = StringRecord::from(vec![
            "话单号",
            "主叫号码",
            "被叫号码",
            "开始时间",
            "通话时长（秒）",
            "计费分钟",
        ]);
        let layout = Layout::of_header(&header, &Columns::default(), beijing()).unwrap();
        let row = StringRecord::from(vec!["7", "021", "13800138000", "2026-11-20 10:00:00", "61", "2"]);
        let theirs = layout.read(&row, 2).unwrap();
        assert_eq!((theirs.talk_s, theirs.minutes, theirs.key.as_str()), (61, 2, "7"));
        assert_eq!(theirs.start.to_string(), "2026-11-20T02:00:00.000000Z");
    }

    #[test]
    fn asterisk_writes_16_to_18_columns_and_its_userfield_may_be_a_call_id() {
        let mut cells = vec!["", "1001", "13800138000", "out", "", "SIP/a", "SIP/b", "Dial", ""];
        cells.extend([
            "2026-11-20 10:00:00",
            "",
            "2026-11-20 10:00:09",
            "9",
            "0",
            "NO ANSWER",
            "DOCUMENTATION",
        ]);
        let layout = Layout::asterisk(beijing());
        assert!(layout.read(&StringRecord::from(cells[..15].to_vec()), 1).is_err());
        assert!(layout.read(&StringRecord::from(cells.clone()), 1).is_ok());
        cells.extend(["1763604000.12", "abc@192.0.2.1"]);
        let theirs = layout.read(&StringRecord::from(cells.clone()), 1).unwrap();
        assert_eq!(theirs.sip_ids, ["abc", "1763604000.12"]);
        cells.push("more");
        assert!(layout.read(&StringRecord::from(cells), 1).is_err());
    }
}
