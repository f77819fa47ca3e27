//! Decides the commands of a sample: a consistent draw once, complete findings, sign-off at the end.

use super::checklist::{CHECKLIST, CheckItem};
use super::command::SampleCommand;
use super::event::{DrawnSample, Finding, SampleEvent};
use super::refusal::SampleRefusal;
use super::state::SampleState;
use std::collections::BTreeSet;
use values::ids::CallId;

/// Most calls of one sample; more are refused. Their ids take two thirds of the largest record.
pub const SAMPLE_CALLS_MAX: usize = 1_000;
/// Most strata of a sample's population; more are refused. The same record names them.
pub const STRATA_MAX: usize = 100;
/// Longest seed of a draw, in bytes; a longer one is refused. A date, lottery numbers, a hash in
/// hexadecimal digits.
pub const SEED_BYTES_MAX: usize = 128;
/// Longest remark of a finding or sign-off, in bytes; a longer one is refused. It is stored permanently and
/// must not contain personal data.
pub const REMARK_BYTES_MAX: usize = 1_024;
/// Longest name of a reviewer or signer, in bytes; a longer one is refused.
pub const BY_BYTES_MAX: usize = 64;

type DecideResult = Result<Vec<SampleEvent>, SampleRefusal>;

pub(super) fn decide(state: &SampleState, command: SampleCommand) -> DecideResult {
    match command {
        SampleCommand::Draw(drawn) => draw(state, drawn),
        SampleCommand::RecordFinding { call, finding } => record_finding(state, call, finding),
        SampleCommand::SignOff { by, remark } => sign_off(state, by, remark),
    }
}

fn draw(state: &SampleState, drawn: Box<DrawnSample>) -> DecideResult {
    match state.drawn() {
        Some(before) if *before == *drawn => return Ok(Vec::new()),
        Some(_) => return Err(SampleRefusal::DrawnOtherwise),
        None => {}
    }
    within("seed", &drawn.facts.seed, SEED_BYTES_MAX)?;
    sound(&drawn).map_err(SampleRefusal::Unsound)?;
    Ok(vec![SampleEvent::Drawn { drawn }])
}

fn sound(drawn: &DrawnSample) -> Result<(), &'static str> {
    if drawn.facts.seed.is_empty() {
        return Err("the seed is empty");
    }
    if drawn.calls.is_empty() {
        return Err("no call was drawn");
    }
    if drawn.calls.len() > SAMPLE_CALLS_MAX {
        return Err("more than 1000 calls were drawn");
    }
    if drawn.strata.len() > STRATA_MAX {
        return Err("the population has more than 100 strata");
    }
    let count = u64::try_from(drawn.calls.len()).unwrap_or(u64::MAX);
    if count != drawn.population.min(u64::from(drawn.facts.size)) {
        return Err("not as many calls were drawn as were asked for");
    }
    if drawn.calls.iter().collect::<BTreeSet<_>>().len() != drawn.calls.len() {
        return Err("a call was drawn twice");
    }
    let shares = || drawn.strata.iter();
    let whole = shares().map(|stratum| stratum.population).sum::<u64>() == drawn.population
        && shares().map(|stratum| u64::from(stratum.drawn)).sum::<u64>() == count;
    match whole {
        true => Ok(()),
        false => Err("the strata do not add up to the whole"),
    }
}

fn record_finding(state: &SampleState, call: CallId, finding: Finding) -> DecideResult {
    let drawn = open(state)?;
    if !drawn.calls.contains(&call) {
        return Err(SampleRefusal::NotInSample(call));
    }
    if let Some(unknown) = finding
        .answers
        .keys()
        .find(|code| CheckItem::from_code(code).is_none())
    {
        return Err(SampleRefusal::UnknownItem(unknown.clone()));
    }
    let unanswered = |item: &&CheckItem| !finding.answers.contains_key(item.code);
    if let Some(item) = CHECKLIST.iter().find(unanswered) {
        return Err(SampleRefusal::Unanswered(item.code));
    }
    named(&finding.by)?;
    within(
        "remark",
        finding.remark.as_deref().unwrap_or(""),
        REMARK_BYTES_MAX,
    )?;
    if state.finding(call).is_some_and(|(before, _)| *before == finding) {
        return Ok(Vec::new());
    }
    Ok(vec![SampleEvent::FindingRecorded { call, finding }])
}

fn sign_off(state: &SampleState, by: String, remark: Option<String>) -> DecideResult {
    open(state)?;
    named(&by)?;
    within("remark", remark.as_deref().unwrap_or(""), REMARK_BYTES_MAX)?;
    let mut lacking = state.lacking();
    if let Some(first) = lacking.next() {
        return Err(SampleRefusal::FindingsLacking {
            lacking: lacking.count() + 1,
            first,
        });
    }
    Ok(vec![SampleEvent::SignedOff { by, remark }])
}

/// Returns the draw of a sample that still accepts findings; refused if it is not drawn or is signed off.
fn open(state: &SampleState) -> Result<&DrawnSample, SampleRefusal> {
    if state.signed_off().is_some() {
        return Err(SampleRefusal::SignedOff);
    }
    state.drawn().ok_or(SampleRefusal::NotDrawn)
}

fn named(by: &str) -> Result<(), SampleRefusal> {
    if by.trim().is_empty() {
        return Err(SampleRefusal::NoName);
    }
    within("by", by, BY_BYTES_MAX)
}

fn within(member: &'static str, text: &str, bytes_max: usize) -> Result<(), SampleRefusal> {
    if text.len() <= bytes_max {
        return Ok(());
    }
    Err(SampleRefusal::TooLong {
        member,
        bytes: text.len(),
        bytes_max,
    })
}
