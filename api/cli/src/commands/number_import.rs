//! `ledgerline number import`: the numbers of a file, many in a request; with a registry, the list that
//! others keep is of its own day once all of them are told.

use crate::kit::api::post;
use crate::kit::asking::Asking;
use crate::kit::failure::Failure;
use crate::kit::secret::from_env;
use domain::registry_book::AreaCode;
use domain::screening::NumberListName;
use domain::working_calendar::Day;
use intake::number_file::NumberFile;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::fs::File;
use std::io::{BufRead, BufReader, Read, Seek, SeekFrom};
use std::path::PathBuf;
use std::sync::Arc;
use tokio::runtime::Runtime;

/// Numbers of one request, as the route takes them.
const NUMBERS_OF_REQUEST: usize = 500;

/// Digits of an area code of the North American plan, and behind it.
const NANP_AREA_DIGITS: usize = 3;
const NANP_LOCAL_DIGITS: usize = 7;

/// Most lines that a failure names: a screenful.
const LINES_NAMED_MAX: usize = 20;

#[derive(Debug, clap::Args)]
pub(super) struct Import {
    /// A number a line, CSV with a column of numbers, "Unicode text" or XLSX; empty lines and lines that
    /// begin with # are passed over
    file: PathBuf,
    /// The title of the column of numbers, where its usual titles (号码, 手机号, phone, number) are not found
    #[arg(long, value_name = "TITLE")]
    column: Option<String>,
    /// Put them on this list of ours; they are suppressed unless it is said
    #[arg(long, value_name = "NAME", conflicts_with = "registry")]
    list: Option<NumberListName>,
    /// The list that others keep (禁呼登记) whose edition this file is, such as us-dnc
    #[arg(long, value_name = "NAME", requires = "as_of")]
    registry: Option<NumberListName>,
    /// The list's own date: when whoever keeps it handed it out
    #[arg(long, value_name = "DAY", requires = "registry")]
    as_of: Option<Day>,
    /// What the lines are
    #[arg(long, value_enum, default_value_t = Lines::Numbers)]
    format: Lines,
    /// The environment variable that holds the salt of the digests
    #[arg(long, value_name = "NAME", requires = "registry")]
    salt_env: Option<String>,
    /// Why, for the log
    #[arg(long, value_name = "TEXT")]
    reason: String,
    #[command(flatten)]
    asking: Asking,
}

/// What the lines of a file are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Lines {
    /// Numbers in any usual form
    Numbers,
    /// Area code, comma, seven digits: full lists of the national registry of the United States
    UsDnc,
    /// SHA-256 of the salt and the number in international form, 64 hexadecimal digits
    Sha256,
}

impl Lines {
    /// The member of a request that holds such rows.
    const fn member(self) -> &'static str {
        match self {
            Self::Numbers | Self::UsDnc => "numbers",
            Self::Sha256 => "digests",
        }
    }

    /// What is sent of a line; `None` where it is none of such a list. A line of a list of changes has more
    /// values than two: such a list is not taken for a full one.
    fn row(self, line: &str) -> Option<String> {
        match self {
            Self::Numbers | Self::Sha256 => Some(line.to_owned()),
            Self::UsDnc => us_number(line).map(|(area, local)| format!("+1{area}{local}")),
        }
    }

    /// The area code that a line is about.
    fn area(self, line: &str) -> Option<AreaCode> {
        match self {
            Self::Numbers | Self::Sha256 => None,
            Self::UsDnc => us_number(line).and_then(|(area, _)| area.parse().ok()),
        }
    }
}

/// `202,5550123`: three digits and seven; whether somebody can have the number, the server says.
fn us_number(line: &str) -> Option<(&str, &str)> {
    let (area, local) = line.split_once(',')?;
    let (area, local) = (area.trim(), local.trim());
    let digits = |text: &str, count| text.len() == count && text.bytes().all(|byte| byte.is_ascii_digit());
    (digits(area, NANP_AREA_DIGITS) && digits(local, NANP_LOCAL_DIGITS)).then_some((area, local))
}

/// What became of a file's numbers.
#[derive(Default)]
struct Sum {
    good: u64,
    unchanged: u64,
    /// Numbers without a country code, suppressed in every country in use in which they exist.
    in_several_countries: u64,
    /// The lines that could not be read, or whose number was refused: it may be one that must not be called.
    bad_lines: Vec<usize>,
    /// The lines with a whole number that nobody can call.
    uncallable_lines: Vec<usize>,
    /// The area codes of its lines.
    areas: BTreeSet<AreaCode>,
}

