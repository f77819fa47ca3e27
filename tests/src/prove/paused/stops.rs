//! Emergency stops of every scope, engaged one after another on one server.

use super::outputs::{PauseTable, items};
use super::scene::{DEAD_TRUNK, Scene, campaign, end};
use crate::program::{command, ledgerline};
use crate::server::Server;
use domain::dialing_pause::PauseCode;
use serde_json::{Value, json};

pub(super) fn engaged(table: &mut PauseTable) {
    let scene = Scene::new();
    let server = scene.serve(&[&format!("{DEAD_TRUNK};name=main")]);
    server.must_post("/api/v1/campaigns", &campaign("STOP", &json!({})));
    table.hold(items(&server).is_empty(), || {
        format!("a server that dials has reasons: {:?}", items(&server))
    });
    let preset = preset_of(&server, "STOP");
    for (body, codes) in [
        (json!({"scope": "all"}), &[PauseCode::EmergencyStop][..]),
        (
            json!({"scope": "trunk", "id": "main"}),
            &[PauseCode::TrunksUnavailable, PauseCode::TrunkStopped],
        ),
        (
            json!({"scope": "preset", "id": preset}),
            &[PauseCode::PresetStopped],
        ),
        (
            json!({"scope": "campaign", "id": "STOP"}),
            &[PauseCode::CampaignStopped],
        ),
    ] {
        let mut stop = body.clone();
        if let Some(members) = stop.as_object_mut() {
            members.insert("reason".to_owned(), json!("a proof"));
        }
        server.must_post("/api/v1/stop", &stop);
        for code in codes {
            table.check(&server, *code, &[]);
        }
        table.hold_status(&server, 200);
        if codes.contains(&PauseCode::EmergencyStop) {
            doctor_speaks(table, &server);
        }
        server.must_post("/api/v1/stop/lift", &stop);
    }
    table.hold(items(&server).is_empty(), || {
        format!("reasons are left after the stops: {:?}", items(&server))
    });
    end(server);
}

fn preset_of(server: &Server, campaign: &str) -> Value {
    let shown = server.get(&format!("/api/v1/campaigns/{campaign}"));
    let preset = shown.ok().and_then(|reply| reply.body.get("preset").cloned());
    preset.unwrap_or(Value::Null)
}

/// Checks the text of `doctor --server` in both languages.
fn doctor_speaks(table: &mut PauseTable, server: &Server) {
    let (zh, en) = PauseCode::EmergencyStop.texts();
    for (locale, text) in [("zh_CN.UTF-8", zh), ("en_US.UTF-8", en)] {
        let mut doctor = command(ledgerline());
        doctor.arg("doctor").args(server.named());
        doctor
            .env("LANG", locale)
            .env_remove("LC_ALL")
            .env_remove("LC_MESSAGES");
        let said = doctor.output().map(|output| output.stdout).unwrap_or_default();
        let said = String::from_utf8_lossy(&said);
        table.hold(said.contains(text), || format!("doctor in {locale} says {said}"));
    }
}
