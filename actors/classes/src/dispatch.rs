//! From a method and its parameters to a plan: authority first, then the class's room or the implicit pattern.

use crate::operation::{self, Admitted};
use crate::room::{self, Asker, Planner};
use crate::{Args, Plan, PlanCx, implicit, rbac, session, task};
use xenith_datamodel::{ApiError, CallMode, Lifecycle, MessageKind, Method, Ref, Route, Type, Value};
use xenith_pooldb::Transaction;

/// The error code of a message that is in the tables but not written yet.
pub const NOT_BUILT: &str = "NOT_IMPLEMENTED";

/// Who answers a method.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    /// [`plan`] answers without a change: any linearizable view will do.
    Read,
    /// [`plan`] makes a transaction: must run as a plan under the head.
    Write,
    /// It takes a host's work: [`plan_operation`] takes it on, under the head.
    Operate,
    /// The runtime does it: it needs time, passwords, other hosts or a connection held open.
    Runtime,
    /// NOT_IMPLEMENTED.
    NotBuilt,
    /// MESSAGE_REMOVED, after the session was checked.
    Removed,
}

/// Classes, and messages of each.
type Table = &'static [(&'static str, &'static [&'static str])];

fn is_in(table: Table, class: &str, message: &str) -> bool {
    let of_class = table.iter().find(|(name, _)| *name == class);
    of_class.is_some_and(|(_, messages)| messages.contains(&message))
}

/// Methods whose work is done by the runtime (see [`How::Runtime`]).
const RUNTIME: Table = &[
    (
        "Caller",
        &[
            "query_all_usage",
            "query_call_count",
            "query_group_call_count",
            "query_group_token_usage",
            "query_token_usage",
        ],
    ),
    ("event", &["from", "next", "register", "unregister"]),
    ("host", &["is_in_emergency_mode", "local_assert_healthy"]),
    (
        "pool",
        &[
            "designate_new_master",
            "eject",
            "emergency_reset_master",
            "emergency_transition_to_master",
            "is_slave",
            "join",
            "join_force",
            "recover_slaves",
        ],
    ),
    (
        "session",
        &[
            "change_password",
            "local_logout",
            "login_with_password",
            "slave_local_login",
            "slave_local_login_with_password",
            "slave_login",
        ],
    ),
];

/// Implicit messages with effect whose row-only half is all there is to do for now.
const ROW_ONLY: Table = &[
    ("Caller", &["destroy"]),
    ("VM_appliance", &["create"]),
    ("VM_group", &["create", "destroy"]),
    ("secret", &["create", "destroy"]),
];

enum Target {
    Room(Planner),
    Operation(Asker),
    Implicit,
    Runtime,
    NotBuilt,
    Removed,
}

/// Who answers the method; the same answer that [`plan`] acts on.
pub fn how(method: &Method) -> How {
    match target(method) {
        Target::Room(Planner::Read(_)) => How::Read,
        Target::Room(Planner::Write(_)) => How::Write,
        Target::Implicit if implicit::is_read(method.message.kind) => How::Read,
        Target::Implicit => How::Write,
        Target::Operation(_) => How::Operate,
        Target::Runtime => How::Runtime,
        Target::NotBuilt => How::NotBuilt,
        Target::Removed => How::Removed,
    }
}

/// True for methods that never make a transaction (in sync mode).
pub fn is_read(method: &Method) -> bool {
    match how(method) {
        How::Read | How::NotBuilt | How::Removed => true,
        How::Write | How::Operate | How::Runtime => false,
    }
}

/// Authority, then the plan. `params` are typed and without the session. The mode (`Async.`) is not looked at: see
/// [`plan_async`].
pub fn plan(cx: &mut PlanCx<'_>, method: &Method, params: Vec<Value>) -> Result<Plan, ApiError> {
    rbac::check(cx.caller, method, &params)?;
    check_text(method, &params)?;
    run(cx, method, params)
}

/// What is written must be text that XML can carry, or XML-RPC clients would read something else than JSON-RPC clients.
fn check_text(method: &Method, params: &[Value]) -> Result<(), ApiError> {
    let writes = match how(method) {
        How::Write | How::Operate => true,
        How::Read | How::Runtime | How::NotBuilt | How::Removed => false,
    };
    if !writes || params.iter().all(is_xml_text) {
        return Ok(());
    }
    Err(ApiError::internal(
        "Db_exn.Invalid_value: a character that XML cannot carry",
    ))
}

fn is_xml_text(value: &Value) -> bool {
    match value {
        Value::Text(text) => text.chars().all(is_xml_char),
        Value::Ref(reference) => reference.as_str().chars().all(is_xml_char),
        Value::Set(items) => items.iter().all(is_xml_text),
        Value::Map(pairs) => pairs.iter().all(|(key, value)| is_xml_text(key) && is_xml_text(value)),
        Value::Record(fields) => fields.iter().all(|(_, value)| is_xml_text(value)),
        Value::Void | Value::Int(_) | Value::Float(_) | Value::Bool(_) | Value::DateTime(_) => true,
    }
}

fn is_xml_char(c: char) -> bool {
    !matches!(c, '\0'..='\x08' | '\x0b' | '\x0c' | '\x0e'..='\x1f' | '\u{fffe}' | '\u{ffff}')
}