impl Sum {
    /// Takes the lines of a part that are none of such a list out of it; they are not asked about.
    fn keep_readable(&mut self, format: Lines, part: Vec<(usize, String)>) -> Vec<(usize, String)> {
        let mut rows = Vec::with_capacity(part.len());
        for (line, text) in part {
            match format.row(&text) {
                Some(row) => {
                    self.areas.extend(format.area(&text));
                    rows.push((line, row));
                }
                None => self.bad_lines.push(line),
            }
        }
        rows
    }

    fn add(&mut self, rows: &[(usize, String)], reply: &Value) {
        self.good += reply["good"].as_u64().unwrap_or(0);
        self.unchanged += reply["unchanged"].as_u64().unwrap_or(0);
        self.in_several_countries += reply["in_several_countries"].as_u64().unwrap_or(0);
        for refused in reply["refused"].as_array().into_iter().flatten() {
            let row = refused["row"].as_u64().and_then(|row| usize::try_from(row).ok());
            let line = row.and_then(|row| rows.get(row)).map(|(line, _)| *line);
            match refused["code"].as_str() {
                Some("uncallable") => self.uncallable_lines.extend(line),
                Some(_) | None => self.bad_lines.extend(line),
            }
        }
    }

    /// A last line without an end is one that was cut off, unless it is a number all the same.
    fn note_cut_off(&mut self, last: usize) {
        if self.uncallable_lines.last() == Some(&last) {
            self.bad_lines.extend(self.uncallable_lines.pop());
        }
    }
}

/// Whether the last line of a file has no end; of what is no file nobody knows, and it is taken so. It is
/// read from its beginning afterwards.
fn ends_open(file: &mut File) -> std::io::Result<bool> {
    if file.seek(SeekFrom::End(-1)).is_err() {
        return Ok(true);
    }
    let mut last = [0];
    file.read_exact(&mut last)?;
    file.rewind()?;
    Ok(last != *b"\n")
}

/// The next lines of a file with their numbers, as many as go in one request.
fn part_of(lines: &mut NumberedLines) -> std::io::Result<Vec<(usize, String)>> {
    let mut part = Vec::with_capacity(NUMBERS_OF_REQUEST);
    for (index, line) in lines {
        let line = line?;
        let number = line.trim();
        if !number.is_empty() && !number.starts_with('#') {
            part.push((index + 1, number.to_owned()));
        }
        if part.len() == NUMBERS_OF_REQUEST {
            break;
        }
    }
    Ok(part)
}

/// Tells the numbers of a file the same, many in a request. A line that is no number is told of and the
/// others count; where the server cannot take them, it ends there and says behind which line: what was told
/// stays told, and the same file again goes on. A registry is of its day only when all of it was told, and
/// every line could be read.
pub(super) async fn run(order: Import, runtime: Arc<Runtime>) -> Result<(), Failure> {
    let salt = order.salt()?;
    let name = order.file.display().to_string();
    let unavailable = |error: std::io::Error| Failure::unavailable(format!("{name}: {error}"));
    let (mut lines, is_open_ended) = order.lines().map_err(unavailable)?;
    let client = order.asking.client(runtime).await?;
    let (mut sum, mut line) = (Sum::default(), 0);
    let mut ended = loop {
        let part = match part_of(&mut lines) {
            Ok(part) => part,
            Err(error) => break Err(unavailable(error).with(&hint_behind(line))),
        };
        let Some((last, _)) = part.last() else {
            break Ok(());
        };
        let last = *last;
        let rows = sum.keep_readable(order.format, part);
        if !rows.is_empty() {
            match post("/api/v1/numbers/import", &order.body_of(&rows))
                .ask(&client)
                .await
            {
                Ok(reply) => sum.add(&rows, &reply),
                Err(failure) => break Err(failure.with(&hint_behind(line))),
            }
        }
        line = last;
    };
    if ended.is_ok() && is_open_ended {
        sum.note_cut_off(line);
    }
    sum.bad_lines.sort_unstable();
    let mut registry = Value::Null;
    if let (Ok(()), Some(body)) = (&ended, order.edition_of(&sum, salt)) {
        match post("/api/v1/registries", &body).ask(&client).await {
            Ok(reply) => registry = reply,
            Err(failure) => ended = Err(failure),
        }
    }
    client.close().await;
    order.asking.tell(&told(&sum, registry))?;
    ended?;
    order.found(&name, &sum)
}

