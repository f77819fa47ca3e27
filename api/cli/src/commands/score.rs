//! `ledgerline score`: scores which robot or agent should take a call, manages the weights, and evaluates the
//! score on labeled cases.

use crate::kit::api::{get, post};
use crate::kit::failure::Failure;
use crate::kit::moment::MomentArgs;
use crate::kit::output;
use crate::kit::request_args::RequestArgs;
use domain::ids::CallId;
use domain::routing_score::{Breakdown, CANDIDATES_MAX, RoutingCandidate, RoutingCustomer, Weights, choose};
use intake::bounded_file;
use serde::Deserialize;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::runtime::Runtime;

/// Largest file of cases, in bytes.
const FILE_BYTES_MAX: usize = 64 * 1024 * 1024;

/// Most wrong cases listed in the output.
const NAMED_MAX: usize = 20;

/// Routing score (路由评分): which robot or agent should take a call
#[derive(Debug, clap::Args)]
#[command(after_help = crate::kit::failure::EXIT_CODES)]
pub(crate) struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Evaluate the score on labeled cases: one JSON object per line with customer, candidates and chosen
    ///
    /// total = 0.4 rfm + 0.3 robot_match + 0.2 agent_skill + 0.1 line_quality, each of 1,000; in a tie the
    /// first candidate wins. Prints how often the highest score is the chosen candidate.
    Evaluate {
        /// File of cases
        file: PathBuf,
        /// Weights to use: {"version","rfm","robot_match","agent_skill","line_quality"}, in parts of 1,000
        #[arg(long, value_name = "FILE")]
        weights: Option<PathBuf>,
        /// Print one JSON object
        #[arg(long)]
        json: bool,
    },
    /// Show or set the weights in force, as versions (路由权重)
    Weights {
        #[command(subcommand)]
        action: WeightsAction,
    },
    /// Score the candidates of a call with the weights in force and store every breakdown: a JSON object with
    /// customer and candidates
    Call {
        /// Id of the call
        call: CallId,
        /// JSON file with customer and candidates
        file: PathBuf,
        #[command(flatten)]
        asking: RequestArgs,
    },
    /// Show the scores of a call, each time it was scored
    Show {
        /// Id of the call
        call: CallId,
        #[command(flatten)]
        moment: MomentArgs,
        #[command(flatten)]
        asking: RequestArgs,
    },
}

#[derive(Debug, clap::Subcommand)]
enum WeightsAction {
    /// Show the weights in force, now or as of a past moment
    Show {
        #[command(flatten)]
        moment: MomentArgs,
        #[command(flatten)]
        asking: RequestArgs,
    },
    /// Set new weights, in parts of 1,000 that add up to 1,000; refused if another user changes them at the
    /// same time
    Set {
        #[command(flatten)]
        parts: WeightsArgs,
        /// Reason, for the log; stored permanently, so name no person
        #[arg(long)]
        reason: String,
        #[command(flatten)]
        asking: RequestArgs,
    },
}

/// The weight of each part of the score.
#[derive(Debug, clap::Args)]
struct WeightsArgs {
    /// Weight of the customer's value
    #[arg(long)]
    rfm: u32,
    /// Weight of the candidate's match with industry and region, from past results
    #[arg(long)]
    robot_match: u32,
    /// Weight of the agent's skill for this kind of call
    #[arg(long)]
    agent_skill: u32,
    /// Weight of the quality of the candidate's line
    #[arg(long)]
    line_quality: u32,
}

/// Route of the weights, to read and replace them.
const WEIGHTS: &str = "/api/v1/routing-weights";

/// One labeled case.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    customer: RoutingCustomer,
    candidates: Vec<RoutingCandidate>,
    /// Id of the candidate that people chose.
    chosen: String,
}

pub(crate) async fn run(args: Args, runtime: Arc<Runtime>) -> Result<(), Failure> {
    match args.action {
        Action::Evaluate { file, weights, json } => {
            let weights = match weights {
                Some(path) => weights_of(&path)?,
                None => Weights::PRINTED,
            };
            let report = evaluate(&text_of(&file)?, &weights).map_err(|why| file_failure(&file, &why))?;
            match json {
                true => output::json(&report),
                false => output::pretty(&report),
            }
        }
        Action::Weights { action } => weights(action, runtime).await,
        Action::Call { call, file, asking } => {
            let body: Value =
                serde_json::from_str(&text_of(&file)?).map_err(|error| file_failure(&file, &error))?;
            asking.show(runtime, post(&scores_of(call), &body)).await
        }
        Action::Show { call, moment, asking } => {
            let path = format!("{}{}", scores_of(call), moment.query());
            asking.show(runtime, get(&path)).await
        }
    }
}

fn scores_of(call: CallId) -> String {
    format!("/api/v1/calls/{call}/routing-scores")
}

