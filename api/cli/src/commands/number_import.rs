//! `ledgerline number import`: the numbers of a file, many in a request; with a registry, the list that
//! others keep is of its own day once all of them are told.

use crate::kit::api::post;
use crate::kit::asking::Asking;
use crate::kit::failure::Failure;
use crate::kit::lines_file::{ends_open, regular};
use crate::kit::secret::from_env;
use crate::kit::table_args::TableArgs;
use domain::registry_book::AreaCode;
use domain::screening::NumberListName;
use domain::working_calendar::Day;
use host::outbound::api_client::ApiClient;
use intake::ImportError;
use intake::number_file::{LineForm, NumberLine, Sheets, each_number};
use intake::table::{HiddenRows, TableOptions, WorkbookReport};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::runtime::{Handle, Runtime};

/// Numbers of one request, as the route takes them.
const NUMBERS_OF_REQUEST: usize = 500;

/// Digits of an area code of the North American plan, and behind it.
const NANP_AREA_DIGITS: usize = 3;
const NANP_LOCAL_DIGITS: usize = 7;

/// Most lines that a failure names: a screenful.
const LINES_NAMED_MAX: usize = 20;

#[derive(Debug, clap::Args)]
pub(super) struct Import {
    /// CSV or XLSX with a column titled phone, 手机号 or 号码, or a number a line; empty lines and lines that
    /// begin with # are passed over
    file: PathBuf,
    /// The title of the column of numbers, where its usual titles (号码, 手机号, phone, number) are not found
    #[arg(long, value_name = "TITLE")]
    column: Option<String>,
    #[command(flatten)]
    table: TableArgs,
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

