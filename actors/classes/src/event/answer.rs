//! What `event.from` and `event.next` tell.

use super::{Subscription, format_token};
use std::sync::LazyLock;
use xenith_datamodel::{ClassId, Ref, Value, all_classes};
use xenith_pooldb::{EventToken, View};

/// What happened to an object. Its record is not written out yet: who sends it shares the encoded form.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// The number of the row's newest change.
    pub id: u64,
    /// `add`, `mod` or `del`.
    pub operation: &'static str,
    pub class: ClassId,
    pub object: Ref,
}

/// One answer; of the view that it was made of.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    pub events: Vec<Event>,
    /// Live rows of every class, so that a client can tell that it missed a deletion.
    pub counts: Value,
    pub token: EventToken,
}

/// What happened since the token to what is subscribed; `None` if nothing did. The first event that makes an answer worth
/// sending ends the wait, so this is asked again for each newer view.
///
/// A token of a history that a forced recovery left behind gets everything anew (B6).
pub fn answer(view: &View, since: EventToken, wanted: &Subscription) -> Option<Answer> {
    let events = events(view, since, wanted);
    (!events.is_empty()).then(|| Answer {
        events,
        ..empty_answer(view)
    })
}

/// The answer when the time is over: no events and the token of now.
pub fn empty_answer(view: &View) -> Answer {
    Answer {
        events: Vec::new(),
        counts: valid_ref_counts(view),
        token: view.token(),
    }
}

/// One event an object, `message` objects first, then `add`, `mod`, `del`.
pub fn events(view: &View, since: EventToken, wanted: &Subscription) -> Vec<Event> {
    let delta = view.changes_since(since, &|class, object| wanted.wants(class, object));
    let message = xenith_datamodel::class("message");
    let kinds = [("add", &delta.added), ("mod", &delta.modified), ("del", &delta.deleted)];
    let mut events = Vec::new();
    for about_messages in [true, false] {
        for (operation, rows) in kinds {
            let rows = rows
                .iter()
                .filter(|(class, _)| (Some(*class) == message) == about_messages);
            events.extend(rows.map(|(class, object)| {
                Event {
                    // A row that is gone has no number any more.
                    id: view
                        .generations(*class, object)
                        .map_or(delta.token.database, |(_, modified)| modified),
                    operation,
                    class: *class,
                    object: object.clone(),
                }
            }));
        }
    }
    events
}

impl Event {
    /// Whether the event shows the object.
    pub fn has_snapshot(&self) -> bool {
        self.operation != "del"
    }

    /// The members but `snapshot`, in their order.
    pub fn head(&self, timestamp: &str) -> [(&'static str, Value); 5] {
        [
            ("id", Value::from(self.id.to_string())),
            ("timestamp", Value::text(timestamp)),
            ("class", event_name(self.class)),
            ("operation", Value::text(self.operation)),
            ("ref", Value::Ref(self.object.clone())),
        ]
    }

    fn value(&self, view: &View) -> Value {
        let mut fields = self.head(NO_TIME).to_vec();
        if self.has_snapshot() {
            fields.extend(view.record(self.class, &self.object).map(|record| ("snapshot", record)));
        }
        Value::record(fields)
    }
}

/// The timestamp of `event.from`, always.
pub const NO_TIME: &str = "0.0";

impl Answer {
    /// Written out whole. `view`: the one that the answer is of.
    pub fn value(&self, view: &View) -> Value {
        Value::record([
            ("events", Value::set(self.events.iter().map(|event| event.value(view)))),
            ("valid_ref_counts", self.counts.clone()),
            ("token", Value::from(format_token(self.token))),
        ])
    }
}

/// A class as events spell it: lower case.
fn event_name(class: ClassId) -> Value {
    match NAMES.binary_search_by_key(&class, |(id, _)| *id) {
        Ok(at) => NAMES[at].1.clone(),
        Err(_) => Value::text(class.name().to_lowercase()),
    }
}

/// The classes of the API and their lower-case names, which every answer holds.
static NAMES: LazyLock<Vec<(ClassId, Value)>> = LazyLock::new(|| {
    let shown = all_classes().filter(|id| !id.class().internal);
    shown
        .map(|class| (class, Value::text(class.name().to_lowercase())))
        .collect()
});

fn valid_ref_counts(view: &View) -> Value {
    Value::map(NAMES.iter().map(|(class, name)| {
        let count = i64::try_from(view.count(*class)).unwrap_or(i64::MAX);
        (name.clone(), Value::Int(count))
    }))
}
