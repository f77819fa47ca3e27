//! `nlu eval --encoder` measures a model and an encoder together, as both are used in calls: the encoder's
//! intent counts where it is more certain, the model's elsewhere, and an encoder that never responds gets no
//! figure.

use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use tests::encoder::FakeEncoderServer;
use tests::program::{free_tcp_port, run, run_json};

/// Returns the encoder's response to a text: a certain one, an uncertain one, or prose.
fn answer(text: &str) -> String {
    let (intent, probability) = match text {
        "再见" => ("human", 0.97),
        "今天天气" => ("weather", 0.99),
        "qqq" => return "I am a language model".to_owned(),
        _ => ("human", 0.2),
    };
    let candidates = [json!({"intent": intent, "probability": probability})];
    json!({"model": "of-the-test", "candidates": candidates, "accept": 0.9, "confirm": 0.5}).to_string()
}

fn lines(path: &Path, rows: &[(&str, &str)]) {
    let lines = rows
        .iter()
        .map(|(text, intent)| format!("{}\n", json!({"text": text, "intent": intent})));
    std::fs::write(path, lines.collect::<String>()).expect("a file can be written");
}

fn text(path: &Path) -> &str {
    path.to_str().expect("its folder is named so")
}

fn model(folder: &Path) -> PathBuf {
    let (taught, model) = (folder.join("taught.jsonl"), folder.join("a.model"));
    let human = ["转人工", "人工客服", "找真人", "接人工"].map(|text| (text, "human"));
    let bye = ["再见", "拜拜", "挂了", "先这样"].map(|text| (text, "bye"));
    let refuse = ["别再打了", "不要再打", "别打来了", "停止来电"].map(|text| (text, "refuse_call"));
    lines(&taught, &[human, bye, refuse].concat());
    let args = ["nlu", "train", text(&taught), "--out", text(&model), "--json"];
    assert!(run_json(&args).is_ok_and(|(status, _)| status.success()));
    model
}

#[test]
fn an_encoder_counts_where_it_is_surer() {
    let folder = tempfile::tempdir().unwrap();
    let (model, held) = (model(folder.path()), folder.path().join("held.jsonl"));
    let rows = [
        ("转人工吧", "human"),
        ("再见", "human"),
        ("拜拜，我的手机13800138000", "bye"),
        ("qqq", "bye"),
        // "今天天气" has none of the model's intents, whatever the encoder returns; a refusal of calls is not
        // sent to it.
        ("今天天气", "weather"),
        ("别再打了", "refuse_call"),
    ];
    lines(&held, &rows);
    let encoder = FakeEncoderServer::start(answer);
    let alone = ["nlu", "eval", text(&model), text(&held), "--json"];
    let (_, without) = run_json(&alone).unwrap();
    let (status, with) =
        run_json(&[&alone[..], &["--encoder", &encoder.spec(), "--language", "zh-CN"]].concat()).unwrap();
    assert!(status.success(), "{with}");
    let first = |found: &Value| found["first_ratio"].as_f64().unwrap() * 5.0;
    assert!(
        (first(&with) - first(&without) - 1.0).abs() < 1e-9,
        "{without} {with}"
    );
    let share = &with["encoder"];
    assert_eq!(share["model"], "of-the-test");
    assert!(
        (share["decided_ratio"].as_f64().unwrap() - 1.0 / 6.0).abs() < 1e-9,
        "{share}"
    );
    assert_eq!(with["foreign_recall_ratio"], without["foreign_recall_ratio"]);
    assert_eq!(share["failures"], json!({"garbled": 1}));
    let asked = encoder.asked();
    assert_eq!(asked.len(), 5, "each but one is asked once: {asked:?}");
    assert!(
        !asked.concat().contains("13800138000"),
        "the sent texts are masked: {asked:?}"
    );
}

#[test]
fn an_encoder_that_never_answers_is_no_figure() {
    let folder = tempfile::tempdir().unwrap();
    let (model, held) = (model(folder.path()), folder.path().join("held.jsonl"));
    for rows in [1, 9] {
        lines(&held, &[("拜拜", "bye"); 9][..rows]);
        let spec = format!("http://127.0.0.1:{}/v1", free_tcp_port());
        let args = [
            "nlu",
            "eval",
            text(&model),
            text(&held),
            "--encoder",
            &spec,
            "--json",
        ];
        let output = run(&args);
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(
            !output.status.success() && said.contains("the encoder ranked none"),
            "{said}"
        );
        assert!(output.stdout.is_empty(), "no figure is printed");
    }
}
