//! A WebSocket client that reads what a running server sends and then leaves.

use std::net::TcpStream;
use std::time::Duration;
use tungstenite::Message;
use tungstenite::client::IntoClientRequest;
use tungstenite::http::HeaderValue;

/// A socket on which nothing arrives for so long has sent everything.
const QUIET: Duration = Duration::from_millis(300);

/// The most messages read from a socket.
const MESSAGES_MAX: usize = 2_000;

/// Connects to a WebSocket and returns all that it sends until it is quiet; `None` if it cannot be opened.
#[expect(clippy::disallowed_methods, reason = "plays a reader of a WebSocket")]
pub(crate) fn read_websocket(url: &str, bearer: &str) -> Option<String> {
    let address = url.trim_start_matches("http://");
    let mut request = format!("ws://{address}").into_client_request().ok()?;
    let bearer = HeaderValue::from_str(bearer).ok()?;
    request.headers_mut().insert("authorization", bearer);
    let stream = TcpStream::connect(address.split('/').next()?).ok()?;
    stream.set_read_timeout(Some(QUIET)).ok()?;
    let (mut socket, _) = tungstenite::client(request, stream).ok()?;
    let mut received = String::new();
    for _ in 0..MESSAGES_MAX {
        match socket.read() {
            Ok(Message::Text(text)) => received.push_str(&text),
            Ok(Message::Close(_)) | Err(_) => break,
            Ok(_) => {}
        }
    }
    Some(received)
}
