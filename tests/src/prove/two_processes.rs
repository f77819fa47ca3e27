//! Proof with carrier and server in two processes: the campaign is created from the literal body of CMP-2,
//! customers are imported from a GBK file, with digest authentication.

use super::reconcile::compare;
use super::stopped_holder::{self, StoppedHolderResult};
use super::{Form, Proof, skipped};
use crate::carrier::CarrierProcess;
use crate::history::{History, member};
use crate::passing_time::HUNG_AFTER;
use crate::program::is_installed;
use crate::server::Server;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The body of CMP-2, letter for letter.
pub(crate) const CMP_2: &str = r#"{"task_id":"LOAN_REMIND_20231101","customer_segment":"overdue_3_days","script_template":"您好,{{customer_name}},您的贷款已逾期{{days}}天,请尽快还款至账号{{account}}。","schedule":{"start_time":"09:00","end_time":"18:00","max_concurrent":50}}"#;

/// Writes a GBK file of `good` rows, as a Chinese Excel exports it, with three bad ones in the middle.
pub(crate) fn gbk_file(folder: &Path, good: u32) -> PathBuf {
    let mut text = String::from("客户ID,手机号,customer_name,days,account\r\n");
    for index in 0..good {
        if index == good / 2 {
            text.push_str(
                "B1,12345,张三,3,6222\r\n,13800138000,李四,3,6222\r\nB3,13800138001,王五,,6222\r\n",
            );
        }
        text.push_str(&format!(
            "G{index:05},1370{index:07},张三,3,6222000{index:04}\r\n"
        ));
    }
    let (bytes, _, _) = encoding_rs::GBK.encode(&text);
    let file = folder.join("客户.csv");
    std::fs::write(&file, bytes).expect("a temporary folder can be written");
    file
}

pub(crate) fn prove(form: Form) -> Proof {
    if !is_installed("espeak-ng") {
        return skipped(
            "two-processes",
            "its text has variables and espeak-ng is not installed (apt-get install espeak-ng)",
        );
    }
    let customers = match form {
        Form::Short => 20,
        Form::Long => 200,
    };
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let carrier = CarrierProcess::start(folder.path(), 7, &["--auth", "robot:s3cret"]);
    let data = folder.path().join("data");
    let trunk = format!(
        "{};user=robot;password=s3cret;dials-per-second=20",
        carrier.trunk()
    );
    let mut server = Server::start(&data, &trunk);
    let body: Value = serde_json::from_str(CMP_2).expect("the literal body is JSON");
    server.must_post("/api/v1/campaigns", &body);
    let file = gbk_file(folder.path(), customers);
    let file = file.to_string_lossy();
    let import = server.run_json(&["import", &file, "--campaign", "LOAN_REMIND_20231101", "--json"]);
    server.must_post("/api/v1/campaigns/LOAN_REMIND_20231101/start", &json!({}));
    // Standard retries wait minutes to hours: the proof ends when every first call has ended.
    let all_called = server.has_ended_calls("LOAN_REMIND_20231101", customers, Duration::from_secs(170));
    server.program.signal("TERM");
    let stopped = server.program.wait(HUNG_AFTER);
    let history = History::read(&data);
    let disagreements = compare(&history, &carrier.lines());
    let (enrolled, bad) = match &import {
        Ok((_, report)) => (
            member(report, "/enrolled").clone(),
            member(report, "/bad").as_array().map_or(0, Vec::len),
        ),
        Err(error) => (json!(error), 0),
    };
    let holds = all_called
        && stopped.is_some_and(|status| status.success())
        && enrolled == customers
        && bad == 3
        && history.unfinished().is_empty()
        && disagreements.wrong.is_empty()
        && disagreements.matched >= customers as usize;
    let stopped = match form {
        Form::Long => stopped_holder::prove(),
        Form::Short => StoppedHolderResult::default(),
    };
    let holds = holds && stopped.holds;
    let line = json!({"proof": "two-processes", "customers": customers, "enrolled": enrolled, "bad_rows": bad,
        "dialed": history.of("call.dialing").count(), "answered": history.of("call.answered").count(),
        "unfinished": history.unfinished().len(), "matched": disagreements.matched, "mismatched": disagreements.wrong, "stopped_holder": stopped.line});
    Proof { line, holds }
}
