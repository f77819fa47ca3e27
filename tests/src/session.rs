//! A user's session like a browser's: signs in with name and password, and sends commands.

use crate::passing_time::HUNG_AFTER;
use crate::server::agent;
use serde_json::{Value, json};

/// A session of one user at one server.
pub struct Session {
    origin: String,
    cookie: String,
    csrf_token: String,
}

impl Session {
    /// Signs in at the server at `origin`, for example `http://127.0.0.1:8080`.
    pub fn begin(origin: &str, name: &str, password: &str) -> Result<Self, String> {
        let body = json!({ "name": name, "password": password });
        let url = format!("{origin}/api/v1/sign-in");
        let mut answer = agent(HUNG_AFTER)
            .post(&url)
            .send_json(&body)
            .map_err(|error| error.to_string())?;
        let cookie = answer.headers().get("set-cookie");
        let cookie = cookie.and_then(|value| value.to_str().ok()?.split(';').next().map(str::to_owned));
        let reply: Value = answer.body_mut().read_json().map_err(|error| error.to_string())?;
        let csrf_token = reply.get("csrf_token").and_then(Value::as_str);
        match (cookie, csrf_token) {
            (Some(cookie), Some(csrf_token)) => Ok(Self {
                origin: origin.to_owned(),
                cookie,
                csrf_token: csrf_token.to_owned(),
            }),
            _ => Err(format!("{name} is not signed in: {reply}")),
        }
    }

    /// Returns the secret in its cookie.
    pub fn cookie_value(&self) -> &str {
        self.cookie.split_once('=').map_or("", |(_, value)| value)
    }

    /// Sends a command. Returns status and body of the response.
    pub fn post(&self, path: &str, body: &Value) -> Result<(u16, Value), String> {
        let mut answer = agent(HUNG_AFTER)
            .post(format!("{}{path}", self.origin))
            .header("cookie", &self.cookie)
            .header("x-csrf-token", &self.csrf_token)
            .send_json(body)
            .map_err(|error| error.to_string())?;
        let status = answer.status().as_u16();
        let reply = answer.body_mut().read_json().unwrap_or(Value::Null);
        Ok((status, reply))
    }
}
