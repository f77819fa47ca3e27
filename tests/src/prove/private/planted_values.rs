//! What must not be shown: names and numbers of persons, and secrets of each kind.

use serde_json::{Value, json};
use std::path::Path;

/// The number of persons, with a name and a number each.
const PEOPLE: usize = 100;

/// The beginning and the end of each name, which occur nowhere else. Shorter names would be found by chance
/// among random bytes.
const FAMILY: char = '麴';
const GIVEN: &str = "龗靐";

/// Secrets that are given to the server. The trunk's, the database's and the channel's password are in its
/// configuration, the master key in its environment.
pub(super) const TRUNK_PASSWORD: &str = "planted-password-of-the-trunk";
pub(super) const DATABASE_PASSWORD: &str = "planted-password-of-the-database";
pub(super) const CHANNEL_SECRET: &str = "planted-token-of-the-channel";
pub(super) const MASTER_KEY: &str = "706c616e746564706c616e746564706c616e746564706c616e746564706c616e";
/// The password of the user who signs in.
pub(super) const USER_PASSWORD: &str = "seventeen planted lanterns";

/// The planted values; secrets that the server makes are added as they become known.
pub(super) struct PlantedValues {
    pub(super) texts: Vec<String>,
    pub(super) secrets: usize,
}

impl PlantedValues {
    pub(super) fn new() -> Self {
        let people = (0..PEOPLE).flat_map(|index| [name(index), phone(index)]);
        let mut planted = Self {
            texts: people.collect(),
            secrets: 0,
        };
        for secret in [
            TRUNK_PASSWORD,
            DATABASE_PASSWORD,
            CHANNEL_SECRET,
            MASTER_KEY,
            USER_PASSWORD,
        ] {
            planted.add_secret(secret);
        }
        planted
    }

    /// Returns how many names and numbers of persons are planted.
    pub(super) const fn personal_count(&self) -> usize {
        2 * PEOPLE
    }

    pub(super) fn add_secret(&mut self, secret: &str) {
        self.texts.push(secret.to_owned());
        self.secrets += 1;
    }

    pub(super) fn as_texts(&self) -> Vec<&str> {
        self.texts.iter().map(String::as_str).collect()
    }
}

fn name(index: usize) -> String {
    let own = char::from_u32(0x9f98 - u32::try_from(index).unwrap_or(0)).unwrap_or('龘');
    format!("{FAMILY}{own}{GIVEN}")
}

pub(super) fn phone(index: usize) -> String {
    format!("1379136{:04}", 7_000 + index)
}

pub(super) fn name_of(index: usize) -> String {
    name(index)
}

/// Returns the rows of these persons for an import.
pub(super) fn records(people: std::ops::Range<usize>) -> Vec<Value> {
    let record = |index: usize| {
        json!({ "customer_id": format!("PLANTED-{index:03}"), "phone": phone(index),
            "customer_name": name(index), "days": "3" })
    };
    people.map(record).collect()
}

/// Returns the persons from one index to the last.
pub(super) fn rest_from(index: usize) -> Vec<Value> {
    records(index..PEOPLE)
}

/// Returns the configuration of a server with a secret of each kind.
pub(super) fn configuration(data: &Path, trunk: &str, read_db: Option<&str>, collector: &str) -> String {
    let data = data.display();
    let read_db = read_db.map_or_else(String::new, |url| format!("[read_db]\nurl = \"{url}\"\n"));
    format!(
        "data = \"{data}\"\ndrain = \"5s\"\nlog.level = \"debug\"\nrehearsal.at = \"{}\"\n\
         keys.master_key_env = \"MASTER_KEY\"\nhttp.listen = \"127.0.0.1:0\"\n\
         traces.otlp_endpoint = \"{collector}\"\ntraces.ratio = \"1\"\n{read_db}\
         [messages]\nwebhook = \"https://push.example/messages\"\nsecret = \"{CHANNEL_SECRET}\"\n\
         [[trunk]]\naddress = \"{trunk}\"\nuser = \"robot\"\npassword = \"{TRUNK_PASSWORD}\"\n",
        crate::server::REHEARSAL
    )
}
