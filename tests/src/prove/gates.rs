//! Going live in stages on the real program: the 201st person of a test and, in the long form, the 1,001st
//! call of a pilot's day wait, and go on after a promotion; one without its evidence is refused.
//!
//! The carrier of rehearsals answers in real time. What was dialed before a promotion is counted in the log.

use super::{Form, Proof, quick_campaign, records};
use crate::carrier::CarrierProcess;
use crate::history::member;
use crate::opened::whole_log;
use crate::server::Server;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

const TEST: &str = "GATES_TEST";
const PILOT: &str = "GATES_PILOT";
/// Of the carrier.
const SEED: u64 = 11;
/// People of each campaign: five more than its stage has room for.
const TEST_PEOPLE: u32 = 205;
const PILOT_PEOPLE: u32 = 1_005;
/// Longest wait for a stage to be used up.
const USED_UP: Duration = Duration::from_secs(120);

/// What became of one campaign.
struct Told {
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
    // A pilot that has called nobody yet is no evidence, whatever the test before it showed.
    server.must_post(&format!("/api/v1/campaigns/{TEST}/pause"), &json!({}));
    promoted(&server, TEST, &order("pilot", &json!({})));
    refused.push(is_refused(&server, TEST, &full()));
    server.must_post(&format!("/api/v1/campaigns/{TEST}/resume"), &json!({}));
    let ended = server.is_completed(TEST, USED_UP);
    refused.push(is_refused(&server, TEST, &order("full", &json!({}))));
    let is_long = form == Form::Long;
    let pilot_holds = !is_long || pilot(&server);
    let drained = server.drains();
    let test = Told::read(&data, TEST);
    let pilot = is_long.then(|| Told::read(&data, PILOT));
    let counted = test.people_before == 200 && test.dials == 205;
    let pilot_counted = pilot
        .as_ref()
        .is_none_or(|told| told.dials_before == 1_000 && told.dials == 1_005);
    let all_refused = refused.iter().all(|one| *one);
    let line = json!({
        "proof": "gates",
        "people_of_the_test": test.people_before,
        "the_201st_waits": waits,
        "calls_of_the_pilots_day": pilot.as_ref().map(|told| told.dials_before),
        "called_after_promotion": {"test": test.dials - test.dials_before,
            "pilot": pilot.map(|told| told.dials - told.dials_before)},
        "refused_without_evidence": all_refused,
        "dirty_exit": usize::from(!drained),
    });
    let holds = waits && ended && pilot_holds && drained && counted && pilot_counted && all_refused;
    Proof { line, holds }
}

/// 1,000 calls, and the others once somebody is on duty.
fn pilot(server: &Server) -> bool {
    begin(server, PILOT, "pilot", PILOT_PEOPLE);
    start(server, PILOT);
    let waits = waits_at(server, PILOT, 1_000, "calls_today");
    let refused = is_refused(server, PILOT, &order("full", &json!({})));
    promoted(server, PILOT, &full());
    waits && refused && server.is_completed(PILOT, USED_UP)
}

/// Most are busy at once; some answer.
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

/// So many people are settled, nobody is open, and the campaign says why the others wait.
fn waits_at(server: &Server, campaign: &str, count: u64, used: &str) -> bool {
    server.is_on_board(campaign, USED_UP, |board| {
        let figure = |name: &str| member(board, &format!("/{name}")).as_u64().unwrap_or(0);
        let says_why = member(board, "/stage/waiting/zh").is_string();
        let is_used = member(board, &format!("/stage/{used}")) == &json!(count);
        figure("settled") == count && figure("open") == 0 && is_used && says_why
    })
}

impl Told {
    /// From the log: who was dialed before the first promotion, and in all.
    fn read(data: &Path, campaign: &str) -> Self {
        let mut told = Self {
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
                    told.dials += 1;
                    if !is_promoted {
                        told.dials_before += 1;
                        people.insert(customer);
                    }
                }
                _ => {}
            }
        }
        told.people_before = people.len();
        told
    }
}

/// Kind and customer of each event of a campaign, in the order of the log.
fn events(data: &Path, campaign: &str) -> Vec<(String, String)> {
    let log = whole_log(data).into_iter();
    let told = log.map(|stored| stored.envelope().expect("a record of ours"));
    let of_campaign = told.filter(|one| one.campaign.as_ref().is_some_and(|of| of.as_str() == campaign));
    of_campaign
        .map(|one| {
            let customer = one.customer.map(|customer| customer.to_string());
            (one.kind, customer.unwrap_or_default())
        })
        .collect()
}
