//! Corrections of personal data requested by a person: checks which values may change and what the flows of
//! the campaigns permit.

use crate::installation::Installation;
use domain::customer::{CORRECTED_VALUES_MAX, ValueCorrection};
use domain::ids::{CustomerId, PersonRequestId};
use domain::problem::{MemberError, Problem};
use intake::mapping::Member;
use intake::source::check_text;
use std::collections::BTreeMap;

/// Corrected values by name: `name` (or `customer_name`) is the customer's name, any other is a variable.
pub type CorrectedValues = BTreeMap<String, String>;

/// Returns the correction of a customer's values that answers a person request. Fails if there are more
/// than `CORRECTED_VALUES_MAX`, or if a value may not change or does not fit the flow of a campaign.
pub async fn correction(
    installation: &Installation,
    request: PersonRequestId,
    customer: &CustomerId,
    right: CorrectedValues,
) -> Result<ValueCorrection, Problem> {
    if right.len() > CORRECTED_VALUES_MAX {
        let detail = format!("more than {CORRECTED_VALUES_MAX} values: correct fewer values at once");
        return Err(wrong("", detail));
    }
    let mut name = None;
    let mut variables = BTreeMap::new();
    for (what, value) in right {
        if let Err(why) = check_text(&value) {
            return Err(wrong(&what, why));
        }
        match Member::from_name(&what) {
            Some(Member::Name) => name = Some(value),
            Some(Member::Phone) => return Err(wrong(&what, NUMBER_STAYS.to_owned())),
            Some(Member::CustomerId) => return Err(wrong(&what, ID_STAYS.to_owned())),
            // A flow may have a variable of this name. Of the customer's own members only those above are
            // stored.
            Some(_) | None => {
                variables.insert(what, value);
            }
        }
    }
    let state = installation.entities.customers.state(customer).await?.state;
    for (campaign, enrolment) in state.enrolments().iter() {
        let has_any = variables
            .keys()
            .any(|name| enrolment.variables.contains_key(name));
        if enrolment.settled.is_some() || !has_any {
            continue;
        }
        let rules = installation.list_rules(campaign, "").await?;
        let faults = rules.flow.check_values(&variables);
        let fault = faults
            .iter()
            .find(|fault| variables.contains_key(fault.variable()));
        if let Some(fault) = fault {
            return Err(wrong(
                fault.variable(),
                format!("the flow of campaign {campaign}: {fault}"),
            ));
        }
    }
    Ok(ValueCorrection {
        request,
        name,
        variables,
    })
}

const NUMBER_STAYS: &str = "a number is not corrected: calls, opt-outs and caps go by it. Enrol the person \
    with the right number by a list of another campaign (the same customer_id), and suppress the wrong one \
    (POST numbers/suppress) / \
    号码不作更正：请以同一客户编号、正确号码导入名单，并将错误号码加入禁呼";

const ID_STAYS: &str = "the institution's own id names the person for good: what is kept under a wrong one \
    is erased, and the person enrolled under the right one / \
    客户编号不作更正：请删除错误编号下的信息，并以正确编号导入";

fn wrong(what: &str, detail: String) -> Problem {
    let what = what.replace('~', "~0").replace('/', "~1");
    let step = if what.is_empty() {
        String::new()
    } else {
        format!("/{what}")
    };
    Problem::members(vec![MemberError {
        pointer: format!("/set{step}"),
        detail,
    }])
}
