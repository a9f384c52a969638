//! The audit log: a line for every call that may change something, whatever became of it.
//!
//! The host that a client came to writes the line, also when the coordinator does the work. What is audited and shown is decided in
//! `xenith_classes::audit`; here is when, and where to. Invariants: a client that goes away leaves a line too; passwords, tokens
//! and session refs are never in it (A9); nobody who is not proven can turn the log over.

mod file;
mod flood;
mod line;
mod read;

pub use file::{AuditError, AuditLimits, AuditLog};

use crate::call::{Client, Typed};
use crate::node::{Node, Toolstack};
use flood::Flood;
use line::{Entry, Kind};
use std::sync::Arc;
use tokio::time::Instant;
use xenith_classes::audit::{self, Looking, Touched, Verdict, Who};
use xenith_classes::session::row_ref;
use xenith_classes::{Caller, Rights};
use xenith_datamodel::{ApiError, CallMode, Method, Ref, Value};
use xenith_pooldb::View;
use xenith_wire::typed;
use xenith_wire::{Call, Credentials, HandlerRefusal, HandlerRequest, Origin, Reply};

/// The log and what keeps it from being flooded.
pub(crate) struct Audit {
    pub log: Arc<AuditLog>,
    flood: Flood,
}

impl Audit {
    pub(crate) fn new(log: Arc<AuditLog>) -> Audit {
        Audit {
            log,
            flood: Flood::default(),
        }
    }

    /// The lines to write for this one: none when too many come from nobody.
    fn lines(&self, entry: &Entry<'_>) -> Vec<String> {
        let line = entry.to_json();
        if entry.who.is_proven() {
            return vec![line];
        }
        match self.flood.unproven(entry.time_ms) {
            flood::Verdict::Leave => Vec::new(),
            flood::Verdict::Write { left_out: 0 } => vec![line],
            flood::Verdict::Write { left_out } => {
                let why = "too many calls of unknown callers";
                vec![line::gap(entry.time_ms, left_out, why), line]
            }
        }
    }

    async fn tell(&self, entry: &Entry<'_>) {
        for line in self.lines(entry) {
            self.log.tell(line).await;
        }
    }

    fn tell_now(&self, entry: &Entry<'_>) {
        for line in self.lines(entry) {
            self.log.tell_now(line);
        }
    }
}

/// A call that is audited, from before it is answered until its line is written.
pub(crate) struct Trail {
    node: Arc<Node>,
    method: Method,
    client: String,
    /// Of the session, or what was said at a login.
    who: Option<Who>,
    session: Option<Ref>,
    params: Vec<Value>,
    /// Header `task-id`.
    task: Option<Ref>,
    before: Arc<View>,
    ended: bool,
}

impl Trail {
    /// Of a message that is audited. `None`: the call leaves no line here.
    pub(crate) fn begin(
        node: &Arc<Node>,
        method: &Method,
        typed: &Result<Typed, ApiError>,
        (call, client): (&Call, Client),
    ) -> Option<Trail> {
        let method = *method;
        let client_text = client_of(&call.origin)?;
        let before = node.log.applied();
        let (session, params) = understood(&method, typed, call);
        let who = match &session {
            Some(secret) => node.who(&before, secret),
            None => audit::login(&method, &params).map(|said| match client.root {
                true => Who {
                    user: "root".to_owned(),
                    ..said
                },
                false => said,
            }),
        };
        Some(Trail {
            node: Arc::clone(node),
            method,
            client: client_text,
            who,
            session,
            task: call.task_id.as_deref().map(Ref::new),
            before,
            params,
            ended: false,
        })
    }

    /// Writes the line.
    pub(crate) async fn end(mut self, reply: &Reply) {
        let value = match reply {
            Reply::Success(value) | Reply::Bare(value) => Ok(Some(value)),
            Reply::Pieces(_) => Ok(None),
            Reply::Failure(error) => Err(error),
        };
        let mut after = self.node.log.applied();
        let mut who = self.who_after(&after, value);
        if who.is_none() && came_from_work(value) {
            // A session that the coordinator knows and this host does not yet.
            if let Ok(view) = self.node.linearizable().await {
                after = view;
                who = self.who_after(&after, value);
            }
        }
        let who = who.unwrap_or_else(|| self.unknown());
        let verdict = Verdict::of(value.map(|_| ()), Some(self.method.message), &who);
        if verdict == Verdict::SentOn {
            self.ended = true;
            return;
        }
        let told = self.told(&after, value.ok().flatten());
        let error = value.err().map_or("", |error| &*error.code);
        let name = self.name();
        // From here on the log counts the line if it cannot be kept.
        self.ended = true;
        self.node
            .audit
            .tell(&self.entry((&who, &name), &told, (verdict, error)))
            .await;
    }

