//! What coordinator and hosts say to each other about operations, over the host link (service [`OPERATION_SERVICE`]).

use crate::node::{Node, Toolstack};
use crate::peers::{PeerError, open, seal};
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use std::time::Duration;
use xenith_classes::agent::{Report, Signed};
use xenith_link::Refusal;
use xenith_raft::NodeId;

/// Orders and reports; Raft has 1, members' questions 2.
pub const OPERATION_SERVICE: u16 = 3;
/// A report is answered when its commit is there. What is not answered in time is said again.
const SAY_WITHIN: Duration = Duration::from_secs(10);

const KIND_WORD: u16 = 3;
const KIND_ANSWER: u16 = 4;

/// Version 1. Variants and fields are only ever added together with a new version.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
enum Word {
    /// To a host.
    Said(Vec<Signed>),
    /// To the coordinator.
    Reports(Vec<Report>),
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
enum Answer {
    /// It is kept. Nothing is said of what becomes of it.
    Taken,
    /// What the coordinator has to say to the reports that it could settle.
    Said(Vec<Signed>),
    /// The asked host does not coordinate, or works nothing.
    NotHere,
}

impl Toolstack {
    /// Answers another member: the link's service [`OPERATION_SERVICE`].
    pub async fn answer_operation(&self, from: NodeId, body: Bytes) -> Result<Bytes, Refusal> {
        let failed = |error: &dyn std::fmt::Display| Refusal::Failed(error.to_string());
        let answer = match open(KIND_WORD, &body).map_err(|error| failed(&error))? {
            Word::Said(said) => match self.node.hear_orders(said).await {
                true => Answer::Taken,
                false => Answer::NotHere,
            },
            Word::Reports(reports) => match self.node.hear_reports_of(from, reports).await {
                Some(said) => Answer::Said(said),
                None => Answer::NotHere,
            },
        };
        seal(KIND_ANSWER, &answer).map_err(|error| failed(&error))
    }
}

impl Node {
    /// Whether the host has taken it.
    pub(super) async fn say_to(&self, host: NodeId, said: Vec<Signed>) -> Result<bool, PeerError> {
        Ok(self.exchange(host, &Word::Said(said)).await? == Answer::Taken)
    }

    /// What the coordinator answers; nothing if it is none.
    pub(super) async fn report_to(
        &self,
        coordinator: NodeId,
        reports: Vec<Report>,
    ) -> Result<Option<Vec<Signed>>, PeerError> {
        match self.exchange(coordinator, &Word::Reports(reports)).await? {
            Answer::Said(said) => Ok(Some(said)),
            Answer::Taken | Answer::NotHere => Ok(None),
        }
    }

    async fn exchange(&self, node: NodeId, word: &Word) -> Result<Answer, PeerError> {
        let body = seal(KIND_WORD, word).map_err(|error| PeerError::NotSent(error.to_string()))?;
        let answer = self.peers.ask(node, OPERATION_SERVICE, body, SAY_WITHIN).await?;
        open(KIND_ANSWER, &answer).map_err(PeerError::Malformed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use xenith_classes::agent::{Fence, Said};
    use xenith_classes::operation::Order;
    use xenith_datamodel::Ref;
    use xenith_xen_port::{Effect, VmId};

    /// The encoding of version 1. It may only change together with the version.
    #[test]
    fn golden_bytes_of_version_1() {
        let order = Order {
            created: 1,
            operation: Ref::new("OpaqueRef:t"),
            sequence: 2,
            effects: vec![Effect::DomainUnpause(VmId("v".to_owned()))],
            cancel: false,
        };
        let word = Word::Said(vec![Signed {
            fence: Fence { term: 3, index: 4 },
            as_of: 5,
            said: Said::Order(order),
        }]);
        let sealed = seal(KIND_WORD, &word).unwrap();
        let hex: String = sealed.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(hex, "030001000001030405000b4f70617175655265663a7404010101760100");
        assert_eq!(open::<Word>(KIND_WORD, &sealed).unwrap(), word);
    }
}
