//! `ledgerline-bench segment`: how soon a segment over many made-up customers is answered, by the rows that a
//! process keeps for that.

use crate::bounded_figures::{self, BoundedFigure};
use crate::output;
use crate::stopwatch::{Stopwatch, float};
use domain::attribute::{Attribute, TagLevel};
use domain::customer::ProfileChange;
use domain::ids::CustomerId;
use domain::problem::Problem;
use domain::segment::Segment;
use domain::time::Timestamp;
use projections::{CustomerChanges, SegmentRows};
use serde_json::json;

/// Query segments of made-up customers: the one of CUS-5, and others similar to it
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Customers
    #[arg(long, default_value_t = 1_000_000, value_parser = clap::value_parser!(u64).range(1..=5_000_000))]
    customers: u64,
    /// How often each segment is queried
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=100))]
    times: u32,
    /// End with an error if a question takes longer than 1,000 ms, the target over a million customers
    #[arg(long)]
    check: bool,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

/// Target: the longest answer to any of the questions about a segment, in milliseconds, over a million
/// customers (issue 15).
const ASKED_MS_MAX: f64 = 1_000.0;

/// The customers of one transaction.
const AT_ONCE: u64 = 5_000;

const ASKED: [(&str, &str); 4] = [
    (
        "as_required",
        "SELECT * FROM customers WHERE age BETWEEN 25 AND 35 AND last_call_time > DATE_SUB(NOW(), \
         INTERVAL 30 DAY) AND tag LIKE '%信用卡%'",
    ),
    ("tag_alone", "SELECT * FROM customers WHERE tag LIKE '%信用卡%'"),
    ("further", "SELECT * FROM customers WHERE visits_count >= 3"),
    (
        "mixed",
        "SELECT * FROM customers WHERE NOT (region = '浙江' OR balance < 5000) AND tag IS NOT NULL",
    ),
];

pub(crate) async fn run(args: Args) -> Result<(), Problem> {
    let now = Timestamp::from_millis(1_795_000_000_000);
    let watch = Stopwatch::start();
    let rows = SegmentRows::in_memory().await?;
    for first in (0..args.customers).step_by(usize::try_from(AT_ONCE).unwrap_or(1)) {
        let last = (first + AT_ONCE).min(args.customers);
        let people: Result<Vec<CustomerChanges>, Problem> =
            (first..last).map(|number| person(number, now)).collect();
        rows.take(people?).await?;
    }
    let filled_ms = watch.nanos() / 1_000_000;
    let (mut asked, mut held) = (Vec::new(), Vec::new());
    for (name, sql) in ASKED {
        let segment = Segment::read(sql).map_err(|fault| Problem::fault(fault.to_string()))?;
        let (mut count, mut each) = (0, Vec::new());
        for _ in 0..args.times {
            let watch = Stopwatch::start();
            count = rows.count(&segment, now).await?;
            each.push(watch.nanos() / 1_000_000);
        }
        each.sort_unstable();
        let middle = each.get(each.len() / 2).copied().unwrap_or(0);
        let most = each.last().copied().unwrap_or(0);
        asked.push(json!({ "name": name, "count": count, "ms_p50": middle, "ms_max": most }));
        let named = format!("{name}_ms_max");
        held.push(BoundedFigure::new(&named, float(most), ASKED_MS_MAX, "ms"));
        if !args.json {
            output::line(&format!(
                "{name:<12} {count:>8} people  {middle:>6} ms, at most {most} ms"
            ))?;
        }
    }
    let line = json!({ "bench": "segment", "customers": args.customers, "filled_ms": filled_ms,
        "asked": asked, "targets": bounded_figures::to_json_values(&held) });
    if args.json {
        output::json(&line)?;
    } else {
        output::line(&format!("{} customers, filled in {filled_ms} ms", args.customers))?;
        bounded_figures::lines(&held)?;
    }
    bounded_figures::check(&held, args.check)
}

/// Returns the attributes of a made-up person, which follow from the number: the same in every run.
fn person(number: u64, now: Timestamp) -> Result<CustomerChanges, Problem> {
    let id = format!(
        "{:032x}",
        u128::from(number).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835)
    );
    let customer: CustomerId = id
        .parse()
        .map_err(|_wrong| Problem::fault("an id of a customer"))?;
    let drawn = number
        .wrapping_mul(6_364_136_223_846_793_005)
        .wrapping_add(1_442_695_040_888_963_407);
    let below = |salt: u64, end: u64| (drawn.rotate_left(u32::try_from(salt).unwrap_or(0)) >> 20) % end;
    let set = |name: &str, text: String| -> Result<ProfileChange, Problem> {
        let wrong = |_| Problem::fault("a value of a made-up customer");
        let attribute = Attribute::named(name).map_err(|_wrong| Problem::fault("a name"))?;
        let value = attribute.read(&text).map_err(wrong)?;
        Ok(ProfileChange::Set(attribute, value))
    };
    let called = Timestamp::from_micros(
        now.micros() - i64::try_from(below(13, 120 * 24)).unwrap_or(0) * 3_600_000_000,
    );
    let mut changes = vec![
        ProfileChange::Begin,
        set("age", (18 + below(3, 60)).to_string())?,
        set("gender", (if below(7, 2) == 0 { "男" } else { "女" }).to_owned())?,
        set(
            "region",
            (if below(11, 8) == 0 { "浙江" } else { "北京" }).to_owned(),
        )?,
        set("balance", below(17, 20_000).to_string())?,
        set("last_call_time", called.to_string())?,
    ];
    if below(19, 4) == 0 {
        changes.push(set("visits_count", below(23, 6).to_string())?);
    }
    if below(29, 5) == 0 {
        changes.push(ProfileChange::Tag(
            TagLevel::Business,
            "招行信用卡客户".to_owned(),
        ));
    }
    if below(31, 3) == 0 {
        changes.push(ProfileChange::Tag(TagLevel::Basic, "高净值".to_owned()));
    }
    Ok((customer, changes))
}
