//! `ledgerline-bench pacing`: our pacer and other methods, on floors of agents made from a seed.

use crate::output;
use crate::pacing_plot::{Point, svg};
use crate::stopwatch::Stopwatch;
use domain::problem::Problem;
use pacing::baselines::{
    AdaptivePacer, ErlangPacer, FixedRatioPacer, NaivePacer, ProgressivePacer, SafeBurstPacer,
};
use pacing::bursts::safe_burst;
use pacing::erlang::{erlang_b, erlang_c};
use pacing::floor::TimeDistributions;
use pacing::trial::{AnswerRateCourse, DropLimitPeriod, Trial, TrialOutcome, run as try_out};
use pacing::{Pacer, PredictivePacer};
use serde_json::{Value, json};
use std::path::PathBuf;

/// Dial for floors of agents made from a seed: how busy the agents are, and how many answered calls find no
/// free agent, by pacer
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Eight-hour days of each trial; the law counts thirty together, and fewer have no floor to reach
    #[arg(long, default_value_t = 30, value_parser = clap::value_parser!(u16).range(1..=365))]
    days: u16,
    /// Only floors of so many agents
    #[arg(long)]
    agents: Option<u32>,
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Draw the gain of each pacer by answer rate into this file (SVG)
    #[arg(long, value_name = "FILE")]
    plot: Option<PathBuf>,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

const AGENTS: [u32; 4] = [5, 20, 50, 200];
const RATES: [f64; 4] = [0.1, 0.2, 0.35, 0.6];
/// Targets: the least gain on a steady floor, by agents, then by answer rate (`docs/pacing.md`, Score).
const FLOORS: [[f64; 4]; 4] = [
    [0.57, 0.47, 0.35, 0.21],
    [0.79, 0.73, 0.63, 0.43],
    [0.88, 0.84, 0.78, 0.64],
    [0.95, 0.93, 0.91, 0.86],
];
/// The days that the law counts together, from a cold start.
const WINDOW_DAYS: u16 = 30;
/// How much less than on a steady floor the gain may be if the answer rate changes.
const MOVING: f64 = 0.03;
/// The fixed ratios of calls to free agents that are tried; the best that complies with the law is used.
const RATIOS: [f64; 8] = [1.0, 1.2, 1.5, 2.0, 2.5, 3.0, 4.0, 6.0];

struct Score {
    pacer: &'static str,
    trial: Trial,
    outcome: TrialOutcome,
    /// Only our pacer has one.
    floor: Option<f64>,
}

impl Score {
    fn holds(&self) -> bool {
        let lawful = self.outcome.abandon_ratio_max <= 0.03;
        let gain = self.outcome.gain(self.trial.rate);
        self.floor.is_none_or(|floor| lawful && gain >= floor)
    }

    fn value(&self) -> Value {
        json!({
            "pacer": self.pacer, "agents": self.trial.agents, "p": self.trial.rate,
            "course": self.trial.course.name(), "stationary": self.trial.course == AnswerRateCourse::Steady,
            "gain": self.outcome.gain(self.trial.rate), "floor": self.floor, "holds": self.holds(),
            "occupancy_ratio": self.outcome.occupancy_ratio,
            "abandon_ratio_max": self.outcome.abandon_ratio_max, "answers": self.outcome.answers,
        })
    }

    fn line(&self) -> String {
        format!(
            "{:>4} agents  p {:<5} {:<15} {:<14} gain {:>6.3}{}  busy {:.4}  abandoned {:.4}{}",
            self.trial.agents,
            self.trial.rate,
            self.trial.course.name(),
            self.pacer,
            self.outcome.gain(self.trial.rate),
            self.floor
                .map_or(String::new(), |floor| format!(" (floor {floor:.2})")),
            self.outcome.occupancy_ratio,
            self.outcome.abandon_ratio_max,
            if self.holds() { "" } else { "  does NOT hold" },
        )
    }
}

