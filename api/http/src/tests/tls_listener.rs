//! Tests of the HTTP listener over TLS: which certificates clients trust, which protocols they can use, and
//! what a peer that never completes a handshake can occupy.

use crate::connection_limits::{RouteList, SlotLimits};
use crate::listeners::Listeners;
use crate::proxies::Proxies;
use crate::router::Router;
use crate::server::{self, ListenerSettings, bind};
use crate::testing::{TestServer, settings};
use actors::Supervisor;
use bytes::Bytes;
use domain::ports::clock::Clock;
use domain::ports::tasks::Tasks;
use domain::problem::Problem;
use host::outbound::api_client::ApiClient;
use host::outbound::server_locator::{ServerArgs, ServerConnection};
use host::tls_args::TlsChoice;
use http_body_util::{BodyExt, Empty};
use hyper::{Method, Request};
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioIo};
use std::path::Path;
use std::sync::Arc;
use store::test_ports::StepClock;
use tls::testing::{Authority, NOW, Years, agreed, connect, noon, shown};
use tls::{Identity, IdentityFiles, ReloadOutcome, Trust};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tower::ServiceExt;
use warp::Filter;

const HOSTS: [&str; 2] = ["dialer.example.com", "127.0.0.1"];

/// Starts a server over TLS. Returns it and the authority that issued its certificate.
fn secured() -> (TestServer, Authority) {
    let authority = Authority::new("ours");
    let story = TestServer::begin_with(|folder, settings| {
        settings.tls = TlsChoice::Files(authority.issue(folder, &HOSTS, NOW));
    });
    assert!(story.url.starts_with("https://127.0.0.1:"), "{}", story.url);
    (story, authority)
}

/// Opens a TCP connection that sends nothing by itself.
pub(super) async fn reach(url: &str) -> TcpStream {
    let plain = url.replace("https://", "http://").parse().unwrap();
    HttpConnector::new().oneshot(plain).await.unwrap().into_inner()
}

async fn first_line(stream: &mut (impl AsyncRead + AsyncWrite + Unpin), request: &str) -> String {
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut line = Vec::new();
    while !line.ends_with(b"\r\n") {
        line.push(stream.read_u8().await.unwrap());
    }
    String::from_utf8(line).unwrap()
}

fn client(server: Option<String>, data: Option<&Path>, ca_file: Option<&Path>) -> ApiClient {
    let args = ServerArgs {
        server,
        token_file: None,
        data: data.map(Path::to_owned),
        ca_file: ca_file.map(Path::to_owned),
    };
    ServerConnection::find(&args).unwrap()
}

#[test]
fn commands_trust_only_their_directory_or_the_given_authority() {
    let (story, authority) = secured();
    let folder = story.directory.path();
    let data = story.running.installation.directory.clone();
    let ours = authority.write(&folder.join("ca.crt"));
    let theirs = Authority::new("another").write(&folder.join("other.crt"));
    let url = || Some(story.url.clone());
    let by_name = || Some(story.url.replace("127.0.0.1", "localhost"));
    story.runtime.block_on(async {
        let asked = |client: ApiClient| async move {
            let answered = client.ask(Method::GET, "/livez", None).await;
            answered.map_err(|problem| problem.detail)
        };
        asked(client(None, Some(&data), None)).await.unwrap();
        asked(client(url(), Some(&data), None)).await.unwrap();
        asked(client(by_name(), Some(&data), None)).await.unwrap();
        asked(client(url(), None, Some(&ours))).await.unwrap();
        let refused = asked(client(url(), None, Some(&theirs))).await.unwrap_err();
        assert!(
            refused.contains("is not trusted") && refused.contains("no authority that is trusted"),
            "{refused}"
        );
        // If a file is named, its certificates are the only trusted ones.
        assert!(asked(client(None, Some(&data), Some(&theirs))).await.is_err());
        let refused = asked(client(by_name(), None, Some(&ours))).await.unwrap_err();
        assert!(refused.contains("another host"), "{refused}");
        let plain = story.url.replace("https://", "http://");
        assert!(asked(client(Some(plain), Some(&data), None)).await.is_err());
    });
    for (server, file) in [
        ("ftp://127.0.0.1", None),
        ("http://127.0.0.1:1", Some(ours)),
        ("https://127.0.0.1:1", Some(folder.join("absent"))),
    ] {
        let args = ServerArgs {
            server: Some(server.to_owned()),
            token_file: None,
            data: None,
            ca_file: file,
        };
        assert!(ServerConnection::find(&args).is_err(), "{server}");
    }
    story.end();
}

