//! The join request and its answer: JSON, with a version.

use serde::{Deserialize, Serialize};
use xenith_classes::birth::ServerCertificate;
use xenith_raft::Member;
use xenith_xen_port::HostFacts;

/// Of both DTOs. A newer request is refused by name, so that an old pool says why.
pub const JOIN_VERSION: u16 = 1;

/// What a blank host sends. Its certificate is the one that it shows to the link.
#[derive(Clone, Serialize, Deserialize)]
pub struct JoinRequest {
    pub version: u16,
    pub proof: Proof,
    pub host_uuid: String,
    /// Raft node, 32 hexadecimal digits.
    pub node: String,
    /// host:port of the joiner's link.
    pub link_address: String,
    /// The joiner's management address, as clients reach it.
    pub address: String,
    pub facts: HostFacts,
    /// What it shows to clients. Absent in what an older daemon says.
    #[serde(default)]
    pub certificate: Option<ServerCertificate>,
    /// Its configuration refuses plain HTTP.
    #[serde(default)]
    pub https_only: bool,
}

/// Why the pool should let it in.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Proof {
    /// The invitation's secret, 32 hexadecimal digits.
    Token { secret: String },
    /// The pool's root login.
    Password { user: String, password: String },
    /// The certificate that the link sees is the one pinned for this host: a member that lost its store.
    Member,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct JoinReply {
    pub version: u16,
    pub pool_uuid: String,
    pub incarnation: u64,
    /// The joiner is among them.
    pub members: Vec<Member>,
}

/// Without the proof: it is a secret.
impl std::fmt::Debug for JoinRequest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("JoinRequest")
            .field("version", &self.version)
            .field("host_uuid", &self.host_uuid)
            .field("node", &self.node)
            .field("link_address", &self.link_address)
            .finish_non_exhaustive()
    }
}
