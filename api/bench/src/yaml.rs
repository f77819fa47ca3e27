//! `ledgerline-bench yaml`: hostile YAML texts, read or refused, each within a time limit.

use crate::figures::{Report, Target};
use crate::stopwatch::micros_of;
use domain::problem::Problem;
use domain::yaml::{corpus, value};
use std::hint::black_box;

/// Read hostile YAML texts: nested brackets, bombs of aliases, random tokens; the slowest in milliseconds
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// KiB of each text; 256 is the largest flow file
    #[arg(long, default_value_t = 256, value_parser = clap::value_parser!(u32).range(1..=4_096))]
    kib: u32,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

/// The time limit in milliseconds of a text of 256 KiB, by the requirement; of others in proportion.
const MS_MAX: f64 = 200.0;

pub(crate) fn run(args: &Args) -> Result<(), Problem> {
    let bytes = usize::try_from(args.kib)
        .unwrap_or(usize::MAX)
        .saturating_mul(1_024);
    let mut report = Report::default();
    let (mut slowest, mut read, mut refused) = ((0.0, String::new()), 0_u64, 0_u64);
    for (name, text) in corpus::hostile(bytes) {
        let (found, micros) = micros_of(|| black_box(value(&text)));
        if found.is_ok() {
            read += 1;
        } else {
            refused += 1;
        }
        if micros >= slowest.0 {
            slowest = (micros, name);
        }
    }
    report.fact("bytes", bytes);
    report.fact("texts read", read);
    report.fact("texts refused", refused);
    report.fact("slowest text", slowest.1);
    let bound = MS_MAX * f64::from(args.kib) / 256.0;
    report.value("slowest, ms", slowest.0 / 1_000.0, Some(Target::AtMost(bound)));
    report.show(args.json)
}