#[test]
fn http_1_and_http_2_and_streams_pass_over_tls() {
    let (story, _authority) = secured();
    let (fingerprint, bearer) = (
        story.running.identity.as_ref().unwrap().fingerprint(),
        story.bearer(),
    );
    story.runtime.block_on(async {
        let trust = || Trust::none().or_certificate(fingerprint);
        let reached = reach(&story.url).await;
        let mut one = connect(reached, trust(), "127.0.0.1", &[b"http/1.1"])
            .await
            .unwrap();
        assert_eq!(agreed(&one), "http/1.1");
        let request = "GET /livez HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n";
        assert_eq!(first_line(&mut one, request).await, "HTTP/1.1 200 OK\r\n");

        let reached = reach(&story.url).await;
        let two = connect(reached, trust(), "127.0.0.1", &[&b"h2"[..], b"http/1.1"])
            .await
            .unwrap();
        assert_eq!(agreed(&two), "h2");
        let (mut sender, connection) =
            hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(two))
                .await
                .unwrap();
        let driven = story.runtime.spawn(connection);
        let request = Request::get(format!("{}/livez", story.url)).body(Empty::<Bytes>::new());
        let response = sender.send_request(request.unwrap()).await.unwrap();
        assert_eq!(
            (response.status().as_u16(), response.version()),
            (200, hyper::Version::HTTP_2)
        );
        let stays = response.headers().get("strict-transport-security").unwrap();
        assert_eq!(stays, "max-age=31536000");
        response.into_body().collect().await.unwrap();
        drop(sender);
        driven.await.unwrap().unwrap();

        story.append(0, 5).await;
        let mut count = 0;
        let client = story.client();
        let following = client.follow("/api/v1/events/stream?after=0", |name, _| {
            count += usize::from(name.is_empty());
            match name {
                "caught-up" => Err(Problem::fault("enough")),
                _ => Ok(()),
            }
        });
        following.await.unwrap_err();
        assert!(count >= 5, "{count}");

        let reached = reach(&story.url).await;
        let mut socket = connect(reached, trust(), "127.0.0.1", &[]).await.unwrap();
        let request = format!(
            "GET /api/v1/events/ws?after=0 HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: {bearer}\r\n\
             Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
             Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        );
        assert_eq!(
            first_line(&mut socket, &request).await,
            "HTTP/1.1 101 Switching Protocols\r\n"
        );
    });
    story.end();
}

#[test]
fn a_renewed_certificate_meets_who_comes_and_who_is_there_stays() {
    let (story, authority) = secured();
    let identity = Arc::clone(story.running.identity.as_ref().unwrap());
    let ours = authority.write(&story.directory.path().join("ca.crt"));
    story.runtime.block_on(async {
        let trust = || Trust::of_file(&ours).unwrap();
        let reach = async || {
            connect(reach(&story.url).await, trust(), "127.0.0.1", &[b"http/1.1"])
                .await
                .unwrap()
        };
        let mut open = reach().await;
        let before = shown(&open);
        assert_eq!(before, identity.fingerprint());
        let request = "GET /livez HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n";
        assert!(first_line(&mut open, request).await.contains("200"));
        authority.issue(story.directory.path(), &HOSTS, NOW);
        let ReloadOutcome::Renewed(after) = identity.look(noon()) else {
            panic!("it was not renewed")
        };
        assert_eq!(shown(&reach().await), after);
        assert_ne!(before, after);
        // Reads the rest of the first reply, then the second one, on the connection from before the renewal.
        open.write_all(request.as_bytes()).await.unwrap();
        let mut said = String::new();
        while !said.contains("200 OK") {
            said.push(char::from(open.read_u8().await.unwrap()));
        }
        authority.issue(story.directory.path(), &HOSTS, Years(2020, 2021));
        assert!(matches!(identity.look(noon()), ReloadOutcome::Same));
        let ReloadOutcome::Broken(error) = identity.look(noon()) else {
            panic!("it was taken")
        };
        assert!(error.to_string().contains("expired"), "{error}");
        assert_eq!(shown(&reach().await), after);
    });
    story.end();
}

