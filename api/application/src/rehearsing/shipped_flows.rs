//! The flows that are part of the program, by name.

macro_rules! flow {
    ($name:literal) => {
        (
            $name,
            include_str!(concat!("../../../../fixtures/flows/", $name, ".yaml")),
        )
    };
}

/// Name and text of each shipped flow.
pub const SHIPPED: [(&str, &str); 12] = [
    flow!("appointment"),
    flow!("card_activation"),
    flow!("card_instalment"),
    flow!("card_instalment_spoken"),
    flow!("instalment_offer"),
    flow!("marketing_dlg1"),
    flow!("notification"),
    flow!("reminder"),
    flow!("repayment_reminder"),
    flow!("survey_en"),
    flow!("survey_zh"),
    flow!("wealth_product"),
];

/// Returns the YAML text of the shipped flow with this name; `None` if there is none.
pub fn find_shipped_flow(name: &str) -> Option<&'static str> {
    let found = SHIPPED.iter().find(|(known, _)| *known == name);
    found.map(|(_, text)| *text)
}
