//! Number checks (空号检测, LIN-6): the state of numbers according to an external number library.
//!
//! A stored result that is young enough is returned. The other numbers are checked with the library that
//! this process was started with, a hundred per request. Each result is stored before it is returned or a
//! compliance rule uses it.

use crate::campaigns::list_enrolled_customers;
use crate::installation::{Installation, follow};
use domain::ids::{CampaignId, CustomerId, NumberId};
use domain::number::NumberCommand;
use domain::number_check::{CheckedState, NumberCheckResult};
use domain::phone_number::{PhoneNumber, mask_e164};
use domain::ports::number_checker::CHECKED_AT_ONCE_MAX;
use domain::problem::{Problem, ProblemKind};
use domain::stored_event::{Cause, Position};
use domain::time::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::BTreeMap;

/// Most numbers of one request: five library requests of a hundred numbers, and one append per number.
pub const NUMBERS_OF_CHECK_MAX: usize = 500;

/// Most unsettled customers of a campaign that one check looks through; the same limit as for a preflight.
const PEOPLE_MAX: usize = 100_000;

/// The result of a number check.
#[derive(Debug, Serialize, JsonSchema)]
pub struct NumbersChecked {
    /// Numbers that were looked at.
    pub numbers: usize,
    /// Of these: numbers with a stored result that is young enough. Absent for users without the reveal
    /// right.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub known: Option<usize>,
    /// Of these: numbers that the library checked now; their results are stored. Absent for users without
    /// the reveal right.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub asked: Option<usize>,
    /// Count of numbers per state, over all numbers with a result.
    #[schemars(extend("examples" = [{ "live": 412, "vacant": 9 }]))]
    pub by_state: BTreeMap<&'static str, usize>,
    /// Result per number for a request that lists numbers. For a campaign only the counts are returned.
    pub checked: Vec<NumberChecked>,
    /// Indexes of the request's rows that contain no phone number, from 0.
    pub bad_rows: Vec<usize>,
    /// The customer after which a campaign's check continues. Absent when the check is complete.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<CustomerId>,
    #[serde(serialize_with = "Position::as_text")]
    #[schemars(with = "String")]
    pub position: Position,
}

/// A number with its checked state.
#[derive(Debug, Serialize, JsonSchema)]
pub struct NumberChecked {
    /// Id of the number. Absent for users without the reveal right, because it is the same for every
    /// customer with this number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<NumberId>,
    /// The number, masked.
    #[schemars(example = &"138****8000")]
    pub number: String,
    pub state: CheckedState,
    #[schemars(example = &"空号")]
    pub zh: &'static str,
    /// Time of the check. Absent for users without the reveal right: an earlier check would reveal that a
    /// customer has the number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub checked_at: Option<Timestamp>,
}

/// Returns the states of these numbers: stored results of at most `max_age_days`, and results of the
/// library for the others. A text that is no number is returned in `bad_rows`. Fails if the process has no
/// library and one is needed.
pub async fn check_numbers(
    installation: &Installation,
    texts: &[String],
    max_age_days: u32,
    cause: Cause,
) -> Result<NumbersChecked, Problem> {
    let (mut good, mut bad_rows) = (BTreeMap::new(), Vec::new());
    let country = installation.default_country().await?;
    for (row, text) in texts.iter().enumerate() {
        match PhoneNumber::parse(text, country) {
            Ok(phone) => {
                let id = installation.vault().derive_number(phone.as_e164());
                good.insert(id, phone.as_e164().to_owned());
            }
            Err(_no_number) => bad_rows.push(row),
        }
    }
    let mut done = check(installation, good, max_age_days, cause).await?;
    done.bad_rows = bad_rows;
    Ok(done)
}

