//! Serves one request of a double over HTTP: transcription, speech, or chat completion.

use super::{DoubleBehavior, DoubleSettings, late};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Longest request that is read, in bytes: a minute of audio.
const REQUEST_BYTES_MAX: usize = 2_000_000;
/// Samples per second of the speech it returns, as the published form has it.
const SPEECH_RATE_HZ: u32 = 24_000;
const JSON: &str = "application/json";
const PCM: &str = "audio/pcm";
/// A response with an id that was not offered.
const LIE: &str = r#"{"choice":"免费","confidence":1}"#;
/// The response of a proxy in place of the service behind it. Its length is even, as that of samples is.
const PAGE: &str = "<html><body>502 Bad Gateway</body></html> ";

/// Serves one request as the settings say.
pub(super) async fn serve(mut stream: TcpStream, plan: &DoubleSettings) -> std::io::Result<()> {
    let Some((head, body)) = request(&mut stream).await? else {
        return Ok(());
    };
    match plan.manner {
        DoubleBehavior::Stalls | DoubleBehavior::Hangs => return std::future::pending().await,
        DoubleBehavior::Cuts => {
            return stream
                .write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 900\r\n\r\n{\"te")
                .await;
        }
        DoubleBehavior::Late { ms } => late(ms).await,
        DoubleBehavior::Denies => return answer(&mut stream, "401 Unauthorized", JSON, b"{}").await,
        DoubleBehavior::Garbles => return answer(&mut stream, "200 OK", "text/html", PAGE.as_bytes()).await,
        DoubleBehavior::Swells | DoubleBehavior::Floods => {
            return answer(&mut stream, "200 OK", PCM, &vec![b' '; 40 << 20]).await;
        }
        DoubleBehavior::Answers | DoubleBehavior::Lies => {}
    }
    if head.starts_with("POST /v1/audio/transcriptions ") {
        let text = plan.next_text();
        let whole = contains(&body, b"name=\"file\"")
            && contains(&body, b"RIFF")
            && contains(&body, b"name=\"model\"");
        let status = if whole { "200 OK" } else { "400 Bad Request" };
        let said = json!({"text": text}).to_string();
        return answer(&mut stream, status, JSON, said.as_bytes()).await;
    }
    if head.starts_with("POST /v1/audio/speech ") {
        let asked: Value = serde_json::from_slice(&body).unwrap_or(Value::Null);
        let characters = asked
            .get("input")
            .and_then(Value::as_str)
            .map_or(0, |text| text.chars().count());
        let voiced = asked.get("voice").is_some_and(Value::is_string);
        let pcm = asked.get("response_format").is_some_and(|format| format == "pcm");
        let good = characters > 0 && voiced && pcm;
        let status = if good { "200 OK" } else { "400 Bad Request" };
        return answer(&mut stream, status, PCM, &speech(characters)).await;
    }
    if head.starts_with("POST /v1/chat/completions ") {
        let asked: Value = serde_json::from_slice(&body).unwrap_or(Value::Null);
        let good = asked.get("messages").is_some_and(Value::is_array)
            && asked
                .get("temperature")
                .is_some_and(|temperature| temperature == 0);
        let status = if good { "200 OK" } else { "400 Bad Request" };
        let content = match plan.manner {
            // The answer of an assistant that was persuaded by the callee's words.
            DoubleBehavior::Lies => LIE,
            _ => plan.text(0),
        };
        let said = json!({
            "choices": [{ "index": 0, "message": { "role": "assistant", "content": content }, "finish_reason": "stop" }],
            "usage": { "prompt_tokens": 180, "completion_tokens": 14 },
        });
        return answer(&mut stream, status, JSON, said.to_string().as_bytes()).await;
    }
    answer(&mut stream, "404 Not Found", JSON, b"{}").await
}

async fn request(stream: &mut TcpStream) -> std::io::Result<Option<(String, Vec<u8>)>> {
    let mut bytes = Vec::new();
    let mut piece = [0; 8_192];
    loop {
        let count = stream.read(&mut piece).await?;
        bytes.extend(piece.iter().take(count));
        let end = bytes.windows(4).position(|four| four == b"\r\n\r\n");
        if let Some(end) = end {
            let head = String::from_utf8_lossy(bytes.get(..end).unwrap_or(&[])).into_owned();
            let length = head
                .lines()
                .filter_map(|line| {
                    line.to_ascii_lowercase()
                        .strip_prefix("content-length:")
                        .map(str::to_owned)
                })
                .find_map(|value| value.trim().parse::<usize>().ok());
            let body = bytes.get(end + 4..).unwrap_or(&[]);
            if body.len() >= length.unwrap_or(0) {
                return Ok(Some((head, body.to_vec())));
            }
        }
        if count == 0 || bytes.len() > REQUEST_BYTES_MAX {
            return Ok(None);
        }
    }
}

async fn answer(stream: &mut TcpStream, status: &str, kind: &str, body: &[u8]) -> std::io::Result<()> {
    let head = format!(
        "HTTP/1.1 {status}\r\ncontent-type: {kind}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).await?;
    stream.write_all(body).await
}

fn contains(bytes: &[u8], piece: &[u8]) -> bool {
    bytes.windows(piece.len()).any(|window| window == piece)
}

/// Returns a tone that is as long as the text takes to say: 200 ms per character.
fn speech(characters: usize) -> Vec<u8> {
    let samples = u32::try_from(characters).unwrap_or(0) * SPEECH_RATE_HZ / 5;
    let tone = (0..samples).map(|n| {
        let second = f64::from(n) / f64::from(SPEECH_RATE_HZ);
        media::audio::frame::sample_from((std::f64::consts::TAU * 440.0 * second).sin() * 8_000.0)
    });
    tone.flat_map(i16::to_le_bytes).collect()
}
