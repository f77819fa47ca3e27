//! A browser as far as a sign-in needs one: it keeps the cookies of each origin, and follows redirects one at
//! a time.

use crate::passing_time::HUNG_AFTER;
use std::collections::BTreeMap;

/// The most redirects of a sign-in.
const STEPS_MAX: usize = 20;

#[derive(Clone, Default)]
pub(super) struct Browser {
    /// The cookies by origin: name and value.
    cookies: BTreeMap<String, BTreeMap<String, String>>,
    /// The token that our page sends with its commands.
    pub(super) csrf_token: String,
}

/// The result of one step.
#[derive(Debug)]
pub(super) struct Page {
    pub(super) url: String,
    pub(super) status: u16,
    pub(super) sent_to: Option<String>,
    pub(super) body: String,
}

impl Browser {
    pub(super) fn get(&mut self, url: &str) -> Result<Page, String> {
        self.step(url, None)
    }

    /// Sends a form.
    pub(super) fn post(&mut self, url: &str, form: &[(&str, &str)]) -> Result<Page, String> {
        self.step(url, Some(form))
    }

    /// Follows the redirects of a page until `is_there` accepts a URL, or a page without a redirect.
    pub(super) fn follow(&mut self, mut page: Page, is_there: impl Fn(&str) -> bool) -> Result<Page, String> {
        for _ in 0..STEPS_MAX {
            let Some(next) = page.sent_to.take() else {
                return Ok(page);
            };
            page = self.get(&next)?;
            if is_there(&next) {
                return Ok(page);
            }
        }
        Err(format!("too many redirects, the last one to {}", page.url))
    }

    fn step(&mut self, url: &str, form: Option<&[(&str, &str)]>) -> Result<Page, String> {
        let origin = origin_of(url);
        let agent: ureq::Agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .timeout_global(Some(HUNG_AFTER))
            .build()
            .into();
        let kept = self.cookies.entry(origin.clone()).or_default();
        let pairs: Vec<String> = kept
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        let cookies = pairs.join("; ");
        let answer = match form {
            None => agent.get(url).header("cookie", &cookies).call(),
            Some(form) => {
                let form = form.iter().copied();
                let post = agent.post(url).header("cookie", &cookies);
                post.header("x-csrf-token", &self.csrf_token).send_form(form)
            }
        };
        let mut answer = answer.map_err(|error| error.to_string())?;
        for set in answer.headers().get_all("set-cookie") {
            let set = set.to_str().unwrap_or_default();
            let pair = set.split(';').next().unwrap_or_default();
            let Some((name, value)) = pair.split_once('=') else {
                continue;
            };
            let is_over = set.contains("Max-Age=0") || set.contains("expires=Thu, 01 Jan 1970");
            match is_over {
                true => kept.remove(name),
                false => kept.insert(name.to_owned(), value.to_owned()),
            };
        }
        let sent_to = answer.headers().get("location");
        let sent_to = sent_to
            .and_then(|to| to.to_str().ok())
            .map(|to| absolute(&origin, to));
        Ok(Page {
            url: url.to_owned(),
            status: answer.status().as_u16(),
            sent_to,
            body: answer.body_mut().read_to_string().unwrap_or_default(),
        })
    }
}

fn absolute(origin: &str, to: &str) -> String {
    if to.starts_with('/') {
        format!("{origin}{to}")
    } else {
        to.to_owned()
    }
}

/// Returns scheme, host and port of a URL.
pub(super) fn origin_of(url: &str) -> String {
    url.splitn(4, '/').take(3).collect::<Vec<_>>().join("/")
}
