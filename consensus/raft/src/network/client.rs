//! openraft's network: one [`Peer`] per target and use.

use super::frame::Identity;
use super::snapshot_stream;
use super::{NetError, RaftNet};
use crate::codec::{self, Coded};
use crate::dto::{AppendReplyDto, AppendRequestDto, RefusedDto, VoteReplyDto, VoteRequestDto};
use crate::pool_log::{Member, NodeId};
use crate::snapshot::SnapshotFile;
use crate::types::{TypeConfig, Vote};
use openraft::error::{NetworkError, RPCError, ReplicationClosed, StreamingError, Unreachable};
use openraft::network::RPCOption;
use openraft::raft::{AppendEntriesRequest, AppendEntriesResponse, SnapshotResponse, VoteRequest, VoteResponse};
use openraft::type_config::alias::SnapshotOf;
use openraft::{OptionalSend, RaftNetworkFactory, RaftNetworkV2};
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

/// What a slow network may take for each MiB of an append, beside [`Peers::append_deadline`].
const APPEND_PER_MIB: Duration = Duration::from_secs(1);

/// Makes a [`Peer`] for each member.
pub struct Peers {
    pub net: Arc<dyn RaftNet>,
    pub identity: Identity,
    /// An append waits for the follower's disk: longer than a healthy one takes. Sending again after a stall is harmless (what the
    /// follower has it does not write twice) and soon enough that one lost append does not hold the follower's reads for long.
    pub append_deadline: Duration,
}

impl RaftNetworkFactory<TypeConfig> for Peers {
    type Network = Peer;

    async fn new_client(&mut self, target: NodeId, node: &Member) -> Peer {
        self.net.learn(std::slice::from_ref(node));
        Peer {
            net: self.net.clone(),
            identity: self.identity,
            append_deadline: self.append_deadline,
            target,
        }
    }
}

pub struct Peer {
    net: Arc<dyn RaftNet>,
    identity: Identity,
    append_deadline: Duration,
    target: NodeId,
}

impl Peer {
    async fn ask<Q: Coded, A: Coded>(&self, message: &Q, deadline: Duration) -> Result<A, NetError> {
        request(&*self.net, &self.identity, self.target, message, deadline).await
    }
}

/// One message and its answer, in our frame.
pub async fn request<Q: Coded, A: Coded>(
    net: &dyn RaftNet,
    identity: &Identity,
    to: NodeId,
    message: &Q,
    deadline: Duration,
) -> Result<A, NetError> {
    let frame = identity.wrap(to, &codec::encode(message)?);
    let answer = tokio::time::timeout(deadline, net.request(to, frame, deadline)).await;
    let answer = answer.map_err(|_| NetError::Timeout)??;
    if let Ok(RefusedDto { why }) = codec::decode::<RefusedDto>(&answer) {
        return Err(NetError::Refused(why));
    }
    Ok(codec::decode(&answer)?)
}

impl RaftNetworkV2<TypeConfig> for Peer {
    type SnapshotData = Arc<dyn SnapshotFile>;

    async fn append_entries(
        &mut self,
        rpc: AppendEntriesRequest<TypeConfig>,
        _option: RPCOption,
    ) -> Result<AppendEntriesResponse<TypeConfig>, RPCError<TypeConfig>> {
        let message = AppendRequestDto::new(rpc).map_err(|e| rpc_error(e.into()))?;
        let bytes: usize = message.entries.iter().map(|entry| entry.bytes.len()).sum();
        let deadline = self.append_deadline + APPEND_PER_MIB.mul_f64(bytes as f64 / f64::from(1 << 20));
        let answer: AppendReplyDto = self.ask(&message, deadline).await.map_err(rpc_error)?;
        Ok(answer.into())
    }

    async fn vote(
        &mut self,
        rpc: VoteRequest<TypeConfig>,
        option: RPCOption,
    ) -> Result<VoteResponse<TypeConfig>, RPCError<TypeConfig>> {
        let message = VoteRequestDto::new(rpc, false);
        let answer: VoteReplyDto = self.ask(&message, option.hard_ttl()).await.map_err(rpc_error)?;
        Ok(answer.into())
    }

    async fn pre_vote(
        &mut self,
        rpc: VoteRequest<TypeConfig>,
        option: RPCOption,
    ) -> Result<VoteResponse<TypeConfig>, RPCError<TypeConfig>> {
        let message = VoteRequestDto::new(rpc, true);
        let answer: VoteReplyDto = self.ask(&message, option.hard_ttl()).await.map_err(rpc_error)?;
        Ok(answer.into())
    }

    async fn full_snapshot(
        &mut self,
        vote: Vote,
        snapshot: SnapshotOf<TypeConfig, Arc<dyn SnapshotFile>>,
        cancel: impl Future<Output = ReplicationClosed> + OptionalSend + 'static,
        _option: RPCOption,
    ) -> Result<SnapshotResponse<TypeConfig>, StreamingError<TypeConfig>> {
        let sending = snapshot_stream::send(&*self.net, &self.identity, self.target, vote, snapshot.snapshot);
        tokio::select! {
            outcome = sending => outcome.map(SnapshotResponse::new).map_err(|e| rpc_error(e).into()),
            closed = cancel => Err(closed.into()),
        }
    }
}

fn rpc_error(error: NetError) -> RPCError<TypeConfig> {
    match &error {
        NetError::Unreachable(_) | NetError::Refused(_) => RPCError::Unreachable(Unreachable::new(&error)),
        NetError::Timeout => RPCError::Network(NetworkError::new(&error)),
        NetError::Codec(_) => RPCError::Unreachable(Unreachable::new(&error)),
    }
}