fn told(sum: &Sum, registry: Value) -> Value {
    let mut told = json!({
        "good": sum.good, "unchanged": sum.unchanged, "in_several_countries": sum.in_several_countries,
        "bad": sum.bad_lines.len(), "bad_lines": sum.bad_lines,
        "uncallable": sum.uncallable_lines.len(), "uncallable_lines": sum.uncallable_lines,
    });
    if let (Some(members), false) = (told.as_object_mut(), registry.is_null()) {
        members.insert("registry".to_owned(), registry);
    }
    told
}

/// Lines with their numbers from 0.
type NumberedLines = Box<dyn Iterator<Item = (usize, std::io::Result<String>)> + Send>;

impl Import {
    /// The lines of the file, and whether the last of them may have been cut off. Numbers come in any file
    /// that a contact list may be; other lists are text.
    fn lines(&self) -> std::io::Result<(NumberedLines, bool)> {
        if self.format == Lines::Numbers {
            let file = NumberFile::open(&self.file, self.column.as_deref());
            let file = file.map_err(std::io::Error::other)?;
            let is_open_ended = file.ends_open;
            return Ok((Box::new(file), is_open_ended));
        }
        let mut file = File::open(&self.file)?;
        let is_open_ended = ends_open(&mut file)?;
        Ok((Box::new(BufReader::new(file).lines().enumerate()), is_open_ended))
    }

    /// The salt, which stands in no argument.
    fn salt(&self) -> Result<Option<String>, Failure> {
        if self.format == Lines::Sha256 && self.registry.is_none() {
            let why = "digests are of a list that others keep: say --registry and --as-of";
            return Err(Failure::usage(why));
        }
        let Some(name) = &self.salt_env else {
            return Ok(None);
        };
        if self.format != Lines::Sha256 {
            return Err(Failure::usage("--salt-env is of digests: say --format sha256"));
        }
        from_env(Some(name))
    }

    /// The list that rows are put on: digests stand on their registry, numbers of one are suppressed.
    fn put_on(&self) -> Option<&NumberListName> {
        match self.format {
            Lines::Sha256 => self.registry.as_ref(),
            Lines::Numbers | Lines::UsDnc => self.list.as_ref(),
        }
    }

    /// What of a file was not taken, as whoever imported it must know: of a registry any line that could not
    /// be read, of another list any that holds no number that can be called.
    fn found(&self, file: &str, sum: &Sum) -> Result<(), Failure> {
        let (bad, uncallable) = (sum.bad_lines.len(), sum.uncallable_lines.len());
        match (&self.registry, self.as_of) {
            (Some(_), Some(_)) if bad == 0 => Ok(()),
            (Some(registry), Some(as_of)) => Err(Failure::found(format!(
                "{file}: lines {} are none of this list's form, so {registry} is not as of {as_of}; the other \
                 lines are told and bind: correct the file, and import it again with the same --as-of",
                listed(&sum.bad_lines)
            ))),
            (None, _) | (_, None) if bad + uncallable == 0 => Ok(()),
            (None, _) | (_, None) => Err(Failure::found(format!(
                "{file}: {} lines hold no number that can be called; the others are told",
                bad + uncallable
            ))),
        }
    }

    fn body_of(&self, rows: &[(usize, String)]) -> Value {
        let rows: Vec<&str> = rows.iter().map(|(_, row)| row.as_str()).collect();
        let mut body = json!({ "reason": self.reason });
        if let Some(members) = body.as_object_mut() {
            members.insert(self.format.member().to_owned(), json!(rows));
            if let Some(list) = self.put_on() {
                members.insert("list".to_owned(), json!(list.as_str()));
            }
        }
        body
    }

    /// What is said of the list when all its numbers are told; nothing where a line could not be read.
    fn edition_of(&self, sum: &Sum, salt: Option<String>) -> Option<Value> {
        let (registry, as_of) = (self.registry.as_ref()?, self.as_of?);
        if !sum.bad_lines.is_empty() {
            return None;
        }
        let form = match self.format {
            Lines::Numbers | Lines::UsDnc => "clear",
            Lines::Sha256 => "sha256",
        };
        let mut body = json!({
            "registry": registry.as_str(), "as_of": as_of.to_string(), "form": form,
            "areas": sum.areas, "numbers": sum.good, "uncallable": sum.uncallable_lines.len(),
            "reason": self.reason,
        });
        if let (Some(members), Some(salt)) = (body.as_object_mut(), salt) {
            members.insert("salt".to_owned(), json!(salt));
        }
        Some(body)
    }
}

