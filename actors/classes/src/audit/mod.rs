//! What the audit log tells of a call: whether anything at all, who made it, how it ended, and which objects it named.
//!
//! Pure: the runtime writes the lines. Invariants: whether a message is audited follows from its row of the table, so a new
//! message cannot be forgotten; nothing that a client wrote is shown but names of users, originators and keys of maps, cut
//! short; refs and uuids are shown only if they are those of rows, and a session only by its row (A9).

mod objects;

pub use objects::{Looking, MOST_KEYS, MOST_OBJECTS, Object, Touched};

use crate::{Caller, Rights, implicit, rbac, rows, session};
use xenith_datamodel::{ApiError, HttpHandler, Message, MessageKind, Method, Ref, Role, Value};
use xenith_pooldb::View;

/// First words of the names of explicit messages that only look. Every other message is audited.
const LOOKS: [&str; 18] = [
    "assert",
    "check",
    "compute",
    "get",
    "ha_compute",
    "has",
    "is",
    "list",
    "local_assert",
    "query",
    "retrieve",
    // Of `event`: clients ask without end, and nothing changes.
    "from",
    "next",
    // Whole names, which end in no verb.
    "certificate_list",
    "crl_list",
    "dmesg",
    "generate_config",
    "maximise_memory",
];
/// Last words of the same kind (`Diagnostics.db_stats`).
const FIGURES: &str = "_stats";

/// Texts of clients are cut after so many characters: a line must stay a line.
const LONGEST_TEXT: usize = 64;

/// Whether a call of the message leaves a line.
pub fn is_audited(message: &Message) -> bool {
    !only_looks(message)
}

fn only_looks(message: &Message) -> bool {
    match message.kind {
        MessageKind::Explicit => LOOKS.iter().any(|word| begins_with(message.name, word)) || is_figures(message.name),
        implicit => implicit::is_read(implicit),
    }
}

/// `get_record` begins with the word `get`, `getter` does not.
fn begins_with(name: &str, word: &str) -> bool {
    match name.strip_prefix(word) {
        // `dmesg_clear` is another message than `dmesg`.
        Some(rest) if word == "dmesg" => rest.is_empty(),
        Some(rest) => rest.is_empty() || rest.starts_with('_'),
        None => false,
    }
}

fn is_figures(name: &str) -> bool {
    name.ends_with(FIGURES)
}

/// Whether a use of the HTTP handler leaves a line: uploads, commands and consoles do, and so do downloads that not everybody may
/// have (disks, backups, the database).
pub fn is_audited_handler(handler: &HttpHandler) -> bool {
    match handler.method {
        "OPTIONS" => false,
        "GET" => handler.floor.role > Role::ReadOnly,
        _ => true,
    }
}

/// Who is behind a call.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Who {
    /// The session's row as a uuid: it tells sessions apart and opens nothing.
    pub session: String,
    pub user: String,
    pub sid: String,
    /// Empty when nobody was proven.
    pub role: &'static str,
    pub originator: String,
}

impl Who {
    /// Of a session that the view knows, by its row.
    pub fn of_session(view: &View, row: &Ref) -> Option<Who> {
        let caller = session::caller_of_row(view, row).ok()?;
        let originator = rows::text(view, "session", row, "originator").unwrap_or_default();
        Some(Who {
            session: track_id(row),
            originator: cut(&originator),
            ..Who::of_caller(&caller)
        })
    }

    /// Of a caller that was proven in another way (the unix socket, a password, a session of one host).
    pub fn of_caller(caller: &Caller) -> Who {
        Who {
            user: cut(&caller.user_name),
            sid: cut(&caller.user_sid),
            role: match caller.rights {
                Rights::Everything => rbac::role_name(Role::LocalRoot),
                Rights::Role(role) => rbac::role_name(role),
            },
            ..Who::default()
        }
    }

    /// Somebody who is not proven, or not yet: a name that was only said.
    pub fn unproven(user: &str, originator: &str) -> Who {
        Who {
            user: cut(user),
            originator: cut(originator),
            ..Who::default()
        }
    }

    pub fn is_proven(&self) -> bool {
        !self.role.is_empty()
    }
}

/// A session by its row, without what would make it look like a session's ref.
pub fn track_id(row: &Ref) -> String {
    let text = row.as_str();
    text.strip_prefix("OpaqueRef:").unwrap_or(text).to_owned()
}

/// A text of a client, short enough for a line.
pub fn cut(text: &str) -> String {
    text.chars().take(LONGEST_TEXT).collect()
}

/// How a call ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    Allowed,
    /// The caller is nobody, or may not.
    Denied,
    /// Allowed, but something else was wrong.
    Failed,
    /// The client went away before it was known; the work may have been done.
    Unknown,
    /// Nothing was looked at: the client was sent to the coordinator, which writes the line.
    SentOn,
}

impl Verdict {
    pub fn of(result: Result<(), &ApiError>, message: Option<&Message>, who: &Who) -> Verdict {
        let Err(error) = result else {
            return Verdict::Allowed;
        };
        match &*error.code {
            "HOST_IS_SLAVE" => Verdict::SentOn,
            "RBAC_PERMISSION_DENIED"
            | "SESSION_INVALID"
            | "SESSION_AUTHENTICATION_FAILED"
            | "SESSION_AUTHORIZATION_FAILED" => Verdict::Denied,
            // What rbac::check says of messages between members.
            "INTERNAL_ERROR" if message.is_some_and(|message| message.pool_internal) && !is_superuser(who) => {
                Verdict::Denied
            }
            _ => Verdict::Failed,
        }
    }

    pub fn as_str(self) -> &'static str {
        match self {
            Verdict::Allowed => "allowed",
            Verdict::Denied => "denied",
            Verdict::Failed => "failed",
            Verdict::Unknown => "unknown",
            Verdict::SentOn => "sent on",
        }
    }
}

fn is_superuser(who: &Who) -> bool {
    who.role == rbac::role_name(Role::LocalRoot)
}

/// Who says to log in, for messages that make sessions. By the names of the parameters: the first one may be a secret.
pub fn login(method: &Method, params: &[Value]) -> Option<Who> {
    if method.class.name() != "session" || method.message.session {
        return None;
    }
    let said = |name: &str| {
        let at = method.message.params.iter().position(|param| param.name == name)?;
        params.get(at)?.as_text()
    };
    Some(Who::unproven(
        said("uname").unwrap_or_default(),
        said("originator").unwrap_or_default(),
    ))
}
