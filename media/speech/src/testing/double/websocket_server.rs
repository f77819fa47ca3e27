//! Serves one websocket of a double: it takes messages and answers according to its manner.

use super::speech_detector::{DetectionResult, SpeechDetector};
use super::wire::{ClientMessage, WireFormat};
use super::{DoubleBehavior, DoubleSettings, late};
use crate::recognition::protocol::WireMessage;
use crate::recognition::spec::RecognizerKind;
use futures_util::{SinkExt, StreamExt};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::server::{ErrorResponse, Request, Response};
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::tungstenite::{Error, Message};

/// Voice between two partial texts, in milliseconds.
const PARTIAL_EVERY_MS: u32 = 200;

/// Serves one connection to its end.
pub(super) async fn serve(mut stream: TcpStream, plan: &DoubleSettings) -> Result<(), Error> {
    if plan.manner == DoubleBehavior::Denies {
        let mut request = [0; 4_096];
        let _asked = stream.read(&mut request).await?;
        let denied = b"HTTP/1.1 401 Unauthorized\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
        return Ok(stream.write_all(denied).await?);
    }
    let socket = if plan.kind == RecognizerKind::FunAsr {
        tokio_tungstenite::accept_hdr_async(stream, with_subprotocol).await?
    } else {
        tokio_tungstenite::accept_async(stream).await?
    };
    let double = DoubleConnection {
        socket,
        plan,
        format: WireFormat::new(plan.kind, plan.funasr),
        ear: SpeechDetector::default(),
        sentence: 0,
        partial: 0,
    };
    double.run().await
}

#[expect(clippy::result_large_err, reason = "the shape that the handshake asks for")]
#[expect(clippy::unnecessary_wraps, reason = "the shape that the handshake asks for")]
fn with_subprotocol(request: &Request, mut response: Response) -> Result<Response, ErrorResponse> {
    let name = "Sec-WebSocket-Protocol";
    if request.headers().get(name).is_some_and(|asked| asked == "binary") {
        response
            .headers_mut()
            .insert(name, HeaderValue::from_static("binary"));
    }
    Ok(response)
}

struct DoubleConnection<'a> {
    socket: WebSocketStream<TcpStream>,
    plan: &'a DoubleSettings,
    format: WireFormat,
    ear: SpeechDetector,
    sentence: usize,
    /// Number of characters of the present sentence that were sent.
    partial: usize,
}

impl DoubleConnection<'_> {
    async fn run(mut self) -> Result<(), Error> {
        if self.plan.manner == DoubleBehavior::Lies {
            let lie = self.format.partial("没有人说过", "没有人说过");
            self.send(lie).await?;
            let lie = self.format.sentence("没有人说过");
            self.send(lie).await?;
        }
        while let Some(message) = self.socket.next().await {
            let over = match message? {
                Message::Text(text) => self.hear_text(text.as_str()).await?,
                Message::Binary(bytes) => self.hear_audio(&bytes).await?,
                Message::Close(_) => true,
                Message::Ping(_) | Message::Pong(_) | Message::Frame(_) => false,
            };
            if over {
                return self.socket.close(None).await;
            }
        }
        Ok(())
    }

    async fn send(&mut self, wire: WireMessage) -> Result<(), Error> {
        let message = match wire {
            WireMessage::Text(text) => Message::text(text),
            WireMessage::Binary(bytes) => Message::binary(bytes),
        };
        self.socket.send(message).await
    }

    async fn hear_text(&mut self, text: &str) -> Result<bool, Error> {
        match self.format.asked(text) {
            ClientMessage::Begin => {
                if let Some(begun) = self.format.begun() {
                    self.send(begun).await?;
                }
                Ok(false)
            }
            ClientMessage::End if self.plan.manner == DoubleBehavior::Stalls => Ok(false),
            ClientMessage::End => {
                let said = self.ear.end();
                if said {
                    self.say_sentence().await?;
                }
                // Vosk and FunASR answer the end with the last text itself.
                let answered =
                    said && matches!(self.plan.kind, RecognizerKind::Vosk | RecognizerKind::FunAsr);
                if let Some(over) = self.format.over().filter(|_| !answered) {
                    self.send(over).await?;
                }
                Ok(self.plan.kind != RecognizerKind::FunAsr)
            }
            ClientMessage::Wrong(_) => Ok(true),
        }
    }

    async fn hear_audio(&mut self, bytes: &[u8]) -> Result<bool, Error> {
        let samples = self.format.samples(bytes);
        match self.ear.push(&samples) {
            DetectionResult::Nothing => {
                if let Some(nothing) = self
                    .format
                    .nothing()
                    .filter(|_| self.plan.manner != DoubleBehavior::Stalls)
                {
                    self.send(nothing).await?;
                }
            }
            DetectionResult::Voice { ms } => return self.hear_voice(ms).await,
            DetectionResult::Sentence => self.say_sentence().await?,
        }
        Ok(false)
    }

    async fn hear_voice(&mut self, ms: u32) -> Result<bool, Error> {
        match self.plan.manner {
            DoubleBehavior::Cuts if ms >= PARTIAL_EVERY_MS => return Ok(true),
            DoubleBehavior::Garbles => {
                self.send(WireMessage::Text("<html>502 Bad Gateway".to_owned()))
                    .await?;
            }
            DoubleBehavior::Swells => self.send(WireMessage::Text("x".repeat(1 << 20))).await?,
            DoubleBehavior::Floods => loop {
                let partial = self.format.partial("还有", "");
                self.send(partial).await?;
            },
            DoubleBehavior::Stalls | DoubleBehavior::Hangs | DoubleBehavior::Denies => return Ok(false),
            DoubleBehavior::Answers
            | DoubleBehavior::Lies
            | DoubleBehavior::Cuts
            | DoubleBehavior::Late { .. } => {}
        }
        let text: Vec<char> = self.plan.text(self.sentence).chars().collect();
        let chars_count = usize::try_from(ms / PARTIAL_EVERY_MS)
            .unwrap_or(0)
            .min(text.len());
        if chars_count > self.partial {
            let all: String = text.iter().take(chars_count).collect();
            let more: String = text.iter().take(chars_count).skip(self.partial).collect();
            self.partial = chars_count;
            let partial = self.format.partial(&all, &more);
            self.send(partial).await?;
        } else if let Some(nothing) = self.format.nothing() {
            self.send(nothing).await?;
        }
        Ok(false)
    }

    async fn say_sentence(&mut self) -> Result<(), Error> {
        if let DoubleBehavior::Late { ms } = self.plan.manner {
            late(ms).await;
        }
        if self.plan.manner == DoubleBehavior::Stalls {
            return Ok(());
        }
        let text = self.plan.text(self.sentence).to_owned();
        self.sentence += 1;
        self.partial = 0;
        let sentence = self.format.sentence(&text);
        self.send(sentence).await
    }
}
