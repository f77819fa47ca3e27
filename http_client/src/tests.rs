//! Tests of the client with servers on loopback: redirects, limits, deadlines, connections and addresses.

use super::*;
use async_trait::async_trait;
use domain::ports::clock::Clock;
use domain::time::Timestamp;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::PathBuf;
use std::sync::Arc;
use tempfile::TempDir;
use tls::testing::{Authority, NOW, noon};
use tls::{AcceptedStream, Acceptor, Identity};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::Notify;

/// A clock with waits that end when the test says so.
struct TestClock(Arc<Notify>);

#[async_trait]
impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        Timestamp::EPOCH
    }
    async fn wait_until(&self, _: Timestamp) {
        self.0.notified().await;
    }
}

/// A clock on which no deadline passes.
fn stopped_clock() -> TestClock {
    TestClock(Arc::default())
}

const LIMITS: ExchangeLimits = ExchangeLimits {
    ms_max: 500,
    bytes_max: 8,
};

/// Starts a server that writes `answer` after each request, on `connections` connections, and then ends.
/// Returns its URL and its thread, which returns the number of requests on each connection.
#[expect(clippy::disallowed_methods, reason = "a test's own server")]
fn serve(answer: &'static str, connections: usize) -> (String, std::thread::JoinHandle<Vec<usize>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/in", listener.local_addr().unwrap());
    let thread = std::thread::spawn(move || {
        let mut counts = Vec::new();
        for _ in 0..connections {
            let (mut stream, _) = listener.accept().unwrap();
            let mut count = 0;
            let mut head = [0; 4_096];
            // A request without a body arrives in one piece.
            while stream.read(&mut head).is_ok_and(|length| length > 0) {
                count += 1;
                stream.write_all(answer.as_bytes()).unwrap();
            }
            counts.push(count);
        }
        counts
    });
    (url, thread)
}

fn request(url: &str) -> Request<RequestBody> {
    Request::get(url).body(full_body("")).unwrap()
}

fn client(reach: AllowedAddresses, idle_count_max: usize) -> HttpClient {
    let options = ClientOptions {
        idle_count_max,
        ..ClientOptions::new(Trust::none(), reach)
    };
    HttpClient::new(options).unwrap()
}

/// Returns the result of work that one of our limits must end. A paused clock advances while all tasks wait.
#[expect(clippy::disallowed_methods, reason = "a test that would wait for ever fails")]
async fn within_a_minute<T>(work: impl Future<Output = T>) -> T {
    let done = tokio::time::timeout(Duration::from_secs(60), work).await;
    done.expect("a limit ends it")
}

/// A server with TLS on loopback, and the file of the authority that issued its certificate.
struct TlsServer {
    listener: tokio::net::TcpListener,
    acceptor: Acceptor,
    authority: PathBuf,
    _folder: TempDir,
}

impl TlsServer {
    #[expect(clippy::disallowed_methods, reason = "a test's own server")]
    async fn bind() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let authority = Authority::new("authority");
        let files = authority.issue(folder.path(), &["127.0.0.1"], NOW);
        Self {
            listener: tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap(),
            acceptor: Identity::load(files, noon()).unwrap().acceptor(&[]).unwrap(),
            authority: authority.write(&folder.path().join("authority.crt")),
            _folder: folder,
        }
    }

    fn url(&self) -> String {
        format!("https://{}/", self.listener.local_addr().unwrap())
    }

    async fn accept(&self) -> AcceptedStream<TcpStream> {
        AcceptedStream::new(self.listener.accept().await.unwrap().0, Some(&self.acceptor))
    }
}

/// Reads a request without a body and writes an empty response.
async fn answer(stream: &mut AcceptedStream<TcpStream>) {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.unwrap());
    }
    let empty = b"HTTP/1.1 200 -\r\ncontent-length: 0\r\n\r\n";
    stream.write_all(empty).await.unwrap();
    stream.flush().await.unwrap();
}

