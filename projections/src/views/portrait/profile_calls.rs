//! What each call adds to a customer's profile if they spoke or pressed a key: the offer and the reaction
//! (购买偏好), and how they spoke (沟通风格). There is one row per call, so that every figure names its calls.

use super::TALKS;
use crate::database::{Table, Tx};
use crate::error::ProjectionError;
use crate::value::{Row, Val};
use crate::view::ViewEvent;
use domain::call::Finding;
use domain::disposition::labelled;
use domain::ids::CallId;
use domain::personal::Personal;
use domain::summary::{SummaryEvent, SummaryFact};
use serde::Serialize;

/// Most calls that a figure names, the latest first. The customer's history shows all.
pub const CALLS_NAMED_MAX: usize = 20;

pub(super) const TABLE: Table = Table {
    name: "portrait_talk",
    ddl: &[
        "create table portrait_talk (customer text not null, call text not null, flow text not null,
        ended_at bigint not null, talk_ms bigint not null, interest text not null, outcome text,
        heard bigint not null, keyed bigint not null, barged_in bigint not null, silent bigint not null,
        pos bigint not null, primary key (customer, call))",
    ],
    key_columns: 2,
};

/// Index of the outcome in a row.
const OUTCOME: usize = 6;

/// The interest in a row of a call that has no summary yet.
const UNSUMMED: &str = "";

labelled! {
    /// How a customer answers the robot (沟通风格).
    Manner {
        Speaks => "speaks", "说话", "speaks";
        Presses => "presses", "按键", "presses keys";
        Both => "both", "说话和按键", "speaks and presses keys";
    }
}

/// What one flow offered, and how the customer reacted (购买偏好).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct OfferTaken {
    /// The name of the flow that the calls ran.
    pub flow: String,
    pub calls: u64,
    /// Calls with high interest 高; `medium` 中 and `low` 低 count the others.
    pub high: u64,
    pub medium: u64,
    pub low: u64,
    /// Calls with outcome `success`, after corrections.
    pub conversions: u64,
    /// The calls counted here, the latest first, at most twenty.
    pub named: Vec<CallId>,
}

/// How a customer communicates (沟通风格), over the calls in which they spoke or pressed a key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Style {
    pub manner: Manner,
    pub calls: u64,
    pub talk_ms_mean: u64,
    pub utterances: u64,
    pub keys: u64,
    /// Number of times that the customer spoke while the robot did.
    pub interruptions: u64,
    /// Number of times that the customer did not respond until the robot's timeout.
    pub silences: u64,
    /// The calls counted here, the latest first, at most twenty.
    pub named: Vec<CallId>,
}

/// Stores the row of a summarized call; a call without speech or keypresses gets none. A summary may come
/// after a correction of its call: the corrected outcome stays. It may come after the erasure of its
/// customer: then nothing is stored.
pub(super) fn keep(tx: &mut dyn Tx, event: &ViewEvent, customer: Val) -> Result<(), ProjectionError> {
    let call = Val::text(event.call()?);
    let SummaryEvent::Recorded(fact) = event.read_as()? else {
        return Ok(());
    };
    let SummaryFact {
        interest: Some(interest),
        turns,
        ..
    } = fact.as_ref()
    else {
        return Ok(());
    };
    if matches!(fact.text, Personal::Erased { .. }) {
        return Ok(());
    }
    let corrected = tx.row(TALKS, &[customer.clone(), call.clone()])?;
    let corrected = corrected.and_then(|row| row.into_iter().nth(OUTCOME));
    let first = || Val::maybe_text(fact.outcome.map(|outcome| outcome.code()));
    let row = vec![
        customer,
        call,
        Val::text(&fact.flow.flow),
        Val::at(fact.ended_at),
        Val::count(fact.talk_ms),
        Val::text(interest.level.code()),
        corrected.unwrap_or_else(first),
        Val::count(turns.heard_count),
        Val::count(turns.keypress_count),
        Val::count(turns.barge_in_count),
        Val::count(turns.silence_count),
        Val::position(event.position),
    ];
    tx.put(TALKS, row)
}

/// Sets the corrected outcome of a call. If the correction comes before the summary, creates a row with
/// only the outcome.
pub(super) fn correct(
    tx: &mut dyn Tx,
    event: &ViewEvent,
    customer: &Val,
    after: Finding,
) -> Result<(), ProjectionError> {
    let key = [customer.clone(), Val::text(event.call()?)];
    let mut row = match tx.row(TALKS, &key)? {
        Some(row) => row,
        None => unsummed(key.to_vec()),
    };
    if let Some(outcome) = row.get_mut(OUTCOME) {
        *outcome = Val::maybe_text(after.outcome.map(|outcome| outcome.code()));
    }
    if let Some(pos) = row.last_mut() {
        *pos = Val::position(event.position);
    }
    tx.put(TALKS, row)
}

/// Returns the row of a call that has no summary yet, to be completed by the caller.
fn unsummed(key: Vec<Val>) -> Vec<Val> {
    let mut row = key;
    row.extend([
        Val::text(""),
        Val::Int(0),
        Val::Int(0),
        Val::text(UNSUMMED),
        Val::Null,
    ]);
    row.resize(row.len() + 5, Val::Int(0));
    row
}

/// Removes all rows of a customer.
pub(super) fn forget(tx: &mut dyn Tx, customer: &Val) -> Result<(), ProjectionError> {
    tx.exec(
        "delete from portrait_talk where customer = $1",
        std::slice::from_ref(customer),
    )
    .map(drop)
}

/// One call as read from its row.
struct ProfileCall {
    call: CallId,
    flow: String,
    talk_ms: u64,
    interest: String,
    is_success: bool,
    heard: u64,
    keyed: u64,
    barged_in: u64,
    silent: u64,
}

