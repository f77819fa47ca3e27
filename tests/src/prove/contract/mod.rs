//! Proof of the published description against a running server with a finished campaign: every operation is
//! requested and its response compared with the description; generated requests find no other status or shape
//! and no fault; a validator accepts it, and two generators make clients from it without a warning.

mod generated_requests;
mod generators;
mod operation_requests;

pub(super) use generated_requests::{SchemathesisOptions, requests as made_up_requests};
pub(super) use operation_requests::fill_requests;

use super::crash::records;
use super::{Form, Proof};
use crate::carrier::CarrierProcess;
use crate::program::fail;
use crate::server::Server;
use serde_json::{Value, json};
use std::time::Duration;

/// The number of customers of the campaign: some answer, some do not.
const CUSTOMERS: u32 = 6;

/// The id of the campaign.
const CAMPAIGN: &str = "DESCRIBED";

/// The longest time until a campaign of a few customers is complete.
const SETTLED_WITHIN: Duration = Duration::from_secs(150);

/// The most violations listed in the result; all are counted.
const NAMED_MAX: usize = 20;

/// The violations that a part found, and its result; a part that cannot run says why.
pub(super) struct ContractPartResult {
    pub(super) violations: Vec<String>,
    pub(super) said: Value,
}

impl ContractPartResult {
    fn skipped(why: &str) -> Self {
        Self {
            violations: Vec::new(),
            said: json!({ "skipped": why }),
        }
    }
}

pub(super) fn prove(form: Form) -> Proof {
    let seconds = match form {
        Form::Short => 24,
        Form::Long => 300,
    };
    let folder = tempfile::tempdir().unwrap_or_else(|error| fail(&error.to_string()));
    let carrier = CarrierProcess::start(folder.path(), 7, &[]);
    let mut server = Server::start(&folder.path().join("data"), &carrier.trunk());
    settle(&server);
    let description = server.description();
    let file = folder.path().join("openapi.json");
    std::fs::write(&file, description.document.to_string()).unwrap_or_else(|error| fail(&error.to_string()));
    let called = operation_requests::request_all_operations(&description, &server, CAMPAIGN);
    let asking = SchemathesisOptions {
        authorization: &server.bearer(),
        phases: "examples,coverage,fuzzing",
        seconds,
    };
    let made_up = generated_requests::requests(&description.document, &server, folder.path(), &asking);
    let generated = generators::load(&file, folder.path());
    let is_up = server.drains();
    let mut violations: Vec<String> = Vec::new();
    for part in [&called, &made_up, &generated] {
        violations.extend(part.violations.iter().cloned());
    }
    if !is_up {
        violations.push("the server ended".to_owned());
    }
    Proof {
        holds: violations.is_empty(),
        line: json!({
            "proof": "contract",
            "operations": description.operations().len(),
            "replies_checked": called.said,
            "schemathesis_cases": made_up.said,
            "generators": generated.said,
            "violations": violations.len(),
            "named": violations.iter().take(NAMED_MAX).collect::<Vec<_>>(),
        }),
    }
}

/// Runs a campaign to its end.
pub(super) fn settle(server: &Server) {
    server.call_to_the_end(CAMPAIGN, &records(CUSTOMERS, 9), SETTLED_WITHIN);
}