/// The worker closes the connection while the test waits for the server, here and below.
#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_redirect_is_returned_and_not_followed() {
    let redirect = "HTTP/1.1 302 -\r\nlocation: http://127.0.0.1:9/\r\ncontent-length: 0\r\n\r\n";
    let (url, server) = serve(redirect, 1);
    let client = client(AllowedAddresses::Anywhere, 0);
    let response = client.exchange(&stopped_clock(), LIMITS, request(&url)).await;
    assert_eq!(response.unwrap().status().as_u16(), 302);
    assert_eq!(server.join().unwrap(), [1]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_body_over_the_limit_is_refused_and_its_status_is_known() {
    let (url, server) = serve("HTTP/1.1 500 -\r\ncontent-length: 9\r\n\r\n123456789", 1);
    let client = client(AllowedAddresses::Anywhere, 0);
    let response = client
        .exchange(&stopped_clock(), LIMITS, request(&url))
        .await
        .unwrap();
    assert_eq!(response.status().as_u16(), 500);
    assert!(matches!(response.into_body(), Err(BodyError::TooLong)));
    server.join().unwrap();
    let (url, server) = serve("HTTP/1.1 200 -\r\ncontent-length: 8\r\n\r\n12345678", 1);
    let response = client
        .exchange(&stopped_clock(), LIMITS, request(&url))
        .await
        .unwrap();
    assert_eq!(response.into_body().unwrap(), "12345678");
    server.join().unwrap();
}

/// The deadline passes when the server has the request. The server then reads until the connection is closed.
#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
#[expect(clippy::disallowed_methods, reason = "a test's own server")]
async fn a_server_that_does_not_answer_is_given_up_at_the_deadline() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let late = Arc::new(Notify::new());
    let passes = Arc::clone(&late);
    let server = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        assert!(stream.read(&mut [0; 1_024]).unwrap() > 0);
        passes.notify_one();
        stream.read_to_end(&mut Vec::new())
    });
    let client = client(AllowedAddresses::Anywhere, usize::MAX);
    let answered = client.exchange(&TestClock(late), LIMITS, request(&url)).await;
    assert!(matches!(answered, Err(ExchangeError::Late(500))), "{answered:?}");
    server.join().unwrap().expect("the client closes the connection");
}

#[tokio::test]
async fn a_server_with_an_untrusted_certificate_gets_no_request() {
    let server = TlsServer::bind().await;
    let another = tempfile::tempdir().unwrap();
    let another = Authority::new("another").write(&another.path().join("another.crt"));
    for trust in [Trust::none(), Trust::of_file(&another).unwrap()] {
        let client = HttpClient::new(ClientOptions::new(trust, AllowedAddresses::Anywhere)).unwrap();
        let url = server.url();
        let serving = async { server.accept().await.read_u8().await };
        let (sent, read) = tokio::join!(client.send(request(&url)), serving);
        let error = sent.unwrap_err();
        assert!(error.is_connect(), "{error:?}");
        let text = tls::find_tls_error_text(&error).unwrap();
        assert!(
            text.contains("signed by no authority that is trusted here"),
            "{text}"
        );
        assert!(read.is_err(), "no byte of a request arrives");
    }
}

/// The server writes interim responses until the client closes the connection, and lets the deadline pass
/// once it has written more than any response may have.
#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
#[expect(clippy::disallowed_methods, reason = "a test's own server")]
async fn a_flood_of_interim_responses_ends_at_the_deadline_and_its_connection_is_closed() {
    // More than the head of any response may have.
    const LATE_BYTES: usize = 1024 * 1024;
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let late = Arc::new(Notify::new());
    let passes = Arc::clone(&late);
    let server = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        assert!(stream.read(&mut [0; 1_024]).unwrap() > 0);
        let hint = b"HTTP/1.1 103 Early Hints\r\nlink: </style.css>; rel=preload\r\n\r\n";
        let mut sent = 0;
        while stream.write_all(hint).is_ok() {
            sent += hint.len();
            if sent > LATE_BYTES {
                passes.notify_one();
            }
        }
    });
    let client = client(AllowedAddresses::Anywhere, 0);
    let answered = client.exchange(&TestClock(late), LIMITS, request(&url)).await;
    assert!(matches!(answered, Err(ExchangeError::Late(500))), "{answered:?}");
    server.join().unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn without_idle_connections_each_request_has_its_own() {
    let (url, server) = serve("HTTP/1.1 200 -\r\ncontent-length: 0\r\n\r\n", 2);
    let client = client(AllowedAddresses::Anywhere, 0);
    for _ in 0..2 {
        let response = client.exchange(&stopped_clock(), LIMITS, request(&url)).await;
        assert_eq!(response.unwrap().status().as_u16(), 200);
    }
    assert_eq!(server.join().unwrap(), [1, 1]);
}

