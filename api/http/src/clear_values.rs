//! A customer's values in clear, as replies show them: the fields that can be requested, and their values.

use crate::guard::shows_campaign;
use domain::customer::CustomerState;
use domain::ids::{CampaignId, CustomerId, NumberId};
use domain::permission::DataScope;
use domain::personal::Personal;
use intake::members::Members;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

/// A personal field of a customer that a request can ask for in clear.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
pub(crate) enum PersonalField {
    ExternalId,
    Name,
    Phones,
    Variables,
}

impl PersonalField {
    /// Returns the field's name in the audit record of a read.
    const fn code(self) -> &'static str {
        match self {
            Self::ExternalId => "external_id",
            Self::Name => "name",
            Self::Phones => "phone",
            Self::Variables => "variables",
        }
    }
}

/// Reads a member that lists fields. If it names no field, an error is added to the body's errors.
pub(crate) fn fields_of(body: &mut Members, name: &str) -> BTreeSet<PersonalField> {
    let fields: Option<BTreeSet<PersonalField>> = body.value(name);
    if fields.as_ref().is_none_or(BTreeSet::is_empty) {
        body.wrong(name, "names at least one of external_id, name, phones, variables");
    }
    fields.unwrap_or_default()
}

/// Returns the names of the fields in the audit record of a read.
pub(crate) fn codes(fields: &BTreeSet<PersonalField>) -> Cow<'static, [&'static str]> {
    Cow::Owned(fields.iter().map(|field| field.code()).collect())
}

/// A customer's values in clear. Fields that were not requested are absent; values of an erased customer are
/// null.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct ClearCustomerValues {
    id: CustomerId,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(example = &"C001")]
    external_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(example = &"张三")]
    name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    phones: Option<Vec<ClearPhone>>,
    /// Variables by campaign and name.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(example = BTreeMap::from([("TASK20261120", BTreeMap::from([("days", "3")]))]))]
    variables: Option<BTreeMap<CampaignId, BTreeMap<String, Option<String>>>>,
}

#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct ClearPhone {
    number: NumberId,
    #[schemars(example = &"+8613800138000")]
    phone: Option<String>,
}

impl ClearCustomerValues {
    /// Returns how many personal values the reply shows; erased values do not count.
    pub(crate) fn values_count(&self) -> usize {
        let phones = self.phones.iter().flatten().filter(|one| one.phone.is_some());
        let variables = self
            .variables
            .iter()
            .flat_map(BTreeMap::values)
            .flat_map(BTreeMap::values);
        let own = [&self.external_id, &self.name].into_iter().flatten();
        own.count() + phones.count() + variables.flatten().count()
    }
}

/// Returns the requested values of a customer; variables only of campaigns that the scope includes.
pub(crate) fn reveal_values(
    id: CustomerId,
    state: &CustomerState,
    fields: &BTreeSet<PersonalField>,
    scope: &DataScope,
) -> ClearCustomerValues {
    let clear = |value: Option<&Personal<String>>| value.and_then(Personal::value).cloned();
    let asked = |field: PersonalField| fields.contains(&field);
    let phones = || {
        let numbers = state.numbers().iter().map(|known| ClearPhone {
            number: known.number.clone(),
            phone: known.phone.value().cloned(),
        });
        numbers.collect()
    };
    let variables = || {
        let enrolments = state.enrolments().iter();
        let visible = enrolments.filter(|(campaign, _)| shows_campaign(scope, campaign));
        let visible = visible.map(|(campaign, enrolment)| {
            let values = enrolment.variables.iter();
            let values = values.map(|(name, value)| (name.clone(), value.value().cloned()));
            (campaign.clone(), values.collect())
        });
        visible.collect()
    };
    ClearCustomerValues {
        external_id: asked(PersonalField::ExternalId)
            .then(|| clear(state.external_id()))
            .flatten(),
        name: asked(PersonalField::Name).then(|| clear(state.name())).flatten(),
        phones: asked(PersonalField::Phones).then(phones),
        variables: asked(PersonalField::Variables).then(variables),
        id,
    }
}
