//! `ledgerline customer reveal`: shows values of one customer in clear, or writes those of many to a file.

use crate::kit::api::post;
use crate::kit::failure::Failure;
use crate::kit::output;
use crate::kit::request_args::{RequestArgs, remove_nulls};
use application::percent::encode;
use application::private_file;
use domain::ids::ApprovalId;
use serde_json::{Value, json};
use std::fs::read_to_string;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::runtime::Runtime;

/// Route for values of many customers.
const MANY: &str = "/api/v1/customers/reveal";

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// One customer: the institution's own customer_id, or our id
    #[arg(required_unless_present_any = ["from", "campaign"])]
    id: Option<String>,
    /// Many customers: a file with one id per line, at most 1,000; needs the approval of another person
    #[arg(long, value_name = "FILE", conflicts_with_all = ["id", "campaign"], requires = "out")]
    from: Option<PathBuf>,
    /// Many customers: all of this campaign, at most 1,000; needs the approval of another person
    #[arg(long, value_name = "TASK_ID", conflicts_with = "id", requires = "out")]
    campaign: Option<String>,
    /// File to write, one JSON object per line; readable by you only
    #[arg(long, value_name = "FILE", conflicts_with = "id")]
    out: Option<PathBuf>,
    /// Values to show: external_id, name, phones, variables
    #[arg(long, value_name = "F,…", required = true, value_delimiter = ',')]
    fields: Vec<String>,
    /// Reason, for the log; no personal data
    #[arg(long, value_name = "TEXT")]
    reason: String,
    /// Id of the approval given by another person
    #[arg(long, value_name = "APPROVAL", conflicts_with = "id")]
    approval: Option<ApprovalId>,
    #[command(flatten)]
    asking: RequestArgs,
}

impl Args {
    pub(super) async fn run(self, runtime: Arc<Runtime>) -> Result<(), Failure> {
        if let Some(id) = &self.id {
            let path = format!("/api/v1/customers/{}/reveal", encode(id));
            let body = json!({ "fields": self.fields, "reason": self.reason });
            return self.asking.show(runtime, post(&path, &body)).await;
        }
        let customers = self.from.as_deref().map(ids).transpose()?;
        let body = remove_nulls(json!({
            "customers": customers, "campaign": self.campaign, "fields": self.fields, "reason": self.reason,
            "approval": self.approval,
        }));
        let reply = self.asking.reply(runtime, post(MANY, &body)).await?;
        let Some(out) = &self.out else {
            return output::pretty(&reply);
        };
        let persons = list(&reply, "persons");
        write(out, persons).map_err(|error| Failure::usage(format!("{}: {error}", out.display())))?;
        self.asking.tell(&json!({
            "file": out.display().to_string(),
            "persons": persons.len(),
            "erased": list(&reply, "erased"),
            "unknown": list(&reply, "unknown"),
        }))
    }
}

/// Reads the customer ids of a file, one per line; blank lines are skipped.
fn ids(file: &Path) -> Result<Vec<String>, Failure> {
    let text = read_to_string(file);
    let text = text.map_err(|error| Failure::usage(format!("{}: {error}", file.display())))?;
    let lines = text
        .lines()
        .map(|line| line.trim().trim_start_matches('\u{feff}'));
    Ok(lines.filter(|line| !line.is_empty()).map(str::to_owned).collect())
}

fn list<'a>(reply: &'a Value, name: &str) -> &'a [Value] {
    reply
        .get(name)
        .and_then(Value::as_array)
        .map_or(&[], Vec::as_slice)
}

/// Writes one JSON value per line to a file that only its owner can read.
pub(super) fn write(out: &Path, lines: &[Value]) -> std::io::Result<()> {
    let mut file = BufWriter::new(private_file::create(out)?);
    for line in lines {
        writeln!(file, "{line}")?;
    }
    file.flush()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_of_ids_is_read_line_by_line() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("ids.txt");
        std::fs::write(&file, "\u{feff}C001\r\n\n  C002 \n").unwrap();
        assert_eq!(ids(&file).unwrap(), ["C001", "C002"]);
        assert!(ids(&dir.path().join("none")).is_err());
    }

    #[test]
    fn each_person_is_a_line_of_a_file_that_only_its_owner_reads() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();
        let out = dir.path().join("out.jsonl");
        write(&out, &[json!({ "name": "张三" }), json!({ "name": "李四" })]).unwrap();
        let text = read_to_string(&out).unwrap();
        assert_eq!(text, "{\"name\":\"张三\"}\n{\"name\":\"李四\"}\n");
        let mode = std::fs::metadata(&out).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}
