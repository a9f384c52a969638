//! `Caller`: clients told apart by user agent and address, to count and limit what they ask. The counting is the runtime's.

use crate::room::{Planned, Planner, created, done};
use crate::{Args, PlanCx, implicit, rows};
use xenith_datamodel::{ApiError, Method, Ref, Value};
use xenith_pooldb::{Transaction, View};

pub fn lookup(message: &str) -> Option<Planner> {
    use Planner::Write;
    Some(match message {
        "add_group" => Write(add_group),
        "create" => Write(create),
        "remove_group" => Write(remove_group),
        _ => return None,
    })
}

/// What a row says of the calls that it stands for: a text, a beginning with `*` at its end, or anything.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Pattern {
    Beginning(String),
    Whole(String),
}

impl Pattern {
    fn of(text: &str) -> Pattern {
        match text.strip_suffix('*') {
            Some(beginning) => Pattern::Beginning(beginning.to_owned()),
            None if text.is_empty() => Pattern::Beginning(String::new()),
            None => Pattern::Whole(text.to_owned()),
        }
    }

    fn matches(&self, text: &str) -> bool {
        match self {
            Pattern::Beginning(beginning) => text.starts_with(beginning.as_str()),
            Pattern::Whole(whole) => text == whole,
        }
    }

    fn is_anything(&self) -> bool {
        *self == Pattern::Beginning(String::new())
    }

    /// A whole text says more than any beginning, a long one more than a short one.
    fn weight(&self) -> (bool, usize) {
        match self {
            Pattern::Beginning(beginning) => (false, beginning.len()),
            Pattern::Whole(whole) => (true, whole.len()),
        }
    }
}

/// A row, ready to be compared with calls.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Known {
    pub row: Ref,
    pub rate_limit: Option<Ref>,
    user_agent: Pattern,
    client_ip: Pattern,
}

impl Known {
    /// `client_ip`: empty for who has none.
    pub fn is(&self, user_agent: &str, client_ip: &str) -> bool {
        self.user_agent.matches(user_agent) && self.client_ip.matches(client_ip)
    }
}

/// All rows, those that say most of a client first: the limit of the first that fits is the one that counts.
pub fn known(view: &View) -> Result<Vec<Known>, ApiError> {
    let mut all = Vec::new();
    for row in rows::all(view, "Caller")? {
        let limit = rows::reference(view, "Caller", &row, "rate_limit")?;
        all.push(Known {
            rate_limit: (!limit.is_null()).then_some(limit),
            user_agent: Pattern::of(&rows::text(view, "Caller", &row, "user_agent")?),
            client_ip: Pattern::of(&rows::text(view, "Caller", &row, "client_ip")?),
            row,
        });
    }
    let weight = |known: &Known| (known.client_ip.weight(), known.user_agent.weight());
    all.sort_by_key(|known| std::cmp::Reverse(weight(known)));
    Ok(all)
}

/// What a call takes from a rate limit: one token is a cheap read.
pub fn token_cost(method: Option<&Method>) -> f64 {
    const BULK: f64 = 10.0;
    const COMMIT: f64 = 5.0;
    let Some(method) = method else { return 1.0 };
    let name = method.message.name;
    match crate::how(method) {
        _ if name == "get_all_records" || name == "get_all_records_where" => BULK,
        crate::How::Write | crate::How::Operate => COMMIT,
        crate::How::Read | crate::How::Runtime | crate::How::NotBuilt | crate::How::Removed => 1.0,
    }
}

/// The uses of callers since the last time.
pub fn plan_access(view: &View, callers: &[Ref], now_ms: i64) -> Result<Transaction, ApiError> {
    let mut tx = Transaction::new(now_ms);
    for caller in callers
        .iter()
        .filter(|caller| rows::check(view, "Caller", caller).is_ok())
    {
        let now = Value::DateTime(crate::cx::date_time(now_ms));
        rows::set(&mut tx, "Caller", caller, "last_access", now)?;
    }
    Ok(tx)
}

/// Rows of a group, which must have a name.
pub fn of_group(view: &View, group: &str) -> Result<Vec<Ref>, ApiError> {
    if group.is_empty() {
        return Err(ApiError::invalid_value("group", group));
    }
    let mut found = rows::all(view, "Caller")?;
    found.retain(|row| groups(view, row).is_ok_and(|groups| groups.iter().any(|held| held.as_text() == Some(group))));
    Ok(found)
}

/// As xapi: a second caller of the same patterns is the first one, renamed.
fn create(cx: &mut PlanCx<'_>, args: Args<'_>) -> Planned {
    let given = args.record(0)?;
    let class = rows::class("Caller")?;
    let fields = implicit::fields_with(class, given, Vec::new())?;
    let text = |name: &str| {
        let field = fields.iter().find(|(column, _)| column.desc().name == name);
        field
            .and_then(|(_, value)| value.as_text())
            .unwrap_or_default()
            .to_owned()
    };
    let (user_agent, client_ip) = (text("user_agent"), text("client_ip"));
    if Pattern::of(&user_agent).is_anything() && Pattern::of(&client_ip).is_anything() {
        return Err(ApiError::invalid_value(
            "user_agent/client_ip",
            "one of them must be given",
        ));
    }
    let mut tx = cx.transaction();
    for row in rows::all(cx.view, "Caller")? {
        let held = |field| rows::text(cx.view, "Caller", &row, field);
        if held("user_agent")? == user_agent && held("client_ip")? == client_ip {
            for name in ["name_label", "name_description"] {
                rows::set(&mut tx, "Caller", &row, name, Value::text(text(name)))?;
            }
            return created(tx, &row);
        }
    }
    let (reference, uuid) = cx.new_row();
    let fields = implicit::fields_with(class, given, vec![("uuid", Value::text(uuid))])?;
    tx.create(class, &reference, fields);
    created(tx, &reference)
}

fn groups(view: &View, caller: &Ref) -> Result<Vec<Value>, ApiError> {
    let held = rows::value(view, "Caller", caller, "groups")?;
    Ok(held.as_set().unwrap_or_default().to_vec())
}

fn add_group(cx: &mut PlanCx<'_>, args: Args<'_>) -> Planned {
    let (caller, group) = (args.reference(0)?, args.value(1)?);
    let mut groups = groups(cx.view, caller)?;
    if !groups.contains(group) {
        groups.push(group.clone());
    }
    set_groups(cx, caller, groups)
}

fn remove_group(cx: &mut PlanCx<'_>, args: Args<'_>) -> Planned {
    let (caller, group) = (args.reference(0)?, args.value(1)?);
    let mut groups = groups(cx.view, caller)?;
    groups.retain(|held| held != group);
    set_groups(cx, caller, groups)
}

fn set_groups(cx: &PlanCx<'_>, caller: &Ref, groups: Vec<Value>) -> Planned {
    let mut tx = cx.transaction();
    rows::set(&mut tx, "Caller", caller, "groups", Value::set(groups))?;
    done(tx)
}
