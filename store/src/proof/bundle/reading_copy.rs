//! The reading copy of a bundle: an HTML page that lists what happened, in order, in Chinese and English, for
//! reading and printing.
//!
//! It is made from the same records that are proved. Personal values are shown as sealed, as they are in
//! the log.

use super::index::{BundleEvent, BundleIndex, Reason};
use crate::proof::checkpoint::SignedCheckpoint;
use crate::proof::key::VerifierKey;
use crate::proof::leaf::leaf_hash;
use crate::proof::time_stamp::TimeStamp;
use domain::hex;
use domain::html::escape;
use serde_json::{Map, Value};
use std::fmt::Write;

const STYLE: &str = "body{font:14px/1.5 system-ui,'Noto Sans CJK SC',sans-serif;margin:2em auto;max-width:70em;\
padding:0 1em;color:#111;background:#fff}h1{font-size:1.4em}h2{font-size:1.1em;margin-top:2em}\
table{border-collapse:collapse;width:100%}td,th{border:1px solid #bbb;padding:.3em .5em;text-align:left;\
vertical-align:top}th{background:#f2f2f2}code{font:12px/1.4 ui-monospace,monospace;overflow-wrap:anywhere}\
.cause{color:#555}td.time{white-space:nowrap}td.stream{min-width:11em}td:last-child{overflow-wrap:anywhere}\
ul{margin:0;padding-left:1.2em}\
.sealed{background:#eee;border-radius:3px;padding:0 .3em}dt{font-weight:600}\
@media print{body{max-width:none;margin:0}tr{break-inside:avoid}thead{display:table-header-group}}";

const EXPLAINED: &str = "<h2>这份文件证明什么 · What this proves</h2>\
<p>下表每个事件都在所列检查点签名的日志中，内容与记录时间未被改动。标为“完整”的事件流自第 1 个事件起无缺号；\
其后是否另有事件，此文件不证明。没有见证人共签时，日志运营者本人可以整体重写并重新签名。</p>\
<p>Each event below is in the log that the checkpoint signs, with these contents and this time of recording. \
A stream called whole has no gap from its first event on; that none followed later is not proved. Without a \
witness's cosignature whoever runs the log could have rewritten all of it and signed again.</p>\
<h2>如何核验 · How to check</h2><p><code>ledgerline audit check FILE --key VKEY --witness VKEY</code>\
 — 离线，无需数据库；本页仅供阅读，证据是 <code>events/</code> 中的文件。\
 Offline, without a database; this page is for reading, the evidence is in <code>events/</code>. \
 <code>sha256sum -c events.sha256</code> and any tool for C2SP tlog-proof work too.</p>";

/// Returns the reading copy as an HTML page. It shows only data that the bundle proves.
pub(super) fn page(
    index: &BundleIndex,
    records: &[&[u8]],
    checkpoint: &SignedCheckpoint,
    stamp: Option<&TimeStamp>,
    key: &VerifierKey,
) -> String {
    let title = format!("{} {}", escape(&index.subject.kind), escape(&index.subject.id));
    let mut page = format!(
        "<!doctype html>\n<html lang=\"zh\"><head><meta charset=\"utf-8\"><title>{title}</title>\
         <style>{STYLE}</style></head><body>\n<h1>证据副本 · Reading copy: {title}</h1>\n"
    );
    page.push_str(&facts(index, checkpoint, stamp, key));
    page.push_str(EXPLAINED);
    page.push_str(
        "\n<h2>事件 · Events</h2>\n<p class=\"cause\">灰色行：导致或准许本事项的事件。Gray: events that led to \
         these, or permitted them.</p>\n<table><thead><tr><th>序号 No.</th><th>记录时间 Recorded (UTC)</th>\
         <th>事件 Event</th><th>事件流 Stream</th><th>内容 Content</th></tr></thead><tbody>\n",
    );
    for (event, record) in index.events.iter().zip(records) {
        page.push_str(&row(event, record));
    }
    page.push_str("</tbody></table>\n</body></html>\n");
    page
}

