//! `ledgerline metrics`: lists metric definitions, shows a metric by name and version, and checks every
//! figure against its events.

use crate::kit::failure::Failure;
use crate::kit::output;
use crate::kit::table::pad;
use ::projections::ReadDb;
use ::projections::metrics::{
    DrillRequest, ITEMS_MAX, Metric, MetricPart, MetricText, Scope, catalog, drill_down, reference,
};
use ::projections::views::metric_board::{Dimension, Figure};
use application::figures::{Answer, MetricQuery, describe_metric, find};
use application::format_localized;
use application::language::Language;
use application::language::localized;
use application::reply_value::value;
use domain::ids::CampaignId;
use domain::ports::event_store::EventStore;
use domain::problem::Problem;
use domain::stored_event::Position;
use host::app::ReadOnlyLog;
use host::read_db_spec::ReadDbArgs;
use host::store_spec::{LogArgs, StoreSpec};
use serde_json::{Value, json};
use std::path::PathBuf;

/// Width of the result of a check before its metric, in columns.
const WORD_COLUMNS: usize = 8;

/// The format that prints the reference page of `/metrics`.
const PROMETHEUS: &str = "prometheus";

/// Metrics (指标): definitions, figures by name and version, and a check against the events
///
/// Without a name, the definitions are listed. With a name, the figure is read from the views of --data; a
/// server may be running. --check computes every metric from the log and compares: exit code 1 if one
/// differs.
#[derive(Debug, clap::Args)]
#[command(after_help = crate::kit::failure::EXIT_CODES)]
pub(crate) struct Args {
    /// Name of a metric, for example answer_ratio_per_call
    name: Option<String>,
    /// Version of the definition; default: the headline version (answered ÷ dialed), followed by the other
    /// versions
    #[arg(long, requires = "name")]
    version: Option<u32>,
    /// Only this campaign
    #[arg(long, value_name = "ID")]
    campaign: Option<CampaignId>,
    /// Split by campaign, hour, day, trunk or flow_version
    #[arg(long, value_name = "COLUMN", requires = "name")]
    by: Option<String>,
    /// Compare every figure with the events behind it, computed from the log alone
    #[arg(long, conflicts_with = "name")]
    check: bool,
    /// Print a reference page instead: markdown (these metrics) or prometheus (those of /metrics)
    #[arg(
        long,
        value_name = "FORMAT",
        value_parser = ["markdown", PROMETHEUS],
        conflicts_with_all = ["name", "check"]
    )]
    format: Option<String>,
    /// Data directory; holds the log too, unless --store is given
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// The log: sqlite:DIR, postgres://USER@db.example/DB or kurrent://db.example:2113
    #[arg(long, value_name = "URL")]
    store: Option<StoreSpec>,
    #[command(flatten)]
    read_db: ReadDbArgs,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

impl Args {
    /// Returns true if the command may end when the reader of its output ends: not during a check, which
    /// continues to its verdict.
    pub(crate) const fn only_shows(&self) -> bool {
        !self.check
    }
}

pub(crate) async fn run(args: Args) -> Result<(), Failure> {
    if args.name.is_none() && !args.check {
        return definitions(&args);
    }
    let log = LogArgs {
        data: args.data.clone(),
        store: args.store.clone(),
    };
    let (data, spec) = log.place()?;
    let opened = ReadOnlyLog::of(&spec).await?;
    let done = match opened.rows(&args.read_db.spec(&data)).await {
        Ok(rows) if args.check => check(&args, opened.store.as_ref(), rows.as_ref()).await,
        Ok(rows) => show(&args, rows.as_ref()).await,
        Err(error) => Err(Failure::from(error)),
    };
    opened.close().await;
    done
}

fn definitions(args: &Args) -> Result<(), Failure> {
    let catalog = catalog()?;
    match args.format.as_deref() {
        Some(PROMETHEUS) => return output::line(http::metric_reference::reference_page().trim_end()),
        Some(_) => return output::line(reference(catalog).trim_end()),
        None => {}
    }
    if args.json {
        let described = catalog.metrics().iter().map(describe_metric);
        let items: Vec<_> = described.collect();
        return output::json(&json!({ "items": items }));
    }
    for metric in catalog.metrics() {
        let awaits = metric.awaits.as_ref();
        let awaits = awaits.map_or_else(String::new, |awaits| {
            format_localized!("（等待 {awaits}）", " [awaits {awaits}]")
        });
        output::line(&format!(
            "{:<38} v{}  {}{awaits}",
            metric.name,
            metric.version,
            in_language(&metric.label)
        ))?;
    }
    Ok(())
}

async fn show(args: &Args, rows: &dyn ReadDb) -> Result<(), Failure> {
    let metric = find(args.name.as_deref().unwrap_or_default(), args.version).map_err(to_failure)?;
    let by = args.by.as_deref().map(|code| {
        Dimension::from_code(code)
            .ok_or_else(|| Failure::usage(format!("there is no column {code:?}: see --help")))
    });
    let asked = MetricQuery::of(metric, scope(args), by.transpose()?).map_err(to_failure)?;
    let answer = asked.answer(rows).await.map_err(to_failure)?;
    if args.json {
        let mut shown = value(&asked.describe(&answer));
        if let Some(members) = shown.as_object_mut() {
            let position = answer.complete.position.to_string();
            members.insert("complete_up_to".to_owned(), json!(position));
        }
        return output::json(&shown);
    }
    format_figure(&asked, &answer)
        .iter()
        .try_for_each(|line| output::line(line))
}

