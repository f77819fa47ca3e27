//! A recognizer that is not ours: Debian's PocketSphinx, with an English command grammar at 8 kHz, behind the
//! HTTP form that the product uses. The callees' audio is from Flite.

use crate::passing_time::HUNG_AFTER;
use crate::program::command;
use domain::ports::speech::Clip;
use serde_json::json;
use speech::clips::{read_clip, write_clip};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};

/// The commands of the grammar; each is said at least once.
pub(super) const COMMANDS: [&str; 12] = [
    "yes",
    "no",
    "one",
    "two",
    "three",
    "four",
    "five",
    "stop calling me",
    "talk to a human",
    "wrong number",
    "not interested",
    "please repeat",
];

/// The folder of the model in Debian's `pocketsphinx-en-us`.
const MODEL: &str = "/usr/share/pocketsphinx/model/en-us";
/// The silence before and after an utterance, in milliseconds; without it the program takes the beginning for
/// noise.
const AROUND_MS: usize = 200;
/// The longest utterance that is accepted, in bytes: a command is a second long.
const BODY_BYTES_MAX: usize = 2_000_000;

/// Returns the command that installs the programs; `None` if they are installed.
pub(super) fn missing() -> Option<&'static str> {
    let installed = crate::program::is_installed;
    let all = installed("pocketsphinx_continuous") && installed("flite") && Path::new(MODEL).exists();
    (!all).then_some("apt-get install pocketsphinx pocketsphinx-en-us flite")
}

/// Writes a command as spoken by Flite, at 8 kHz.
pub(super) fn synthesize_command(text: &str, file: &Path) {
    let wide = file.with_extension("wide");
    let said = command("flite")
        .args(["-voice", "slt", "-t", text, "-o"])
        .arg(&wide)
        .output();
    let said = said.expect("flite speaks");
    assert!(
        said.status.success(),
        "flite: {}",
        String::from_utf8_lossy(&said.stderr)
    );
    let reader = hound::WavReader::open(&wide).expect("flite writes WAV");
    let halves = reader.spec().sample_rate == 16_000;
    let samples: Vec<i16> = reader.into_samples().map(|one| one.expect("a sample")).collect();
    let samples = if halves {
        let mean = |pair: &[i16]| pair.iter().map(|one| i32::from(*one)).sum::<i32>() / 2;
        let narrow = samples.chunks_exact(2).map(mean);
        narrow.map(|one| i16::try_from(one).unwrap_or_default()).collect()
    } else {
        samples
    };
    let wav = write_clip(&Clip { samples }).expect("a clip can be written");
    std::fs::write(file, wav).expect("a file can be written");
}

/// Serves the program at `POST …/audio/transcriptions` until the proof ends. Returns the address.
#[expect(clippy::disallowed_methods, reason = "a proof's own server")]
pub(super) fn serve(folder: PathBuf) -> SocketAddr {
    let grammar = folder.join("commands.jsgf");
    let text = format!(
        "#JSGF V1.0;\ngrammar commands;\npublic <command> = {};\n",
        COMMANDS.join(" | ")
    );
    std::fs::write(&grammar, text).expect("a grammar can be written");
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let address = listener.local_addr().expect("it is bound");
    drop(std::thread::spawn(move || {
        for (count, stream) in listener.incoming().enumerate() {
            let Ok(stream) = stream else { return };
            let (folder, grammar) = (folder.clone(), grammar.clone());
            // Several calls at a time, like a real service.
            drop(std::thread::spawn(move || {
                answer(stream, &folder, &grammar, count)
            }));
        }
    }));
    address
}

fn answer(mut stream: TcpStream, folder: &Path, grammar: &Path, count: usize) -> Option<()> {
    stream.set_read_timeout(Some(HUNG_AFTER)).ok()?;
    let body = body_of(&mut stream)?;
    let from = body.windows(4).position(|bytes| bytes == b"RIFF")?;
    let wav = body.get(from..)?;
    let until = wav.windows(4).rposition(|bytes| bytes == b"\r\n--")?;
    let clip = read_clip(wav.get(..until)?).ok()?;
    let text = made_out(&clip.samples, &folder.join(format!("heard-{count}.wav")), grammar);
    let body = json!({ "text": text }).to_string();
    let head = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).ok()?;
    stream.write_all(body.as_bytes()).ok()
}

fn body_of(stream: &mut TcpStream) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut piece = [0; 4_096];
    loop {
        let count = stream.read(&mut piece).ok().filter(|count| *count > 0)?;
        bytes.extend_from_slice(piece.get(..count)?);
        let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") else {
            continue;
        };
        let head = String::from_utf8_lossy(bytes.get(..end)?).to_ascii_lowercase();
        let length = head
            .lines()
            .find_map(|line| line.strip_prefix("content-length:"))?;
        let length: usize = length
            .trim()
            .parse()
            .ok()
            .filter(|length| *length <= BODY_BYTES_MAX)?;
        if bytes.len() >= end + 4 + length {
            return Some(bytes.split_off(end + 4));
        }
    }
}

/// Recognizes samples. The model is for 16 kHz: every second sample is interpolated.
fn made_out(samples: &[i16], file: &Path, grammar: &Path) -> String {
    let quiet = vec![0_i16; AROUND_MS * 8];
    let around: Vec<i16> = [&quiet, samples, &quiet].concat();
    let spec = hound::WavSpec {
        channels: 1,
        sample_rate: 16_000,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    let mut writer = hound::WavWriter::create(file, spec).expect("a file can be written");
    for pair in around.windows(2) {
        let (one, next) = (
            pair.first().copied().unwrap_or(0),
            pair.last().copied().unwrap_or(0),
        );
        writer.write_sample(one).expect("a sample");
        writer.write_sample(i16::midpoint(one, next)).expect("a sample");
    }
    writer.finalize().expect("a file can be closed");
    let heard = command("pocketsphinx_continuous")
        .args(["-logfn", "/dev/null", "-hmm", &format!("{MODEL}/en-us")])
        .args(["-dict", &format!("{MODEL}/cmudict-en-us.dict"), "-infile"])
        .arg(file)
        .arg("-jsgf")
        .arg(grammar)
        .output();
    let heard = heard.expect("pocketsphinx runs");
    String::from_utf8_lossy(&heard.stdout).trim().to_owned()
}
