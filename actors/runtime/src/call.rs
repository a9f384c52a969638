//! One call, in the order that XenAPI defines (semantics.md §2): method, place, parameters, session, authority, work.
//!
//! Invariants: a write is planned and proposed in one step (C1) and never proposed twice unless the log said that nothing
//! was proposed; an unknown session is said to be unknown only after a linearizable read (B2).

use crate::audit::Trail;
use crate::emergency;
use crate::fragments::Record;
use crate::ids::SystemIds;
use crate::metrics::Outcome;
use crate::node::Node;
use crate::penalty::Source;
use crate::role::{Kind, Place, no_coordinator};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;
use xenith_classes::audit;
use xenith_classes::task::Header;
use xenith_classes::{Caller, How, Plan, PlanCx, Rights, Rows, how};
use xenith_datamodel::{ApiError, CallMode, Method, Ref, Role, Value};
use xenith_pooldb::{Transaction, View};
use xenith_raft::{CommitError, NodeId, ReadError, host_of};
use xenith_wire::typed::{self, Arguments};
use xenith_wire::{Call, Origin, Piece, Reply, WireValue};

/// Pause before a proposal that was refused for the moment (a hand-over, a change of role) is tried again.
pub(crate) const RETRY_PAUSE: Duration = Duration::from_millis(5);

/// Who is behind a call, as the host that it came to saw it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Client {
    /// The call came by a unix socket.
    pub root: bool,
    pub source: Source,
}

impl Client {
    pub(crate) fn of(origin: &Origin) -> Client {
        Client {
            root: *origin == Origin::UnixSocket,
            source: match origin {
                Origin::Tcp { peer, .. } => Source::Address(peer.ip()),
                Origin::UnixSocket => Source::Other,
                Origin::Member { node } => Source::Member(NodeId(*node)),
            },
        }
    }
}

/// A call's parameters, typed.
#[derive(Clone)]
pub(crate) struct Typed {
    pub session: Option<Ref>,
    pub params: Vec<Value>,
}

impl Typed {
    pub(crate) fn of(method: &Method, params: Vec<WireValue>) -> Result<Typed, ApiError> {
        let Arguments { session, values } = typed::arguments(method, params)?;
        let params = typed::params(method, values)?;
        Ok(Typed { session, params })
    }
}

/// A call on its way through this host. It stays whole: it may have to be forwarded when nothing could be done here.
pub(crate) struct Asked {
    pub call: Call,
    pub client: Client,
    /// If somebody has looked at them already.
    pub typed: Option<Result<Typed, ApiError>>,
}

impl Asked {
    pub(crate) fn typed(&mut self, method: &Method) -> Result<Typed, ApiError> {
        let typed = self.typed.take();
        typed.unwrap_or_else(|| Typed::of(method, self.call.params.clone()))
    }
}

/// What became of a proposal.
pub(crate) enum Committed {
    Value(Value),
    /// Nothing was proposed, and this host is not (or no longer) the one to ask.
    Elsewhere(Place),
}

/// One write, kept so that its plan can be made again.
pub(crate) struct Write {
    pub method: Method,
    pub session: Option<Ref>,
    pub params: Vec<Value>,
    pub header: Header,
}

impl Node {
    /// Never fails but by an answer to the client.
    pub(crate) async fn call(self: &Arc<Node>, call: Call) -> Reply {
        let client = Client::of(&call.origin);
        self.call_as(call, client).await
    }

    /// `client`: of this host or of the member that forwarded the call.
    pub(crate) async fn call_as(self: &Arc<Node>, call: Call, client: Client) -> Reply {
        self.crowd.note(client.source);
        let method = xenith_datamodel::method(&call.method);
        let audited = method.as_ref().filter(|method| audit::is_audited(method.message));
        let typed = audited.map(|method| Typed::of(method, call.params.clone()));
        let trail = audited
            .zip(typed.as_ref())
            .and_then(|(method, typed)| Trail::begin(self, method, typed, (&call, client)));
        let answer = match self.limits.admit(&call, method.as_ref()).await {
            // The time that a client had to wait for its turn is not taken from the call's own.
            Ok(()) => {
                let asked = Asked { call, client, typed };
                self.answer(method, asked, Instant::now() + self.config.hold).await
            }
            Err(error) => Err(error),
        };
        let reply = answer.unwrap_or_else(Reply::Failure);
        if let Some(trail) = trail {
            trail.end(&reply).await;
        }
        self.metrics.called(match &reply {
            Reply::Success(_) | Reply::Bare(_) | Reply::Pieces(_) => Outcome::Success,
            Reply::Failure(_) => Outcome::Failure,
        });
        reply
    }

