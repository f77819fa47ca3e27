//! Lists that are looked at over HTTP before there is a campaign for them: columns, good rows and bad ones.

use crate::described::Read;
use crate::endpoint::{About, Ctx, Endpoint, Input, Permission};
use crate::form::{ENCODINGS, READING};
use crate::importing::{COUNTRY, HEADER_ROW, HIDDEN_ROWS, SHEET, country_of};
use crate::uploads::receive;
use application::lists::trying::{ListTried, Trying, try_list};
use application::parameter::Parameter;
use domain::calling_plan::{Basis, Preset};
use domain::flow::FlowNamed;
use domain::problem::Problem;
use intake::list_country::ListCountry;
use intake::mapping::Mapping;
use intake::table::{HiddenRows, TableOptions};

/// Presets as they are asked for; a test holds them against the domain's.
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
            "Look at a CSV or XLSX file before there is a campaign: columns, good rows and bad ones; nobody is enrolled",
            look,
        )
        .needs(Permission::CampaignsWrite, About::Nobody)
        .takes_file()
        .query(
            const {
                &[
                    Parameter::text(
                        "map",
                        "Which column is which member: 客户ID=customer_id,手机号=phone, or a list of {column, member, type}",
                        "客户ID=customer_id,手机号=phone",
                    ),
                    Parameter::one_of("encoding", "Of the text; auto where it is not said", ENCODINGS),
                    SHEET,
                    HIDDEN_ROWS,
                    HEADER_ROW,
                    Parameter::text("source", "Name of the file, by which its kind is told", "list.csv"),
                    COUNTRY,
                    Parameter::one_of("preset", "Which rules; cn-service where it is not said", PRESETS),
                    Parameter::one_of(
                        "basis",
                        "On what basis people are called; contract where it is not said",
                        &["contract", "consent"],
                    ),
                    Parameter::text(
                        "flow_version",
                        "The flow whose variables the rows must have; none where it is not said",
                        "card_instalment@2",
                    ),
                ]
            },
        ),
    ]
}

async fn look(ctx: Ctx, mut input: Input) -> Result<Read<ListTried>, Problem> {
    // Before the bytes come: a wrong reading takes none.
    let mapping = Mapping::parse(input.text("map").unwrap_or_default())?;
    let [encoding, sheet, hidden_rows, header_row] = READING.map(|name| input.text(name));
    let options = TableOptions::parse(encoding, sheet, hidden_rows, header_row, HiddenRows::Exclude)?;
    let source = input.text("source").unwrap_or("upload").to_owned();
    let preset = match input.text("preset") {
        None => Preset::default(),
        Some(code) => Preset::of_code(code).ok_or_else(|| wrong("preset: it is none of ours"))?,
    };
    let country = country_of(input.text(COUNTRY.name))?;
    let trying = Trying {
        preset,
        country: country.map_or_else(|| ListCountry::of_presets([preset]), ListCountry::named),
        basis: match input.text("basis") {
            None | Some("contract") => Basis::Contract,
            Some("consent") => Basis::Consent,
            Some(_) => return Err(wrong("basis: it is contract or consent")),
        },
        flow: match input.text("flow_version").map(str::parse::<FlowNamed>) {
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
    // Kept to the end: reading a file takes a core.
    drop(received.turn);
    tried.map(Read)
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
