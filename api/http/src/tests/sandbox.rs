//! Tests of sandbox keys: a campaign of the sandbox beside a real trunk and webhook reaches neither, and
//! neither realm sees the other.

use super::test_client::{TestReply, add, get, key, owner, send};
use super::webhooks::{nowhere, receiver};
use crate::testing::TestServer;
use domain::ports::event_store::{EventStore, whole_log};
use domain::stored_event::{Envelope, Position};
use hyper::Method;
use serde_json::{Value, json};
use std::net::UdpSocket;
use std::sync::Arc;
use std::sync::mpsc::Receiver;
use store::realm_of;

/// The longest wait for an event, in milliseconds: much longer than a call of these tests.
const HUNG_AFTER_MS: u64 = 90_000;

/// A server with a trunk to a socket that counts its packets, and a sandbox key.
struct SandboxStory {
    server: TestServer,
    /// The far end of the real trunk.
    far_end: UdpSocket,
    key: String,
    /// Position of the sandbox key.
    begun: Position,
}

impl SandboxStory {
    #[expect(clippy::disallowed_methods, reason = "the test's own far end, on loopback")]
    fn begin() -> Self {
        let far_end = UdpSocket::bind("127.0.0.1:0").unwrap();
        far_end.set_nonblocking(true).unwrap();
        let port = far_end.local_addr().unwrap().port();
        let server = TestServer::begin_with(|_, settings| {
            let trunk = format!("sip:127.0.0.1:{port};probe=off");
            settings.trunks = vec![trunk.parse().unwrap()];
        });
        let (key, begun) = server.runtime.block_on(async {
            add(&server, "chief", &["admin"]).await;
            let key = key(&server, json!({ "user": "chief", "sandbox": true })).await;
            (key, server.running.installation.store().head().await.unwrap())
        });
        Self {
            server,
            far_end,
            key,
            begun,
        }
    }

    async fn ask(&self, method: Method, path: &str, body: Value) -> TestReply {
        let headers = [("Authorization", self.key.as_str())];
        let body = (!body.is_null()).then_some(body);
        send(&self.server, method, path, &headers, body).await
    }

    async fn post(&self, path: &str, body: Value) -> Value {
        let reply = self.ask(Method::POST, path, body).await;
        assert!(reply.status < 300, "{path}: {} {}", reply.status, reply.body);
        reply.body
    }

    async fn read(&self, path: &str) -> Value {
        let reply = self.ask(Method::GET, path, Value::Null).await;
        assert_eq!(reply.status, 200, "{path}: {}", reply.body);
        reply.body
    }

    /// Runs campaign T in the sandbox to its end.
    async fn run_campaign(&self) {
        self.post("/api/v1/campaigns", campaign("T", "sandbox-open"))
            .await;
        self.post(
            "/api/v1/tasks/data",
            records("T", &["13800138000", "13800138008"]),
        )
        .await;
        self.post("/api/v1/campaigns/T/start", json!({})).await;
        self.until_stored("campaign.completed").await;
    }

    fn log(&self) -> &Arc<dyn EventStore> {
        whole_log(&self.server.running.installation.environment.store)
    }

    /// Waits for an event of this kind in the sandbox.
    async fn until_stored(&self, kind: &str) -> Envelope {
        let mut events = self.log().subscribe(self.begun).await.unwrap();
        let clock = &self.server.running.installation.environment.clock;
        let limit = clock.now().plus_ms(HUNG_AFTER_MS);
        loop {
            let page = tokio::select! {
                biased;
                page = events.next() => page.unwrap(),
                () = clock.wait_until(limit) => panic!("no {kind} in the sandbox"),
            };
            for event in page {
                let envelope = event.envelope().unwrap();
                if envelope.kind == kind && realm_of(&event).is_sandbox() {
                    return envelope;
                }
            }
        }
    }

    /// The events of the real realm since the sandbox key was made.
    async fn real_events(&self) -> Vec<Envelope> {
        let page = self.log().read_all(self.begun, 4_096).await.unwrap();
        let real = page.iter().filter(|event| !realm_of(event).is_sandbox());
        real.map(|event| event.envelope().unwrap()).collect()
    }

    fn packets(&self) -> usize {
        let mut packets = 0;
        while self.far_end.recv(&mut [0; 2_048]).is_ok() {
            packets += 1;
        }
        packets
    }

    fn end(self) {
        self.server.end();
    }
}

fn campaign(name: &str, preset: &str) -> Value {
    json!({ "task_id": name, "script_template": "您好。", "preset": preset, "basis": "contract",
        "schedule": { "start_time": "00:00", "end_time": "24:00" }, "retry_policy": { "retries_max": 0 } })
}

fn records(name: &str, phones: &[&str]) -> Value {
    let records = phones.iter().enumerate();
    let records =
        records.map(|(index, phone)| json!({ "customer_id": format!("C-{index}"), "phone": phone }));
    json!({ "task_id": name, "records": records.collect::<Vec<_>>() })
}

