//! The catalog of documented SQL views: every view with its columns, in Chinese and English, with units. The
//! views, the reference and the guard of ad-hoc SQL are made from it.

use super::column::{
    ColumnMeaning, SqlColumn, SqlView, Unit, code, column, count, flag, id, instant, keyed_number, label,
    micros, ms, of_enrolment, position, text, uuid,
};
use super::summaries::{SUMMARIES, TEXT_SUMMARIES};
use crate::views::audit_trail::STREAM_WITHOUT_NUMBER;
use domain::disposition::{Disposition, Outcome};

const CALL: SqlColumn = id("call", ("呼叫", "the call"));
const CAMPAIGN: SqlColumn = id("campaign", ("外呼任务 task_id", "the campaign's task_id"));
const CUSTOMER: SqlColumn = id("customer", ("客户内部编号", "the customer's internal id"));
const NUMBER: SqlColumn = keyed_number(
    "number",
    (
        "号码内部编号，不是号码；按客户区分，两个客户的同一号码编号不同",
        "internal id, not the number; keyed with the customer: two customers with one number have two ids",
    ),
);
const FLOW_VERSION: SqlColumn = count("flow_version", ("话术版本", "version of the flow"));

/// Every documented view, sorted by name.
pub const SQL_VIEWS: &[SqlView] = &[
    SqlView {
        name: "audit",
        zh: "每一条事件及查找它的列",
        en: "Every event, with the columns to search it by",
        table: Some("audit_trail"),
        columns: &[
            position("position", "position"),
            uuid("id", ("事件编号", "the event's id")),
            column(
                "kind",
                Unit::Code,
                "kind_of.name",
                ("事件类型", "kind, such as call.answered"),
            ),
            column(
                "stream",
                Unit::Text,
                STREAM_WITHOUT_NUMBER,
                (
                    "事件流；号码的事件流不含编号",
                    "stream: aggregate and internal id; for a number only the aggregate",
                ),
            ),
            micros("at", ("发生时间", "when it happened")),
            instant("at_time", "at"),
            micros("recorded_at", ("记录时间", "when it was recorded")),
            instant("recorded_time", "recorded_at"),
            CAMPAIGN.from("campaign_of.name"),
            CUSTOMER.from("customer_of.name"),
            uuid("command", ("命令编号", "the command that caused it")),
            uuid("causation", ("起因事件", "the event that caused it")),
            id(
                "correlation",
                ("关联编号", "shared by all events with the same origin"),
            )
            .from("correlation_of.name"),
            text("by_whom", ("操作人", "who acted, as named in the event")),
        ],
    },
    SqlView {
        name: "calls",
        zh: "每个呼叫一行，从许可到结果",
        en: "One row per call, from its permit to its disposition",
        table: Some("call_history"),
        columns: &[
            CALL,
            CAMPAIGN,
            CUSTOMER,
            NUMBER,
            count(
                "attempt",
                ("第几次呼叫，从 1 起", "which attempt of the enrolment, from 1"),
            ),
            id("flow", ("话术", "the flow")),
            FLOW_VERSION,
            code(
                "state",
                ("通话状态", "call state: INIT, CONVERSATION, MANUAL, END or ERROR"),
            ),
            text(
                "caller",
                ("主叫号码，本企业的", "caller number shown: one of our own"),
            ),
            text("trunks", ("线路，按话路次序", "trunks, one per leg, in order")),
            micros("permitted_at", ("许可时间", "when it was permitted")),
            instant("permitted_time", "permitted_at"),
            micros("dialing_at", ("拨号时间", "when its first leg was dialed")),
            instant("dialing_time", "dialing_at"),
            micros("ringing_at", ("振铃时间", "when ringing began")),
            instant("ringing_time", "ringing_at"),
            micros("answered_at", ("接通时间", "when it was answered")),
            instant("answered_time", "answered_at"),
            micros("ended_at", ("结束时间", "when it ended")),
            instant("ended_time", "ended_at"),
            code(
                "disposition",
                (
                    "呼叫结果，更正后的",
                    "disposition, as known now; see dispositions",
                ),
            ),
            code(
                "outcome",
                ("沟通结局，更正后的", "outcome, as known now; see outcomes"),
            ),
            code(
                "recorded_disposition",
                ("当时记录的呼叫结果", "disposition as first recorded"),
            ),
            code(
                "recorded_outcome",
                ("当时记录的沟通结局", "outcome as first recorded"),
            ),
            micros("corrected_at", ("最近更正时间", "when it was last corrected")),
            code("reason", ("结束原因", "why it ended")),
            ms("talk_ms", ("通话时长", "time from answer to end")),
            count("sip_code", ("SIP 状态码", "final SIP status code")),
            count("q850", ("Q.850 原因值", "Q.850 cause")),
            flag("late_answer", ("挂断后才接通", "answered after we had given up")),
            text(
                "recording_sha256",
                ("录音摘要", "SHA-256 of the recording, lower hex"),
            ),
            of_enrolment("next_due_at", Unit::Micros, NEXT_DUE, WHY_NEXT),
            of_enrolment("not_called_rule", Unit::Code, RULE, WHY_RULE),
            of_enrolment("not_called_facts", Unit::Text, FACTS, WHY_FACTS),
            of_enrolment("not_called_zh", Unit::Text, ZH, WHY_ZH),
            of_enrolment("not_called_en", Unit::Text, EN, WHY_EN),
            position("first_position", "first_pos"),
            position("last_position", "last_pos"),
        ],
    },
    SqlView {
        name: "campaign_counts",
        zh: "任务的分类计数",
        en: "Counts of a campaign by disposition, outcome and settlement",
        table: Some("campaign_board_count"),
        columns: &[
            CAMPAIGN,
            code(
                "what",
                ("计数的是什么", "disposition, outcome, settled or corrected"),
            ),
            code("code", ("代码", "the code counted")),
            count("count", ("数量", "how many")),
        ],
    },
    SqlView {
        name: "campaign_hours",
        zh: "任务按小时、线路、话术版本的合计",
        en: "Sums of a campaign by hour, trunk and flow version",
        table: Some("campaign_board_hour"),
        columns: &[
            CAMPAIGN,
            micros("hour_at", ("小时的开始", "the hour's beginning")),
            instant("hour_time", "hour_at"),
            id("trunk", ("线路", "the trunk")),
            FLOW_VERSION,
            count("dialed", ("拨打数", "calls dialed")),
            count("answered", ("接通数", "calls answered")),
            count("ended", ("结束数", "calls ended")),
            count("talked", ("有通话的呼叫数", "answered calls that ended")),
            ms(
                "talk_ms",
                ("通话时长合计", "their time from answer to end, summed"),
            ),
            count("conversions", ("转化数", "calls with outcome success")),
            count(
                "person_answered",
                (
                    "真人接通并已结束的呼叫数",
                    "calls that a person answered and that have ended",
                ),
            ),
        ],
    },
    SqlView {
        name: "campaigns",
        zh: "每个外呼任务一行",
        en: "One row per campaign",
        table: Some("campaign_board"),
        columns: &[
            CAMPAIGN,
            code("status", ("状态", "draft, running, paused, stopped or completed")),
            code("preset", ("合规预设", "compliance preset")),
            code("purpose", ("用途", "purpose")),
            id("flow", ("话术", "the flow")),
            FLOW_VERSION,
            text("customer_segment", ("客群条件", "the segment as written")),
            micros("created_at", ("创建时间", "when it was created")),
            instant("created_time", "created_at"),
            micros("started_at", ("开始时间", "when it was started")),
            instant("started_time", "started_at"),
            count("lists_open", ("未关闭名单数", "contact lists still open")),
            count("lists_closed", ("已关闭名单数", "contact lists closed")),
            count("listed", ("名单行数", "rows in closed lists")),
            count("enrolled", ("入队客户数", "customers enrolled")),
            count("settled", ("已完成外呼的客户数", "enrolments settled")),
            column(
                "open_calls",
                Unit::Count,
                "open",
                ("进行中的呼叫", "calls open now"),
            ),
            code("pause_reason", ("暂停原因", "why it is paused")),
            code("stop_reason", ("停止原因", "why it was stopped")),
            count("alerts", ("告警数", "alerts raised")),
            position("position", "pos"),
        ],
    },
    SqlView {
        name: "customer_events",
        zh: "客户时间线，不含内容",
        en: "Each customer's timeline: kind and time of events, without content",
        table: Some("customer_timeline_line"),
        columns: &[
            CUSTOMER,
            position("position", "position"),
            micros("at", ("发生时间", "when it happened")),
            instant("at_time", "at"),
            code("kind", ("事件类型", "kind of the event")),
            CAMPAIGN,
            CALL,
        ],
    },
    SqlView {
        name: "customer_numbers",
        zh: "客户与号码的对应，只有内部编号",
        en: "Numbers of each customer, by internal id",
        table: Some("customer_timeline_number"),
        columns: &[CUSTOMER, NUMBER, position("position", "pos")],
    },
    SqlView {
        name: "customers",
        zh: "每个客户一行，不含个人信息",
        en: "One row per customer, without personal data",
        table: Some("customer_timeline_customer"),
        columns: &[
            CUSTOMER,
            text("time_zone", ("时区", "the person's time zone")),
            micros("registered_at", ("登记时间", "when the customer was registered")),
            instant("registered_time", "registered_at"),
            position("position", "pos"),
        ],
    },
    SqlView {
        name: "dispositions",
        zh: "呼叫结果的代码与名称",
        en: "Dispositions and their labels",
        table: None,
        columns: &LABELS,
    },
    SqlView {
        name: "enrolments",
        zh: "每个任务里的每个客户一行",
        en: "One row per customer in a campaign",
        table: Some("worklist_enrolment"),
        columns: &[
            CAMPAIGN,
            CUSTOMER,
            NUMBER,
            column(
                "due_at",
                Unit::Micros,
                DUE_AT,
                ("下次可呼时间", "when the next call is due"),
            ),
            instant("due_time", DUE_AT),
            code("state", ("状态", "waiting, open, closed or settled")),
            column("open_call", Unit::Id, "call", ("进行中的呼叫", "the open call")),
            column("not_called_rule", Unit::Code, RULE, WHY_RULE),
            column("not_called_facts", Unit::Text, FACTS, WHY_FACTS),
            column("not_called_zh", Unit::Text, ZH, WHY_ZH),
            column("not_called_en", Unit::Text, EN, WHY_EN),
            position("position", "pos"),
        ],
    },
    SqlView {
        name: "metric_sums",
        zh: "指标各项的合计，按任务、小时、线路、话术版本",
        en: "Sums of the metrics' terms by campaign, hour, trunk and flow version",
        table: Some("metric_board"),
        columns: &[
            code("term", ("项，见指标表", "the term, as the metrics name it")),
            CAMPAIGN,
            micros("hour_at", ("小时的开始", "the hour's beginning")),
            instant("hour_time", "hour_at"),
            id(
                "trunk",
                ("线路，名单类为空", "the trunk; empty for terms of enrolments"),
            ),
            FLOW_VERSION,
            count("count", ("数量", "how many")),
            count(
                "value",
                ("合计值，计数项为 0", "their sum; 0 for terms that count"),
            ),
            position("position", "pos"),
        ],
    },
    SqlView {
        name: "outcomes",
        zh: "沟通结局的代码与名称",
        en: "Outcomes and their labels",
        table: None,
        columns: &LABELS,
    },
    SUMMARIES,
    TEXT_SUMMARIES,
    SqlView {
        name: "view_positions",
        zh: "各读模型的位点",
        en: "Position of each view: its rows are complete up to there",
        table: Some("checkpoint"),
        columns: &[
            id("view", ("读模型", "the view")),
            count("version", ("版本", "its version")),
            position("position", "position"),
            position("parked_position", "parked_position"),
        ],
    },
];