/// The plan of an `Async.` call: one transaction that holds the task's row, already finished, and the changes of the call.
/// A refused call leaves a failed task and no changes. Authority is checked before any task is made, as xapi does.
/// `result_text` writes the task's result: the XML-RPC text of a value.
pub fn plan_async(
    cx: &mut PlanCx<'_>,
    method: &Method,
    params: Vec<Value>,
    header: &task::Header,
    result_text: &dyn Fn(&Value) -> String,
) -> Result<(Transaction, Value), ApiError> {
    debug_assert!(method.mode != CallMode::Sync);
    check_has_async(method)?;
    rbac::check(cx.caller, method, &params)?;
    check_text(method, &params)?;
    let label = format!("Async.{}", wire_name(method));
    let (mut tx, outcome) = match run(cx, method, params) {
        Ok(Plan::Reply(value)) => (cx.transaction(), Ok(value)),
        Ok(Plan::Show(rows)) => (cx.transaction(), Ok(rows.value(cx.view))),
        Ok(Plan::Commit(tx, value)) => (tx, Ok(value)),
        Err(error) => (cx.transaction(), Err(error)),
    };
    let outcome = outcome.map(|value| result_text(&value));
    let reference = task::born_finished(cx, &mut tx, &label, header, outcome)?;
    Ok((tx, Value::Ref(reference)))
}

/// `Class.message`, without any prefix.
pub(crate) fn wire_name(method: &Method) -> String {
    format!("{}.{}", method.class.name(), method.message.name)
}

/// The plan of a message that takes a host's work: authority, then admission. What to commit, and the task that ends with the work.
/// Nothing is changed by a call that is refused; an `Async.` one leaves a failed task, as [`plan_async`] does.
pub fn plan_operation(
    cx: &mut PlanCx<'_>,
    method: &Method,
    params: &[Value],
    header: &task::Header,
) -> Result<Admitted, ApiError> {
    rbac::check(cx.caller, method, params)?;
    check_text(method, params)?;
    let name = wire_name(method);
    let Target::Operation(asker) = target(method) else {
        return Err(ApiError::internal(format!("{name} is no operation")));
    };
    let call = (name.as_str(), asker, params);
    if method.mode == CallMode::Sync {
        return operation::admit(cx, call, (&name, header));
    }
    check_has_async(method)?;
    let label = format!("Async.{name}");
    operation::admit(cx, call, (&label, header)).or_else(|refused| {
        let mut tx = cx.transaction();
        let task = task::born_finished(cx, &mut tx, &label, header, Err(refused))?;
        Ok(Admitted { tx, task })
    })
}

fn check_has_async(method: &Method) -> Result<(), ApiError> {
    if method.message.is_async {
        return Ok(());
    }
    let text = format!("No async mode for this operation (rpc: {})", wire_name(method));
    Err(ApiError::new("Fault", [text]))
}

fn target(method: &Method) -> Target {
    let message = method.message;
    let class = method.class.name();
    if message.lifecycle == Lifecycle::Removed || message.route == Route::Removed {
        return Target::Removed;
    }
    if is_in(RUNTIME, class, message.name) {
        return Target::Runtime;
    }
    if let Some(planner) = room::of_class(class).and_then(|lookup| lookup(message.name)) {
        return Target::Room(planner);
    }
    if let Some(asker) = room::asker(class, message.name) {
        return Target::Operation(asker);
    }
    let row_only = || is_in(ROW_ONLY, class, message.name);
    if message.kind == MessageKind::Explicit || (message.effect && !row_only()) {
        return Target::NotBuilt;
    }
    Target::Implicit
}

fn run(cx: &mut PlanCx<'_>, method: &Method, params: Vec<Value>) -> Result<Plan, ApiError> {
    let (params, renamed) = name_session_rows(cx, method, params);
    let result = match target(method) {
        Target::Room(Planner::Read(read)) => read(cx, Args(&params)).map(Plan::Reply),
        Target::Room(Planner::Write(write)) => write(cx, Args(&params)).map(|(tx, value)| Plan::Commit(tx, value)),
        Target::Implicit => implicit::plan(cx, method, Args(&params)),
        Target::Operation(_) | Target::Runtime => Err(ApiError::internal(format!(
            "{} is not one transaction",
            wire_name(method)
        ))),
        Target::NotBuilt => Err(not_built(cx, method, &params)),
        Target::Removed => Err(ApiError::plain("MESSAGE_REMOVED")),
    };
    result.map_err(|error| with_given_names(error, &renamed))
}

/// A dead object is said to be dead, whether or not anything could be done with a living one.
fn not_built(cx: &PlanCx<'_>, method: &Method, params: &[Value]) -> ApiError {
    let first = method.message.params.first().map(|param| param.ty).zip(params.first());
    if let Some((Type::Ref(name), Value::Ref(reference))) = first
        && let Some(class) = xenith_datamodel::class(name)
        && !cx.view.contains(class, reference)
    {
        return ApiError::handle_invalid(name, reference);
    }
    ApiError::new(NOT_BUILT, [wire_name(method)])
}

/// A session is named on the wire by its secret, while its row is keyed by a hash of it (A9): parameters that are session
/// refs are replaced by the row's ref. Returns what was replaced: (row, given).
fn name_session_rows(cx: &PlanCx<'_>, method: &Method, mut params: Vec<Value>) -> (Vec<Value>, Vec<(Ref, Ref)>) {
    let mut renamed = Vec::new();
    for (value, declared) in params.iter_mut().zip(method.message.params) {
        if declared.ty != Type::Ref("session") {
            continue;
        }
        let Some(given) = value.as_ref().cloned() else { continue };
        let row = session::row_of(cx.view, &given);
        *value = Value::from(&row);
        renamed.push((row, given));
    }
    (params, renamed)
}

/// An error names the session as the caller did.
fn with_given_names(mut error: ApiError, renamed: &[(Ref, Ref)]) -> ApiError {
    for param in &mut error.params {
        if let Some((_, given)) = renamed.iter().find(|(row, _)| row.as_str() == param) {
            *param = given.as_str().to_owned();
        }
    }
    error
}
