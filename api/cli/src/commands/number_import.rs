//! `ledgerline number import`: sends the numbers of a file, many per request. With a registry, the edition
//! gets its date after all numbers are sent.

use crate::kit::api::post;
use crate::kit::failure::Failure;
use crate::kit::lines_file::{copy_pipe, lacks_final_newline};
use crate::kit::request_args::RequestArgs;
use crate::kit::secret::from_env;
use crate::kit::table_args::TableArgs;
use domain::registry_book::AreaCode;
use domain::screening::NumberListName;
use domain::working_calendar::Day;
use host::outbound::api_client::ApiClient;
use intake::ImportError;
use intake::number_file::{DefaultSheets, LineForm, NumberLine, each_number};
use intake::table::{HiddenRows, TableOptions, WorkbookReport};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::runtime::{Handle, Runtime};

/// Numbers per request, the limit of the route.
const NUMBERS_OF_REQUEST: usize = 500;

/// Digits of an area code in the North American Numbering Plan.
const NANP_AREA_DIGITS: usize = 3;
/// Digits after the area code.
const NANP_LOCAL_DIGITS: usize = 7;

/// Most lines that a failure lists: one screen.
const LINES_NAMED_MAX: usize = 20;

#[derive(Debug, clap::Args)]
pub(super) struct NumberImportArgs {
    /// CSV or XLSX file with a column phone, 手机号 or 号码, or one number per line; empty and # lines are skipped
    file: PathBuf,
    /// Title of the column of numbers, if it is none of the usual ones (号码, 手机号, phone, number)
    #[arg(long, value_name = "TITLE")]
    column: Option<String>,
    #[command(flatten)]
    table: TableArgs,
    /// Put the numbers on this allowlist; without it they are suppressed
    #[arg(long, value_name = "NAME", conflicts_with = "registry")]
    list: Option<NumberListName>,
    /// External registry (外部黑名单) of this edition, for example us-dnc
    #[arg(long, value_name = "NAME", requires = "as_of")]
    registry: Option<NumberListName>,
    /// Date of the edition, set by the registry
    #[arg(long, value_name = "DAY", requires = "registry")]
    as_of: Option<Day>,
    /// Form of the lines
    #[arg(long, value_enum, default_value_t = LineFormat::Numbers)]
    format: LineFormat,
    /// Environment variable that holds the salt of the digests
    #[arg(long, value_name = "NAME", requires = "registry")]
    salt_env: Option<String>,
    /// Reason, for the log
    #[arg(long, value_name = "TEXT")]
    reason: String,
    #[command(flatten)]
    asking: RequestArgs,
}

/// The form of a file's lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum LineFormat {
    /// Numbers in any usual form
    Numbers,
    /// Area code, comma, seven digits: full lists of the national registry of the United States
    UsDnc,
    /// SHA-256 of the salt and the number in international form, 64 hexadecimal digits
    Sha256,
}

impl LineFormat {
    /// Returns the name of the request's member that holds rows of this form: `numbers` or `digests`.
    const fn member(self) -> &'static str {
        match self {
            Self::Numbers | Self::UsDnc => "numbers",
            Self::Sha256 => "digests",
        }
    }

    /// Returns how a file of this form is read; `column` is the title of the column given by the user.
    fn line_form(self, column: Option<&str>) -> LineForm {
        match self {
            Self::Numbers | Self::Sha256 => LineForm::Column(column.map(str::to_owned)),
            Self::UsDnc => LineForm::WholeLine,
        }
    }

    /// Returns the row to send for a line; `None` if the line does not have this form. A line of a list of
    /// changes has more than two values, so it is not mistaken for a full list.
    fn row(self, line: &str) -> Option<String> {
        match self {
            Self::Numbers | Self::Sha256 => Some(line.to_owned()),
            Self::UsDnc => us_number(line).map(|(area, local)| format!("+1{area}{local}")),
        }
    }

    /// Returns the area code of a line, if this form has one.
    fn area(self, line: &str) -> Option<AreaCode> {
        match self {
            Self::Numbers | Self::Sha256 => None,
            Self::UsDnc => us_number(line).and_then(|(area, _)| area.parse().ok()),
        }
    }
}

/// Splits `202,5550123` into area code and local number; `None` for another form. The server checks more.
fn us_number(line: &str) -> Option<(&str, &str)> {
    let (area, local) = line.split_once(',')?;
    let (area, local) = (area.trim(), local.trim());
    let digits = |text: &str, count| text.len() == count && text.bytes().all(|byte| byte.is_ascii_digit());
    (digits(area, NANP_AREA_DIGITS) && digits(local, NANP_LOCAL_DIGITS)).then_some((area, local))
}

