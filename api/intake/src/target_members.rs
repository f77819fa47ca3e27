//! Members of a campaign's body about which customers it calls, and on which days.

use crate::members::Members;
use domain::call_caps::{CallCap, OWN_CAPS_MAX};
use domain::calling_plan::Preset;
use domain::compliance::holiday_country_of;
use domain::disposition_map::DispositionMap;
use domain::number_check::NumberCheckPlan;
use domain::ranking::PriorityPlan;
use domain::screening::{CallTaker, NumberListName, Screening};
use domain::seller::Seller;
use domain::working_calendar::{CallingDays, Holidays, RestDay};
use schemars::SchemaGenerator;
use serde_json::{Value, json};

/// The value of `preferred_times` for calls at the customers' preferred times; also the default.
const OBSERVE: &str = "observe";

/// The value of `preferred_times` for calls at any time, regardless of preferred times.
const IGNORE: &str = "ignore";

/// The member that requires a vacancy check.
const NUMBER_CHECK: &str = "number_check";

/// The member with the seller that the campaign calls for.
const SELLER: &str = "seller";

/// The name of the member with the calling order.
const PRIORITY: &str = "priority";

/// Days of a week. A campaign with this many rest days never calls.
const DAYS_OF_WEEK: usize = 7;

/// Returns the schema with `what` as its description.
fn of(mut schema: Value, what: &str) -> Value {
    if let Some(members) = schema.as_object_mut() {
        members.insert("description".to_owned(), json!(what));
    }
    schema
}

const SELLER_ABOUT: &str =
    "The seller it calls for, named to callees who answer when no agent is free; us-tsr requires it";

/// Returns the schemas of the body's members about customers and days.
pub(crate) fn schemas(generator: &mut SchemaGenerator) -> [(String, Value); 11] {
    let holidays = generator.subschema_for::<Holidays>().to_value();
    let caps = json!({ "type": "array", "items": generator.subschema_for::<CallCap>(),
        "maxItems": OWN_CAPS_MAX,
        "examples": [[{ "counted": "dialed", "local_days": 7, "calls_max": 3 }]] });
    let observes = json!({ "type": "string", "enum": [OBSERVE, IGNORE], "examples": [OBSERVE] });
    let rest_day = generator.subschema_for::<RestDay>().to_value();
    let relief = generator.subschema_for::<CallTaker>().to_value();
    let rest_days = json!({ "type": "array", "items": rest_day, "maxItems": DAYS_OF_WEEK - 1,
        "examples": [["sat", "sun"]] });
    let country = json!({ "type": "string", "pattern": "^[a-z]{2}$", "examples": ["cn"] });
    let list = json!({ "type": "string", "pattern": "^[a-z0-9-]{1,64}$", "examples": ["consented-2026"] });
    [
        (
            "holidays",
            of(holidays, "Public holidays: observe, or ignore (the default)"),
        ),
        (
            "rest_days",
            of(rest_days, "Days of the week without calls"),
        ),
        (
            "holiday_country",
            of(country, "Country of the holidays; default: the preset's"),
        ),
        (
            "relief",
            of(
                relief,
                "Who takes over when a callee has answered; default: robot",
            ),
        ),
        (
            "dispositions",
            generator.subschema_for::<DispositionMap>().to_value(),
        ),
        (
            "caps",
            of(
                caps,
                "Caps of calls to one customer in addition to the preset's; a looser one is refused",
            ),
        ),
        (
            "preferred_times",
            of(
                observes,
                "Whether customers are called only at their preferred times: observe (the default), or ignore",
            ),
        ),
        (
            "only_listed_on",
            of(list, "Only numbers on this number list are called"),
        ),
        (
            PRIORITY,
            of(
                generator.subschema_for::<PriorityPlan>().to_value(),
                "Which due customer is called first: by value, waiting and the hour; default: by due time",
            ),
        ),
        (
            SELLER,
            of(generator.subschema_for::<Seller>().to_value(), SELLER_ABOUT),
        ),
        (
            NUMBER_CHECK,
            generator.subschema_for::<NumberCheckPlan>().to_value(),
        ),
    ]
    .map(|(name, schema)| (name.to_owned(), schema))
}

/// Reads the campaign's calling days: `holidays`, `rest_days`, `holiday_country`. `None` if none of them is
/// given. Errors are noted.
pub(crate) fn days_of(body: &mut Members, preset: Preset) -> Option<CallingDays> {
    let holidays = body.value::<Holidays>("holidays");
    let rest_days = body.value::<Vec<RestDay>>("rest_days");
    let country = body.short_text("holiday_country", 2);
    if rest_days.as_ref().is_some_and(|days| days.len() >= DAYS_OF_WEEK) {
        body.wrong("rest_days", "leaves no calling day");
    }
    let is_country = |text: &String| text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_lowercase());
    if country.as_ref().is_some_and(|text| !is_country(text)) {
        body.wrong("holiday_country", "must be two lower-case letters, such as cn");
    }
    if country.is_some() && holidays != Some(Holidays::Observe) {
        body.wrong("holiday_country", "is allowed only if holidays is observe");
    }
    if holidays == Some(Holidays::Observe) && country.is_none() && holiday_country_of(preset).is_none() {
        body.wrong(
            "holiday_country",
            "is required: the preset covers several countries",
        );
    }
    if holidays.is_none() && rest_days.is_none() {
        return None;
    }
    Some(CallingDays {
        holidays: holidays.unwrap_or(Holidays::Ignore),
        rest_days: rest_days.unwrap_or_default(),
        country,
    })
}

