//! The route that checks a list file without a campaign: its columns, good rows and bad rows.

use crate::api_description::ReadReply;
use crate::endpoint::{Ctx, Endpoint, EndpointSubject, Input, Permission};
use crate::form::{ENCODINGS, READING};
use crate::list_import::{COUNTRY, HEADER_ROW, HIDDEN_ROWS, SHEET, country_of};
use crate::uploads::receive;
use application::lists::trial::{ListTrial, TrialRules, try_list};
use application::parameter::Parameter;
use domain::calling_plan::{Basis, Preset};
use domain::flow::FlowSelector;
use domain::problem::Problem;
use intake::list_country::ListCountry;
use intake::mapping::Mapping;
use intake::table::{HiddenRows, TableOptions};

/// Codes of the presets for the query parameter; a test compares them with the domain's.
const PRESETS: &[&str] = &[
    "cn-service",
    "cn-marketing",
    "cn-collection",
    "cn-cloud-trunk",
    "us-tsr",
    "us-regf",
    "eu-gdpr",
];

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::post(
            "/api/v1/lists/dry-run",
            "Check a list file without a campaign",
            look,
        )
            .describe(
                "Reads a CSV or XLSX file and returns its columns, good rows and bad rows. No customer is \
                 enrolled.",
            )
        .needs(Permission::CampaignsWrite, EndpointSubject::Unscoped)
        .takes_file()
        .query(
            const {
                &[
                    Parameter::text(
                        "map",
                        "Assignment of columns to members: 客户ID=customer_id,手机号=phone, or a list of {column, member, type}",
                        "客户ID=customer_id,手机号=phone",
                    ),
                    Parameter::one_of("encoding", "Text encoding; default: auto", ENCODINGS),
                    SHEET,
                    HIDDEN_ROWS,
                    HEADER_ROW,
                    Parameter::text("source", "File name; its extension determines the file type", "list.csv"),
                    COUNTRY,
                    Parameter::one_of("preset", "Compliance preset; default: cn-service", PRESETS),
                    Parameter::one_of(
                        "basis",
                        "Lawful basis of the calls; default: contract",
                        &["contract", "consent"],
                    ),
                    Parameter::text(
                        "flow_version",
                        "Flow version that defines the required variables; default: none",
                        "card_instalment@2",
                    ),
                ]
            },
        ),
    ]
}

async fn look(ctx: Ctx, mut input: Input) -> Result<ReadReply<ListTrial>, Problem> {
    // Checked before the file is received: wrong parameters are refused without reading it.
    let mapping = Mapping::parse(input.text("map").unwrap_or_default())?;
    let [encoding, sheet, hidden_rows, header_row] = READING.map(|name| input.text(name));
    let options = TableOptions::parse(encoding, sheet, hidden_rows, header_row, HiddenRows::Exclude)?;
    let source = input.text("source").unwrap_or("upload").to_owned();
    let preset = match input.text("preset") {
        None => Preset::default(),
        Some(code) => Preset::of_code(code).ok_or_else(|| wrong("preset: it is none of ours"))?,
    };
    let country = country_of(input.text(COUNTRY.name))?;
    let trying = TrialRules {
        preset,
        country: country.map_or_else(|| ListCountry::of_presets([preset]), ListCountry::named),
        basis: match input.text("basis") {
            None | Some("contract") => Basis::Contract,
            Some("consent") => Basis::Consent,
            Some(_) => return Err(wrong("basis: it is contract or consent")),
        },
        flow: match input.text("flow_version").map(str::parse::<FlowSelector>) {
            None => None,
            Some(Ok(named)) => Some(named),
            Some(Err(error)) => return Err(wrong(&format!("flow_version: {error}"))),
        },
    };
    let received = receive(&ctx.installation, &mut input.body).await?;
    received.turn.is_over();
    let spooled = received.spool.finish(options);
    tokio::task::block_in_place(|| spooled.check(&source))?;
    let tried = try_list(&ctx.installation, spooled, mapping, trying).await;
    // The turn is held to the end, because reading a file takes a core.
    drop(received.turn);
    tried.map(ReadReply)
}

fn wrong(why: &str) -> Problem {
    Problem::invalid("query-invalid", why)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_preset_can_be_asked_for() {
        assert_eq!(PRESETS, Preset::ALL.map(Preset::code));
    }
}