/// The result of an import.
#[derive(Default)]
struct NumberImportTotals {
    good: u64,
    /// `None` unless replies have this count: the API sends it to users who may see all numbers in clear.
    unchanged: Option<u64>,
    /// Numbers without country code, suppressed in each country in use where they are valid.
    in_several_countries: u64,
    /// Lines that could not be read or were refused: such a line may hold a number that must not be called.
    bad_lines: Vec<usize>,
    /// Lines with a complete number that cannot be called.
    uncallable_lines: Vec<usize>,
    /// Area codes of the lines.
    areas: BTreeSet<AreaCode>,
    /// For a workbook: the sheets read, and what each hides.
    sheets: Vec<WorkbookReport>,
}

impl NumberImportTotals {
    /// Removes lines that do not have the form of the list and notes them as bad. Returns the rows to send.
    fn keep_readable(&mut self, format: LineFormat, part: Vec<(usize, String)>) -> Vec<(usize, String)> {
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

    /// Treats the last line of a file without a final line end as cut off, unless its number can be called.
    fn note_cut_off(&mut self, last: usize) {
        if self.uncallable_lines.last() == Some(&last) {
            self.bad_lines.extend(self.uncallable_lines.pop());
        }
    }
}

/// Sends the numbers of a file, many per request. Bad lines are listed and the others are imported. If the
/// server fails, the import stops and prints the last line sent: the numbers before it stay, and a repeated
/// import continues. A registry gets its new date only if every line was read and every number sent.
pub(super) async fn run(order: NumberImportArgs, runtime: Arc<Runtime>) -> Result<(), Failure> {
    let salt = order.salt()?;
    let name = order.file.display().to_string();
    let unavailable = |error: std::io::Error| Failure::unavailable(format!("{name}: {error}"));
    let copy = copy_pipe(&order.file).map_err(unavailable)?;
    let path = copy
        .as_ref()
        .map_or(order.file.as_path(), tempfile::NamedTempFile::path);
    let is_open_ended = lacks_final_newline(path).map_err(unavailable)?;
    let client = order.asking.client(runtime).await?;
    let mut sending = NumberUpload {
        order: &order,
        client: &client,
        sum: NumberImportTotals::default(),
        part: Vec::with_capacity(NUMBERS_OF_REQUEST),
        sent_to: 0,
        failure: None,
    };
    // The file is read on this thread, which blocks during each request.
    let read = tokio::task::block_in_place(|| sending.read(path));
    let NumberUpload {
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
    order.asking.tell(&to_report(&sum, registry))?;
    ended?;
    order.found(&name, &sum)
}

/// An import in progress.
struct NumberUpload<'a> {
    order: &'a NumberImportArgs,
    client: &'a ApiClient,
    sum: NumberImportTotals,
    part: Vec<(usize, String)>,
    /// Last line that was sent or skipped.
    sent_to: usize,
    /// Failure of the last request; nothing more is sent after it.
    failure: Option<Failure>,
}

impl NumberUpload<'_> {
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

    /// Adds a line to the next request. Returns false if the server failed.
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

fn to_report(sum: &NumberImportTotals, registry: Value) -> Value {
    let mut report = json!({
        "good": sum.good, "unchanged": sum.unchanged, "in_several_countries": sum.in_several_countries,
        "bad": sum.bad_lines.len(), "bad_lines": sum.bad_lines,
        "uncallable": sum.uncallable_lines.len(), "uncallable_lines": sum.uncallable_lines,
        "sheets": sum.sheets,
    });
    if let (Some(members), false) = (report.as_object_mut(), registry.is_null()) {
        members.insert("registry".to_owned(), registry);
    }
    report
}

impl NumberImportArgs {
    /// Returns how the file is read. An allowlist permits calls, so hidden rows are left out; suppressions
    /// and registries forbid calls, so hidden rows are included.
    fn reading(&self) -> Result<(TableOptions, DefaultSheets), ImportError> {
        let (unsaid, sheets) = match self.list {
            Some(_) => (HiddenRows::Exclude, DefaultSheets::FirstVisible),
            None => (HiddenRows::Include, DefaultSheets::All),
        };
        Ok((self.table.options(unsaid)?, sheets))
    }

    /// Returns the salt of the digests, from the environment variable that `--salt-env` names.
    fn salt(&self) -> Result<Option<String>, Failure> {
        if self.format == LineFormat::Sha256 && self.registry.is_none() {
            let why = "digests need a registry: give --registry and --as-of";
            return Err(Failure::usage(why));
        }
        let Some(name) = &self.salt_env else {
            return Ok(None);
        };
        if self.format != LineFormat::Sha256 {
            return Err(Failure::usage(
                "--salt-env applies only to digests: give --format sha256",
            ));
        }
        from_env(Some(name))
    }

    /// Returns the list on which the rows are put, digests on their registry; `None`: they are suppressed.
    fn put_on(&self) -> Option<&NumberListName> {
        match self.format {
            LineFormat::Sha256 => self.registry.as_ref(),
            LineFormat::Numbers | LineFormat::UsDnc => self.list.as_ref(),
        }
    }

