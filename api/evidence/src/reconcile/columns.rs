//! Finds the columns of a bill: as the user gave them, otherwise by usual titles in Chinese or English.

use csv::StringRecord;
use std::collections::BTreeMap;
use std::str::FromStr;

/// The columns that a bill may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Column {
    Callee,
    Start,
    Seconds,
    Minutes,
    CallId,
    Unique,
}

impl Column {
    const ALL: [Self; 6] = [
        Self::Callee,
        Self::Start,
        Self::Seconds,
        Self::Minutes,
        Self::CallId,
        Self::Unique,
    ];

    /// Returns the column's name in `--columns`.
    const fn name(self) -> &'static str {
        match self {
            Self::Callee => "callee",
            Self::Start => "start_time",
            Self::Seconds => "talk_seconds",
            Self::Minutes => "billed_minutes",
            Self::CallId => "sip_call_id",
            Self::Unique => "record_id",
        }
    }

    /// Returns the column's usual titles in bills, in lower case, the most certain first.
    const fn titles(self) -> &'static [&'static str] {
        match self {
            Self::Callee => &[
                "被叫号码",
                "被叫",
                "被叫号",
                "对方号码",
                "called_number",
                "called",
                "callee",
                "destination",
                "dst",
            ],
            Self::Start => &[
                "开始时间",
                "呼叫时间",
                "通话开始时间",
                "起始时间",
                "start_time",
                "start",
                "call_time",
                "setup_time",
            ],
            Self::Seconds => &[
                "计费时长(秒)",
                "计费时长",
                "计费秒数",
                "通话时长(秒)",
                "通话时长",
                "通话秒数",
                "时长(秒)",
                "时长",
                "billsec",
                "billed_seconds",
                "talk_seconds",
                "duration_seconds",
                "duration",
            ],
            Self::Minutes => &[
                "计费分钟",
                "计费分钟数",
                "分钟数",
                "通话分钟",
                "billed_minutes",
                "minutes",
            ],
            Self::CallId => &[
                "sip_call_id",
                "call_id",
                "call-id",
                "callid",
                "呼叫标识",
                "呼叫id",
            ],
            Self::Unique => &["话单号", "话单id", "流水号", "record_id", "uniqueid", "id"],
        }
    }
}

/// Pairs of a title and a column, such as `被叫=callee,时长=talk_seconds`. A title may contain anything except
/// `=` and `,`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Columns(Vec<(String, Column)>);

impl FromStr for Columns {
    type Err = String;

    /// Parses pairs separated by commas or newlines; lines that begin with `#` are ignored. Fails on an
    /// unknown column name.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut pairs: Vec<(String, Column)> = Vec::new();
        let said = text.lines().filter(|line| !line.trim_start().starts_with('#'));
        let parts = said.flat_map(|line| line.split([',', '，']));
        for part in parts.filter(|part| !part.trim().is_empty()) {
            let (title, name) = part
                .split_once('=')
                .ok_or_else(|| format!("{part:?} is not TITLE=COLUMN"))?;
            let name = name.trim();
            let column = Column::ALL.into_iter().find(|one| one.name() == name);
            let column = column.ok_or_else(|| {
                let known = Column::ALL.map(Column::name).join(", ");
                format!("{name:?} is not one of {known}")
            })?;
            if pairs.iter().any(|(_, taken)| *taken == column) {
                return Err(format!("{name} is given twice"));
            }
            pairs.push((plain(title), column));
        }
        Ok(Self(pairs))
    }
}

impl Columns {
    /// Returns the index of each column in a header: by the titles that the user gave, otherwise by usual
    /// titles. Fails with what is missing.
    pub fn places(&self, header: &StringRecord) -> Result<BTreeMap<Column, usize>, String> {
        let titles: Vec<String> = header.iter().map(plain).collect();
        let mut places = BTreeMap::new();
        for (title, column) in &self.0 {
            let place = titles.iter().position(|one| one == title);
            let place = place.ok_or_else(|| format!("the header has no column {title:?}"))?;
            places.insert(*column, place);
        }
        for column in Column::ALL {
            if places.contains_key(&column) {
                continue;
            }
            let free = |title: &str| {
                let place = titles.iter().position(|one| one == title)?;
                (!places.values().any(|taken| *taken == place)).then_some(place)
            };
            let found = column.titles().iter().find_map(|title| free(title));
            if let Some(place) = found {
                places.insert(column, place);
            }
        }
        needed(&places, header)?;
        Ok(places)
    }
}

fn needed(places: &BTreeMap<Column, usize>, header: &StringRecord) -> Result<(), String> {
    let missing = |column: &Column| !places.contains_key(column);
    let lacks = |what: &str| {
        let titles: Vec<&str> = header.iter().collect();
        let shown: String = titles.join(", ").chars().take(400).collect();
        format!("the header has no column {what}; it has: {shown}. Name it with --columns TITLE=NAME")
    };
    if missing(&Column::Callee) {
        return Err(lacks("被叫号码 (callee)"));
    }
    if missing(&Column::Start) {
        return Err(lacks("开始时间 (start_time)"));
    }
    if missing(&Column::Seconds) && missing(&Column::Minutes) {
        return Err(lacks("通话时长 (talk_seconds) or 计费分钟 (billed_minutes)"));
    }
    Ok(())
}

/// Returns a title without blanks at its ends and byte order mark, and with ASCII brackets, for comparison.
fn plain(title: &str) -> String {
    title
        .trim_matches(|c: char| c.is_whitespace() || c == '\u{feff}')
        .replace('（', "(")
        .replace('）', ")")
        .to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(titles: &[&str]) -> StringRecord {
        StringRecord::from(titles.to_vec())
    }

    #[test]
    fn what_the_user_says_of_a_column_is_not_guessed_away() {
        let said: Columns = "# their sheet\n接收方=callee\n拨出=start_time，秒=talk_seconds"
            .parse()
            .unwrap();
        let places = said.places(&header(&["时长", "接收方", "拨出", "秒"])).unwrap();
        let expected = [(Column::Callee, 1), (Column::Start, 2), (Column::Seconds, 3)];
        assert_eq!(places, expected.into());
    }

    #[test]
    fn a_column_that_was_given_away_is_not_taken_by_a_guess() {
        let said: Columns = "时长=billed_minutes".parse().unwrap();
        let places = said.places(&header(&["被叫", "开始时间", "时长"])).unwrap();
        assert_eq!(places.get(&Column::Minutes), Some(&2));
        assert_eq!(places.get(&Column::Seconds), None);
    }

    #[test]
    fn a_mapping_that_cannot_hold_says_why() {
        for (text, why) in [
            ("callee", "not TITLE=COLUMN"),
            ("被叫=caller", "not one of callee"),
            ("a=callee,b=callee", "given twice"),
        ] {
            let refused = text.parse::<Columns>().unwrap_err();
            assert!(refused.contains(why), "{refused}");
        }
        let said: Columns = "没有=callee".parse().unwrap();
        let refused = said.places(&header(&["被叫", "开始时间", "时长"])).unwrap_err();
        assert!(refused.contains("没有"), "{refused}");
    }

    #[test]
    fn a_header_without_a_needed_column_is_reported_with_its_columns() {
        for titles in [
            ["开始时间", "通话时长"],
            ["被叫号码", "通话时长"],
            ["被叫号码", "开始时间"],
        ] {
            let refused = Columns::default().places(&header(&titles)).unwrap_err();
            assert!(
                refused.contains(titles[0]) && refused.contains("--columns"),
                "{refused}"
            );
        }
    }
}