#[tokio::test(start_paused = true)]
#[expect(clippy::disallowed_methods, reason = "a test's own server")]
async fn a_server_that_does_not_answer_the_tls_handshake_is_given_up() {
    // The system completes the TCP connection, and no server reads from it.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("https://{}/", listener.local_addr().unwrap());
    let client = client(AllowedAddresses::Anywhere, 0);
    let error = within_a_minute(client.send(request(&url))).await.unwrap_err();
    assert!(error.is_connect());
    assert_eq!(error.cause_text(), "no connection within 30000 ms");
    let (mut stream, _) = listener.accept().unwrap();
    drop(stream.read_to_end(&mut Vec::new()));
}

/// The system ends the connection, so this test runs on the real clock.
#[cfg(target_os = "linux")]
#[tokio::test]
#[expect(clippy::disallowed_methods, reason = "a test's own server")]
async fn a_server_that_takes_no_bytes_loses_its_connection() {
    // More than the buffers of both sockets hold.
    const BODY_BYTES: usize = 64 * 1024 * 1024;
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let options = ClientOptions {
        unread_ms_max: Some(100),
        ..ClientOptions::new(Trust::none(), AllowedAddresses::Anywhere)
    };
    let client = HttpClient::new(options).unwrap();
    let request = Request::post(url).body(full_body(vec![0; BODY_BYTES])).unwrap();
    let error = within_a_minute(client.send(request)).await.unwrap_err();
    assert!(!error.is_connect(), "the server has a part of the request");
    let (mut stream, _) = listener.accept().unwrap();
    let mut taken = Vec::new();
    drop(stream.read_to_end(&mut taken));
    assert!(taken.len() < BODY_BYTES);
}

/// Two requests connect. The first connection serves both, so that hyper-util finishes the other connect in a
/// task of its own.
#[tokio::test]
async fn a_connect_for_which_no_request_waits_ends_within_its_time() {
    let server = TlsServer::bind().await;
    let url = server.url();
    let trust = Trust::of_file(&server.authority).unwrap();
    let client = HttpClient::new(ClientOptions::new(trust, AllowedAddresses::Anywhere)).unwrap();
    let requests = async { tokio::join!(client.send(request(&url)), client.send(request(&url))) };
    let serving = async {
        let mut first = server.accept().await;
        let (second, _) = server.listener.accept().await.unwrap();
        answer(&mut first).await;
        answer(&mut first).await;
        second
    };
    let ((one, other), mut second) = within_a_minute(async { tokio::join!(requests, serving) }).await;
    assert!(one.is_ok() && other.is_ok());
    tokio::time::pause();
    drop(within_a_minute(second.read_to_end(&mut Vec::new())).await);
}

#[tokio::test]
async fn a_client_of_the_public_internet_connects_to_no_private_address() {
    let client = client(AllowedAddresses::PublicOnly, 0);
    for url in [
        "http://127.0.0.1:9/",
        "http://[::1]:9/",
        "http://169.254.169.254/",
        "http://localhost:9/",
    ] {
        let error = client.send(request(url)).await.unwrap_err();
        assert_eq!(error.cause_text(), ResolveError::NotGlobal.to_string(), "{url}");
        assert!(error.is_connect(), "{url}");
    }
}

#[test]
fn only_a_private_ip_address_in_a_url_is_known_without_the_resolver() {
    for (url, is_global) in [
        ("https://1.1.1.1/", true),
        ("https://example.com/", true),
        ("https://127.0.0.1/", false),
        ("https://[::ffff:10.0.0.1]/", false),
    ] {
        assert_eq!(is_literal_global(&url.parse().unwrap()), is_global, "{url}");
    }
}
