//! Proof of going live in stages: the 201st customer of a test and, in the long form, the 1,001st call of a
//! pilot's day wait, and are dialed after a promotion. A promotion without its evidence is refused.
//!
//! The rehearsal carrier answers in real time. Dials before a promotion are counted in the log.

use super::{Form, Proof, quick_campaign, records};
use crate::carrier::CarrierProcess;
use crate::direct_log::read_whole_log;
use crate::history::member;
use crate::passing_time::HUNG_AFTER;
use crate::server::Server;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::Path;

const TEST: &str = "GATES_TEST";
const PILOT: &str = "GATES_PILOT";
/// The carrier's seed.
const SEED: u64 = 11;
/// The number of customers of each campaign: five more than its stage allows.
const TEST_PEOPLE: u32 = 205;
const PILOT_PEOPLE: u32 = 1_005;

/// The dials of one campaign, from its log.
struct DialCounts {
    people_before: usize,
    dials_before: usize,
    dials: usize,
}

pub(crate) fn prove(form: Form) -> Proof {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let carrier = brief_people(folder.path());
    let data = folder.path().join("data");
    let trunk = format!("{};legs-max=400;dials-per-second=200", carrier.trunk());
    let mut server = Server::start(&data, &trunk);
    let mut refused = Vec::new();
    begin(&server, TEST, "test", TEST_PEOPLE);
    refused
        .push(is_refused(&server, TEST, &order("pilot", &json!({}))) && is_refused(&server, TEST, &full()));
    start(&server, TEST);
    let waits = waits_at(&server, TEST, 200, "people_admitted");
    // A pilot without calls is no evidence, whatever the test before it showed.
    server.must_post(&format!("/api/v1/campaigns/{TEST}/pause"), &json!({}));
    promoted(&server, TEST, &order("pilot", &json!({})));
    refused.push(is_refused(&server, TEST, &full()));
    server.must_post(&format!("/api/v1/campaigns/{TEST}/resume"), &json!({}));
    let ended = server.is_completed(TEST, HUNG_AFTER);
    refused.push(is_refused(&server, TEST, &order("full", &json!({}))));
    let is_long = form == Form::Long;
    let pilot_holds = !is_long || pilot(&server);
    let drained = server.drains();
    let test = DialCounts::read(&data, TEST);
    let pilot = is_long.then(|| DialCounts::read(&data, PILOT));
    let counted = test.people_before == 200 && test.dials == 205;
    let pilot_counted = pilot
        .as_ref()
        .is_none_or(|counted| counted.dials_before == 1_000 && counted.dials == 1_005);
    let all_refused = refused.iter().all(|one| *one);
    let line = json!({
        "proof": "gates",
        "people_of_the_test": test.people_before,
        "the_201st_waits": waits,
        "calls_of_the_pilots_day": pilot.as_ref().map(|counted| counted.dials_before),
        "called_after_promotion": {"test": test.dials - test.dials_before,
            "pilot": pilot.map(|counted| counted.dials - counted.dials_before)},
        "refused_without_evidence": all_refused,
        "dirty_exit": usize::from(!drained),
    });
    let holds = waits && ended && pilot_holds && drained && counted && pilot_counted && all_refused;
    Proof { line, holds }
}

/// Checks a pilot: 1,000 calls, and the others after the promotion that names a person on duty.
fn pilot(server: &Server) -> bool {
    begin(server, PILOT, "pilot", PILOT_PEOPLE);
    start(server, PILOT);
    let waits = waits_at(server, PILOT, 1_000, "calls_today");
    let refused = is_refused(server, PILOT, &order("full", &json!({})));
    promoted(server, PILOT, &full());
    waits && refused && server.is_completed(PILOT, HUNG_AFTER)
}

/// Starts a carrier: most of its callees are busy at once and some answer.
fn brief_people(folder: &Path) -> CarrierProcess {
    let profile = folder.join("people.json");
    let text = json!({
        "weights": {"busy": 97, "answers_and_goes": 3},
        "ring_ms": {"min": 20, "max": 40},
    });
    std::fs::write(&profile, text.to_string()).expect("a profile can be written");
    CarrierProcess::start(folder, SEED, &["--profile", &profile.to_string_lossy()])
}

fn begin(server: &Server, campaign: &str, from: &str, people: u32) {
    let mut body = quick_campaign(campaign);
    if let Some(members) = body.as_object_mut() {
        members.insert("stages".to_owned(), json!({ "from": from }));
        let once = json!({"retries_max": 0, "uncharged_max": 0, "rules": {}});
        members.insert("retry_policy".to_owned(), once);
    }
    if let Some(concurrent) = body.pointer_mut("/schedule/max_concurrent") {
        *concurrent = json!(200);
    }
    server.must_post("/api/v1/campaigns", &body);
    let list = json!({"task_id": campaign, "records": records(people, people % 997)});
    server.must_post("/api/v1/tasks/data", &list);
}

fn start(server: &Server, campaign: &str) {
    server.must_post(&format!("/api/v1/campaigns/{campaign}/start"), &json!({}));
}

fn order(to: &str, evidence: &Value) -> Value {
    json!({"to": to, "reason": "a proof", "evidence": evidence})
}

fn full() -> Value {
    order("full", &json!({"person_on_duty": "li"}))
}

fn promote_path(campaign: &str) -> String {
    format!("/api/v1/campaigns/{campaign}/promote")
}

fn is_refused(server: &Server, campaign: &str, order: &Value) -> bool {
    matches!(server.post(&promote_path(campaign), order), Ok(reply) if reply.status == 422)
}

fn promoted(server: &Server, campaign: &str, order: &Value) {
    server.must_post(&promote_path(campaign), order);
}

/// Waits until so many customers are settled, no call is open, and the board says why the others wait.
fn waits_at(server: &Server, campaign: &str, count: u64, used: &str) -> bool {
    server.is_on_board(campaign, HUNG_AFTER, |board| {
        let figure = |name: &str| member(board, &format!("/{name}")).as_u64().unwrap_or(0);
        let says_why = member(board, "/stage/waiting/zh").is_string();
        let is_used = member(board, &format!("/stage/{used}")) == &json!(count);
        figure("settled") == count && figure("open") == 0 && is_used && says_why
    })
}

impl DialCounts {
    /// Reads from the log how many customers and dials there were before the first promotion, and in all.
    fn read(data: &Path, campaign: &str) -> Self {
        let mut counted = Self {
            people_before: 0,
            dials_before: 0,
            dials: 0,
        };
        let mut people = BTreeSet::new();
        let mut is_promoted = false;
        for (kind, customer) in events(data, campaign) {
            match kind.as_str() {
                "campaign.promoted" => is_promoted = true,
                "call.dialing" => {
                    counted.dials += 1;
                    if !is_promoted {
                        counted.dials_before += 1;
                        people.insert(customer);
                    }
                }
                _ => {}
            }
        }
        counted.people_before = people.len();
        counted
    }
}

/// Returns kind and customer of each event of a campaign, in the order of the log.
fn events(data: &Path, campaign: &str) -> Vec<(String, String)> {
    let log = read_whole_log(data).into_iter();
    let envelopes = log.map(|stored| stored.envelope().expect("a record of ours"));
    let of_campaign = envelopes.filter(|one| one.campaign.as_ref().is_some_and(|of| of.as_str() == campaign));
    of_campaign
        .map(|one| {
            let customer = one.customer.map(|customer| customer.to_string());
            (one.kind, customer.unwrap_or_default())
        })
        .collect()
}