    /// `method`: the call's, if there is one of that name. What is rare is boxed: every call would carry the room for it.
    pub(crate) async fn answer(
        self: &Arc<Node>,
        method: Option<Method>,
        asked: Asked,
        deadline: Instant,
    ) -> Result<Reply, ApiError> {
        let call = &asked.call;
        if call.method == "system.listMethods" {
            let names = xenith_datamodel::list_methods();
            return Ok(Reply::Bare(Value::set(names.iter().map(Value::text))));
        }
        let Some(method) = method else {
            return Err(Box::pin(self.unknown_method(asked.call)).await);
        };
        if emergency::is_local(&method) {
            let Asked { call, client, .. } = asked;
            let answer = Box::pin(self.answer_locally(method, call, client));
            return answer.await.map(Reply::Success);
        }
        let kind = if method.message.session {
            Kind::InSession
        } else {
            Kind::Login
        };
        match self.place(&call.origin, kind, deadline).await? {
            Place::Here => self.answer_here(method, asked, deadline).await,
            Place::Forward(node) if any_host_answers(&method) => {
                let (session, origin) = (call.params.first().cloned(), call.origin.clone());
                let answer = self.answer_here(method, asked, deadline).await;
                self.pass_touch_on(node, session, origin);
                answer
            }
            Place::Forward(node) => Box::pin(self.forward(node, asked.call, deadline)).await,
            Place::Redirect { .. } if any_host_answers(&method) && self.is_local_session(call) => {
                self.answer_here(method, asked, deadline).await
            }
            Place::Redirect { address } => Err(Box::pin(self.redirect(&method, asked.call, &address)).await),
        }
    }

    /// HOST_IS_SLAVE, but a wrong number of parameters and an unknown session come first.
    async fn redirect(&self, method: &Method, call: Call, address: &str) -> ApiError {
        let session = match typed::arguments(method, call.params) {
            Ok(Arguments { session, .. }) => session,
            Err(error) => return error,
        };
        if let Some(session) = session
            && let Err(error) = self.caller(&session).await
        {
            return error;
        }
        ApiError::host_is_slave(address)
    }

    async fn answer_here(
        self: &Arc<Node>,
        method: Method,
        mut asked: Asked,
        deadline: Instant,
    ) -> Result<Reply, ApiError> {
        let how = if method.mode == CallMode::Sync {
            how(&method)
        } else {
            how_async(how(&method))
        };
        match how {
            How::Read | How::NotBuilt | How::Removed => {
                let Typed { session, params } = match asked.typed {
                    Some(typed) => typed?,
                    None => Typed::of(&method, std::mem::take(&mut asked.call.params))?,
                };
                self.read(&method, session, params).await
            }
            How::Write => self.write(method, asked, deadline).await.map(Reply::Success),
            How::Operate => Box::pin(self.operate(method, asked, deadline))
                .await
                .map(Reply::Success),
            How::Runtime => Box::pin(self.run(method, asked, deadline)).await,
        }
    }

    async fn read(&self, method: &Method, session: Option<Ref>, params: Vec<Value>) -> Result<Reply, ApiError> {
        let view = self.linearizable().await?;
        let caller = self.check_session(&view, session.as_ref())?;
        let mut ids = SystemIds;
        let mut cx = PlanCx {
            view: &view,
            caller: &caller,
            now_ms: Node::pool_now_ms(&*self.clock, &view),
            ids: &mut ids,
            this_host: self.host_ref(&view),
            silent: &xenith_classes::ALL_HEARD,
        };
        match xenith_classes::plan(&mut cx, method, params)? {
            Plan::Reply(value) => Ok(Reply::Success(value)),
            Plan::Show(rows) => Ok(Reply::Pieces(self.show(&view, rows))),
            Plan::Commit(_, _) => Err(ApiError::internal("a read wanted to change something")),
        }
    }

