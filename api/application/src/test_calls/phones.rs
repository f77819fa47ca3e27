//! The list of our own phones: shown masked, changed one at a time with a reason.

use crate::installation::Installation;
use crate::value_masking::masked;
use domain::ids::NumberId;
use domain::number_ids::keyed_apart;
use domain::personal::Personal;
use domain::phone_number::{PhoneNumber, mask_e164};
use domain::problem::Problem;
use domain::stored_event::{Cause, Position, StreamVersion};
use domain::test_phones::{TestPhone, TestPhonesCommand, TestPhonesId, TestPhonesState};
use schemars::JsonSchema;
use serde::Serialize;

/// One of our own phones.
#[derive(Debug, Serialize, JsonSchema)]
pub struct PhoneListed {
    /// Id of the number in this list only. As a customer's number it would have another id.
    pub number: NumberId,
    /// Masked; null if its key is not available.
    #[schemars(example = &"138****8000")]
    pub phone: Option<String>,
    #[schemars(example = &"reception")]
    pub label: String,
}

/// All phones that test calls may dial.
#[derive(Debug, Serialize, JsonSchema)]
pub struct PhonesListed {
    pub items: Vec<PhoneListed>,
}

/// The list of test phones after a change.
#[derive(Debug, Serialize, JsonSchema)]
pub struct TestPhonesChanged {
    pub items: Vec<PhoneListed>,
    #[serde(serialize_with = "Position::as_text")]
    #[schemars(with = "String")]
    pub position: Position,
    #[serde(skip)]
    pub version: StreamVersion,
}

fn listed(state: &TestPhonesState) -> Vec<PhoneListed> {
    let phones = state.phones().iter();
    phones
        .map(|one| PhoneListed {
            number: keyed_apart(&one.number),
            phone: masked(Some(&one.phone), mask_e164),
            label: one.label.clone(),
        })
        .collect()
}

pub async fn phones(installation: &Installation) -> Result<PhonesListed, Problem> {
    let state = installation
        .entities
        .test_phones
        .state(&TestPhonesId)
        .await?
        .state;
    Ok(PhonesListed {
        items: listed(&state),
    })
}

pub async fn add_phone(
    installation: &Installation,
    phone: &PhoneNumber,
    label: String,
    reason: String,
    cause: Cause,
) -> Result<TestPhonesChanged, Problem> {
    let phone = TestPhone {
        number: installation.vault().derive_number(phone.as_e164()),
        phone: Personal::open(phone.as_e164().to_owned()),
        label,
    };
    change(installation, TestPhonesCommand::Add { phone, reason }, cause).await
}

pub async fn remove_phone(
    installation: &Installation,
    phone: &PhoneNumber,
    reason: String,
    cause: Cause,
) -> Result<TestPhonesChanged, Problem> {
    let number = installation.vault().derive_number(phone.as_e164());
    change(installation, TestPhonesCommand::Remove { number, reason }, cause).await
}

async fn change(
    installation: &Installation,
    command: TestPhonesCommand,
    cause: Cause,
) -> Result<TestPhonesChanged, Problem> {
    let answer = installation
        .entities
        .test_phones
        .ask(&TestPhonesId, command, cause)
        .await?;
    Ok(TestPhonesChanged {
        items: listed(&answer.state),
        position: answer.position,
        version: answer.version,
    })
}