    fn name(&self) -> String {
        let prefix = match self.method.mode {
            CallMode::Sync => "",
            CallMode::Async => "Async.",
            CallMode::InternalAsync => "InternalAsync.",
        };
        format!("{prefix}{}.{}", self.method.class.name(), self.method.message.name)
    }

    /// A login's caller is known by the session that it made.
    fn who_after(&self, after: &View, value: Result<Option<&Value>, &ApiError>) -> Option<Who> {
        if let Some(secret) = &self.session {
            return self.who.clone().or_else(|| self.node.who(after, secret));
        }
        match value {
            Ok(Some(Value::Ref(secret))) => self.node.who(after, secret),
            _ => Some(self.unknown()),
        }
    }

    /// Nobody proven: the words of a login, or a session that is none.
    fn unknown(&self) -> Who {
        let said = self.who.clone().unwrap_or_default();
        match &self.session {
            Some(secret) => Who {
                session: audit::track_id(&row_ref(secret)),
                ..said
            },
            None => said,
        }
    }

    fn told(&self, after: &View, value: Option<&Value>) -> Told {
        let looking = Looking {
            before: &self.before,
            after,
        };
        let mut touched = looking.touched(&self.method, &self.params);
        let mut task = self.task.as_ref().and_then(|task| looking.task(task));
        match (self.method.mode, value) {
            (CallMode::Async | CallMode::InternalAsync, Some(Value::Ref(made))) => task = looking.task(made),
            (_, Some(value)) => touched.objects.extend(looking.result(self.method.message, value)),
            (_, None) => {}
        }
        Told {
            touched,
            task: task.unwrap_or_default(),
        }
    }

    fn entry<'a>(
        &'a self,
        (who, message): (&'a Who, &'a str),
        told: &'a Told,
        (verdict, error): (Verdict, &'a str),
    ) -> Entry<'a> {
        Entry {
            time_ms: self.node.clock.now_ms(),
            kind: Kind::Api,
            client: &self.client,
            who,
            message,
            verdict,
            error,
            task: &told.task,
            touched: &told.touched,
        }
    }
}

/// The client went away: what it asked for may be done all the same.
impl Drop for Trail {
    fn drop(&mut self) {
        if self.ended {
            return;
        }
        let after = self.node.log.applied();
        let who = self.session.as_ref().and_then(|secret| self.node.who(&after, secret));
        let who = self.who.clone().or(who).unwrap_or_else(|| self.unknown());
        let told = self.told(&after, None);
        let name = self.name();
        self.node
            .audit
            .tell_now(&self.entry((&who, &name), &told, (Verdict::Unknown, "")));
    }
}

/// The answer of somebody who knew the session: not of a host that sends clients on or has no coordinator.
fn came_from_work(value: Result<Option<&Value>, &ApiError>) -> bool {
    !matches!(value, Err(error) if ["SESSION_INVALID", "HOST_IS_SLAVE", "HOST_STILL_BOOTING"].contains(&&*error.code))
}

struct Told {
    touched: Touched,
    task: String,
}

/// Session and typed parameters, as far as they can be understood.
fn understood(method: &Method, typed: &Result<Typed, ApiError>, call: &Call) -> (Option<Ref>, Vec<Value>) {
    match typed {
        Ok(Typed { session, params }) => (session.clone(), params.clone()),
        Err(_) => {
            let first = call.params.first().filter(|_| method.message.session).cloned();
            (first.and_then(|first| typed::session(first).ok()), Vec::new())
        }
    }
}

