//! Tests with receivers on loopback that misbehave: each is cut off, and the result reports what it did.

use super::*;
use application::webhooks::courier::{Header, Mail};
use bytes::Bytes;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use tokio::sync::Notify;

/// Returns a message without headers and body.
fn empty_post(url: &str, allow_private: bool) -> Post {
    Post {
        url: url.to_owned(),
        headers: Vec::new(),
        body: Bytes::new(),
        allow_private,
    }
}

fn may(url: &str, allow_private: bool) -> Result<(), DeliveryFault> {
    request(empty_post(url, allow_private)).map(drop)
}

#[tokio::test]
async fn only_https_to_the_open_internet_is_spoken_unless_an_administrator_allows_more() {
    let courier = OutsideCourier::new(Arc::new(SystemClock::default()));
    for private in [
        "http://1.1.1.1/",
        "https://127.0.0.1/",
        "https://[::1]:8443/",
        "https://[::ffff:10.0.0.1]/",
        "https://169.254.169.254/latest/meta-data",
        "https://user:password@1.1.1.1/",
        "ftp://1.1.1.1/",
        "https:///nowhere",
        "/path",
    ] {
        let sent = courier.deliver(Letter::Post(empty_post(private, false)));
        let fault = sent.await.fault;
        let is_refused = matches!(fault, Some(DeliveryFault::PrivateAddress | DeliveryFault::Unmade));
        assert!(is_refused, "{private}: {fault:?}");
    }
    assert_eq!(may("https://1.1.1.1/", false), Ok(()));
    assert_eq!(may("http://127.0.0.1:9/", true), Ok(()));
    assert!(may("ftp://127.0.0.1:9/", true).is_err());
}

/// A clock with deadlines that pass when the receiver has read the message.
struct LateClock {
    wall: SystemClock,
    read: Arc<Notify>,
}

#[async_trait]
impl Clock for LateClock {
    fn now(&self) -> Timestamp {
        self.wall.now()
    }
    async fn wait_until(&self, _: Timestamp) {
        self.read.notified().await;
    }
}

/// Writes a receiver's response after it has read a message.
type ResponseWriter = fn(&mut TcpStream);

type ReceiverScript = Box<dyn FnOnce(&mut TcpStream) + Send>;

/// Delivers a message to a receiver that responds so. `None`: it never responds, and the deadline passes.
async fn deliver(answers: Option<ResponseWriter>) -> DeliveryResponse {
    deliver_to(answers.map(|answers| Box::new(answers) as ReceiverScript)).await
}

/// Delivers a message to a receiver that responds with this text.
async fn deliver_to_text(text: String) -> DeliveryResponse {
    deliver_to(Some(Box::new(move |stream: &mut TcpStream| say(stream, &text)))).await
}

async fn deliver_to(answers: Option<ReceiverScript>) -> DeliveryResponse {
    let answers_ever = answers.is_some();
    let read = Arc::new(Notify::new());
    let url = receive(answers, Arc::clone(&read));
    let wall = SystemClock::default();
    let clock: Arc<dyn Clock> = match answers_ever {
        true => Arc::new(wall),
        false => Arc::new(LateClock { wall, read }),
    };
    OutsideCourier::new(clock).deliver(post_to(url)).await
}

/// Starts a receiver of one message on loopback. Returns its URL. Without a response it notifies `read` once
/// it has read the message.
#[expect(clippy::disallowed_methods, reason = "the test's own receiver, on loopback")]
fn receive(answers: Option<ReceiverScript>, read: Arc<Notify>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/in", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        let (stream, _) = listener.accept().unwrap();
        let mut reader = BufReader::new(stream.try_clone().unwrap());
        let mut line = String::new();
        while line != "\r\n" {
            line.clear();
            reader.read_line(&mut line).unwrap();
        }
        let mut body = [0; 2];
        reader.read_exact(&mut body).unwrap();
        let mut stream = stream;
        match answers {
            Some(answers) => answers(&mut stream),
            None => {
                read.notify_one();
                // Holds the connection until the other side closes it.
                drop(stream.read(&mut body));
            }
        }
    });
    url
}

/// Returns a message to any address, private ones too.
fn post_to(url: String) -> Letter {
    Letter::Post(Post {
        url,
        headers: vec![Header {
            name: "webhook-id",
            value: "one".to_owned(),
        }],
        body: Bytes::from_static(b"{}"),
        allow_private: true,
    })
}

fn say(stream: &mut TcpStream, text: &str) {
    stream.write_all(text.as_bytes()).unwrap();
}