fn facts(
    index: &BundleIndex,
    checkpoint: &SignedCheckpoint,
    stamp: Option<&TimeStamp>,
    key: &VerifierKey,
) -> String {
    let whole: Vec<String> = index
        .whole_streams
        .iter()
        .map(|stream| format!("{} (1–{})", escape(&stream.stream), stream.last_version.0))
        .collect();
    let signers: Vec<String> = checkpoint.signers().map(escape).collect();
    let stamped = stamp.map(|stamp| {
        let said = format!(
            "{} — openssl ts -verify -data checkpoint -in checkpoint.tsr -CAfile CA",
            stamp.at
        );
        (
            "时间戳（RFC 3161，须用 openssl 核验） Time stamp, to be checked by openssl",
            said,
        )
    });
    let rows = [
        ("日志 Log", escape(&index.origin)),
        ("检查点事件数 Checkpoint size", index.size.to_string()),
        ("树根 Root", hex::encode(&checkpoint.claimed().root)),
        ("签名 Signed by", signers.join(", ")),
        ("公钥 Key", escape(&key.to_string())),
        ("公钥指纹 Key fingerprint", key.fingerprint()),
        ("完整的事件流 Whole streams", whole.join(", ")),
    ];
    let mut text = "<dl>".to_owned();
    for (name, value) in rows.into_iter().chain(stamped) {
        // Writing to a String cannot fail.
        write!(text, "<dt>{name}</dt><dd><code>{value}</code></dd>").ok();
    }
    text.push_str("</dl>\n");
    text
}

fn row(event: &BundleEvent, record: &[u8]) -> String {
    let class = match event.reason {
        Reason::Subject => "",
        Reason::Cause => " class=\"cause\"",
    };
    let parsed: Value = serde_json::from_slice(record).unwrap_or_default();
    let empty = Map::new();
    let data = parsed.get("data").and_then(Value::as_object).unwrap_or(&empty);
    let leaf = hex::encode(&leaf_hash(event.recorded_at, record));
    format!(
        "<tr{class}><td>{}</td><td class=\"time\">{}</td><td>{}</td><td class=\"stream\"><code>{} #{}</code></td><td>{}<code>leaf {leaf}</code>\
         </td></tr>\n",
        event.index.saturating_add(1),
        event.recorded_at,
        escape(&event.kind),
        escape(&event.stream),
        event.stream_version.0,
        members(data),
    )
}

fn members(data: &Map<String, Value>) -> String {
    data.iter().fold(String::new(), |mut text, (name, value)| {
        write!(text, "{}: {}<br>", escape(name), shown(value)).ok();
        text
    })
}

/// Returns a value as HTML: of a sealed value only the first 12 digits of its hash, everything else as in
/// the record.
fn shown(value: &Value) -> String {
    match value {
        Value::Object(object) if object.contains_key("sealed") && object.contains_key("key") => {
            let hash = object.get("hash").and_then(Value::as_str).unwrap_or("");
            let hash: String = hash.chars().take(12).collect();
            format!("<span class=\"sealed\">已密封 sealed {}</span>", escape(&hash))
        }
        Value::Object(object) => {
            let inner: Vec<String> = object
                .iter()
                .map(|(name, value)| format!("{}: {}", escape(name), shown(value)))
                .collect();
            format!("{{{}}}", inner.join(", "))
        }
        Value::Array(items) if items.iter().any(Value::is_object) => {
            let inner: String = items
                .iter()
                .map(|item| format!("<li>{}</li>", shown(item)))
                .collect();
            format!("<ul>{inner}</ul>")
        }
        Value::Array(items) => {
            let inner: Vec<String> = items.iter().map(shown).collect();
            format!("[{}]", inner.join(", "))
        }
        Value::String(text) => escape(text),
        Value::Null | Value::Bool(_) | Value::Number(_) => value.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_in_a_record_stays_text_and_sealed_values_stay_sealed() {
        let record = serde_json::json!({
            "data": {
                "reason": "<script>alert(1)</script>",
                "phone": {"sealed": "c2VjcmV0", "key": "k", "hash": "0123456789abcdef"},
                "more": [{"name": {"sealed": "bW9yZQ==", "key": "k"}}, 3, null],
            }
        });
        let text = members(record["data"].as_object().unwrap());
        assert!(
            text.contains("&lt;script&gt;") && !text.contains("<script>"),
            "{text}"
        );
        assert!(text.contains("sealed 0123456789ab<"), "{text}");
        assert!(!text.contains("c2VjcmV0") && !text.contains("bW9yZQ"), "{text}");
    }
}