    /// Records, encoded by whoever sends them first.
    fn show(&self, view: &Arc<View>, rows: Rows) -> Piece {
        let record = |class, row| Record::piece(&self.fragments, view, class, row);
        match rows {
            Rows::One(class, row) => record(class, row),
            Rows::Many(class, rows) => Piece::Map(
                rows.into_iter()
                    .map(|row| (Value::from(&row), record(class, row)))
                    .collect(),
            ),
        }
    }

    async fn write(self: &Arc<Node>, method: Method, mut asked: Asked, deadline: Instant) -> Result<Value, ApiError> {
        let Typed { session, params } = asked.typed(&method)?;
        let Asked { call, client, .. } = asked;
        let write = Arc::new(Write {
            method,
            session,
            params,
            header: crate::tasks::header(&call),
        });
        let build = || {
            let (node, write) = (Arc::clone(self), Arc::clone(&write));
            Box::new(move |view: &View| node.plan_write(view, &write)) as xenith_raft::Plan
        };
        let place = self.crowd.enter(client.source).await;
        let committed = self.commit(build, &call.origin, Kind::InSession, deadline).await?;
        drop(place);
        match committed {
            Committed::Value(value) => Ok(value),
            Committed::Elsewhere(place) => Box::pin(self.elsewhere(place, call, deadline)).await,
        }
    }

    fn plan_write(&self, view: &View, write: &Write) -> Result<(Transaction, Value), ApiError> {
        let Write {
            method,
            session,
            params,
            header,
        } = write;
        let caller = self.check_session(view, session.as_ref())?;
        let mut ids = SystemIds;
        let now_ms = Node::pool_now_ms(&*self.clock, view);
        let mut cx = PlanCx {
            view,
            caller: &caller,
            now_ms,
            ids: &mut ids,
            this_host: self.host_ref(view),
            silent: &xenith_classes::ALL_HEARD,
        };
        let params = params.clone();
        match method.mode {
            CallMode::Sync => match xenith_classes::plan(&mut cx, method, params)? {
                Plan::Commit(transaction, value) => Ok((transaction, value)),
                Plan::Reply(value) => Ok((Transaction::new(now_ms), value)),
                Plan::Show(rows) => Ok((Transaction::new(now_ms), rows.value(view))),
            },
            CallMode::Async | CallMode::InternalAsync => {
                xenith_classes::plan_async(&mut cx, method, params, header, &xenith_wire::xmlrpc::encode_value)
            }
        }
    }

    /// Proposes; again only when the log says that nothing was proposed, and only until `deadline`.
    pub(crate) async fn commit(
        &self,
        build: impl Fn() -> xenith_raft::Plan,
        origin: &Origin,
        kind: Kind,
        deadline: Instant,
    ) -> Result<Committed, ApiError> {
        self.commit_by(|| self.log.propose(build()), origin, kind, deadline)
            .await
    }

    /// The same, by whoever proposes.
    pub(crate) async fn commit_by<F>(
        &self,
        propose: impl Fn() -> F,
        origin: &Origin,
        kind: Kind,
        deadline: Instant,
    ) -> Result<Committed, ApiError>
    where
        F: Future<Output = Result<Value, CommitError>>,
    {
        loop {
            let error = match propose().await {
                Ok(value) => return Ok(Committed::Value(value)),
                Err(error) => error,
            };
            match error {
                CommitError::Api(error) => return Err(error),
                CommitError::Unknown | CommitError::UnknownByStoreFault(_) | CommitError::StoreFault(_) => {
                    return Err(ApiError::internal(error.to_string()));
                }
                CommitError::TooBusy => return Err(ApiError::plain("TOO_BUSY")),
                CommitError::NotCoordinator | CommitError::Frozen => {}
            }
            if Instant::now() >= deadline {
                return Err(no_coordinator());
            }
            tokio::time::sleep(RETRY_PAUSE).await;
            match self.place(origin, kind, deadline).await? {
                Place::Here => {}
                place @ (Place::Forward(_) | Place::Redirect { .. }) => return Ok(Committed::Elsewhere(place)),
            }
        }
    }

