//! Warnings about a campaign's plan and texts that a user should read before the start. A warning refuses
//! nothing.

use application::flows::{definition_of, holds_messages_back};
use application::installation::Installation;
use domain::calling_plan::{CallingPlan, Preset};
use domain::campaign::CampaignState;
use domain::flow::FlowSelector;
use domain::problem::Problem;
use schemars::JsonSchema;
use serde::Serialize;

/// Words by which a text is taken to speak of an overdue debt.
const DEBT_WORDS: [&str; 18] = [
    "逾期",
    "欠款",
    "拖欠",
    "欠费",
    "欠缴",
    "欠息",
    "催收",
    "催缴",
    "催款",
    "未还款",
    "尽快还款",
    "尽快还清",
    "overdue",
    "past due",
    "past-due",
    "delinquent",
    "in arrears",
    "outstanding debt",
];

/// A warning.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Warning {
    #[schemars(example = &"debt_under_service")]
    pub code: &'static str,
    #[schemars(example = &"话术提到逾期债务，而规则预设是 cn-service：催收请使用 cn-collection")]
    pub zh: String,
    #[schemars(example = &"the text speaks of an overdue debt under cn-service: use cn-collection to collect debts")]
    pub en: String,
}

/// Returns all warnings about a campaign's plan and texts; empty if there are none.
pub(super) async fn warnings(
    installation: &Installation,
    state: &CampaignState,
    plan: &CallingPlan,
) -> Result<Vec<Warning>, Problem> {
    let used = state
        .flow()
        .ok_or_else(|| Problem::fault("a campaign without a flow"))?;
    let named = FlowSelector {
        flow: used.flow.clone(),
        version: Some(used.version),
    };
    let (published, flow) = definition_of(installation, &named).await?;
    let segment = state
        .created()
        .and_then(|created| created.customer_segment.as_deref());
    let is_fixed = state.frozen_segment().is_some();
    let is_held_back = holds_messages_back(&published, &flow);
    let found = [
        debt_under_service(plan, &flow.texts()),
        segment.filter(|_| !is_fixed).map(segment_without_customers),
        is_held_back.then(|| fixed_address(&named)),
    ];
    Ok(found.into_iter().flatten().collect())
}

/// Warns if texts speak of a debt but the preset is `cn-service`: `cn-collection` would ask for the person
/// before it names the matter.
fn debt_under_service(plan: &CallingPlan, texts: &[&str]) -> Option<Warning> {
    let collects = plan.presets().any(|preset| preset == Preset::CnCollection);
    let serves = plan.presets().any(|preset| preset == Preset::CnService);
    if collects || !serves {
        return None;
    }
    let word = texts.iter().find_map(|text| {
        let text = text.to_lowercase();
        DEBT_WORDS.into_iter().find(|word| text.contains(word))
    })?;
    Some(Warning {
        code: "debt_under_service",
        zh: format!("话术提到逾期债务（“{word}”），而规则预设是 cn-service：催收请使用 cn-collection"),
        en: format!(
            "the text speaks of an overdue debt ({word}) under cn-service: use cn-collection to collect debts"
        ),
    })
}

/// Warns that the name in `customer_segment` selects no customers: a segment needs conditions.
fn segment_without_customers(name: &str) -> Warning {
    Warning {
        code: "segment_matches_nobody",
        zh: format!("customer_segment“{name}”不是已固定的人群，不会匹配任何客户：请导入名单或用条件固定人群"),
        en: format!(
            "customer_segment {name} is not the name of a known segment and matches no customer: import a list, or fix \
             a segment by its conditions"
        ),
    }
}

/// Warns about a flow version with mail to a fixed address that was published before this needed an
/// approval: calls continue, but none of its messages is sent.
fn fixed_address(named: &FlowSelector) -> Warning {
    Warning {
        code: "fixed_address_not_approved",
        zh: format!(
            "话术流程 {named} 向固定邮箱发信且未经第二人批准：该版本的消息一律不发送。请改用客户本人的邮箱列，或经持有 customers:reveal \
             的第二人批准后重新发布"
        ),
        en: format!(
            "flow {named} sends mail to a fixed address without the approval of a second person: none of its messages \
             is sent. Name the column of the person's own address, or publish the flow again with that approval"
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::calling_plan::CallingWindow;
    use domain::time::TimeOfDay;

    fn plan(presets: &[Preset]) -> CallingPlan {
        let mut plan = CallingPlan::within(CallingWindow {
            start: TimeOfDay::from_minutes(540).unwrap(),
            end: TimeOfDay::from_minutes(1080).unwrap(),
            rests: Vec::new(),
        });
        plan.preset = presets[0];
        plan.also_presets = presets[1..].to_vec();
        plan
    }

    #[test]
    fn a_debt_under_the_service_preset_names_the_preset_of_collection() {
        let text = "您好,{{customer_name}},您的贷款已逾期{{days}}天,请尽快还款至账号{{account}}。";
        let found = debt_under_service(&plan(&[Preset::CnService]), &[text]).unwrap();
        assert_eq!(found.code, "debt_under_service");
        assert!(found.zh.contains("cn-collection") && found.en.contains("cn-collection"));
        let english = debt_under_service(&plan(&[Preset::CnService]), &["Your payment is Overdue."]);
        assert!(english.is_some());
        for (presets, text) in [
            (vec![Preset::CnCollection], text),
            (vec![Preset::CnService, Preset::CnCollection], text),
            (vec![Preset::UsTsr], text),
            (vec![Preset::CnService], "您好,您的还款日是明天。"),
        ] {
            assert_eq!(debt_under_service(&plan(&presets), &[text]), None, "{presets:?}");
        }
    }

    #[test]
    fn a_segment_by_name_alone_matches_no_customer() {
        let found = segment_without_customers("overdue_3_days");
        assert!(found.en.contains("overdue_3_days") && found.en.contains("matches no customer"));
    }
}