/// `None`: a member passed the call on, and writes the line.
fn client_of(origin: &Origin) -> Option<String> {
    match origin {
        Origin::UnixSocket => Some("unix".to_owned()),
        Origin::Tcp { peer, .. } => Some(peer.to_string()),
        Origin::Member { .. } => None,
    }
}

impl Node {
    fn who(&self, view: &View, secret: &Ref) -> Option<Who> {
        let row = row_ref(secret);
        let of_pool = Who::of_session(view, &row);
        of_pool.or_else(|| {
            let user_name = self.local_sessions.user_of(secret, Instant::now())?;
            let caller = Caller {
                user_name,
                ..Caller::root()
            };
            Some(Who {
                session: audit::track_id(&row),
                ..Who::of_caller(&caller)
            })
        })
    }

    /// The line of a request to an HTTP handler: whether it was let in. `caller`: who was proven by something else than a session.
    pub(crate) async fn audit_handler(
        &self,
        request: &HandlerRequest,
        caller: Option<&Caller>,
        result: Result<(), &HandlerRefusal>,
    ) {
        if !audit::is_audited_handler(request.handler) {
            return;
        }
        let view = self.log.applied();
        let proven = caller.map(Who::of_caller);
        let who = match &request.credentials {
            Credentials::Session(secret) => self.who(&view, &Ref::new(secret)).or(proven),
            Credentials::Basic { user, .. } => proven.or_else(|| Some(Who::unproven(user, ""))),
            Credentials::PoolSecret(_) | Credentials::Nothing => proven,
        };
        let (verdict, error) = match result {
            Ok(()) => (Verdict::Allowed, ""),
            Err(HandlerRefusal::Unauthorised) => (Verdict::Denied, "401"),
            Err(HandlerRefusal::Forbidden(error)) if error.code == "HOST_IS_SLAVE" => return,
            Err(HandlerRefusal::Forbidden(error)) => (Verdict::Denied, &*error.code),
            Err(HandlerRefusal::Failed(error)) => (Verdict::Failed, &*error.code),
        };
        let looking = Looking {
            before: &view,
            after: &view,
        };
        let named = |name: &str| request.query.iter().find(|(key, _)| key == name);
        let task = named("task_id").and_then(|(_, task)| looking.task(&Ref::new(task)));
        let entry = Entry {
            time_ms: self.clock.now_ms(),
            kind: Kind::Http,
            client: &client_of(&request.origin).unwrap_or_default(),
            who: &who.unwrap_or_default(),
            message: request.handler.name,
            verdict,
            error,
            task: &task.unwrap_or_default(),
            touched: &Touched {
                objects: looking.of_query(&request.query),
                ..Touched::default()
            },
        };
        self.audit.tell(&entry).await;
    }

    /// The line of something that is no XenAPI: a request of the local socket, or of a host that wants in.
    async fn audit_other(&self, kind: Kind, who: &Who, (message, client): (&str, &str), result: Result<(), &ApiError>) {
        let entry = Entry {
            time_ms: self.clock.now_ms(),
            kind,
            client,
            who,
            message,
            verdict: Verdict::of(result, None, who),
            error: result.err().map_or("", |error| &*error.code),
            task: "",
            touched: &Touched::default(),
        };
        self.audit.tell(&entry).await;
    }

    /// A host was let in or not. `host`: its uuid, once it is known.
    pub(crate) async fn audit_join(&self, host: &str, result: Result<(), &ApiError>) {
        let who = match result {
            Ok(()) => Who::of_caller(&Caller {
                user_name: "a host".to_owned(),
                rights: Rights::Everything,
                ..Caller::root()
            }),
            Err(_) => Who::unproven("a host", ""),
        };
        self.audit_other(Kind::Join, &who, ("join", host), result).await;
    }
}

impl Toolstack {
    /// The line of a request of the local socket (see [`xenith_wire::Dispatch::admin`]).
    pub async fn audit_admin(&self, path: &str, result: Result<(), &ApiError>) {
        let who = Who::of_caller(&Caller::root());
        let (path, node) = (audit::cut(path), &self.node);
        node.audit_other(Kind::Local, &who, (&path, "unix"), result).await;
    }

    /// Returns when every line so far is in the file.
    pub async fn flush_audit(&self) {
        self.node.audit.log.flush().await;
    }
}
