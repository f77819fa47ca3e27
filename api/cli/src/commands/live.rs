//! `ledgerline live`: shows the live figures of the running server, once or continuously.

use crate::kit::failure::Failure;
use crate::kit::{output, table};
use application::format_localized;
use application::language::{Language, localized};
use application::local_time;
use host::outbound::server_locator::{ServerArgs, ServerConnection};
use hyper::Method;
use serde_json::{Value, json};
use std::io::IsTerminal;

/// Escape sequence that moves the cursor to the top left and clears the screen (ECMA-48: CUP, ED).
const HOME: &str = "\u{1b}[H\u{1b}[J";

/// States of an open call, with their Chinese words.
const PLACES: [(&str, &str); 5] = [
    ("permitted", "已许可"),
    ("dialing", "拨号"),
    ("ringing", "振铃"),
    ("talking", "通话"),
    ("transferring", "转接"),
];

/// Live figures (实时指标): open calls, the last five minutes and hour, by campaign and trunk
///
/// Updated at each change and every five seconds, until ctrl-c. On a terminal the figures stay in place; in a
/// pipe each update is one line, and with --json one JSON object per line.
#[derive(Debug, clap::Args)]
#[command(after_help = crate::kit::failure::EXIT_CODES)]
pub(crate) struct Args {
    /// Print the figures once and exit
    #[arg(long)]
    once: bool,
    /// Print one JSON object per update
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    server: ServerArgs,
}

pub(crate) async fn run(args: Args) -> Result<(), Failure> {
    let server = ServerConnection::find(&args.server)?;
    if args.once {
        let picture = server.ask(Method::GET, "/api/v1/live", None).await?;
        return match args.json {
            true => output::json(&picture),
            false => show(&picture),
        };
    }
    let in_place = !args.json && std::io::stdout().is_terminal();
    let take = |name: &str, data: &str| {
        let picture: Value = serde_json::from_str(data)
            .map_err(|error| Failure::fault(format!("the figures are not JSON: {error}")))?;
        if name != "figures" {
            return Err(Failure::unavailable(format!("the figures ended: {data}")));
        }
        if args.json {
            return output::json(&picture);
        }
        if !in_place {
            return output::line(&summary(&picture));
        }
        output::line(HOME)?;
        show(&picture)
    };
    server.follow("/api/v1/live/stream", take).await?;
    Err(Failure::unavailable(localized(
        "服务端已结束数据流",
        "the server ended the stream",
    )))
}

/// Formats the figures as one line: open calls by state, and answered and settled calls.
fn summary(picture: &Value) -> String {
    let open: Vec<String> = PLACES
        .iter()
        .map(|(place, zh)| {
            let label = Language::current().pick((*zh, *place));
            format!("{label} {}", open(picture, place))
        })
        .collect();
    let minutes = picture.get("last_5_minutes").unwrap_or(&Value::Null);
    let number = |name: &str| minutes.get(name).and_then(Value::as_u64).unwrap_or(0);
    format_localized!(
        "{}  近 5 分钟：接通 {} / 已了结 {}  数据时延 {} ms",
        "{}  5 min: answered {} / settled {}  age {} ms",
        open.join("  "),
        number("answered"),
        number("settled"),
        picture.get("age_ms").and_then(Value::as_u64).unwrap_or(0)
    )
}

fn open(figures: &Value, place: &str) -> u64 {
    let count = figures.get("open").and_then(|open| open.get(place));
    count.and_then(Value::as_u64).unwrap_or(0)
}

fn show(picture: &Value) -> Result<(), Failure> {
    let text = |name: &str| picture.get(name).and_then(Value::as_str).unwrap_or("-");
    output::line(&format_localized!(
        "位置 {}  {}",
        "position {}  {}",
        text("position"),
        local_time::local(text("shown_at"), None)
    ))?;
    output::line(&summary(picture))?;
    let campaigns: Vec<Value> = table::items(picture, "campaigns").iter().map(campaign).collect();
    if !campaigns.is_empty() {
        output::line("")?;
        let columns = [
            (localized("任务", "campaign"), "/campaign"),
            (localized("进行中", "open"), "/open"),
            (
                localized("近 5 分钟已了结", "settled, 5 min"),
                "/last_5_minutes/settled",
            ),
            (localized("接通", "answered"), "/last_5_minutes/answered"),
            (localized("近 1 小时已了结", "settled, 1 h"), "/last_hour/settled"),
            (localized("接通", "answered"), "/last_hour/answered"),
        ];
        table::print_table(&columns, &campaigns)?;
    }
    let trunks = table::items(picture, "trunks");
    if !trunks.is_empty() {
        output::line("")?;
        let columns = [
            (localized("线路", "trunk"), "/trunk"),
            (localized("连续失败", "failures in a row"), "/failures_in_row"),
            (localized("最近失败", "last failure"), "/last_failure"),
            (localized("时间", "at"), "/last_failure_at"),
        ];
        table::print_table(&columns, trunks)?;
    }
    Ok(())
}

/// Returns the campaign's figures with the sum of its open calls as `open`, for the table.
fn campaign(figures: &Value) -> Value {
    let mut shown = figures.clone();
    let all: u64 = PLACES.iter().map(|(place, _)| open(figures, place)).sum();
    if let Some(members) = shown.as_object_mut() {
        members.insert("open".to_owned(), json!(all));
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_is_one_line_for_a_pipe() {
        let picture = json!({ "open": { "ringing": 3, "talking": 2 }, "age_ms": 12,
            "last_5_minutes": { "answered": 7, "settled": 20 } });
        assert_eq!(
            summary(&picture),
            "permitted 0  dialing 0  ringing 3  talking 2  transferring 0  \
             5 min: answered 7 / settled 20  age 12 ms"
        );
        assert_eq!(campaign(&picture)["open"], 5);
    }
}