/// The first of many lines; all of them stand in what is told.
fn listed(lines: &[usize]) -> String {
    let first = lines.iter().take(LINES_NAMED_MAX).map(usize::to_string);
    let mut text = first.collect::<Vec<_>>().join(", ");
    if lines.len() > LINES_NAMED_MAX {
        text.push_str(&format!(" and {} more", lines.len() - LINES_NAMED_MAX));
    }
    text
}

fn hint_behind(line: usize) -> String {
    format!("it ended behind line {line}; what was told before stays told: import the same file again")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_the_national_registry_is_area_code_and_seven_digits() {
        let format = Lines::UsDnc;
        assert_eq!(format.row("202,5550123").as_deref(), Some("+12025550123"));
        assert_eq!(format.area(" 202 , 5550123 ").unwrap().to_string(), "202");
        // Of its form, and nobody can have it: the server says so.
        assert_eq!(format.row("102,5550123").as_deref(), Some("+11025550123"));
        assert_eq!(format.area("102,5550123"), None);
        // A list of changes, and lines that are cut off or of something else.
        for bad in [
            "202,5550123,2026-03-02,A",
            "2025550123",
            "202,555012",
            "202,",
            "2",
        ] {
            assert_eq!((format.row(bad), format.area(bad)), (None, None), "{bad}");
        }
        let usual = Lines::Numbers.row("138 0013 8000");
        assert_eq!(usual.as_deref(), Some("138 0013 8000"));
    }

    fn import(format: &str) -> Import {
        use clap::Parser as _;
        #[derive(clap::Parser)]
        struct Line {
            #[command(flatten)]
            order: Import,
        }
        let line = [
            "x",
            "a.txt",
            "--registry",
            "us-dnc",
            "--as-of",
            "2026-03-02",
            "--reason",
            "March",
        ];
        Line::parse_from(line.iter().copied().chain(["--format", format])).order
    }

    /// A number may have stood in a line that nobody could read: the list is of no new day by such a file.
    #[test]
    fn a_registry_is_of_its_day_only_where_every_line_could_be_read() {
        let order = import("us-dnc");
        let file = |lines: [&str; 3]| {
            let mut sum = Sum::default();
            let numbered = lines
                .iter()
                .enumerate()
                .map(|(at, text)| (at + 1, (*text).to_owned()));
            let rows = sum.keep_readable(Lines::UsDnc, numbered.collect());
            let refused = rows
                .iter()
                .enumerate()
                .filter(|(_, (_, row))| row.starts_with("+11"));
            let refused: Vec<Value> = refused
                .map(|(row, _)| json!({ "row": row, "code": "uncallable" }))
                .collect();
            sum.add(
                &rows,
                &json!({ "good": rows.len() - refused.len(), "refused": refused }),
            );
            sum
        };
        let whole = file(["202,5550123", "102,5550123", "212,5550123"]);
        let edition = order.edition_of(&whole, None).unwrap();
        assert_eq!(
            (&edition["numbers"], &edition["uncallable"], &edition["areas"]),
            (&json!(2), &json!(1), &json!(["202", "212"]))
        );
        assert!(order.found("a.txt", &whole).is_ok());
        let torn = file(["202,5550123", "102,5550123", "212,55"]);
        assert_eq!(order.edition_of(&torn, None), None);
        let failed = format!("{:?}", order.found("a.txt", &torn).unwrap_err());
        assert!(
            failed.contains("lines 3 are none") && failed.contains("2026-03-02"),
            "{failed}"
        );
        assert_eq!(told(&torn, Value::Null)["bad_lines"], json!([3]));
        // Cut off behind the digits of another number.
        let mut cut = file(["202,5550123", "212,5550123", "102,5550123"]);
        cut.note_cut_off(3);
        assert_eq!(order.edition_of(&cut, None), None);
        // What the server would not take is no reason to say that it did.
        let mut other = Sum::default();
        other.add(
            &[(7, "x".to_owned())],
            &json!({ "refused": [{ "row": 0, "code": "refused" }] }),
        );
        assert_eq!(other.bad_lines, [7]);
    }

    #[test]
    fn a_file_goes_in_parts_with_the_numbers_of_its_lines() {
        let texts = (0..NUMBERS_OF_REQUEST + 2).map(|index| match index {
            0 => "# a list".to_owned(),
            1 => String::new(),
            number => format!("  {number} "),
        });
        let mut lines: NumberedLines = Box::new(texts.map(Ok).enumerate());
        let first = part_of(&mut lines).unwrap();
        assert_eq!(
            (first.len(), &first[0]),
            (NUMBERS_OF_REQUEST, &(3, "2".to_owned()))
        );
        assert!(part_of(&mut lines).unwrap().is_empty());
    }
}
