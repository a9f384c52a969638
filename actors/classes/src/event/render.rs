//! The answer of `event.from`.

use super::{Subscription, format_token};
use xenith_datamodel::{ApiError, ClassId, Ref, Value};
use xenith_pooldb::{Delta, EventToken, View};

/// What happened since the token to what is subscribed; `None` if nothing did. The first event that makes an answer worth
/// sending ends the wait, so this is asked again for each newer view.
///
/// A token from beyond this database is one of another history (a restored or recovered pool): everything is told anew (B6).
pub fn answer(view: &View, since: EventToken, wanted: &Subscription) -> Result<Option<Value>, ApiError> {
    let unknown = since.database > view.generation() || since.message > view.message_generation();
    let since = if unknown { EventToken::default() } else { since };
    let delta = view.changes_since(since, &|class, object| wanted.wants(class, object));
    if !unknown && delta.added.is_empty() && delta.modified.is_empty() && delta.deleted.is_empty() {
        return Ok(None);
    }
    render(view, &delta).map(Some)
}

/// The answer when the time is over: no events and the token of now.
pub fn empty_answer(view: &View) -> Result<Value, ApiError> {
    let token = EventToken {
        database: view.generation(),
        message: view.message_generation(),
    };
    render(
        view,
        &Delta {
            token,
            ..Delta::default()
        },
    )
}

fn render(view: &View, delta: &Delta) -> Result<Value, ApiError> {
    let message = crate::rows::class("message")?;
    let kinds = [("add", &delta.added), ("mod", &delta.modified), ("del", &delta.deleted)];
    let mut events = Vec::new();
    for about_messages in [true, false] {
        for (operation, rows) in kinds {
            let rows = rows.iter().filter(|(class, _)| (*class == message) == about_messages);
            events.extend(rows.filter_map(|(class, object)| event(view, delta.token, operation, *class, object)));
        }
    }
    Ok(Value::record([
        ("events", Value::set(events)),
        ("valid_ref_counts", valid_ref_counts(view)),
        ("token", Value::from(format_token(delta.token))),
    ]))
}

/// A row that is gone by now has no snapshot to tell: its deletion follows.
fn event(view: &View, token: EventToken, operation: &str, class: ClassId, object: &Ref) -> Option<Value> {
    // The number of the row's newest change; a row that is gone has none any more.
    let id = view
        .generations(class, object)
        .map_or(token.database, |(_, modified)| modified);
    let mut fields = vec![
        ("id", Value::from(id.to_string())),
        ("timestamp", Value::text("0.0")),
        ("class", Value::from(class.name().to_lowercase())),
        ("operation", Value::text(operation)),
        ("ref", Value::text(object.as_str())),
    ];
    if operation != "del" {
        fields.push(("snapshot", view.record(class, object)?));
    }
    Some(Value::record(fields))
}

/// Live rows of every class, so that a client can tell that it missed a deletion.
fn valid_ref_counts(view: &View) -> Value {
    let counted = xenith_datamodel::all_classes().filter(|id| !id.class().internal);
    Value::map(counted.map(|class| {
        let count = i64::try_from(view.count(class)).unwrap_or(i64::MAX);
        (Value::from(class.name().to_lowercase()), Value::Int(count))
    }))
}
