//! `nlu eval --encoder` holds a model and an encoder together, as calls are read by both: the encoder's
//! reading counts where it is surer, the model's elsewhere, and an encoder that never answers is no figure.

use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use tests::program::{free_tcp_port, run, run_json};

/// What an encoder is asked, and how it answers: surely, hardly, or by prose.
fn answer(text: &str) -> String {
    let (intent, probability) = match text {
        "再见" => ("human", 0.97),
        "qqq" => return "I am a language model".to_owned(),
        _ => ("human", 0.2),
    };
    let candidates = [json!({"intent": intent, "probability": probability})];
    json!({"model": "of-the-test", "candidates": candidates, "accept": 0.9, "confirm": 0.5}).to_string()
}

fn serve_one(stream: &TcpStream, asked: &Mutex<Vec<String>>) -> Option<()> {
    let mut reader = BufReader::new(stream.try_clone().ok()?);
    let (mut length, mut line) = (0, String::new());
    while reader.read_line(&mut line).ok()? > 2 {
        let header = line.to_ascii_lowercase();
        if let Some(value) = header.strip_prefix("content-length:") {
            length = value.trim().parse().ok()?;
        }
        line.clear();
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    let body: Value = serde_json::from_slice(&body).ok()?;
    let text = body.get("text")?.as_str()?.to_owned();
    let told = answer(&text);
    asked.lock().expect("nobody panics with it").push(text);
    let head = format!(
        "HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        told.len()
    );
    (&mut &*stream).write_all(format!("{head}{told}").as_bytes()).ok()
}

/// An encoder on a port of its own, and what it was asked.
#[expect(clippy::disallowed_methods, reason = "the story's own encoder, on loopback")]
fn encoder() -> (String, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("loopback has a port");
    let address = listener.local_addr().expect("who listens has an address");
    let spec = format!("encoder:http://{address}/v1");
    let asked = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&asked);
    std::thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            serve_one(&stream, &seen);
        }
    });
    (spec, asked)
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
    lines(&taught, &[human, bye].concat());
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
    ];
    lines(&held, &rows);
    let (spec, asked) = encoder();
    let alone = ["nlu", "eval", text(&model), text(&held), "--json"];
    let (_, without) = run_json(&alone).unwrap();
    let (status, with) =
        run_json(&[&alone[..], &["--encoder", &spec, "--language", "zh-CN"]].concat()).unwrap();
    assert!(status.success(), "{with}");
    let first = |found: &Value| found["first_ratio"].as_f64().unwrap() * 4.0;
    assert!(
        (first(&with) - first(&without) - 1.0).abs() < 1e-9,
        "{without} {with}"
    );
    let share = &with["encoder"];
    assert_eq!(share["model"], "of-the-test");
    assert_eq!(share["decided_ratio"], 0.25);
    assert_eq!(share["failures"], json!({"garbled": 1}));
    let asked = asked.lock().unwrap();
    assert_eq!(asked.len(), 4, "each is asked once: {asked:?}");
    assert!(
        !asked.concat().contains("13800138000"),
        "what is asked is masked: {asked:?}"
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
        assert!(output.stdout.is_empty(), "no figure is told");
    }
}
