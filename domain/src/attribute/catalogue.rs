//! The built-in attributes with their Chinese and English names, and the rules by which other names get a
//! type.

use super::{Attribute, AttributeType, TagLevel};

/// A built-in attribute of customers.
#[derive(Debug, PartialEq, Eq)]
pub struct BuiltInAttribute {
    /// The name in records, columns and segments.
    pub name: &'static str,
    pub name_zh: &'static str,
    pub kind: AttributeType,
    pub level: TagLevel,
    /// True if results of calls also set it.
    pub follows_calls: bool,
}

const fn set(
    name: &'static str,
    name_zh: &'static str,
    kind: AttributeType,
    level: TagLevel,
) -> BuiltInAttribute {
    BuiltInAttribute {
        name,
        name_zh,
        kind,
        level,
        follows_calls: false,
    }
}

const fn called(name: &'static str, name_zh: &'static str, kind: AttributeType) -> BuiltInAttribute {
    BuiltInAttribute {
        name,
        name_zh,
        kind,
        level: Behavior,
        follows_calls: true,
    }
}

use AttributeType::{Boolean, Date, Decimal, Integer, Text, Time};
use TagLevel::{Basic, Behavior, Business};

/// Every built-in attribute. Names never change; new attributes are added at the end. The first seven are
/// those of CUS-4.
pub static CATALOGUE: [BuiltInAttribute; 34] = [
    set("age", "年龄", Integer, Basic),
    set("gender", "性别", Text, Basic),
    set("region", "地域", Text, Basic),
    called("last_call_time", "最近通话时间", Time),
    called("intent_level", "意向等级", Text),
    set("product_preference", "产品偏好", Text, Business),
    set("complaint_history", "投诉历史", Text, Business),
    set("industry", "行业", Text, Basic),
    set("occupation", "职业", Text, Basic),
    set("education", "学历", Text, Basic),
    set("marital_status", "婚姻状况", Text, Basic),
    set("home_location", "归属地", Text, Basic),
    set("language", "语言", Text, Basic),
    set("birth_date", "出生日期", Date, Basic),
    set("monthly_income", "月收入", Decimal, Basic),
    set("monthly_spending", "月消费", Decimal, Business),
    called("last_answered_time", "最近接通时间", Time),
    called("last_outcome", "最近通话结果", Text),
    called("last_disposition", "最近呼叫结果", Text),
    called("follow_up_state", "跟进状态", Text),
    called("calls_count", "通话次数", Integer),
    called("answered_count", "接通次数", Integer),
    called("success_count", "成功次数", Integer),
    set("last_visit_time", "最近访问时间", Time, Behavior),
    set("last_order_date", "最近下单日期", Date, Behavior),
    set("orders_count", "下单次数", Integer, Behavior),
    set("orders_amount", "下单金额", Decimal, Behavior),
    set("customer_level", "客户等级", Text, Business),
    set("balance", "账户余额", Decimal, Business),
    set("overdue_days", "逾期天数", Integer, Business),
    set("is_member", "是否会员", Boolean, Business),
    set("joined_date", "入会日期", Date, Business),
    set("is_profiling_refused", "是否拒绝个性化", Boolean, Basic),
    set("rfm_grade", "RFM等级", Text, Business),
];

/// Names that are no attributes, because their values identify or contact a person. Sorted for the binary
/// search.
const IDENTIFYING: [&str; 36] = [
    "address",
    "bank_card",
    "callee",
    "card_number",
    "contact",
    "customer",
    "customer_id",
    "customer_name",
    "email",
    "external_id",
    "id",
    "id_card",
    "id_number",
    "identity_number",
    "mobile",
    "name",
    "number",
    "passport",
    "phone",
    "phone_number",
    "qq",
    "telephone",
    "wechat",
    "住址",
    "地址",
    "姓名",
    "客户id",
    "客户姓名",
    "客户编号",
    "微信",
    "手机",
    "手机号",
    "电话",
    "身份证",
    "身份证号",
    "邮箱",
];

pub(super) fn is_identifying(plain: &str) -> bool {
    IDENTIFYING.binary_search(&plain).is_ok()
}

impl BuiltInAttribute {
    /// Returns the built-in attribute with this lower-case name in either language; `None` if there is
    /// none.
    pub fn named(plain: &str) -> Option<&'static Self> {
        let mut all = CATALOGUE.iter();
        all.find(|known| known.name == plain || known.name_zh == plain)
    }

    pub fn attribute(&self) -> Attribute {
        Attribute {
            name: self.name.to_owned(),
            kind: self.kind,
        }
    }
}

/// The type of other attributes by the ending of their name. A name with one of `BEGINNINGS` is a Boolean.
const ENDS: [(&str, AttributeType); 19] = [
    ("_count", Integer),
    ("_days", Integer),
    ("_years", Integer),
    ("_amount", Decimal),
    ("_income", Decimal),
    ("_ratio", Decimal),
    ("_score", Decimal),
    ("_balance", Decimal),
    ("_date", Date),
    ("_time", Time),
    ("_at", Time),
    ("次数", Integer),
    ("天数", Integer),
    ("数量", Integer),
    ("金额", Decimal),
    ("收入", Decimal),
    ("余额", Decimal),
    ("日期", Date),
    ("时间", Time),
];
const BEGINNINGS: [&str; 3] = ["is_", "has_", "是否"];

pub(super) fn infer_type(plain: &str) -> AttributeType {
    if BEGINNINGS.iter().any(|begins| plain.starts_with(begins)) {
        return Boolean;
    }
    let said = ENDS.iter().find(|(end, _)| plain.ends_with(end));
    said.map_or(Text, |(_, kind)| *kind)
}