    /// With parameters the first one is taken for a session and checked; only then is the method said to be unknown.
    async fn unknown_method(&self, call: Call) -> ApiError {
        let unknown = ApiError::new("MESSAGE_METHOD_UNKNOWN", [call.method]);
        let Some(first) = call.params.into_iter().next() else {
            return unknown;
        };
        match typed::session(first) {
            Ok(session) => self.caller(&session).await.err().unwrap_or(unknown),
            Err(error) => error,
        }
    }

    /// A view that holds everything acknowledged before (B1). Tried again while a coordinator may yet come (B3): any host can
    /// read, so a change of coordinator in between is no error.
    pub(crate) async fn linearizable(&self) -> Result<Arc<View>, ApiError> {
        let deadline = Instant::now() + self.config.hold;
        loop {
            match self.log.read().await {
                Ok(view) => return Ok(view),
                Err(ReadError::NoCoordinator) if Instant::now() >= deadline => return Err(no_coordinator()),
                Err(ReadError::NoCoordinator) => tokio::time::sleep(RETRY_PAUSE).await,
            }
        }
    }

    /// A caller with a session of this host alone (see `local_sessions`).
    fn local_caller(&self, session: &Ref) -> Option<Caller> {
        let user_name = self.local_sessions.user_of(session, Instant::now())?;
        Some(Caller {
            user_name,
            ..Caller::root()
        })
    }

    fn is_local_session(&self, call: &Call) -> bool {
        let session = call
            .params
            .first()
            .cloned()
            .and_then(|first| typed::session(first).ok());
        session.is_some_and(|session| self.local_caller(&session).is_some())
    }

    /// Who calls, by a linearizable view (B2).
    pub(crate) async fn caller(&self, session: &Ref) -> Result<Caller, ApiError> {
        if let Some(caller) = self.local_caller(session) {
            return Ok(caller);
        }
        let view = self.linearizable().await?;
        self.sessions.check(&view, session)
    }

    pub(crate) fn check_session(&self, view: &View, session: Option<&Ref>) -> Result<Caller, ApiError> {
        match session {
            None => Ok(nobody()),
            Some(secret) => {
                if let Some(caller) = self.local_caller(secret) {
                    return Ok(caller);
                }
                let caller = self.sessions.check(view, secret)?;
                self.touches.note(view, &caller, &*self.clock);
                Ok(caller)
            }
        }
    }

    /// This host's row; null before it has one.
    pub(crate) fn host_ref(&self, view: &View) -> Ref {
        host_of(view, &self.host.uuid).unwrap_or_else(Ref::null)
    }
}

/// Reads are linearizable on every host (B2), and an answer may be larger than the link carries; events follow the log, and a wait
/// of hours must not ride on the link.
fn any_host_answers(method: &Method) -> bool {
    let reads = match how(method) {
        How::Read => true,
        How::Write | How::Operate | How::Runtime | How::NotBuilt | How::Removed => false,
    };
    let follows = method.class.name() == "event" && how(method) == How::Runtime;
    (reads || follows) && method.mode == CallMode::Sync
}

/// A caller without a session: none of the messages without one needs a right.
fn nobody() -> Caller {
    Caller {
        rights: Rights::Role(Role::ReadOnly),
        user_name: String::new(),
        ..Caller::root()
    }
}

/// An async call makes a task, so it is a write whatever it does.
fn how_async(how: How) -> How {
    match how {
        How::Read | How::Write | How::NotBuilt => How::Write,
        How::Operate => How::Operate,
        How::Runtime => How::Runtime,
        How::Removed => How::Removed,
    }
}