fn hook(url: &str) -> Value {
    json!({ "url": url, "allow_private": true, "events": ["campaign.started", "campaign.completed"] })
}

fn received(deliveries: &Receiver<Value>) -> Value {
    deliveries
        .recv_timeout(std::time::Duration::from_mins(1))
        .unwrap()
}

#[test]
fn a_sandbox_campaign_beside_a_real_trunk_and_webhook_reaches_neither_and_writes_no_real_event() {
    let story = SandboxStory::begin();
    story.server.runtime.block_on(async {
        let (real_url, real_deliveries) = receiver(&[]);
        let (sandbox_url, sandbox_deliveries) = receiver(&[]);
        assert_eq!(
            owner(&story.server, "/api/v1/webhooks", hook(&real_url))
                .await
                .status,
            201
        );
        let made = story.post("/api/v1/webhooks", hook(&sandbox_url)).await;
        assert!(made["secret"].as_str().unwrap().starts_with("whsec_"));
        story.run_campaign().await;
        let kinds = [received(&sandbox_deliveries), received(&sandbox_deliveries)].map(|body| {
            assert_eq!(body["sandbox"], json!(true), "{body}");
            assert_eq!(body["subject"], "campaign-T");
            body["type"].clone()
        });
        assert_eq!(kinds, [json!("campaign.started"), json!("campaign.completed")]);
        let calls = story.read("/api/v1/calls?campaign=T").await;
        assert_eq!(calls["items"].as_array().unwrap().len(), 2, "{calls}");
        let figures = story.read("/api/v1/campaigns/T").await;
        assert_eq!(figures["status"], "completed", "{figures}");

        let real = story.real_events().await;
        let kinds: Vec<_> = real.iter().map(|envelope| envelope.kind.as_str()).collect();
        assert!(kinds.iter().all(|kind| *kind == "webhook.added"), "{kinds:?}");
        assert!(
            real_deliveries.try_recv().is_err(),
            "the real webhook got a request"
        );
        assert_eq!(story.packets(), 0, "the real trunk got a packet");
        let lists = get(&story.server, "/api/v1/campaigns", &story.server.bearer()).await;
        assert_eq!(
            lists.body["items"],
            json!([]),
            "the owner sees no sandbox campaign"
        );
        let metrics = get(&story.server, "/metrics", &story.server.bearer()).await;
        assert_eq!(metrics.status, 200);
    });
    story.end();
}

#[test]
fn an_equal_id_and_number_is_another_person_and_no_path_leads_into_the_other_realm() {
    let story = SandboxStory::begin();
    story.server.runtime.block_on(async {
        for name in ["T", "U"] {
            let made = campaign(name, "cn-service");
            assert_eq!(owner(&story.server, "/api/v1/campaigns", made).await.status, 201);
        }
        let list = records("T", &["13800138000"]);
        assert_eq!(
            owner(&story.server, "/api/v1/tasks/data", list.clone())
                .await
                .status,
            200
        );
        let opted_out = json!({ "number": "13800138000", "reason": "asked" });
        let done = owner(&story.server, "/api/v1/numbers/opt-out", opted_out).await;
        assert!(done.status < 300, "{}", done.body);
        // The same campaign, list and key in the sandbox are its own.
        story
            .post("/api/v1/campaigns", campaign("T", "sandbox-open"))
            .await;
        let enrolled = story.post("/api/v1/tasks/data", list).await;
        assert_eq!(enrolled["enrolled"], 1, "{enrolled}");
        let find = json!({ "customer": "C-0" });
        let own = story.post("/api/v1/customers/find", find.clone()).await;
        let real = owner(&story.server, "/api/v1/customers/find", find).await.body;
        assert_ne!(own["id"], real["id"], "{own} {real}");
        let number = json!({ "number": "13800138000" });
        let shown = story.post("/api/v1/numbers/show", number.clone()).await;
        let real_number = owner(&story.server, "/api/v1/numbers/show", number).await.body;
        assert_eq!(real_number["opted_out"], true, "{real_number}");
        assert_eq!(shown["opted_out"], false, "{shown}");
        // A person or campaign of the other realm does not exist.
        let path = format!("/api/v1/customers/{}", real["id"].as_str().unwrap());
        assert_eq!(story.ask(Method::GET, &path, Value::Null).await.status, 404);
        let path = format!("/api/v1/customers/{}", own["id"].as_str().unwrap());
        assert_eq!(
            get(&story.server, &path, &story.server.bearer()).await.status,
            404
        );
        assert_eq!(
            story
                .ask(Method::GET, "/api/v1/campaigns/U", Value::Null)
                .await
                .status,
            404
        );
        for stream in ["sandbox.campaign-T", "campaign-U"] {
            let events = story
                .ask(Method::GET, &format!("/api/v1/streams/{stream}"), Value::Null)
                .await;
            assert!(
                events.status == 404 || events.body["items"] == json!([]),
                "{}",
                events.body
            );
        }
    });
    story.end();
}

