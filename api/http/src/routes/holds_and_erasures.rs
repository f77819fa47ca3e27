//! Routes that hold, release and erase one customer. Release and erasure need another user's approval if two
//! users have the permission.

use crate::api_description::ChangeReply;
use crate::endpoint::{Ctx, Endpoint, EndpointSubject, Input, Permission};
use crate::reply::WriteResult;
use application::approvals::{ProposedAct, four_eyes_on};
use application::customers::{
    ErasureRequest, HoldErasureResponse, HoldErasureStatus, HoldRelease, LegalHoldRequest,
};
use application::installation::Installation;
use domain::approval::{Act, ApprovalSubject};
use domain::customer::CustomerCommand;
use domain::ids::CustomerId;
use domain::problem::Problem;
use domain::stored_event::Cause;

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::post("/api/v1/customers/{id}/erase", "Erase a customer", erase)
            .describe(
                "Destroys the customer's key and deletes recordings, so that all values are permanently \
                 unreadable. A certificate is stored afterwards. Needs another user's approval.",
            )
            .needs(Permission::CustomersErase, EndpointSubject::Customer)
            .takes::<ErasureRequest>(),
        Endpoint::post(
            "/api/v1/customers/{id}/hold",
            "Put a customer under legal hold",
            hold,
        )
        .describe("The customer is neither erased nor called until the hold is released.")
        .needs(Permission::CustomersHold, EndpointSubject::Customer)
        .takes::<LegalHoldRequest>(),
        Endpoint::post("/api/v1/customers/{id}/release", "Release a legal hold", release)
            .describe(
                "Ends the hold. An erasure that waited for it is carried out. Needs another user's approval.",
            )
            .needs(Permission::CustomersHold, EndpointSubject::Customer)
            .takes::<HoldRelease>(),
    ]
}

async fn hold(ctx: Ctx, input: Input) -> Result<ChangeReply<HoldErasureResponse>, Problem> {
    let (customer, _) = ctx.installation.customer_named(&input.param(0)?).await?;
    let cause = input.cause(&ctx.installation, "customers")?;
    let order: LegalHoldRequest = input.order().await?;
    changed(&ctx.installation, customer, order.into(), cause).await
}

async fn erase(ctx: Ctx, input: Input) -> Result<ChangeReply<HoldErasureResponse>, Problem> {
    let (customer, _) = ctx.installation.customer_named(&input.param(0)?).await?;
    let cause = input.cause(&ctx.installation, "customers")?;
    let caller = input.caller.clone();
    let order: ErasureRequest = input.order().await?;
    let (reason, approval) = order.asks();
    let doing = ProposedAct {
        asked: ApprovalSubject::of_person(Act::ErasePerson, customer.clone()),
        reason: reason.to_owned(),
        approval,
    };
    let would = order.clone().command(None);
    let four_eyes = four_eyes_on(&ctx.installation, &caller, doing, &would, cause).await?;
    changed(&ctx.installation, customer, order.command(four_eyes), cause).await
}

async fn release(ctx: Ctx, input: Input) -> Result<ChangeReply<HoldErasureResponse>, Problem> {
    let (customer, _) = ctx.installation.customer_named(&input.param(0)?).await?;
    let cause = input.cause(&ctx.installation, "customers")?;
    let caller = input.caller.clone();
    let order: HoldRelease = input.order().await?;
    let (reason, approval) = order.asks();
    let doing = ProposedAct {
        asked: ApprovalSubject::of_person(Act::ReleaseHold, customer.clone()),
        reason: reason.to_owned(),
        approval,
    };
    let would = order.clone().command(None);
    let four_eyes = four_eyes_on(&ctx.installation, &caller, doing, &would, cause).await?;
    changed(&ctx.installation, customer, order.command(four_eyes), cause).await
}

async fn changed(
    installation: &Installation,
    customer: CustomerId,
    command: CustomerCommand,
    cause: Cause,
) -> Result<ChangeReply<HoldErasureResponse>, Problem> {
    let answer = installation
        .entities
        .customers
        .ask(&customer, command, cause)
        .await?;
    Ok(ChangeReply(WriteResult {
        body: HoldErasureResponse {
            standing: HoldErasureStatus::of(&answer.state),
            id: customer,
            position: answer.position.to_string(),
        },
        version: Some(answer.version),
        position: Some(answer.position),
    }))
}
