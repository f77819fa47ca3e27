//! Tests that four eyes are two people: an approval does not count if an API key gives it, or if one of the
//! two users issued the other's credential.

use super::approvals::{asked, customers, user};
use super::test_client::{PASSWORD, TestReply, add, approve, get, in_session, key, owner, send, trail};
use crate::testing::TestServer;
use domain::message::MessageMethod;
use domain::ports::messenger::{MessageAcceptance, Messenger, MessengerFailure, OutgoingMessage};
use hyper::Method;
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};

const ERASE: &str = "/api/v1/customers/C1/erase";

/// Creates a user in a session of `by`. If `by` is shown the set-up link, it is used to choose the password.
async fn invited(story: &TestServer, by: &str, name: &str, roles: &[&str]) -> TestReply {
    let order = json!({ "name": name, "roles": roles });
    let added = in_session(story, by, "/api/v1/users", order).await;
    assert_eq!(added.status, 201, "{}", added.body);
    if let Some(link) = added.body["set_up"].as_str() {
        set_up(story, link).await;
    }
    added
}

async fn set_up(story: &TestServer, link: &str) {
    let chosen = json!({ "link": link, "password": PASSWORD });
    let came = send(story, Method::POST, "/api/v1/set-up", &[], Some(chosen)).await;
    assert_eq!(came.status, 200, "{}", came.body);
}

/// Requests an erasure in a session of `by`. Returns the approval's id.
async fn requested(story: &TestServer, by: &str) -> String {
    let needed = in_session(story, by, ERASE, json!({ "reason": "asked by letter" })).await;
    assert_eq!(
        (needed.status, needed.code()),
        (409, "approval-needed"),
        "{}",
        needed.body
    );
    needed.body["approval"].as_str().unwrap().to_owned()
}

fn refused(came: &TestReply, why: &str) {
    assert_eq!(came.status, 422, "{}", came.body);
    let detail = came.body["detail"].as_str().unwrap();
    assert!(detail.contains(why), "{detail}");
}

#[test]
fn a_key_approves_nothing() {
    let story = TestServer::begin();
    story.runtime.block_on(async {
        customers(&story).await;
        let li = user(&story, "li", &["compliance"]).await;
        let wang = user(&story, "wang", &["compliance"]).await;
        let id = asked(&story, ERASE, &li, json!({ "reason": "asked" })).await;
        let path = format!("/api/v1/approvals/{id}/approve");
        let headers = [("Authorization", wang.as_str())];
        let by_key = send(&story, Method::POST, &path, &headers, Some(json!({}))).await;
        assert_eq!((by_key.status, by_key.code()), (403, "approval-needs-session"));
        assert!(trail(&story, "approval.approved").await.is_empty());
        assert_eq!(approve(&story, "wang", &id).await.status, 200);
    });
    story.end();
}

#[test]
fn users_create_only_their_own_keys_in_a_session() {
    let story = TestServer::begin();
    story.runtime.block_on(async {
        add(&story, "chief", &["admin"]).await;
        add(&story, "li", &["operator"]).await;
        let path = "/api/v1/api-keys";
        let other = in_session(&story, "chief", path, json!({ "user": "li" })).await;
        assert_eq!((other.status, other.code()), (403, "key-of-another-user"));
        let own = in_session(&story, "li", path, json!({})).await;
        assert_eq!(
            (own.status, &own.body["user"]),
            (201, &json!("li")),
            "{}",
            own.body
        );
        let bearer = format!("Bearer {}", own.body["key"].as_str().unwrap());
        let headers = [("Authorization", bearer.as_str())];
        let by_key = send(&story, Method::POST, path, &headers, Some(json!({}))).await;
        assert_eq!((by_key.status, by_key.code()), (403, "key-needs-session"));
        let id = own.body["id"].as_str().unwrap();
        let revoke = format!("/api/v1/api-keys/{id}/revoke");
        let revoked = in_session(&story, "li", &revoke, json!({ "reason": "lost" })).await;
        assert_eq!(revoked.status, 200, "{}", revoked.body);
        let of_owner = key(&story, json!({ "user": "chief" })).await;
        let others = get(&story, "/api/v1/api-keys", &of_owner).await.body;
        let chiefs = others["items"].as_array().unwrap().iter();
        let mut id = chiefs
            .filter(|one| one["user"] == "chief")
            .map(|one| one["id"].as_str().unwrap());
        let revoke = format!("/api/v1/api-keys/{}/revoke", id.next_back().unwrap());
        let not_own = in_session(&story, "li", &revoke, json!({ "reason": "envy" })).await;
        assert_eq!((not_own.status, not_own.code()), (403, "role-missing"));
    });
    story.end();
}