fn read_talk(mut row: Row) -> Result<ProfileCall, ProjectionError> {
    Ok(ProfileCall {
        call: row.parse()?,
        flow: row.text()?,
        talk_ms: row.count()?,
        interest: row.text()?,
        is_success: row.maybe_text()?.as_deref() == Some("success"),
        heard: row.count()?,
        keyed: row.count()?,
        barged_in: row.count()?,
        silent: row.count()?,
    })
}

/// Returns a customer's offers, the best received first, and style; `None` for the style if the customer
/// never spoke or pressed a key.
pub(super) fn read(
    tx: &mut dyn Tx,
    customer: &[Val],
) -> Result<(Vec<OfferTaken>, Option<Style>), ProjectionError> {
    let rows = tx.query(
        "select call, flow, talk_ms, interest, outcome, heard, keyed, barged_in, silent from portrait_talk
         where customer = $1 and interest <> '' order by ended_at desc, call",
        customer,
    )?;
    let talks: Vec<ProfileCall> = rows.into_iter().map(read_talk).collect::<Result<_, _>>()?;
    Ok((offers(&talks), style(&talks)))
}

fn offers(talks: &[ProfileCall]) -> Vec<OfferTaken> {
    let mut offers: Vec<OfferTaken> = Vec::new();
    for talk in talks {
        let known = offers.iter().position(|offer| offer.flow == talk.flow);
        let mut offer = known.map_or_else(
            || OfferTaken {
                flow: talk.flow.clone(),
                calls: 0,
                high: 0,
                medium: 0,
                low: 0,
                conversions: 0,
                named: Vec::new(),
            },
            |at| offers.remove(at),
        );
        offer.calls += 1;
        match talk.interest.as_str() {
            "high" => offer.high += 1,
            "medium" => offer.medium += 1,
            _ => offer.low += 1,
        }
        offer.conversions += u64::from(talk.is_success);
        if offer.named.len() < CALLS_NAMED_MAX {
            offer.named.push(talk.call);
        }
        offers.push(offer);
    }
    offers.sort_by(|one, other| {
        let of = |offer: &OfferTaken| (offer.conversions, offer.high, offer.medium);
        of(other).cmp(&of(one)).then_with(|| one.flow.cmp(&other.flow))
    });
    offers
}

fn style(talks: &[ProfileCall]) -> Option<Style> {
    let sum = |of: fn(&ProfileCall) -> u64| talks.iter().map(of).fold(0, u64::saturating_add);
    let calls = u64::try_from(talks.len()).unwrap_or(u64::MAX);
    let (utterances, keys) = (sum(|talk| talk.heard), sum(|talk| talk.keyed));
    let manner = match (utterances, keys) {
        (0, 0) => return None,
        (_, 0) => Manner::Speaks,
        (0, _) => Manner::Presses,
        _ => Manner::Both,
    };
    Some(Style {
        manner,
        calls,
        talk_ms_mean: sum(|talk| talk.talk_ms).checked_div(calls)?,
        utterances,
        keys,
        interruptions: sum(|talk| talk.barged_in),
        silences: sum(|talk| talk.silent),
        named: talks.iter().map(|talk| talk.call).take(CALLS_NAMED_MAX).collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn talk(number: u32, flow: &str, interest: &str, said: (u64, u64)) -> ProfileCall {
        ProfileCall {
            call: crate::testing::call("T", 1, number),
            flow: flow.to_owned(),
            talk_ms: 10_000 * u64::from(number),
            interest: interest.to_owned(),
            is_success: interest == "high",
            heard: said.0,
            keyed: said.1,
            barged_in: 1,
            silent: 0,
        }
    }

    #[test]
    fn what_was_taken_best_comes_first_and_names_its_calls() {
        let talks = [
            talk(1, "loan", "low", (1, 0)),
            talk(2, "card", "high", (3, 0)),
            talk(3, "loan", "medium", (2, 0)),
        ];
        let found = offers(&talks);
        let offer_counts: Vec<_> = found
            .iter()
            .map(|offer| (offer.flow.as_str(), offer.calls, offer.conversions))
            .collect();
        assert_eq!(offer_counts, [("card", 1, 1), ("loan", 2, 0)]);
        assert_eq!((found[1].high, found[1].medium, found[1].low), (0, 1, 1));
        assert_eq!(found[1].named, [talks[0].call, talks[2].call]);
    }

    #[test]
    fn who_presses_and_speaks_does_both_and_who_does_neither_has_no_style() {
        let of = |talks: &[ProfileCall]| style(talks).map(|style| style.manner);
        let (spoke, pressed) = (talk(1, "f", "low", (2, 0)), talk(2, "f", "low", (0, 1)));
        assert_eq!(of(&[]), None);
        assert_eq!(of(&[talk(1, "f", "low", (0, 0))]), None);
        assert_eq!(of(std::slice::from_ref(&spoke)), Some(Manner::Speaks));
        assert_eq!(of(std::slice::from_ref(&pressed)), Some(Manner::Presses));
        let both = style(&[spoke, pressed]).unwrap();
        assert_eq!(
            (both.manner, both.talk_ms_mean, both.interruptions),
            (Manner::Both, 15_000, 2)
        );
    }

    #[test]
    fn no_more_calls_are_named_than_can_be_read() {
        let talks: Vec<ProfileCall> = (1..=30).map(|number| talk(number, "f", "low", (1, 0))).collect();
        let found = offers(&talks);
        assert_eq!((found[0].calls, found[0].named.len()), (30, CALLS_NAMED_MAX));
    }
}