pub(crate) fn run(args: &Args) -> Result<(), Problem> {
    let watch = Stopwatch::start();
    let shape = TimeDistributions::default();
    let mut scores = Vec::new();
    for (agents, floors) in AGENTS.into_iter().zip(FLOORS) {
        if args.agents.is_some_and(|wanted| wanted != agents) {
            continue;
        }
        for (rate, floor) in RATES.into_iter().zip(floors) {
            for score in cell(args, &shape, Cell { agents, rate, floor }) {
                if !args.json {
                    output::line(&score.line())?;
                }
                scores.push(score);
            }
        }
    }
    let failed = scores.iter().filter(|score| !score.holds()).count();
    if args.json {
        output::json(&json!({
            "days": args.days, "seed": args.seed, "took_ms": watch.nanos() / 1_000_000,
            "bursts": bursts(), "erlang": erlangs(),
            "scores": scores.iter().map(Score::value).collect::<Vec<_>>(), "failed": failed,
        }))?;
    }
    if let Some(file) = &args.plot {
        std::fs::write(file, svg(&points(&scores)))?;
    }
    if failed == 0 {
        return Ok(());
    }
    Err(Problem::refused(
        "below-target",
        format!("{failed} scores of our pacer are below their floor, or above three of a hundred"),
    ))
}

/// Returns the points of steady floors for the picture: all pacers are tried only there. Of the fixed
/// ratios there is one per cell, the best.
fn points(scores: &[Score]) -> Vec<Point> {
    let steady = scores
        .iter()
        .filter(|score| score.trial.course == AnswerRateCourse::Steady);
    let drawn = steady.map(|score| Point {
        pacer: score.pacer,
        agents: score.trial.agents,
        rate: score.trial.rate,
        gain: score.outcome.gain(score.trial.rate),
        floor: score.floor,
        is_lawful: score.outcome.abandon_ratio_max <= 0.03,
    });
    drawn.collect()
}

struct Cell {
    agents: u32,
    rate: f64,
    floor: f64,
}

/// Measures one number of agents and answer rate: our pacer on every course of the answer rate, the others
/// on the steady one. Of the fixed ratios, only the best one within the legal limit is returned.
fn cell(args: &Args, shape: &TimeDistributions, cell: Cell) -> Vec<Score> {
    let trial = |course| Trial {
        agents: cell.agents,
        rate: cell.rate,
        course,
        ledger: DropLimitPeriod::ThirtyDays,
        days: usize::from(args.days),
        seed: args.seed,
    };
    let score = |mut pacer: Box<dyn Pacer>, course, floor| Score {
        pacer: pacer.name(),
        trial: trial(course),
        outcome: try_out(&trial(course), pacer.as_mut()),
        floor,
    };
    let ours = AnswerRateCourse::ALL.map(|course| {
        // The average of the rate changes with it at noon: no floor is stated for that.
        let floor = match course {
            AnswerRateCourse::Steady => Some(cell.floor),
            AnswerRateCourse::Drifts | AnswerRateCourse::Bursts => Some(cell.floor - MOVING),
            AnswerRateCourse::HalvesAtNoon => None,
        };
        // Floors are stated for thirty days: a few days depend too much on chance.
        let floor = floor.filter(|_| args.days >= WINDOW_DAYS);
        score(Box::new(PredictivePacer::new(shape.clone())), course, floor)
    });
    let others: [Box<dyn Pacer>; 6] = [
        Box::new(ProgressivePacer),
        Box::new(NaivePacer::default()),
        Box::new(ErlangPacer::default()),
        Box::new(SafeBurstPacer::default()),
        Box::new(AdaptivePacer::fast()),
        Box::new(AdaptivePacer::slow()),
    ];
    let fixed = RATIOS.map(|ratio| {
        score(
            Box::new(FixedRatioPacer { ratio }),
            AnswerRateCourse::Steady,
            None,
        )
    });
    let lawful = fixed
        .into_iter()
        .filter(|one| one.outcome.abandon_ratio_max <= 0.03);
    let best = lawful.max_by(|one, other| {
        one.outcome
            .occupancy_ratio
            .total_cmp(&other.outcome.occupancy_ratio)
    });
    let others = others.map(|pacer| score(pacer, AnswerRateCourse::Steady, None));
    ours.into_iter().chain(others).chain(best).collect()
}

fn bursts() -> Vec<Value> {
    let free = [1, 2, 5, 10, 20, 50, 100];
    let of = |rate: f64| free.map(|free| json!({"p": rate, "a": free, "safe_k": safe_burst(free, rate)}));
    [0.2, 0.35].into_iter().flat_map(of).collect()
}

fn erlangs() -> Vec<Value> {
    let floors = [(8.0, 10), (20.0, 22), (50.0, 55), (100.0, 105)];
    let of = |(load, agents): (f64, u32)| {
        let (b, c) = (erlang_b(load, agents), erlang_c(load, agents));
        json!({"load": load, "n": agents, "b": b, "c": c})
    };
    floors.map(of).into()
}