/// Checks the numbers of a campaign's unsettled customers, at most `NUMBERS_OF_CHECK_MAX` per request, in
/// the order of their ids after `behind`. Fails with `too-many-people` above `PEOPLE_MAX`.
pub async fn check_campaign(
    installation: &Installation,
    campaign: &CampaignId,
    behind: Option<&CustomerId>,
    max_age_days: u32,
    cause: Cause,
) -> Result<NumbersChecked, Problem> {
    let everybody = list_enrolled_customers(installation, campaign, PEOPLE_MAX).await?;
    let everybody = everybody.ok_or_else(|| {
        let detail = format!(
            "this campaign has more than {PEOPLE_MAX} customers: check the numbers from a file instead"
        );
        Problem::refused("too-many-people", detail)
    })?;
    let mut good = BTreeMap::new();
    let mut after = None;
    for customer in everybody
        .iter()
        .filter(|one| behind.is_none_or(|behind| *one > behind))
    {
        let state = installation.entities.customers.state(customer).await?.state;
        let waits = state
            .enrolment(campaign)
            .is_some_and(|enrolment| enrolment.settled.is_none());
        let known = state.numbers().iter().filter(|known| waits && !known.invalid);
        for known in known {
            let phone = known.phone.value().cloned();
            good.extend(phone.map(|phone| (known.number.clone(), phone)));
        }
        // A customer has few numbers, so the last customer may exceed the limit only slightly.
        if good.len() >= NUMBERS_OF_CHECK_MAX {
            after = Some(customer.clone());
            break;
        }
    }
    let mut done = check(installation, good, max_age_days, cause).await?;
    done.after = after;
    Ok(done)
}

pub(crate) async fn check(
    installation: &Installation,
    numbers: BTreeMap<NumberId, String>,
    max_age_days: u32,
    cause: Cause,
) -> Result<NumbersChecked, Problem> {
    let now = installation.now();
    let mut done = NumbersChecked {
        numbers: numbers.len(),
        known: Some(0),
        asked: Some(0),
        by_state: BTreeMap::new(),
        checked: Vec::new(),
        bad_rows: Vec::new(),
        after: None,
        position: Position(0),
    };
    let mut unknown = Vec::new();
    for (id, phone) in numbers {
        let state = installation.entities.numbers.state(&id).await?.state;
        match state
            .checked()
            .filter(|checked| checked.is_fresh(max_age_days, now))
        {
            Some(checked) => {
                done.known = done.known.map(|known| known + 1);
                done.tell(id, &phone, checked);
            }
            None => unknown.push((id, phone)),
        }
    }
    for (nth, some) in unknown.chunks(CHECKED_AT_ONCE_MAX).enumerate() {
        let cause = follow(cause, &format!("number_check/{nth}"));
        ask(installation, some, cause, &mut done).await?;
    }
    Ok(done)
}

/// Checks at most a hundred numbers with one request to the library and stores its results. If the library
/// fails, results of earlier requests stay.
async fn ask(
    installation: &Installation,
    some: &[(NumberId, String)],
    cause: Cause,
    done: &mut NumbersChecked,
) -> Result<(), Problem> {
    let checker = installation.number_checks.checker().ok_or_else(|| {
        let detail = "this server was started without a number check service (--number-check)";
        Problem::refused("no-number-check", detail)
    })?;
    let phones: Vec<String> = some.iter().map(|(_, phone)| phone.clone()).collect();
    let states = checker.check(&phones).await.map_err(|not_checked| {
        let detail = format!(
            "the number check service did not respond as specified: {}",
            not_checked.class
        );
        Problem::new(ProblemKind::Unavailable, "number-check-away", detail)
    })?;
    for ((id, phone), state) in some.iter().zip(states) {
        let command = NumberCommand::NoteChecked { state };
        let cause = follow(cause, id.as_str());
        let answer = installation.entities.numbers.ask(id, command, cause).await?;
        done.position = done.position.max(answer.position);
        if let Some(checked) = answer.state.checked() {
            done.asked = done.asked.map(|asked| asked + 1);
            done.tell(id.clone(), phone, checked);
        }
    }
    Ok(())
}

impl NumbersChecked {
    fn tell(&mut self, id: NumberId, phone: &str, checked: NumberCheckResult) {
        *self.by_state.entry(checked.state.code()).or_default() += 1;
        self.checked.push(NumberChecked {
            id: Some(id),
            number: mask_e164(phone),
            state: checked.state,
            zh: checked.state.label_zh(),
            checked_at: Some(checked.at),
        });
    }

    /// Removes what would reveal to a user without the reveal right that a customer has a number: ids,
    /// times of checks, and how many numbers were known before.
    #[must_use]
    pub fn without_earlier_checks(mut self) -> Self {
        self.known = None;
        self.asked = None;
        self.position = Position(0);
        for checked in &mut self.checked {
            checked.id = None;
            checked.checked_at = None;
        }
        // Numbers with a stored result came first; the order would reveal them.
        self.checked.sort_by(|one, other| one.number.cmp(&other.number));
        self
    }
}