    /// Fails if lines were not imported: unreadable ones of a registry, else ones without a callable number.
    fn found(&self, file: &str, sum: &NumberImportTotals) -> Result<(), Failure> {
        let (bad, uncallable) = (sum.bad_lines.len(), sum.uncallable_lines.len());
        match (&self.registry, self.as_of) {
            (Some(_), Some(_)) if bad == 0 => Ok(()),
            (Some(registry), Some(as_of)) => Err(Failure::found(format!(
                "{file}: lines {} are not in the list format, so {registry} is not set to {as_of}; the other \
                 lines are stored and apply: correct the file, and import it again with the same --as-of",
                listed(&sum.bad_lines)
            ))),
            (None, _) | (_, None) if bad + uncallable == 0 => Ok(()),
            (None, _) | (_, None) => Err(Failure::found(format!(
                "{file}: {} lines have no number that can be called; the others are stored",
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

    /// Returns the request that sets the edition's date; `None` if a line could not be read.
    fn edition_of(&self, sum: &NumberImportTotals, salt: Option<String>) -> Option<Value> {
        let (registry, as_of) = (self.registry.as_ref()?, self.as_of?);
        if !sum.bad_lines.is_empty() {
            return None;
        }
        let form = match self.format {
            LineFormat::Numbers | LineFormat::UsDnc => "clear",
            LineFormat::Sha256 => "sha256",
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

/// Formats the first of many line numbers; the output has all of them.
fn listed(lines: &[usize]) -> String {
    let first: Vec<String> = lines.iter().take(LINES_NAMED_MAX).map(usize::to_string).collect();
    let more = lines.len().saturating_sub(first.len());
    let more = (more > 0).then(|| format!(" and {more} more"));
    first.join(", ") + more.as_deref().unwrap_or_default()
}

fn hint_behind(line: usize) -> String {
    format!("it stopped after line {line}; the numbers before it are stored: import the same file again")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_the_national_registry_is_area_code_and_seven_digits() {
        let format = LineFormat::UsDnc;
        assert_eq!(format.row("202,5550123").as_deref(), Some("+12025550123"));
        assert_eq!(format.area(" 202 , 5550123 ").unwrap().to_string(), "202");
        // It has the right form but cannot be assigned; the server decides that.
        assert_eq!(format.row("102,5550123").as_deref(), Some("+11025550123"));
        assert_eq!(format.area("102,5550123"), None);
        // A list of changes, and lines that are cut off or have another content.
        for bad in [
            "202,5550123,2026-03-02,A",
            "2025550123",
            "202,555012",
            "202,",
            "2",
        ] {
            assert_eq!((format.row(bad), format.area(bad)), (None, None), "{bad}");
        }
        let usual = LineFormat::Numbers.row("138 0013 8000");
        assert_eq!(usual.as_deref(), Some("138 0013 8000"));
    }

    fn import(format: &str) -> NumberImportArgs {
        use clap::Parser as _;
        #[derive(clap::Parser)]
        struct Line {
            #[command(flatten)]
            order: NumberImportArgs,
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

    /// An unreadable line may hold a number, so the registry does not get a new date.
    #[test]
    fn a_registry_is_of_its_day_only_where_every_line_could_be_read() {
        let order = import("us-dnc");
        let file = |lines: [&str; 3]| {
            let mut sum = NumberImportTotals::default();
            let numbered = lines
                .iter()
                .enumerate()
                .map(|(at, text)| (at + 1, (*text).to_owned()));
            let rows = sum.keep_readable(LineFormat::UsDnc, numbered.collect());
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
            failed.contains("lines 3 are not in") && failed.contains("2026-03-02"),
            "{failed}"
        );
        assert_eq!(to_report(&torn, Value::Null)["bad_lines"], json!([3]));
        // The last line is cut off after digits that belong to another number.
        let mut cut = file(["202,5550123", "212,5550123", "102,5550123"]);
        cut.note_cut_off(3);
        assert_eq!(order.edition_of(&cut, None), None);
        // A refused row is not counted as imported.
        let mut other = NumberImportTotals::default();
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
                order: NumberImportArgs,
            }
            let line = ["x", "a.xlsx", "--reason", "March"];
            let order = Line::parse_from(line.iter().chain(words).copied()).order;
            let (options, sheets) = order.reading().unwrap();
            (options.hidden_rows, sheets)
        };
        assert_eq!(reading(&[]), (HiddenRows::Include, DefaultSheets::All));
        let registry = ["--registry", "us-dnc", "--as-of", "2026-03-02"];
        assert_eq!(reading(&registry), (HiddenRows::Include, DefaultSheets::All));
        assert_eq!(
            reading(&["--list", "consented"]),
            (HiddenRows::Exclude, DefaultSheets::FirstVisible)
        );
        let said = ["--list", "consented", "--hidden-rows", "include"];
        assert_eq!(reading(&said).0, HiddenRows::Include);
    }
}