/// Reads `caps`: call limits in addition to the preset's. That they are not looser is checked by the
/// campaign, not here.
pub(crate) fn caps_of(body: &mut Members) -> Vec<CallCap> {
    let caps = body.value::<Vec<CallCap>>("caps").unwrap_or_default();
    if caps.len() > OWN_CAPS_MAX {
        body.wrong("caps", format!("can have at most {OWN_CAPS_MAX} caps"));
    }
    caps
}

/// Returns true if `preferred_times` is `ignore`. False for `observe`, if absent, or for another value,
/// which is noted as an error.
pub(crate) fn ignores_preferred_times(body: &mut Members) -> bool {
    match body.text("preferred_times").as_deref() {
        None | Some(OBSERVE) => false,
        Some(IGNORE) => true,
        Some(_) => {
            body.wrong("preferred_times", "must be observe or ignore");
            false
        }
    }
}

/// Reads `priority`: the order in which due customers are called. `None` if absent; a fault is noted.
pub(crate) fn priority_of(body: &mut Members) -> Option<PriorityPlan> {
    let asked = body.value::<PriorityPlan>(PRIORITY)?;
    if let Some(fault) = asked.fault() {
        body.wrong(PRIORITY, fault);
    }
    Some(asked)
}

/// Reads which customers the campaign may call: `relief`, `only_listed_on` and `number_check`. `None` if
/// none is given.
pub(crate) fn screening_of(body: &mut Members) -> Option<Screening> {
    let screening = Screening {
        relief: body.value::<CallTaker>("relief"),
        only_listed_on: body.parsed::<NumberListName>("only_listed_on"),
        number_check: number_check_of(body),
    };
    (screening != Screening::default()).then_some(screening)
}

/// Reads `seller`, the party that the campaign calls for. `None` if absent; a fault is noted.
pub(crate) fn seller_of(body: &mut Members) -> Option<Seller> {
    let seller = body.value::<Seller>(SELLER)?;
    if let Some(fault) = seller.fault() {
        body.wrong(SELLER, fault);
    }
    Some(seller)
}

/// Reads `number_check`: which numbers are not dialed because of a vacancy check. `None` if absent; a fault
/// is noted.
fn number_check_of(body: &mut Members) -> Option<NumberCheckPlan> {
    let demanded = body.value::<NumberCheckPlan>(NUMBER_CHECK)?;
    if let Some(fault) = demanded.fault() {
        body.wrong(NUMBER_CHECK, fault);
    }
    Some(demanded)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(body: Value) -> (Option<CallingDays>, Option<Screening>, bool) {
        let object = body.as_object().unwrap().clone();
        let mut members = Members::new(object);
        let (days, screening) = (
            days_of(&mut members, Preset::CnService),
            screening_of(&mut members),
        );
        members.refuse_the_rest();
        (days, screening, members.finish().is_ok())
    }

    #[test]
    fn what_is_said_of_days_and_persons_is_read_and_nothing_is_nothing() {
        assert_eq!(read(json!({})), (None, None, true));
        let (days, screening, good) = read(json!({ "holidays": "observe", "rest_days": ["sat", "sun"],
            "relief": "agents", "only_listed_on": "consented-2026" }));
        assert!(good);
        let days = days.unwrap();
        assert_eq!((days.holidays, days.rest_days.len()), (Holidays::Observe, 2));
        let screening = screening.unwrap();
        assert_eq!(screening.relief, Some(CallTaker::Agents));
        let list = screening.only_listed_on.map(String::from);
        assert_eq!(list.as_deref(), Some("consented-2026"));
        let (days, _, _) = read(json!({ "rest_days": ["sun"] }));
        assert_eq!(days.unwrap().holidays, Holidays::Ignore);
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        let week = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
        for wrong in [
            json!({ "holidays": "sometimes" }),
            json!({ "rest_days": ["Sunday"] }),
            json!({ "rest_days": week }),
            json!({ "holidays": "observe", "holiday_country": "CN" }),
            json!({ "relief": "nobody" }),
            json!({ "only_listed_on": "a list" }),
            json!({ "number_check": { "refuse": ["live"] } }),
            json!({ "number_check": { "max_age_days": 999 } }),
        ] {
            assert!(!read(wrong.clone()).2, "{wrong}");
        }
    }
}