#[test]
fn who_saw_the_set_up_link_of_the_other_side_is_no_second_person() {
    let story = TestServer::begin();
    story.runtime.block_on(async {
        customers(&story).await;
        add(&story, "chief", &["admin", "compliance"]).await;
        add(&story, "wang", &["compliance"]).await;
        invited(&story, "chief", "puppet", &["compliance", "admin"]).await;
        invited(&story, "puppet", "second", &["compliance"]).await;

        let id = requested(&story, "chief").await;
        for name in ["puppet", "second"] {
            refused(
                &approve(&story, name, &id).await,
                "your credential came from chief",
            );
        }
        let by_puppet = requested(&story, "second").await;
        refused(&approve(&story, "chief", &by_puppet).await, "came from you");
        assert!(trail(&story, "approval.approved").await.is_empty());
        assert_eq!(approve(&story, "wang", &id).await.status, 200);

        // The installation's owner may issue a new credential, which makes the user independent: the owner
        // needs no approval.
        let invited_again = owner(&story, "/api/v1/users/puppet/invite", json!({})).await;
        set_up(&story, invited_again.body["set_up"].as_str().unwrap()).await;
        let stored = &trail(&story, "user.invited").await[0];
        assert_eq!(stored["data"]["invitation"]["delivery"], "shown");
        assert_eq!(
            approve(&story, "puppet", &by_puppet).await.status,
            422,
            "it gave second a link"
        );
        let third = requested(&story, "wang").await;
        assert_eq!(approve(&story, "puppet", &third).await.status, 200);
    });
    story.end();
}

#[test]
fn a_password_chosen_for_another_user_counts_also_when_it_is_changed_by_itself() {
    let story = TestServer::begin();
    story.runtime.block_on(async {
        customers(&story).await;
        add(&story, "chief", &["admin", "compliance"]).await;
        let order = json!({ "name": "puppet", "roles": ["compliance"], "password": PASSWORD });
        let added = in_session(&story, "chief", "/api/v1/users", order).await;
        assert_eq!(added.status, 201, "{}", added.body);
        let change =
            json!({ "name": "puppet", "password": PASSWORD, "new_password": "staple under the bridge" });
        let changed = send(&story, Method::POST, "/api/v1/password", &[], Some(change)).await;
        assert_eq!(changed.status, 200, "{}", changed.body);
        let back =
            json!({ "name": "puppet", "password": "staple under the bridge", "new_password": PASSWORD });
        assert_eq!(
            send(&story, Method::POST, "/api/v1/password", &[], Some(back))
                .await
                .status,
            200
        );
        let id = requested(&story, "chief").await;
        refused(
            &approve(&story, "puppet", &id).await,
            "your credential came from chief",
        );
    });
    story.end();
}

/// Keeps each mail.
#[derive(Default)]
struct Mailbox(Mutex<Vec<OutgoingMessage>>);

#[async_trait::async_trait]
impl Messenger for Mailbox {
    fn ways(&self) -> Vec<MessageMethod> {
        vec![MessageMethod::Mail]
    }

    fn signature(&self) -> Option<String> {
        None
    }

    async fn carry(&self, message: OutgoingMessage) -> Result<MessageAcceptance, MessengerFailure> {
        self.0.lock().unwrap().push(message);
        Ok(MessageAcceptance { status: Some(250) })
    }
}

#[test]
fn a_link_goes_to_the_users_mail_address_and_is_not_shown() {
    let story = TestServer::begin();
    story.runtime.block_on(async {
        let mailbox = Arc::new(Mailbox::default());
        let messenger: Arc<dyn Messenger> = Arc::<Mailbox>::clone(&mailbox);
        story.running.installation.messages.carry_by(messenger);
        customers(&story).await;
        add(&story, "chief", &["admin", "compliance"]).await;
        let order = json!({ "name": "sun", "roles": ["compliance"], "mail": "sun@example.com" });
        let added = in_session(&story, "chief", "/api/v1/users", order).await;
        assert_eq!(added.status, 201, "{}", added.body);
        assert_eq!(
            (&added.body["set_up"], &added.body["set_up_delivery"]),
            (&Value::Null, &json!("mailed"))
        );
        let mails = std::mem::take(&mut *mailbox.0.lock().unwrap());
        assert_eq!(mails.len(), 1);
        assert_eq!(mails[0].to, "sun@example.com");
        let text = &mails[0].text;
        let link = text.split("/set-up#").nth(1).unwrap().split(' ').next().unwrap();
        set_up(&story, link).await;
        let id = requested(&story, "chief").await;
        assert_eq!(approve(&story, "sun", &id).await.status, 200);
        let stored = trail(&story, "user.added").await;
        assert!(!json!(stored).to_string().contains("sun@example.com"), "sealed");
        // The mail names the server only by the URL that its operator gave.
        assert!(!text.contains("://"), "{text}");
        let access = &story.running.installation.access;
        access.name_public_url("https://calls.example.com");
        let order = json!({ "name": "li", "roles": ["compliance"], "mail": "li@example.com" });
        let added = in_session(&story, "chief", "/api/v1/users", order).await;
        assert_eq!(added.status, 201, "{}", added.body);
        let mails = std::mem::take(&mut *mailbox.0.lock().unwrap());
        let text = &mails[0].text;
        assert_eq!(
            text.matches("https://calls.example.com/set-up#").count(),
            2,
            "{text}"
        );
    });
    story.end();
}