/// Returns the figure as lines for people: its name and version, its values, then the other versions.
pub(super) fn format_figure(asked: &MetricQuery, answer: &Answer) -> Vec<String> {
    let mut lines = defined(asked.metric).to_vec();
    if let Some(awaits) = &asked.metric.awaits {
        lines.push(format_localized!(
            "暂无数字：等待 {awaits}",
            "no figure yet: awaits {awaits}"
        ));
        return lines;
    }
    lines.extend(answer.figures.iter().map(figure_line));
    for (metric, figures) in &answer.beside {
        lines.extend(defined(metric));
        lines.extend(figures.iter().map(figure_line));
    }
    lines.push(format_localized!(
        "数据完整至位置 {}",
        "complete up to position {}",
        answer.complete.position
    ));
    lines
}

fn defined(metric: &Metric) -> [String; 2] {
    [
        format!(
            "{} v{}  {}",
            metric.name,
            metric.version,
            in_language(&metric.label)
        ),
        in_language(&metric.definition).to_owned(),
    ]
}

fn in_language(texts: &MetricText) -> &str {
    Language::current().pick((&texts.zh, &texts.en))
}

fn figure_line(figure: &Figure) -> String {
    let value = figure
        .value
        .map_or_else(|| "-".to_owned(), |value| format!("{value:.4}"));
    let counts = parts(&[Some(figure.numerator), figure.denominator]);
    let key = figure.key.as_deref().unwrap_or(localized("全部", "all"));
    format!("{key:<24} {value:>12}  = {counts}")
}

/// Compares the figure of every metric and version in the rows with the one computed from the log.
async fn check(args: &Args, store: &dyn EventStore, rows: &dyn ReadDb) -> Result<(), Failure> {
    let mut lines = Vec::new();
    let mut wrong = Vec::new();
    for metric in catalog()?
        .metrics()
        .iter()
        .filter(|metric| metric.awaits.is_none())
    {
        let asked = MetricQuery::of(metric, scope(args), None).map_err(to_failure)?;
        let answer = asked.answer(rows).await.map_err(to_failure)?;
        let figure = answer.figures.first();
        let shown = [
            figure.map(|one| one.numerator),
            figure.and_then(|one| one.denominator),
        ];
        let until = answer.complete.position;
        let mut counted = [None, None];
        for (part, found) in [MetricPart::Numerator, MetricPart::Denominator]
            .into_iter()
            .zip(&mut counted)
        {
            if metric.term_of(part).is_some() {
                *found = Some(drilled(args, store, metric, part, until).await?);
            }
        }
        let name = format!("{} v{}", metric.name, metric.version);
        if shown != counted {
            wrong.push(name.clone());
        }
        lines.push((name, shown, counted));
    }
    if args.json {
        let items = lines.iter().map(|(name, shown, counted)| {
            json!({ "metric": name, "rows": shown, "events": counted, "agree": shown == counted })
        });
        let items: Vec<Value> = items.collect();
        output::json(&json!({ "agree": wrong.is_empty(), "metrics": items }))?;
    } else {
        for (name, shown, counted) in &lines {
            let word = match shown == counted {
                true => localized("一致", "ok"),
                false => localized("不一致", "differs"),
            };
            let (shown, counted) = (parts(shown), parts(counted));
            output::line(&format_localized!(
                "{} {name:<42} 读模型 {shown}，事件 {counted}",
                "{} {name:<42} rows {shown}, events {counted}",
                pad(word, WORD_COLUMNS)
            ))?;
        }
    }
    if wrong.is_empty() {
        return Ok(());
    }
    Err(Failure::found(format_localized!(
        "数字与事件不一致：{}",
        "figures differ from their events: {}",
        wrong.join(", ")
    )))
}

/// Formats numerator and denominator; `-` if there is no row yet.
fn parts([numerator, denominator]: &[Option<i64>; 2]) -> String {
    let numerator = numerator.map_or_else(|| "-".to_owned(), |count| count.to_string());
    match denominator {
        Some(denominator) => format!("{numerator} / {denominator}"),
        None => numerator,
    }
}

async fn drilled(
    args: &Args,
    store: &dyn EventStore,
    metric: &Metric,
    part: MetricPart,
    until: Position,
) -> Result<i64, Failure> {
    let drill = DrillRequest {
        metric,
        part,
        scope: scope(args),
        until,
        after: Position(0),
        limit: ITEMS_MAX,
    };
    let found = drill_down(catalog()?, store, &drill, &|| true).await;
    found
        .map(|found| found.figure)
        .map_err(|error| Failure::unavailable(error.to_string()))
}

fn scope(args: &Args) -> Scope {
    Scope {
        campaign: args.campaign.clone(),
        ..Scope::default()
    }
}

fn to_failure(problem: Problem) -> Failure {
    if problem.is_ours() {
        return Failure::unavailable(problem.detail);
    }
    Failure::usage(problem.detail)
}

#[cfg(test)]
mod tests {
    use crate::commands::metrics::parts;

    #[test]
    fn a_figure_is_shown_as_people_write_it() {
        assert_eq!(parts(&[Some(43), Some(73)]), "43 / 73");
        assert_eq!(parts(&[Some(43), None]), "43");
        assert_eq!(parts(&[None, None]), "-");
    }
}