#[tokio::test]
async fn an_answer_is_returned_and_kept() {
    let taken = deliver(Some(|stream| {
        say(stream, "HTTP/1.1 200 -\r\ncontent-length: 2\r\n\r\nok");
    }))
    .await;
    assert_eq!((taken.fault, taken.status), (None, Some(200)));
    assert_eq!(taken.body, b"ok");
    let busy = deliver(Some(|stream| {
        say(
            stream,
            "HTTP/1.1 503 -\r\nretry-after: 7\r\ncontent-length: 0\r\n\r\n",
        );
    }))
    .await;
    assert_eq!(
        (busy.fault, busy.retry_after_ms),
        (Some(DeliveryFault::Status), Some(7_000))
    );
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let answered = deliver(Some(|stream| {
        let head = "HTTP/1.1 307 -\r\nlocation: http://169.254.169.254/\r\ncontent-length: 0\r\n\r\n";
        say(stream, head);
    }))
    .await;
    assert_eq!(
        (answered.fault, answered.status),
        (Some(DeliveryFault::Redirected), Some(307))
    );
}

#[tokio::test]
async fn a_2xx_is_success_whatever_its_body_is() {
    let page = deliver(Some(|stream| {
        say(stream, "HTTP/1.1 200 -\r\ncontent-length: 100000\r\n\r\n");
        drop(stream.write_all(&[b'x'; 100_000]));
    }))
    .await;
    assert_eq!((page.fault, page.status), (None, Some(200)));
    assert_eq!(page.body.len(), ANSWER_READ_BYTES_MAX);
    let broken = deliver(Some(|stream| {
        say(stream, "HTTP/1.1 202 -\r\ncontent-length: 100\r\n\r\nhalf");
    }))
    .await;
    assert_eq!((broken.fault, broken.status), (None, Some(202)));
    assert_eq!(broken.body, b"half");
}

/// The receiver may have accepted the message: an SMS that is sent again would arrive twice.
#[tokio::test]
async fn a_receiver_that_reads_a_message_and_closes_may_have_it() {
    let closed = deliver(Some(|_| {})).await;
    assert_eq!(
        (closed.fault, closed.status),
        (Some(DeliveryFault::AnswerCut), None)
    );
    let garbled = deliver(Some(|stream| say(stream, "SMTP\r\n\r\n"))).await;
    assert_eq!(
        (garbled.fault, garbled.status),
        (Some(DeliveryFault::AnswerCut), None)
    );
}

#[tokio::test]
async fn a_wait_that_is_asked_for_as_a_date_is_kept() {
    let waits = [
        "Sun, 06 Nov 1994 08:50:07 GMT",
        "Sunday, 06-Nov-94 08:50:07 GMT",
        "Sun Nov  6 08:50:07 1994",
    ];
    for wait in waits {
        let busy = deliver_to_text(format!(
            "HTTP/1.1 429 -\r\ndate: Sun, 06 Nov 1994 08:49:37 GMT\r\nretry-after: {wait}\r\ncontent-length: 0\r\n\r\n"
        ));
        assert_eq!(busy.await.retry_after_ms, Some(30_000), "{wait}");
    }
    // A date in the past: at once. A date without the receiver's clock: compared with ours.
    let over = "HTTP/1.1 503 -\r\nretry-after: Sun, 06 Nov 1994 08:50:07 GMT\r\ncontent-length: 0\r\n\r\n";
    assert_eq!(deliver_to_text(over.to_owned()).await.retry_after_ms, Some(0));
    let unread = "HTTP/1.1 503 -\r\nretry-after: soon\r\ncontent-length: 0\r\n\r\n";
    assert_eq!(deliver_to_text(unread.to_owned()).await.retry_after_ms, None);
}

#[tokio::test]
async fn an_answer_of_a_hundred_megabytes_is_cut() {
    let answered = deliver(Some(|stream| {
        say(stream, "HTTP/1.1 200 -\r\ncontent-length: 104857600\r\n\r\n");
        let piece = [b'x'; 65_536];
        // The client that cuts it off closes the connection.
        while stream.write_all(&piece).is_ok() {}
    }))
    .await;
    assert_eq!(answered.fault, None);
    assert_eq!(answered.body.len(), ANSWER_READ_BYTES_MAX);
}

#[tokio::test]
async fn a_silent_receiver_is_given_up() {
    assert_eq!(deliver(None).await.fault, Some(DeliveryFault::TimedOut));
}

/// Starts a server on loopback that never stops sending. Returns its address, and the number of bytes sent
/// before the other side closed the connection.
#[expect(clippy::disallowed_methods, reason = "the test's own server, on loopback")]
fn flooding(
    begin: fn(&mut TcpStream),
    piece: &'static [u8],
    note_sent: impl Fn(usize) + Send + 'static,
) -> (SocketAddr, std::thread::JoinHandle<usize>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let flood = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        begin(&mut stream);
        let mut sent = 0;
        while stream.write_all(piece).is_ok() {
            sent += piece.len();
            note_sent(sent);
        }
        sent
    });
    (address, flood)
}

