//! `ledgerline number import`: the numbers of a file, many in a request; with a registry, the list that
//! others keep is of its own day once all of them are told.

use crate::kit::api::post;
use crate::kit::asking::Asking;
use crate::kit::failure::Failure;
use crate::kit::secret::from_env;
use domain::registry_book::AreaCode;
use domain::screening::NumberListName;
use domain::working_calendar::Day;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::sync::Arc;
use tokio::runtime::Runtime;

/// Numbers of one request, as the route takes them.
const NUMBERS_OF_REQUEST: usize = 500;

/// Digits of a number of the North American plan behind its area code.
const NANP_LOCAL_DIGITS: usize = 7;

#[derive(Debug, clap::Args)]
pub(super) struct Import {
    /// A number a line; empty lines and lines that begin with # are passed over
    file: PathBuf,
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

    /// What is sent of a line; a line that is none of such a list is sent as it is, and refused by its row. A
    /// line of a list of changes has more values than two: such a list is not taken for a full one.
    fn row(self, line: &str) -> String {
        match self {
            Self::Numbers | Self::Sha256 => line.to_owned(),
            Self::UsDnc => us_number(line).map_or_else(|| line.replace(',', ";"), |(_, number)| number),
        }
    }

    /// The area code that a line is about.
    fn area(self, line: &str) -> Option<AreaCode> {
        match self {
            Self::Numbers | Self::Sha256 => None,
            Self::UsDnc => us_number(line).map(|(area, _)| area),
        }
    }
}

/// `202,5550123`: the area code, and the number in international form.
fn us_number(line: &str) -> Option<(AreaCode, String)> {
    let (area, local) = line.split_once(',')?;
    let area: AreaCode = area.trim().parse().ok()?;
    let local = local.trim();
    let digits = local.len() == NANP_LOCAL_DIGITS && local.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| (area, format!("+1{area}{local}")))
}

/// What became of a file's numbers.
#[derive(Default)]
struct Sum {
    good: u64,
    unchanged: u64,
    /// The lines that hold no number.
    bad_lines: Vec<usize>,
    /// The area codes of its lines.
    areas: BTreeSet<AreaCode>,
}

impl Sum {
    fn add(&mut self, part: &[(usize, String)], reply: &Value) {
        self.good += reply["good"].as_u64().unwrap_or(0);
        self.unchanged += reply["unchanged"].as_u64().unwrap_or(0);
        for refused in reply["refused"].as_array().into_iter().flatten() {
            let row = refused["row"].as_u64().and_then(|row| usize::try_from(row).ok());
            let line = row.and_then(|row| part.get(row)).map(|(line, _)| *line);
            self.bad_lines.extend(line);
        }
    }
}

/// The next lines of a file with their numbers, as many as go in one request.
fn part_of(
    lines: &mut impl Iterator<Item = (usize, std::io::Result<String>)>,
) -> std::io::Result<Vec<(usize, String)>> {
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
/// stays told, and the same file again goes on. A registry is of its day only when all of it was told.
pub(super) async fn run(order: Import, runtime: Arc<Runtime>) -> Result<(), Failure> {
    let salt = order.salt()?;
    let file = order.file.display().to_string();
    let unavailable = |error: std::io::Error| Failure::unavailable(format!("{file}: {error}"));
    let mut lines = BufReader::new(File::open(&order.file).map_err(unavailable)?)
        .lines()
        .enumerate();
    let client = order.asking.client(runtime).await?;
    let (mut sum, mut line) = (Sum::default(), 0);
    let mut ended = loop {
        let part = match part_of(&mut lines) {
            Ok(part) => part,
            Err(error) => break Err(unavailable(error).with(&hint_behind(line))),
        };
        let last = part.last().map_or(line, |(line, _)| *line);
        if part.is_empty() {
            break Ok(());
        }
        sum.areas
            .extend(part.iter().filter_map(|(_, text)| order.format.area(text)));
        match post("/api/v1/numbers/import", &order.body_of(&part))
            .ask(&client)
            .await
        {
            Ok(reply) => sum.add(&part, &reply),
            Err(failure) => break Err(failure.with(&hint_behind(line))),
        }
        line = last;
    };
    let mut registry = Value::Null;
    if let (Ok(()), Some(body)) = (&ended, order.edition_of(&sum, salt)) {
        match post("/api/v1/registries", &body).ask(&client).await {
            Ok(reply) => registry = reply,
            Err(failure) => ended = Err(failure),
        }
    }
    client.close().await;
    let bad = sum.bad_lines.len();
    let mut told = json!({
        "good": sum.good, "unchanged": sum.unchanged, "bad": bad, "bad_lines": sum.bad_lines,
    });
    if let (Some(members), false) = (told.as_object_mut(), registry.is_null()) {
        members.insert("registry".to_owned(), registry);
    }
    order.asking.tell(&told)?;
    ended?;
    match bad {
        0 => Ok(()),
        _ => Err(Failure::found(format!(
            "{file}: {bad} lines hold no number; the others are told"
        ))),
    }
}

impl Import {
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

    fn body_of(&self, part: &[(usize, String)]) -> Value {
        let rows: Vec<String> = part.iter().map(|(_, text)| self.format.row(text)).collect();
        let mut body = json!({ "reason": self.reason });
        if let Some(members) = body.as_object_mut() {
            members.insert(self.format.member().to_owned(), json!(rows));
            if let Some(list) = self.put_on() {
                members.insert("list".to_owned(), json!(list.as_str()));
            }
        }
        body
    }

    /// What is said of the list when all its numbers are told.
    fn edition_of(&self, sum: &Sum, salt: Option<String>) -> Option<Value> {
        let (registry, as_of) = (self.registry.as_ref()?, self.as_of?);
        let form = match self.format {
            Lines::Numbers | Lines::UsDnc => "clear",
            Lines::Sha256 => "sha256",
        };
        let mut body = json!({
            "registry": registry.as_str(), "as_of": as_of.to_string(), "form": form,
            "areas": sum.areas, "numbers": sum.good, "bad": sum.bad_lines.len(), "reason": self.reason,
        });
        if let (Some(members), Some(salt)) = (body.as_object_mut(), salt) {
            members.insert("salt".to_owned(), json!(salt));
        }
        Some(body)
    }
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
        assert_eq!(format.row("202,5550123"), "+12025550123");
        assert_eq!(format.area(" 202 , 5550123 ").unwrap().to_string(), "202");
        // A list of changes, and lines that are no numbers: refused by their rows.
        for bad in [
            "202,5550123,2026-03-02,A",
            "2025550123",
            "102,5550123",
            "202,555012",
        ] {
            assert_eq!(format.area(bad), None, "{bad}");
            assert!(!format.row(bad).starts_with('+'), "{bad}");
        }
        assert_eq!(Lines::Numbers.row("138 0013 8000"), "138 0013 8000");
    }

    #[test]
    fn a_file_goes_in_parts_with_the_numbers_of_its_lines() {
        let texts = (0..NUMBERS_OF_REQUEST + 2).map(|index| match index {
            0 => "# a list".to_owned(),
            1 => String::new(),
            number => format!("  {number} "),
        });
        let mut lines = texts.map(Ok).enumerate();
        let first = part_of(&mut lines).unwrap();
        assert_eq!(
            (first.len(), &first[0]),
            (NUMBERS_OF_REQUEST, &(3, "2".to_owned()))
        );
        assert!(part_of(&mut lines).unwrap().is_empty());
    }
}