/// The start of a TLS handshake that is never completed: 16 bytes of a record of 512 bytes.
const HALF_A_GREETING: &[u8] = &[0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3, 0, 0, 0, 0, 0];

#[test]
fn a_client_without_a_handshake_delays_no_other_and_plain_text_is_turned_away() {
    let (story, authority) = secured();
    let ours = authority.write(&story.directory.path().join("ca.crt"));
    story.runtime.block_on(async {
        let mut held = Vec::new();
        for index in 0..40 {
            let mut stream = reach(&story.url).await;
            if index % 2 == 0 {
                stream.write_all(HALF_A_GREETING).await.unwrap();
            }
            held.push(stream);
        }
        let client = client(Some(story.url.clone()), None, Some(&ours));
        client.ask(Method::GET, "/livez", None).await.unwrap();
        let mut plain = reach(&story.url).await;
        plain
            .write_all(b"GET /livez HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
            .await
            .unwrap();
        let mut said = Vec::new();
        // The client gets a TLS alert, or the connection is closed.
        drop(plain.read_to_end(&mut said).await);
        assert!(!said.starts_with(b"HTTP"), "{said:?}");
    });
    story.end();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_silent_client_and_half_a_handshake_end_at_the_limit_of_a_head() {
    let folder = tempfile::tempdir().unwrap();
    let files = Authority::new("ours").issue(folder.path(), &HOSTS, NOW);
    let identity = Identity::load(files, noon()).unwrap();
    // Waiting moves this clock forward, so that every limit is reached at once.
    let clock: Arc<dyn Clock> = Arc::new(StepClock::default());
    let tasks: Arc<dyn Tasks> = Supervisor::new(tokio::runtime::Handle::current(), Arc::clone(&clock));
    let listener = bind("127.0.0.1:0".parse().unwrap()).await.unwrap();
    let url = format!("https://{}", listener.local_addr().unwrap());
    let routes = warp::any()
        .map(warp::reply)
        .map(warp::Reply::into_response)
        .boxed();
    let routes = Router::from(routes);
    let settings = ListenerSettings {
        acceptor: Some(identity.acceptor(&[]).unwrap()),
        routes,
        list: RouteList::default(),
        proxies: Proxies::default(),
        limits: SlotLimits::within(None),
    };
    let served = server::serve(listener, settings, Arc::clone(&tasks), clock);
    tasks.spawn("server", Box::pin(served));
    for greeting in [&[][..], HALF_A_GREETING] {
        let mut stream = reach(&url).await;
        // The server may have closed the connection before the client wrote.
        drop(stream.write_all(greeting).await);
        let mut said = Vec::new();
        drop(stream.read_to_end(&mut said).await);
        assert_eq!(said, b"");
    }
    tasks.stop().await;
}

#[test]
fn an_unusable_certificate_prevents_the_start() {
    let folder = tempfile::tempdir().unwrap();
    let authority = Authority::new("ours");
    let runtime = Arc::new(tokio::runtime::Runtime::new().unwrap());
    let refused = |files: IdentityFiles| {
        let mut settings = settings(folder.path());
        settings.tls = TlsChoice::Files(files);
        let started =
            crate::running_server::RunningServer::start(settings, Listeners::none(), Arc::clone(&runtime));
        match runtime.block_on(started) {
            Ok(_) => panic!("it started"),
            Err(problem) => problem.detail,
        }
    };
    let said = refused(authority.issue(folder.path(), &HOSTS, Years(2020, 2021)));
    assert!(said.contains("server.crt") && said.contains("expired"), "{said}");
    let good = authority.issue(folder.path(), &HOSTS, NOW);
    let absent = folder.path().join("absent.key");
    let said = refused(IdentityFiles { key: absent, ..good });
    assert!(said.contains("absent.key"), "{said}");
}