// If the campaign's calling window is closed, its opening applies to every waiting enrolment; otherwise the
// enrolment's own due time.
const DUE_AT: &str = "coalesce(closed_until, due_at)";
const NEXT_DUE: &str = "case when state = 'waiting' then coalesce(closed_until, due_at) end";
const RULE: &str = "coalesce(closed_rule, not_called_rule)";
/// The facts of the rule. Those of `same_number` are hidden, because they name the other customer with this
/// number.
const FACTS: &str = "case when coalesce(closed_rule, not_called_rule) = 'same_number' then '{}' \
    else coalesce(closed_facts, not_called_facts) end";
const ZH: &str = "case when coalesce(closed_rule, not_called_rule) = 'same_number' then '同号客户已在任务中' \
    else coalesce(closed_zh, not_called_zh) end";
const EN: &str = "case when coalesce(closed_rule, not_called_rule) = 'same_number' \
    then 'another customer with this number is called' else coalesce(closed_en, not_called_en) end";
const WHY_NEXT: ColumnMeaning = (
    "该客户在任务中的下次可呼时间",
    "when the customer's next call in this campaign is due",
);
const WHY_RULE: ColumnMeaning = (
    "最近一次未呼的规则",
    "the rule that last prevented a call to the customer",
);
const WHY_FACTS: ColumnMeaning = ("该规则的事实，JSON", "its facts, a JSON object");
const WHY_ZH: ColumnMeaning = (
    "未呼原因与下次可呼时间",
    "rule, facts and next due time in Chinese",
);
const WHY_EN: ColumnMeaning = ("同上，英文", "the same in English");

const LABELS: [SqlColumn; 3] = [
    label("code", Unit::Code, ("代码", "the code")),
    label("label_zh", Unit::Text, ("中文名称", "its label in Chinese")),
    label("label_en", Unit::Text, ("英文名称", "its label in English")),
];

/// Returns the SQL query that lists the codes and labels of a view without a table (dispositions or
/// outcomes).
pub(super) fn labels(view: &str) -> String {
    let rows: Vec<String> = match view {
        "dispositions" => Disposition::ALL
            .iter()
            .map(|one| label_row(one.code(), one.label_zh(), one.label_en()))
            .collect(),
        _ => Outcome::ALL
            .iter()
            .map(|one| label_row(one.code(), one.label_zh(), one.label_en()))
            .collect(),
    };
    rows.join(" union all ")
}

fn label_row(code: &str, zh: &str, en: &str) -> String {
    let quoted = |text: &str| format!("'{}'", text.replace('\'', "''"));
    format!(
        "select {} as code, {} as label_zh, {} as label_en",
        quoted(code),
        quoted(zh),
        quoted(en)
    )
}
