//! Scores of our pacer and the others on one floor: `cargo run --release -p pacing --example score -- AGENTS RATE`.

use pacing::baselines::{Adaptive, ByErlang, FixedRatio, Naive, Progressive, SafeBurst};
use pacing::floor::Shape;
use pacing::trial::{Course, Ledger, Trial, run};
use pacing::{Ledgerline, Pacer};
use std::io::Write;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let agents: u32 = arguments.next().ok_or("agents")?.parse()?;
    let rate: f64 = arguments.next().ok_or("rate")?.parse()?;
    let days: usize = arguments.next().map_or(Ok(30), |days| days.parse())?;
    let only = arguments.next();
    let mut pacers: Vec<Box<dyn Pacer>> = vec![Box::new(Ledgerline::new(Shape::default()))];
    if only.is_none() {
        pacers.extend([
            Box::new(Progressive) as Box<dyn Pacer>,
            Box::new(Naive::default()),
            Box::new(ByErlang::default()),
            Box::new(SafeBurst::default()),
            Box::new(Adaptive::fast()),
            Box::new(Adaptive::slow()),
        ]);
        for ratio in [1.0, 1.2, 1.5, 2.0, 3.0, 4.0, 6.0] {
            pacers.push(Box::new(FixedRatio { ratio }));
        }
    }
    for mut pacer in pacers {
        let trial = Trial {
            agents,
            rate,
            course: Course::Steady,
            ledger: Ledger::ThirtyDays,
            days,
            seed: 1,
        };
        let began = std::time::Instant::now();
        let outcome = run(&trial, pacer.as_mut());
        writeln!(
            std::io::stdout(),
            "{:14} gain {:6.3} occupancy {:.4} abandoned {:.4} answers {} {:?}",
            pacer.name(),
            outcome.gain(rate),
            outcome.occupancy_ratio,
            outcome.abandon_ratio_max,
            outcome.answers,
            began.elapsed()
        )?;
    }
    Ok(())
}