async fn weights(action: WeightsAction, runtime: Arc<Runtime>) -> Result<(), Failure> {
    match action {
        WeightsAction::Show { moment, asking } => {
            let path = format!("{WEIGHTS}{}", moment.query());
            asking.show(runtime, get(&path)).await
        }
        WeightsAction::Set {
            parts,
            reason,
            asking,
        } => {
            let body = json!({
                "rfm": parts.rfm,
                "robot_match": parts.robot_match,
                "agent_skill": parts.agent_skill,
                "line_quality": parts.line_quality,
                "reason": reason,
            });
            asking
                .replace(runtime, WEIGHTS, WEIGHTS, hyper::Method::PUT, &body)
                .await
        }
    }
}

fn file_failure(path: &Path, why: &dyn std::fmt::Display) -> Failure {
    Failure::usage(format!("{}: {why}", path.display()))
}

fn text_of(path: &Path) -> Result<String, Failure> {
    bounded_file::read_text(path, FILE_BYTES_MAX).map_err(|error| file_failure(path, &error))
}

fn weights_of(path: &Path) -> Result<Weights, Failure> {
    let weights: Weights =
        serde_json::from_str(&text_of(path)?).map_err(|error| file_failure(path, &error))?;
    match weights.fault() {
        None => Ok(weights),
        Some(fault) => Err(file_failure(path, &fault)),
    }
}

/// Scores every case and counts how often the highest score is the chosen candidate. Fails at the first line
/// that cannot be read: leaving it out would change the figure.
fn evaluate(text: &str, weights: &Weights) -> Result<Value, String> {
    let (mut cases, mut right, mut others) = (0_u64, 0_u64, Vec::new());
    for (index, line) in text
        .lines()
        .enumerate()
        .filter(|(_, line)| !line.trim().is_empty())
    {
        let place = index + 1;
        let case: Case = serde_json::from_str(line).map_err(|error| format!("line {place}: {error}"))?;
        if case.candidates.len() > CANDIDATES_MAX {
            return Err(format!("line {place}: more than {CANDIDATES_MAX} candidates"));
        }
        if !case.candidates.iter().any(|one| one.id == case.chosen) {
            return Err(format!(
                "line {place}: {} is not one of its candidates",
                case.chosen
            ));
        }
        let chosen = choose(&case.customer, &case.candidates, weights);
        let (winner, all) = chosen.ok_or_else(|| format!("line {place}: it has no candidates"))?;
        cases += 1;
        let scored = all.get(winner).map(|one| one.candidate.as_str());
        if scored == Some(case.chosen.as_str()) {
            right += 1;
        } else if others.len() < NAMED_MAX {
            others.push(otherwise(place, &case.chosen, winner, &all));
        }
    }
    if cases == 0 {
        return Err("there is no case in it".to_owned());
    }
    Ok(json!({
        "cases": cases,
        "right": right,
        "accuracy_per_mille": right * 1_000 / cases,
        "weights": weights,
        "otherwise": others,
    }))
}

fn otherwise(line: usize, chosen: &str, winner: usize, all: &[Breakdown]) -> Value {
    let of_chosen = all.iter().find(|one| one.candidate == chosen);
    json!({"line": line, "scored": all.get(winner), "chosen": of_chosen})
}

#[cfg(test)]
mod tests {
    use super::*;

    fn case(chosen: &str) -> String {
        let one = |id: &str, skill: u32| json!({"id": id, "kind": "agent", "skill": skill});
        json!({"customer": {"rfm": 500}, "candidates": [one("a", 700), one("b", 700), one("c", 300)],
            "chosen": chosen})
        .to_string()
    }

    #[test]
    fn the_report_has_the_share_of_cases_with_the_same_choice_as_people() {
        let text = [case("a"), case("a"), case("b"), String::new(), case("c")].join("\n");
        let report = evaluate(&text, &Weights::PRINTED).unwrap();
        assert_eq!((&report["cases"], &report["right"]), (&json!(4), &json!(2)));
        assert_eq!(report["accuracy_per_mille"], 500);
        assert_eq!(report["otherwise"][0]["line"], 3);
        assert_eq!(report["otherwise"][1]["chosen"]["candidate"], "c");
    }

    /// Invented cases with labels that the score does not know (`fixtures/PROVENANCE.md`).
    const CASES: &str = include_str!("../../../../fixtures/routing/cases.jsonl");

    #[test]
    fn more_than_85_of_100_shipped_cases_go_to_the_named_user_and_fewer_without_the_match() {
        let report = evaluate(CASES, &Weights::PRINTED).unwrap();
        assert_eq!((&report["cases"], &report["right"]), (&json!(400), &json!(352)));
        assert!(report["accuracy_per_mille"].as_u64() > Some(850), "{report}");
        let blind = Weights {
            version: 2,
            rfm: 700,
            robot_match: 0,
            ..Weights::PRINTED
        };
        let without = evaluate(CASES, &blind).unwrap();
        assert!(without["accuracy_per_mille"].as_u64() < Some(600), "{without}");
        assert_eq!(without["otherwise"][0]["scored"]["weights_version"], 2);
    }

    #[test]
    fn a_case_that_cannot_be_judged_is_an_error_and_not_left_out() {
        for (text, why) in [
            ("", "no case"),
            ("{}", "line 1"),
            (&*case("nobody"), "not one of its candidates"),
        ] {
            assert!(
                evaluate(text, &Weights::PRINTED).unwrap_err().contains(why),
                "{text}"
            );
        }
    }
}