/// One worker besides the test's own thread, which waits for the server: the worker closes the connection.
#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_receiver_that_floods_early_hints_is_given_up_at_the_deadline() {
    /// More than any response may have; less than is sent within the deadline.
    const LATE_BYTES: usize = 1024 * 1024;
    let late = Arc::new(Notify::new());
    let notes = Arc::clone(&late);
    let (address, flood) = flooding(
        |stream| assert!(stream.read(&mut [0; 1_024]).unwrap() > 0),
        b"HTTP/1.1 103 Early Hints\r\nlink: </style.css>; rel=preload\r\n\r\n",
        move |sent| {
            if sent > LATE_BYTES {
                notes.notify_one();
            }
        },
    );
    let wall = SystemClock::default();
    let clock = Arc::new(LateClock { wall, read: late });
    let post = empty_post(&format!("http://{address}/in"), true);
    let answered = OutsideCourier::new(clock).deliver(Letter::Post(post)).await;
    assert_eq!(
        (answered.fault, answered.status),
        (Some(DeliveryFault::TimedOut), None)
    );
    assert!(flood.join().unwrap() > LATE_BYTES, "the connection is closed");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_line_without_an_end_of_a_mail_server_is_read_up_to_a_limit() {
    // Far more than the limit of 64 KiB and what the buffers of both sockets hold.
    const SENT_BYTES_MAX: usize = 32 * 1024 * 1024;
    let (address, flood) = flooding(
        |stream| stream.write_all(b"220 ").unwrap(),
        &[b'x'; 65_536],
        |sent| assert!(sent < SENT_BYTES_MAX, "the client continues to read"),
    );
    // The deadline never passes: only the limit ends it.
    let clock = Arc::new(LateClock {
        wall: SystemClock::default(),
        read: Arc::default(),
    });
    let mail = Mail {
        smtp: address.to_string(),
        login: None,
        to: "wang@example.com".to_owned(),
        subject: "ALERT".to_owned(),
        text: "ALERT".to_owned(),
        allow_private: true,
    };
    let answered = OutsideCourier::new(clock).deliver(Letter::Mail(mail)).await;
    assert!(
        answered
            .fault
            .is_some_and(|fault| fault != DeliveryFault::TimedOut)
    );
    assert!(flood.join().unwrap() < SENT_BYTES_MAX);
}

#[tokio::test]
async fn an_absent_receiver_is_reported() {
    let courier = OutsideCourier::new(Arc::new(SystemClock::default()));
    let post = |url: &str, allow_private| courier.deliver(Letter::Post(empty_post(url, allow_private)));
    let fault = post("http://127.0.0.1:9/", true).await.fault;
    assert_eq!(fault, Some(DeliveryFault::Unreachable));
    // The name is checked on each connection, also long after it was added.
    let fault = post("https://localhost:9/", false).await.fault;
    assert_eq!(fault, Some(DeliveryFault::PrivateAddress));
}

#[tokio::test]
async fn plain_http_needs_no_certificate_authorities() {
    let courier = OutsideCourier {
        clients: Arc::new(Clients::new(|| Err(TlsError::NoAuthorities("none".to_owned())))),
        clock: Arc::new(SystemClock::default()),
    };
    let script: ReceiverScript = Box::new(|stream: &mut TcpStream| say(stream, "HTTP/1.1 204 -\r\n\r\n"));
    let url = receive(Some(script), Arc::default());
    let taken = courier.deliver(post_to(url)).await;
    assert_eq!((taken.fault, taken.status), (None, Some(204)));
    let secure = courier.deliver(post_to("https://127.0.0.1:9/".to_owned())).await;
    assert_eq!(secure.fault, Some(DeliveryFault::Tls));
}

#[tokio::test]
async fn addresses_are_looked_at_before_they_are_kept() {
    let courier = OutsideCourier::new(Arc::new(SystemClock::default()));
    for private in [
        "https://localhost/",
        "https://127.0.0.1/",
        "http://1.1.1.1/",
        "nowhere",
    ] {
        let asked = Address::Url {
            url: private,
            allow_private: false,
        };
        assert!(courier.admits(asked).await.is_err(), "{private}");
    }
    let allowed = Address::Url {
        url: "http://localhost/",
        allow_private: true,
    };
    assert_eq!(courier.admits(allowed).await, Ok(()));
    let smtp = |allow_private| Address::Smtp {
        host: "localhost:25",
        allow_private,
    };
    assert!(courier.admits(smtp(false)).await.is_err());
    assert_eq!(courier.admits(smtp(true)).await, Ok(()));
}
