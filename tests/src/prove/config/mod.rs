//! Proof of the configuration: generated files, variables and flags give the expected values with their
//! sources, a printed file prints the same again, faults have their exact message, and no secret of a started
//! server is in the process list, its output or its log.

mod faults;
mod generated;
mod served;

use super::{Form, Proof};
use serde_json::json;

/// Generated configurations of the short and of the long form.
const GENERATED: (u64, u64) = (20, 200);

pub(crate) fn prove(form: Form) -> Proof {
    let count = match form {
        Form::Short => GENERATED.0,
        Form::Long => GENERATED.1,
    };
    let mut wrong = Vec::new();
    let equal = generated::count_equal(count, &mut wrong);
    let (faults, exact) = faults::count_exact(&mut wrong);
    let served = served::observe(&mut wrong);
    let holds = wrong.is_empty() && equal == count && exact == faults && faults == 40;
    wrong.truncate(5);
    Proof {
        line: json!({
            "proof": "config",
            "configurations": count,
            "printed_and_read_again_equal": equal,
            "faulty": faults,
            "exact_messages": exact,
            "secrets": served.secrets,
            "searched_bytes": served.searched_bytes,
            "secrets_found": served.found,
            "reloads": served.reloads,
            "wrong": wrong,
            "holds": holds,
        }),
        holds,
    }
}