    /// `column` is the title that the user names.
    fn line_form(self, column: Option<&str>) -> LineForm {
        match self {
            Self::Numbers | Self::Sha256 => LineForm::Column(column.map(str::to_owned)),
            Self::UsDnc => LineForm::WholeLine,
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
    /// Of the replies with this count. The API gives it only to callers who may see every number in clear.
    unchanged: Option<u64>,
    /// Numbers without a country code, suppressed in every country in use in which they exist.
    in_several_countries: u64,
    /// The lines that could not be read, or whose number was refused: it may be one that must not be called.
    bad_lines: Vec<usize>,
    /// The lines with a whole number that nobody can call.
    uncallable_lines: Vec<usize>,
    /// The area codes of its lines.
    areas: BTreeSet<AreaCode>,
    /// Of a workbook: the sheets that were read, and what each hides.
    sheets: Vec<WorkbookReport>,
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
        if let Some(unchanged) = reply["unchanged"].as_u64() {
            self.unchanged = Some(self.unchanged.unwrap_or(0) + unchanged);
        }
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

/// Sends the numbers of a file, many in a request. A line that is no number is named and the others count.
/// Where the server cannot take them, it ends there and says behind which line: the numbers before stay,
/// and the same file again goes on. A registry is of its day only when all of it was sent, and every line
/// could be read.
pub(super) async fn run(order: Import, runtime: Arc<Runtime>) -> Result<(), Failure> {
    let salt = order.salt()?;
    let name = order.file.display().to_string();
    let unavailable = |error: std::io::Error| Failure::unavailable(format!("{name}: {error}"));
    let copy = regular(&order.file).map_err(unavailable)?;
    let path = copy
        .as_ref()
        .map_or(order.file.as_path(), tempfile::NamedTempFile::path);
    let is_open_ended = ends_open(path).map_err(unavailable)?;
    let client = order.asking.client(runtime).await?;
    let mut sending = Sending {
        order: &order,
        client: &client,
        sum: Sum::default(),
        part: Vec::with_capacity(NUMBERS_OF_REQUEST),
        sent_to: 0,
        failure: None,
    };
    // The file is read on this thread, which waits for each request.
    let read = tokio::task::block_in_place(|| sending.read(path));
    let Sending {
        mut sum,
        sent_to,
        failure,
        ..
    } = sending;
    let mut ended = match (failure, read) {
        (Some(failure), _) => Err(failure.with(&hint_behind(sent_to))),
        (None, Err(error)) => Err(Failure::refused(format!("{name}: {error}")).with(&hint_behind(sent_to))),
        (None, Ok(())) => Ok(()),
    };
    if ended.is_ok() && is_open_ended {
        sum.note_cut_off(sent_to);
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

/// The numbers of a file on their way.
struct Sending<'a> {
    order: &'a Import,
    client: &'a ApiClient,
    sum: Sum,
    part: Vec<(usize, String)>,
    /// The last line that was sent, or was none.
    sent_to: usize,
    /// Why the server took no more.
    failure: Option<Failure>,
}

impl Sending<'_> {
    fn read(&mut self, path: &Path) -> Result<(), ImportError> {
        let (options, sheets) = self.order.reading()?;
        let form = self.order.format.line_form(self.order.column.as_deref());
        let reports = each_number(path, options, form, sheets, &mut |line| Ok(self.take(line)))?;
        if self.failure.is_none() {
            self.send();
        }
        self.sum.sheets = reports;
        Ok(())
    }

    /// False when the server takes no more.
    fn take(&mut self, line: NumberLine) -> bool {
        let at = usize::try_from(line.line).unwrap_or(usize::MAX);
        match line.number {
            Ok(number) => self.part.push((at, number.trim().to_owned())),
            Err(_) => self.sum.bad_lines.push(at),
        }
        if self.part.len() >= NUMBERS_OF_REQUEST {
            self.send();
        }
        self.failure.is_none()
    }

    fn send(&mut self) {
        let part = std::mem::replace(&mut self.part, Vec::with_capacity(NUMBERS_OF_REQUEST));
        let Some((last, _)) = part.last() else {
            return;
        };
        let last = *last;
        let rows = self.sum.keep_readable(self.order.format, part);
        if !rows.is_empty() {
            let body = self.order.body_of(&rows);
            let asked = post("/api/v1/numbers/import", &body);
            match Handle::current().block_on(asked.ask(self.client)) {
                Ok(reply) => self.sum.add(&rows, &reply),
                Err(failure) => {
                    self.failure = Some(failure);
                    return;
                }
            }
        }
        self.sent_to = last;
    }
}

fn told(sum: &Sum, registry: Value) -> Value {
    let mut told = json!({
        "good": sum.good, "unchanged": sum.unchanged, "in_several_countries": sum.in_several_countries,
        "bad": sum.bad_lines.len(), "bad_lines": sum.bad_lines,
        "uncallable": sum.uncallable_lines.len(), "uncallable_lines": sum.uncallable_lines,
        "sheets": sum.sheets,
    });
    if let (Some(members), false) = (told.as_object_mut(), registry.is_null()) {
        members.insert("registry".to_owned(), registry);
    }
    told
}

impl Import {
    /// How the file is read. A list of ours lets campaigns call its numbers; suppressions and lists that
    /// others keep forbid calls, and lose no hidden row.
    fn reading(&self) -> Result<(TableOptions, Sheets), ImportError> {
        let (unsaid, sheets) = match self.list {
            Some(_) => (HiddenRows::Exclude, Sheets::FirstVisible),
            None => (HiddenRows::Include, Sheets::All),
        };
        Ok((self.table.options(unsaid)?, sheets))
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

/// The first of many lines; the failure's members have all of them.
fn listed(lines: &[usize]) -> String {
    let first: Vec<String> = lines.iter().take(LINES_NAMED_MAX).map(usize::to_string).collect();
    let more = lines.len().saturating_sub(first.len());
    let more = (more > 0).then(|| format!(" and {more} more"));
    first.join(", ") + more.as_deref().unwrap_or_default()
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
    fn hidden_rows_are_read_of_lists_that_forbid_calls_alone() {
        let reading = |words: &[&str]| {
            use clap::Parser as _;
            #[derive(clap::Parser)]
            struct Line {
                #[command(flatten)]
                order: Import,
            }
            let line = ["x", "a.xlsx", "--reason", "March"];
            let order = Line::parse_from(line.iter().chain(words).copied()).order;
            let (options, sheets) = order.reading().unwrap();
            (options.hidden_rows, sheets)
        };
        assert_eq!(reading(&[]), (HiddenRows::Include, Sheets::All));
        let registry = ["--registry", "us-dnc", "--as-of", "2026-03-02"];
        assert_eq!(reading(&registry), (HiddenRows::Include, Sheets::All));
        assert_eq!(
            reading(&["--list", "consented"]),
            (HiddenRows::Exclude, Sheets::FirstVisible)
        );
        let said = ["--list", "consented", "--hidden-rows", "include"];
        assert_eq!(reading(&said).0, HiddenRows::Include);
    }
}
