//! The decide functions of a system: each decider's own, unless a simulated world replaces some.
//!
//! The simulation plants bugs this way (decision 0220). A server always uses the default.

use domain::call::Call;
use domain::campaign::Campaign;
use domain::customer::Customer;
use domain::decider::{Context, Decider};
use domain::number::Number;

/// A function that decides a command, with the parameters and results of `Decider::decide`.
pub type DecideFunction<D> = fn(
    &<D as Decider>::State,
    <D as Decider>::Command,
    Context,
) -> Result<Vec<<D as Decider>::Event>, <D as Decider>::Refusal>;

/// The decide functions of the aggregates that take part in a dial.
#[derive(Debug, Clone, Copy)]
pub struct DecideFunctions {
    pub campaigns: DecideFunction<Campaign>,
    pub customers: DecideFunction<Customer>,
    pub numbers: DecideFunction<Number>,
    pub calls: DecideFunction<Call>,
}

impl Default for DecideFunctions {
    fn default() -> Self {
        Self {
            campaigns: Campaign::decide,
            customers: Customer::decide,
            numbers: Number::decide,
            calls: Call::decide,
        }
    }
}