#[test]
fn a_sandbox_key_is_refused_where_it_could_reach_outside_and_beyond_its_limits() {
    let story = SandboxStory::begin();
    story.server.runtime.block_on(async {
        for (method, path) in [
            (Method::POST, "/api/v1/stop"),
            (Method::POST, "/api/v1/messages"),
            (Method::POST, "/api/v1/numbers/check"),
            (Method::POST, "/api/v1/api-keys"),
            (Method::GET, "/api/v1/users"),
            (Method::GET, "/api/v1/settings"),
            (Method::GET, "/metrics"),
        ] {
            let body = if method == Method::GET {
                Value::Null
            } else {
                json!({})
            };
            let refused = story.ask(method, path, body).await;
            assert_eq!((refused.status, refused.code()), (403, "sandbox-key"), "{path}");
        }
        let robot = json!({ "url": "https://1.1.1.1/", "format": "wecom" });
        let refused = story.ask(Method::POST, "/api/v1/webhooks", robot).await;
        assert_eq!((refused.status, refused.code()), (422, "sandbox-format"));
        let open = campaign("REAL", "sandbox-open");
        let refused = owner(&story.server, "/api/v1/campaigns", open).await;
        assert_eq!(
            (refused.status, refused.code()),
            (422, "sandbox-preset"),
            "{}",
            refused.body
        );
        for index in 0..10 {
            story
                .post(
                    "/api/v1/campaigns",
                    campaign(&format!("T{index}"), "sandbox-open"),
                )
                .await;
        }
        let full = story
            .ask(Method::POST, "/api/v1/campaigns", campaign("T10", "sandbox-open"))
            .await;
        assert_eq!((full.status, full.code()), (422, "sandbox-full"), "{}", full.body);
        let phones: Vec<String> = (0..201).map(|index| format!("138{index:08}")).collect();
        let phones: Vec<&str> = phones.iter().map(String::as_str).collect();
        let full = story
            .ask(Method::POST, "/api/v1/tasks/data", records("T0", &phones))
            .await;
        assert_eq!((full.status, full.code()), (422, "sandbox-full"), "{}", full.body);
        story
            .post("/api/v1/campaigns/T9/stop", json!({ "reason": "test" }))
            .await;
        story
            .post("/api/v1/campaigns", campaign("T10", "sandbox-open"))
            .await;
        let real = owner(&story.server, "/api/v1/webhooks", nowhere("/")).await;
        assert_eq!(real.status, 201, "the real realm has no such limits");
    });
    story.end();
}

#[test]
fn a_stop_of_the_installation_stops_the_sandbox_until_it_is_lifted() {
    let story = SandboxStory::begin();
    story.server.runtime.block_on(async {
        story
            .post("/api/v1/campaigns", campaign("T", "sandbox-open"))
            .await;
        story
            .post("/api/v1/tasks/data", records("T", &["13800138008"]))
            .await;
        let stop = json!({ "scope": "all", "reason": "drill" });
        let stopped = owner(&story.server, "/api/v1/stop", stop.clone()).await;
        assert!(stopped.status < 300, "{}", stopped.body);
        story.until_stored("stop.engaged").await;
        story.post("/api/v1/campaigns/T/start", json!({})).await;
        let lifted = owner(&story.server, "/api/v1/stop/lift", stop).await;
        assert!(lifted.status < 300, "{}", lifted.body);
        let lifted = story.until_stored("stop.lifted").await;
        let dialed = story.until_stored("call.dialing").await;
        assert!(
            dialed.at >= lifted.at,
            "dialed while the installation was stopped"
        );
    });
    story.end();
}

#[test]
fn the_sandbox_goes_on_after_a_restart() {
    let story = SandboxStory::begin();
    story.server.runtime.block_on(story.run_campaign());
    let SandboxStory {
        server,
        key,
        begun,
        far_end,
        ..
    } = story;
    let settings = crate::testing::settings(server.directory.path());
    let (directory, runtime) = server.stopped();
    let story = SandboxStory {
        server: TestServer::on(directory, runtime, settings),
        key,
        begun,
        far_end,
    };
    story.server.runtime.block_on(async {
        let figures = story.read("/api/v1/campaigns/T").await;
        assert_eq!(figures["status"], "completed", "{figures}");
        story
            .post(
                "/api/v1/tasks/data",
                records("T", &["13800138018", "13800138028", "13800138038"]),
            )
            .await;
        let ended = story.until_stored("campaign.reopened").await;
        assert_eq!(ended.stream.as_str(), "sandbox.campaign-T");
    });
    story.end();
}
